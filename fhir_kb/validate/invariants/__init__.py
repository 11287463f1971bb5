"""Invariants, and FHIRPath that is written inside of resources."""
