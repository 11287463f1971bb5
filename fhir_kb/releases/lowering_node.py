"""One element while it is lowered: its R5 source, what it becomes, what is lost on the way."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from fhir_kb.diagnostics import Diagnostic, Severity, Span
from fhir_kb.model import Element
from fhir_kb.releases import author_terms

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fhir_kb.model.fhir_release import FhirRelease
    from fhir_kb.releases.lowering_table import LoweringTable

    #: Called with the node, the name of a property of its source, and the value of that property.
    Transform: TypeAlias = Callable[["LoweringNode", str, Any], None]
    Finisher: TypeAlias = Callable[["LoweringNode"], None]
    #: R5 type path and property, "PlanDefinition.action.linkId" -> what to do with it
    Transforms: TypeAlias = Mapping[str, Transform]

_INDEX = re.compile(r"\[\d+\]")
#: What else a code is called; the exact code where the release has only a near one
_ALTERNATE = "http://hl7.org/fhir/StructureDefinition/alternate-codes"


def alternate_code(code: str) -> Element:
    """The extension that says what a code was in R5."""
    return Element({"url": _ALTERNATE, "valueCodeableConcept": Element({"text": code})})


class Lowerer(Protocol):
    """How a release takes R5 content, as transforms need it."""

    fhir: FhirRelease
    """The release."""

    table: LoweringTable
    """What the release has of R5."""

    basic_prefixes: Mapping[str, str]
    """Resource type -> how the id of the Basic starts that it becomes."""

    def lower(
        self,
        run: LoweringRun,
        source: dict[str, Any],
        type_path: str,
        path: str,
        parent: LoweringNode | None,
    ) -> LoweringNode:
        """Lower one element; the result is the node's target, which may be empty."""
        ...

    def value(
        self, node: LoweringNode, name: str, type_name: str, value: Any, path: str = ""
    ) -> Any:
        """A value of a type (no list) as the release has it; None where nothing is left of it."""
        ...


class LoweringRun:
    """The lowering of one resource."""

    __slots__ = ("_reported", "inlined_ids", "losses", "lowering", "unsupported_ids")

    def __init__(self, lowering: Lowerer) -> None:
        self.lowering = lowering
        self.losses: list[Diagnostic] = []
        #: of contained resources whose type the release does not have
        self.unsupported_ids: frozenset[str] = frozenset()
        #: of contained resources whose content now stands where they were referred to
        self.inlined_ids: set[str] = set()
        self._reported: set[str] = set()

    def is_first_report(self, key: str) -> bool:
        """Whether this is to be reported for the first time in the resource."""
        if key in self._reported:
            return False
        self._reported.add(key)
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
        #: what a finisher writes into a note, as (subject, text)
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

    @property
    def root(self) -> LoweringNode:
        """The node of the resource."""
        node = self
        while node.parent is not None:
            node = node.parent
        return node

    def rename(self, old: str, new: str) -> None:
        """Move the span of the property `old` to `new`, where its content now stands."""
        if old in self.target.spans:
            self.target.spans[new] = self.target.spans.pop(old)

    def span_of(self, name: str) -> Span:
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
        """Report a loss; `name` is the property that it is about."""
        self.run.losses.append(
            Diagnostic(
                code,
                severity,
                message,
                self.span_of(name),
                f"{self.path}.{name}" if name else self.path,
                help,
                self.run.lowering.fhir.name,
            )
        )

    def report_lost(self, name: str, why: str = "") -> None:
        """Report that a property is left out; a warning unless it is administrative."""
        reason = why or f"{self.release} cannot say it"
        is_administrative = name.removeprefix("_") in author_terms.ADMINISTRATIVE
        self.report(
            "KB410",
            Severity.INFORMATION if is_administrative else Severity.WARNING,
            f"the {author_terms.element_label(name)} of {self.owner} is left out: {reason}",
            name,
        )

    def report_unknown(self, name: str) -> None:
        """Report a property that R5 does not have."""
        message = f"'{name}' of {self.owner} is left out: FHIR R5 has no such element"
        self.report("KB420", Severity.WARNING, message, name)

    def drop(self, what: str, why: str) -> None:
        """Leave the whole element out, and report it."""
        self.target.clear()
        message = f"{what} of {self.owner} is left out: {why}"
        self.report("KB410", Severity.WARNING, message)

    def report_moved(self, name: str, where: str) -> None:
        """Report, once a resource for each kind of element, that a property is kept elsewhere."""
        self._report_kept("KB402", name, where, "")

    def report_reworded(self, name: str, where: str) -> None:
        """Report, once for each kind of element, that only the words of a property are kept."""
        self._report_kept("KB404", name, f"in words, {where}", " words")

    def _report_kept(self, code: str, name: str, where: str, variant: str) -> None:
        if self.run.is_first_report(f"{_INDEX.sub('', self.path)}.{name}{variant}"):
            self.report(
                code,
                Severity.INFORMATION,
                f"the {author_terms.element_label(name)} of {self.owner} is kept {where}: "
                f"{self.release} has no element for it",
                name,
            )

    def extend(self, extension: Element) -> None:
        """Add an extension to what this element becomes."""
        self.target["extension"] = [*self.target.get("extension", ()), extension]

    def extend_primitive(self, name: str, extension: Element) -> None:
        """Add an extension to a primitive property of what this element becomes."""
        primitive = self.target.get("_" + name) or {}
        extensions = [*primitive.get("extension", ()), extension]
        self.target["_" + name] = Element(
            {**primitive, "extension": extensions}, span=extension.span
        )
