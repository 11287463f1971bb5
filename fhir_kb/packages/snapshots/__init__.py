"""Snapshots of StructureDefinitions, made from their differentials."""

from fhir_kb.packages.snapshots.generate import SnapshotError, snapshot

__all__ = ["SnapshotError", "snapshot"]
