"""How an expression is to be read and compiled."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """How an expression is to be read."""

    strict: bool = False
    """Whether a certain mistake (an element that the type does not have) is an error, instead of an
    empty result."""
    json_names: bool = False
    """Whether `valueQuantity` is allowed for `value`."""
    as_filters: bool = False
    """Whether as() may be used on several items, and keeps those of the type. FHIR R4 and R4B have
    invariants that need it (dom-3)."""
    fast_paths: bool = True
    """Whether fast paths on plain JSON are tried before the full evaluation."""
