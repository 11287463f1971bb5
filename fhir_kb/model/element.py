"""The neutral form of FHIR content: JSON-shaped trees that remember where they came from."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from fhir_kb.diagnostics import Span

Json: TypeAlias = bool | int | float | Decimal | str | list["Json"] | dict[str, "Json"] | None

_STEP = re.compile(r"([^.\[\]]+)|\[([0-9]+)\]")


class Element(dict[str, Any]):
    """A FHIR element or resource as its JSON object, with the place its content was written.

    It is a plain dict to every JSON writer and validator. `span` is the place of the element as a
    whole; `spans` holds the places of single properties where they are known more exactly.
    Decimals are `Decimal`, so that 1.50 stays 1.50.
    """

    __slots__ = ("span", "spans")

    def __init__(
        self,
        content: Mapping[str, Any] | Iterable[tuple[str, Any]] = (),
        /,
        *,
        span: Span | None = None,
        spans: Mapping[str, Span] | None = None,
    ) -> None:
        super().__init__(content)
        self.span = span
        self.spans: dict[str, Span] = dict(spans) if spans else {}

    def like(self, content: Mapping[str, Any]) -> Element:
        """An element of other content that comes from the same place."""
        return Element(content, span=self.span, spans=self.spans)

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (dict(self), self.span, self.spans)


def _restore(content: dict[str, Any], span: Span | None, spans: dict[str, Span]) -> Element:
    return Element(content, span=span, spans=spans)


def span_at(resource: Element, path: str) -> Span | None:
    """The narrowest known place of `path`, such as "PlanDefinition.action[2].title".

    The path's first word is the resource itself. A choice may be written as FHIRPath does
    (`value`) or as JSON does (`valueCode`). Returns the place of the nearest parent where the
    path itself has none, and None where nothing on the way has one.
    """
    node: Any = resource
    span = resource.span
    parent: Element | None = None
    for name, index in _STEP.findall(path)[1:]:
        if isinstance(node, list):
            if not index and len(node) == 1:
                node = node[0]
            elif index and int(index) < len(node):
                node = node[int(index)]
                if isinstance(node, Element) and node.span is not None:
                    span = node.span
                continue
        if isinstance(node, Element) and node.span is not None:
            span = node.span
        if index or not isinstance(node, dict):
            continue
        parent = node if isinstance(node, Element) else None
        key = name if name in node else _choice(node, name)
        if parent is not None and key in parent.spans:
            span = parent.spans[key]
        if key not in node:
            return span
        node = node[key]
        if isinstance(node, Element) and node.span is not None:
            span = node.span
    return span


def span_of(resource: Element, pointer: Sequence[str | int]) -> Span | None:
    """The narrowest known place of what `pointer` leads to: ("action", 2, "title").

    As `span_at`, for a place that is given in JSON's own names.
    """
    node: Any = resource
    span = resource.span
    for step in pointer:
        if isinstance(node, Element):
            span = node.spans.get(str(step).removeprefix("_"), node.span or span)
        try:
            node = node[step]
        except (LookupError, TypeError):
            return span
        if isinstance(node, Element) and node.span is not None:
            span = node.span
    return span


def _choice(node: dict[str, Any], name: str) -> str:
    """The JSON name of the choice element `name` in `node`; `name` itself where there is none."""
    for key in node:
        if key.startswith(name) and key[len(name) : len(name) + 1].isupper():
            return key
    return name
