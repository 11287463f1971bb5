"""The types of FHIR's elements, and which types the result of an expression can have."""
