"""Every element that R5 has, in every type we make, is mapped, kept or reported in R4B and R4."""

from __future__ import annotations

import re
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from fhir_kb import releases
from fhir_kb.diagnostics import Severity
from fhir_kb.model import Element
from fhir_kb.model.fhir_release import NAMES, R4
from fhir_kb.model.resource_kind import BY_TYPE
from fhir_kb.packages import definitions
from fhir_kb.releases.audit import unreported_losses
from fhir_kb.releases.pre_r5.release import PreR5Release
from fhir_kb.validate import Validator

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fhir_kb.packages.core.schema import Property

R5 = definitions("5.0.0")
KINDS = tuple(sorted(BY_TYPE))
FEW, MANY = (0, 7), range(12)
# Said by another element as well: a reason for "as needed" says that it is as needed
IMPLIED = {"ActivityDefinition.dosage[0].asNeeded"}


class Populator:
    """Fills a type with every element it has; the variant chooses among types and codes."""

    def __init__(self, variant: int, *, beside: bool) -> None:
        self.variant = variant
        self.beside = beside
        self.numbers = count(1000)
        self.seen: set[str] = set()

    def fill(self, type_path: str, above: tuple[str, ...] = ()) -> Element:
        made: dict[str, Any] = {}
        if type_path in R5.resource_types:
            made["resourceType"] = type_path
        is_again = type_path in self.seen and "." not in type_path
        self.seen.add(type_path)
        for name, known in self.chosen(type_path):
            if known.element is None or name in ("contained", "modifierExtension"):
                continue
            if above.count(known.type_path) > 0 or (name == "extension" and len(above) > 3):
                continue
            if name == "id" and type_path not in R5.resource_types:
                continue
            if name == "comparator" and type_path == "SimpleQuantity":
                continue
            if is_again and known.type_path not in R5.primitive_types:
                continue
            value = self.value(type_path, name, known, above)
            if value is None:
                continue
            made[name] = [value] if known.is_array else value
            if self.beside and known.type_path in R5.primitive_types and name != "id":
                extension = {"url": "https://a.example/beside", "valueString": self.text(name)}
                object_beside = Element({"extension": [Element(extension)]})
                made["_" + name] = [object_beside] if known.is_array else object_beside
        return Element(made)

    def chosen(self, type_path: str) -> Iterator[tuple[str, Property]]:
        """The properties, with one of each choice."""
        choices: dict[str, list[tuple[str, Property]]] = {}
        for name, known in R5.properties(type_path).items():
            if known.element is None or name.startswith("_"):
                continue
            choice = known.element.name
            if type_path == "EvidenceVariable.characteristic" and name.startswith("definition"):
                choice = "definition"  # rule evv-2: at most one of them
            choices.setdefault(choice, []).append((name, known))
        for alternatives in choices.values():
            yield alternatives[self.variant % len(alternatives)]

    def value(self, owner: str, name: str, known: Property, above: tuple[str, ...]) -> Any:
        kind = known.type_path
        if kind == "Extension":
            return Element({"url": "https://a.example/own", "valueString": self.text(name)})
        if kind == "Resource":
            return None
        if kind == "Reference":
            assert known.element is not None
            targets = [t for ref in known.element.types for t in ref.targets] or ["Group"]
            target = targets[self.variant % len(targets)]
            target = "Patient" if target == "Resource" else target
            target = "Location" if owner == "CodeableReference" else target
            return Element({"reference": f"{target}/{self.text(name)}", "display": self.text(name)})
        if kind in R5.primitive_types:
            return self.primitive(kind, name, known)
        return self.fill(kind, (*above, owner)) or None

    def primitive(self, kind: str, name: str, known: Property) -> Any:
        number = next(self.numbers)
        element = known.element
        assert element is not None
        if kind == "code" and element.binding is not None:
            codes = sorted(R5.codes(element.binding.value_set) or ())
            if codes and element.binding.strength == "required":
                return codes[self.variant * 3 % len(codes)]
        made = {
            "boolean": self.variant % 2 == 0,
            "integer": number,
            "positiveInt": number,
            "unsignedInt": number,
            "integer64": str(number),
            "decimal": number,
            "date": f"2001-01-{number % 28 + 1:02}",
            "dateTime": f"{number}-01-01",
            "instant": f"{number}-01-01T00:00:00Z",
            "time": f"{number % 24:02}:00:00",
            "uri": f"https://a.example/{number}",
            "url": f"https://a.example/{number}",
            "canonical": f"https://a.example/{number}",
            "xhtml": f'<div xmlns="http://www.w3.org/1999/xhtml">{number}</div>',
            "base64Binary": "YWJj",
        }
        if name == "contentType":
            return "text/plain"
        if name == "size":
            return "3"
        return made.get(kind, self.text(name, number))

    def text(self, name: str, number: int | None = None) -> str:
        return f"{name.lower()}-{next(self.numbers) if number is None else number}"


def lost_in_silence(
    name: str, citations: Any, kind: str, variants: Iterable[int], *, beside: bool
) -> set[str]:
    release = releases.get(name, citations=citations)
    return {
        path
        for variant in variants
        for resource in [Populator(variant, beside=beside).fill(kind)]
        for path in (
            *unreported_losses(release, resource),
            *unreported_losses(release, reversed_order(resource)),
        )
    } - IMPLIED


def reversed_order(value: Any) -> Any:
    """The same JSON with the properties of each object in the opposite order."""
    if isinstance(value, dict):
        return Element({name: reversed_order(value[name]) for name in reversed(value)})
    return [reversed_order(one) for one in value] if isinstance(value, list) else value


LOWERED = [name for name in NAMES if isinstance(releases.get(name), PreR5Release)]
OLDER = pytest.mark.parametrize(
    ("name", "citations"), [*((name, "text") for name in LOWERED), ("r4", "basic")]
)


@pytest.mark.parametrize("kind", KINDS)
@OLDER
def test_every_element_is_mapped_kept_or_reported(name: str, citations: Any, kind: str) -> None:
    assert lost_in_silence(name, citations, kind, FEW, beside=False) == set()


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@OLDER
def test_whatever_types_and_codes_it_has(name: str, citations: Any, kind: str) -> None:
    assert lost_in_silence(name, citations, kind, MANY, beside=False) == set()


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@OLDER
def test_and_whatever_stands_beside_primitives(name: str, citations: Any, kind: str) -> None:
    assert lost_in_silence(name, citations, kind, (1, 4), beside=True) == set()


@pytest.mark.parametrize("kind", KINDS)
@OLDER
def test_an_element_that_r5_does_not_have_is_reported(name: str, citations: Any, kind: str) -> None:
    resource = Element({"resourceType": kind, "id": "x", "status": "active", "colour": "blue"})
    losses = releases.get(name, citations=citations).lower(resource).losses
    unknown = [loss for loss in losses if loss.path == f"{kind}.colour"]
    gone = [loss for loss in losses if loss.code == "KB400"]
    assert [loss.code for loss in unknown] == ["KB420"] or gone


def errors(fhir_version: str, resource: Element) -> dict[str, str]:
    """The structural errors of a resource: index-free path -> message."""
    issues = Validator(fhir_version, invariants=False).check(resource)
    return {
        re.sub(r"\[\d+\]", "", issue.path): issue.message
        for issue in issues
        if issue.severity is Severity.ERROR
    }


@pytest.mark.parametrize("kind", KINDS)
@OLDER
def test_what_comes_out_is_of_the_release(name: str, citations: Any, kind: str) -> None:
    release = releases.get(name, citations=citations)
    found = {}
    for variant in MANY:
        resource = Populator(variant, beside=False).fill(kind)
        for lowered in release.lower(resource).resources:
            found |= errors(release.fhir.version, lowered)
            for path in errors("5.0.0", resource):  # the random content itself
                found.pop(path, None)
    assert found == {}


def test_the_check_finds_what_is_lost() -> None:
    class Careless:
        """Loses every title."""

        fhir, kinds = R4, frozenset({"Library"})

        def lower(self, resource: Element) -> releases.Lowered:
            kept = {key: value for key, value in resource.items() if key != "title"}
            return releases.Lowered((Element(kept),))

    library = Element({"resourceType": "Library", "id": "x", "title": "Lost", "name": "Kept"})
    assert unreported_losses(Careless(), library) == ("Library.title",)
