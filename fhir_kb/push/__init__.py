"""Bringing FHIR servers to the state of the definitions: plan, push, drift, rollback."""
