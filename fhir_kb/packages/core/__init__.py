"""The core definitions that ship with fhir-kb: types, profiles, code systems, search parameters."""
