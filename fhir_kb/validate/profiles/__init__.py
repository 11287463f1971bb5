"""Checking resources against profiles: StructureDefinitions that constrain a type.

http://hl7.org/fhir/profiling.html
"""

from fhir_kb.validate.profiles.checker import Profiles

__all__ = ["Profiles"]
