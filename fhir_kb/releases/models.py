"""The models of `fhir.resources`: an independent gate for what is published.

Only the class of the type at hand is imported, when it is first needed: one costs 0.2 s.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from fhir_kb.diagnostics import Diagnostic, Severity, Span
from fhir_kb.model import Element, span_at

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic_core import ErrorDetails

#: release -> the package that has its models
_PACKAGES = {"r5": "fhir.resources", "r4b": "fhir.resources.R4B"}


def findings(release: str, resource: Element) -> tuple[Diagnostic, ...]:
    """What the models of a release object to; nothing for a release without models (R4)."""
    kind = resource.get("resourceType")
    if release not in _PACKAGES or not isinstance(kind, str) or not kind.isalpha():
        return ()
    validate = _validator(release, kind)
    if validate is None:
        return ()
    from pydantic import ValidationError

    try:
        validate(resource)
    except ValidationError as error:
        return tuple(_finding(release, resource, kind, one) for one in error.errors())
    return ()


@cache
def _validator(release: str, kind: str) -> Callable[[Any], Any] | None:
    try:
        module = import_module(f"{_PACKAGES[release]}.{kind.lower()}")
    except ModuleNotFoundError:
        return None
    validate: Callable[[Any], Any] = getattr(module, kind).model_validate
    return validate


def _finding(release: str, resource: Element, kind: str, error: ErrorDetails) -> Diagnostic:
    path = kind
    for step in error["loc"]:
        path += f"[{step}]" if isinstance(step, int) else f".{step}"
    message = error["msg"].rstrip(".")
    return Diagnostic(
        "KB490",
        Severity.ERROR,
        f"the model of {kind} in fhir.resources refuses this: {message}",
        span_at(resource, path) or Span(""),
        path,
        None,
        release,
    )
