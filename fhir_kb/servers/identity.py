"""What an artifact is, whatever its id on a server: canonical url and version, or an identifier."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from fhir_kb.servers.content import Resource

_SPECIAL: Final = re.compile(r"[\\$,|]")


class Identity(NamedTuple):
    """What tells one artifact from all others; all of it empty where a resource has neither."""

    url: str
    """The canonical url; "" where there is none."""
    version: str
    """The business version; "" where there is none."""
    identifier: tuple[str, str] | None
    """System and value of the first identifier that has both."""


def identity_of(resource: Resource) -> Identity:
    """The identity that a resource states."""
    url, version = string_element(resource, "url"), string_element(resource, "version")
    return Identity(url, version, _identifier(resource.get("identifier")))


def escaped(value: str) -> str:
    """A search value with the characters escaped that mean something in FHIR searches.

    http://hl7.org/fhir/search.html#escaping
    """
    return _SPECIAL.sub(r"\\\g<0>", value)


def string_element(resource: Resource, name: str) -> str:
    """The string of that name; "" where there is none."""
    value = resource.get(name)
    return value if isinstance(value, str) else ""


def _identifier(value: Any) -> tuple[str, str] | None:
    """The first identifier with both parts; some types have one, others a list."""
    for identifier in value if isinstance(value, list) else [value]:
        if isinstance(identifier, dict):
            system, number = (
                string_element(identifier, "system"),
                string_element(identifier, "value"),
            )
            if system and number:
                return system, number
    return None
