"""Snapshots of StructureDefinitions, made from their differentials."""

from fhir_kb.packages.snapshots.errors import SnapshotError
from fhir_kb.packages.snapshots.generate import snapshot

__all__ = ["SnapshotError", "snapshot"]
