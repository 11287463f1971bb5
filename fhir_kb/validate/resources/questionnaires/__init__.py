"""Questionnaire and QuestionnaireResponse."""
