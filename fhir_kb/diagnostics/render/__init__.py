"""Findings as people and programs read them: human, json, sarif, github; pure, to text."""
