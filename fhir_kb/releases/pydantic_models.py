"""The Pydantic models of `fhir.resources`: an independent check of what is published.

Only the class of the type at hand is imported, when it is first needed: one costs 0.2 s.
"""

from __future__ import annotations

import os
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from fhir_kb.diagnostics import Diagnostic, Severity, Span
from fhir_kb.model import Element, span_at
from fhir_kb.model.fhir_release import BY_NAME
from fhir_kb.model.resource_kind import RESOURCE_KINDS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


class ModelError(NamedTuple):
    """An error that a model raises for a resource."""

    location: tuple[str | int, ...]
    """The path in the resource, of names and indices."""

    message: str
    """What Pydantic says is wrong."""


def model_errors(release: str, content: Mapping[str, Any]) -> tuple[ModelError, ...]:
    """The errors that the models of a release raise for a resource as JSON has it.

    Nothing for a release or a type without models.
    """
    kind = content.get("resourceType")
    if not BY_NAME[release].models_package or not isinstance(kind, str) or not kind.isalpha():
        return ()
    validate = _validator(release, kind)
    if validate is None:
        return ()
    from pydantic import ValidationError

    try:
        validate(content)
    except ValidationError as error:
        return tuple(
            ModelError(detail["loc"], detail["msg"].rstrip(".")) for detail in error.errors()
        )
    return ()


def model_diagnostics(
    release: str, resource: Element, errors: Sequence[ModelError]
) -> tuple[Diagnostic, ...]:
    """The errors of a compiled resource at the author's places."""
    kind = str(resource.get("resourceType"))
    return tuple(_diagnostic(release, resource, kind, error) for error in errors)


def prepare_process() -> None:
    """Prepare a process that runs only our own work, before its first check: it starts sooner.

    Classes are finished when they are first used, and Pydantic looks for no plugins, which would
    read the metadata of every installed package.
    """
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "true")
    from fhir_core.fhirabstractmodel import FHIRAbstractModel

    FHIRAbstractModel.model_config["defer_build"] = True


def import_common_models(release: str) -> None:
    """Import what every knowledge base needs, before it is asked for."""
    for kind in RESOURCE_KINDS:
        if kind.is_in_most_topics:
            _validator(release, kind.type)


@cache
def _validator(release: str, kind: str) -> Callable[[Any], Any] | None:
    try:
        module = import_module(f"{BY_NAME[release].models_package}.{kind.lower()}")
    except ModuleNotFoundError:
        return None
    validate: Callable[[Any], Any] = getattr(module, kind).model_validate
    return validate


def _diagnostic(release: str, resource: Element, kind: str, error: ModelError) -> Diagnostic:
    path = kind
    for step in error.location:
        path += f"[{step}]" if isinstance(step, int) else f".{step}"
    return Diagnostic(
        "KB490",
        Severity.ERROR,
        f"the model of {kind} in fhir.resources refuses this: {error.message}",
        span_at(resource, path) or Span(""),
        path,
        None,
        release,
    )
