"""Snapshots of StructureDefinitions, made from their differentials."""

from fhir_kb.packages.snapshots.contradictions import Contradiction
from fhir_kb.packages.snapshots.errors import SnapshotError
from fhir_kb.packages.snapshots.generate import contradictions, snapshot

__all__ = ["Contradiction", "SnapshotError", "contradictions", "snapshot"]
