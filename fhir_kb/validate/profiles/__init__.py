"""Checking resources against profiles: StructureDefinitions that constrain a type.

http://hl7.org/fhir/profiling.html. `constraints` reads what a profile demands, `fast_path` sees
quickly what conforms, `walk` with `slicing` checks the rest and says what is wrong; `checker` is
the entrance. Nothing is imported here: most resources claim no profile.
"""
