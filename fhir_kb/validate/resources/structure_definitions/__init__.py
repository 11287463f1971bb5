"""StructureDefinition: bases, differentials, slicing, constraints."""
