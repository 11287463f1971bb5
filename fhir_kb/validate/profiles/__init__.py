"""Checking resources against profiles: StructureDefinitions that constrain a type.

http://hl7.org/fhir/profiling.html. `constraints` reads what a profile demands, `fast_path` sees
quickly what conforms, `walk` with `slicing` checks the rest and says what is wrong.
"""

from fhir_kb.validate.profiles.checker import ProfileChecker

__all__ = ["ProfileChecker"]
