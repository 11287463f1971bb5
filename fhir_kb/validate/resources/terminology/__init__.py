"""CodeSystem, ValueSet and ConceptMap."""
