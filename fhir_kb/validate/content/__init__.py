"""Questionnaires, and what answers to another resource: responses, and reports of a measure."""
