"""fhir-kb: clinical knowledge as text, published as FHIR R5, R4B and R4."""

__version__ = "0.1.0"
