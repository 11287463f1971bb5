"""Narrative: XHTML in text.div."""
