"""One element on its way down: where it comes from, what it becomes, what is lost on the way."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from fhir_kb.diagnostics import Diagnostic, Severity, Span
from fhir_kb.model import Element
from fhir_kb.releases import author_terms

if TYPE_CHECKING:
    from fhir_kb.releases.lowering import Lowering


_INDEX = re.compile(r"\[\d+\]")
#: What else a code is called; the exact code where the release has only a near one
_ALTERNATE = "http://hl7.org/fhir/StructureDefinition/alternate-codes"


def alternate_code(code: str) -> Element:
    """The extension that says what a code was."""
    return Element({"url": _ALTERNATE, "valueCodeableConcept": Element({"text": code})})


class LoweringRun:
    """The lowering of one resource.

    gone: ids of contained resources that the release has no place for.
    taken_over: ids of those whose content now stands where they were referred to.
    """

    __slots__ = ("_seen", "gone", "losses", "lowering", "taken_over")

    def __init__(self, lowering: Lowering) -> None:
        self.lowering = lowering
        self.losses: list[Diagnostic] = []
        self.gone: frozenset[str] = frozenset()
        self.taken_over: set[str] = set()
        self._seen: set[str] = set()

    def is_first(self, key: str) -> bool:
        """Whether it is the first time in this resource that this is to be said."""
        if key in self._seen:
            return False
        self._seen.add(key)
        return True


class LoweringNode:
    """An R5 element (`source`), its path and type, and what becomes of it (`target`)."""

    __slots__ = ("notes", "parent", "path", "run", "source", "span", "target", "type")

    def __init__(
        self,
        run: LoweringRun,
        source: dict[str, Any],
        type_path: str,
        path: str,
        parent: LoweringNode | None,
    ) -> None:
        self.run = run
        self.source = source
        self.type = type_path
        self.path = path
        self.parent = parent
        #: what is to be said in a note, as (subject, words), by the time all properties are through
        self.notes: list[tuple[str, str]] = []
        span = None
        if isinstance(source, Element):
            span = source.span
            self.target = Element(span=span, spans=source.spans)
        else:
            self.target = Element()
        self.span: Span | None = span or (parent.span if parent is not None else None)

    @property
    def owner(self) -> str:
        """The thing that an author knows and that this element belongs to: "step 'insert'"."""
        node: LoweringNode | None = self
        while node is not None:
            if name := author_terms.owner_name(node.type, node.source):
                return name
            node = node.parent
        return "the resource"

    @property
    def release(self) -> str:
        """The release's name as people read it."""
        return self.run.lowering.fhir.title

    def rename(self, old: str, new: str) -> None:
        """Say that the content of the property `old` now stands in `new`."""
        if old in self.target.spans:
            self.target.spans[new] = self.target.spans.pop(old)

    def place(self, name: str) -> Span:
        """Where a property was written, as narrowly as that is known."""
        value = self.source.get(name)
        if isinstance(value, list) and value:
            value = value[0]
        spans = self.source.spans if isinstance(self.source, Element) else {}
        inner = value.span if isinstance(value, Element) else None
        return spans.get(name) or inner or self.span or Span("")

    def report(
        self,
        code: str,
        severity: Severity,
        message: str,
        name: str = "",
        help: str | None = None,  # noqa: A002 (the name that Diagnostic has)
    ) -> None:
        """Note a loss; `name` is the property that it is about."""
        self.run.losses.append(
            Diagnostic(
                code,
                severity,
                message,
                self.place(name),
                f"{self.path}.{name}" if name else self.path,
                help,
                self.run.lowering.fhir.name,
            )
        )

    def lost(self, name: str, why: str = "") -> None:
        """Report that a property is left out; a warning unless it is administrative."""
        reason = why or f"{self.release} cannot say it"
        quiet = name.removeprefix("_") in author_terms.ADMINISTRATIVE
        self.report(
            "KB410",
            Severity.INFORMATION if quiet else Severity.WARNING,
            f"the {author_terms.element_label(name)} of {self.owner} is left out: {reason}",
            name,
        )

    def unknown(self, name: str) -> None:
        """Report a property that R5 does not have."""
        message = f"'{name}' of {self.owner} is left out: FHIR R5 has no such element"
        self.report("KB420", Severity.WARNING, message, name)

    def dropped(self, what: str, why: str) -> None:
        """Leave the whole element out, and report it."""
        self.target.clear()
        message = f"{what} of {self.owner} is left out: {why}"
        self.report("KB410", Severity.WARNING, message)

    def moved(self, name: str, where: str) -> None:
        """Report, once a resource for each kind of element, that a property is kept elsewhere."""
        if self.run.is_first(f"{_INDEX.sub('', self.path)}.{name}"):
            self.report(
                "KB402",
                Severity.INFORMATION,
                f"the {author_terms.element_label(name)} of {self.owner} is kept {where}: "
                f"{self.release} has no element for it",
                name,
            )

    def reworded(self, name: str, where: str) -> None:
        """Report, once for each kind of element, that only the words of a property are kept."""
        if self.run.is_first(f"{_INDEX.sub('', self.path)}.{name} words"):
            self.report(
                "KB404",
                Severity.INFORMATION,
                f"the {author_terms.element_label(name)} of {self.owner} is kept in words, "
                f"{where}: {self.release} has no element for it",
                name,
            )

    def extend(self, extension: Element) -> None:
        """Add an extension to what this element becomes."""
        self.target["extension"] = [*self.target.get("extension", ()), extension]

    def extend_primitive(self, name: str, extension: Element) -> None:
        """Add an extension to a primitive property of what this element becomes."""
        beside = self.target.get("_" + name) or {}
        extensions = [*beside.get("extension", ()), extension]
        self.target["_" + name] = Element({**beside, "extension": extensions}, span=extension.span)
