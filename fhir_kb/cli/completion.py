"""Shell completion: how the shell asks for it."""

VARIABLE = "_FHIR_KB_COMPLETE"
"""The environment variable in which click's completion scripts pass their instruction."""
