"""Content of resources: without what a server sets, compared, at another place."""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from fhir_kb.emit import compact_json
from fhir_kb.servers.json_values import is_too_deep
from fhir_kb.servers.references import ReferenceTargets, with_references

if TYPE_CHECKING:
    from collections.abc import Iterator


Resource = dict[str, Any]
_BOM: Final = b"\xef\xbb\xbf"
_MAX_DIGITS: Final = 18
_OF_THE_SERVER: Final = ("versionId", "lastUpdated", "source")
_START: Final = re.compile(rb'(\{"resourceType":"[A-Za-z]+","id":)"[A-Za-z0-9\-.]{1,64}"')
_SPACE: Final = re.compile(r"\s+")
_ATTRIBUTE: Final = re.compile(r'[\w:.-]+="[^"]*"')
_START_TAG: Final = re.compile(r'<([A-Za-z][\w-]*)((?:\s+[\w:.-]+="[^"]*"){2,})')
SETS: Final = frozenset({"profile", "tag", "security"})
"""Lists of meta whose order has no meaning, and to which servers add."""


class _Missing:
    """The value of an element that is missing; null is another value."""

    def __repr__(self) -> str:
        return "(none)"


MISSING: Final = _Missing()


class Loss(NamedTuple):
    """An element that the server does not store as it was sent."""

    path: str
    sent: Any
    stored: Any
    """MISSING where it was dropped."""


LazyResource = Callable[[], Resource]
"""A resource that is parsed when it is needed: bytes take a tenth of the memory."""


def load_json(content: bytes | str) -> Any:
    """JSON with its decimals digit for digit.

    Raises ValueError for what is not JSON (NaN, broken characters), and for what nests too deeply.
    """
    data = (content.encode() if isinstance(content, str) else content).removeprefix(_BOM)
    value = orjson.loads(data)
    if is_too_deep(data):
        msg = "it is nested too deeply"
        raise ValueError(msg)
    if orjson.dumps(value) == data:
        return value  # the faster parser reads it digit for digit (not 1.50, which becomes 1.5)
    return json.loads(data, parse_float=_decimal, parse_int=_integer)


def _decimal(digits: str) -> Decimal:
    try:
        return Decimal(digits)
    except ArithmeticError:
        msg = f"{digits[:20]} is out of range"
        raise ValueError(msg) from None


def _integer(digits: str) -> int | Decimal:
    """A whole number; those that the writer could not write as such are decimals."""
    return int(digits) if len(digits) <= _MAX_DIGITS else Decimal(digits)


@dataclass(frozen=True, slots=True)
class JsonResource:
    """A resource as compact JSON."""

    content: bytes = field(repr=False)
    exact: bool
    """Whether the faster parser reads it digit for digit."""

    def __call__(self) -> Resource:
        """The resource, parsed anew each time."""
        resource: Resource = orjson.loads(self.content) if self.exact else load_json(self.content)
        return resource


def json_resource(resource: Resource) -> JsonResource:
    """The resource as JSON."""
    try:
        content = orjson.dumps(resource)
    except orjson.JSONEncodeError:  # it has decimals
        return JsonResource(compact_json(resource), exact=False)
    return JsonResource(bytes(memoryview(content)), exact=True)


@dataclass(frozen=True, slots=True)
class RelocatedResource:
    """A resource with another id, and with its links rewritten; built anew each time."""

    body: LazyResource = field(repr=False)
    id: str
    targets: ReferenceTargets
    """Where its links lead."""
    release: str
    """The FHIR release by name: its definitions say what is a link."""

    def __call__(self) -> Resource:
        """The resource."""
        body = self.body
        resource = body()
        if not isinstance(body, JsonResource) or self.targets.may_change(body.content):
            resource = with_references(resource, self.targets, self.release)
        return {**resource, "id": self.id}

    @property
    def content(self) -> bytes:
        """The same as compact JSON; JSON that begins with type and id is not parsed for that."""
        body = self.body
        start = _START.match(body.content) if isinstance(body, JsonResource) else None
        if start is None:
            return compact_json(self())
        content = start[1] + orjson.dumps(self.id) + start.string[start.end() :]
        changed = self.targets.change(content) if self.targets else content
        return compact_json(self()) if changed is None else changed


def compact_bytes(body: Resource | LazyResource) -> bytes:
    """A resource as compact JSON."""
    if isinstance(body, JsonResource | RelocatedResource):
        return body.content
    return compact_json(body() if callable(body) else body)


def without_server_elements(resource: Resource) -> Resource:
    """The resource less what every server sets for itself: versionId, lastUpdated, meta.source."""
    meta = resource.get("meta")
    if not isinstance(meta, dict):
        return resource
    kept = {key: value for key, value in meta.items() if key not in _OF_THE_SERVER}
    others = {key: value for key, value in resource.items() if key != "meta"}
    return {**others, "meta": kept} if kept else others


def content_digest(resource: Resource) -> str:
    """A digest of the content: equal for equal content, in whatever order it is written."""
    content = without_server_elements(resource)
    meta = content.get("meta")
    if isinstance(meta, dict):
        content = {**content, "meta": {key: _unordered(key, value) for key, value in meta.items()}}
    return hashlib.sha256(_sorted(content)).hexdigest()


def _unordered(name: str, value: Any) -> Any:
    return sorted(value, key=_sorted) if name in SETS and isinstance(value, list) else value


def _sorted(value: Any) -> bytes:
    return orjson.dumps(value, default=_number, option=orjson.OPT_SORT_KEYS)


def _number(value: Any) -> orjson.Fragment:
    """A decimal as the faster writer would write a number: 1e-7, not 1E-7."""
    return orjson.Fragment(compact_json(value).lower())


def is_equivalent(first: Any, second: Any) -> bool:
    """Whether two values mean the same.

    1.50 is 1.5; white space of narrative does not count, and neither do tags that `second` has
    beside those of `first` (servers keep them).
    """
    if any(_losses("", first, second)):
        return False
    return all(loss.path.startswith(".meta") for loss in _losses("", second, first))


def is_equal_element(path: str, first: Any, second: Any) -> bool:
    """Whether two values of an element mean the same; its path tells narrative from other text."""
    return _equal(path, first, second)


def losses(sent: Resource, stored: Resource) -> list[Loss]:
    """The elements of `sent` that are not in `stored`, or not as they were sent.

    What a server adds is no loss.
    """
    return list(
        _losses(
            str(sent.get("resourceType", "")),
            without_server_elements(sent),
            without_server_elements(stored),
        )
    )


def _losses(path: str, sent: Any, stored: Any) -> Iterator[Loss]:
    if sent == stored and type(sent) is type(stored):
        return  # the usual case: no need to look closer
    if isinstance(sent, dict) and isinstance(stored, dict):
        for key, value in sent.items():
            yield from _losses(f"{path}.{key}", value, stored.get(key, MISSING))
    elif isinstance(sent, list) and isinstance(stored, list) and _is_set(path):
        if not {_sorted(item) for item in sent} <= {_sorted(item) for item in stored}:
            yield Loss(path, sent, stored)
    elif isinstance(sent, list) and isinstance(stored, list) and len(sent) == len(stored):
        for number, (first, second) in enumerate(zip(sent, stored, strict=True)):
            yield from _losses(f"{path}[{number}]", first, second)
    elif not _equal(path, sent, stored) and not _is_resolved(path, sent, stored):
        yield Loss(path, sent, stored)


def _is_resolved(path: str, sent: Any, stored: Any) -> bool:
    """Whether the server has looked up a conditional reference ("Library?url=…"), as it has to.

    http://hl7.org/fhir/http.html#trefs
    """
    if not path.endswith(".reference") or not isinstance(sent, str) or not isinstance(stored, str):
        return False
    type_, question, _ = sent.partition("?")
    return bool(question) and type_.isalpha() and stored.startswith(f"{type_}/")


def _is_set(path: str) -> bool:
    _, _, name = path.rpartition(".meta.")
    return name in SETS


def _equal(path: str, sent: Any, stored: Any) -> bool:
    if _is_number(sent) and _is_number(stored):
        return Decimal(str(sent)) == Decimal(str(stored))
    if path.endswith("text.div") and isinstance(sent, str) and isinstance(stored, str):
        # Most differ in the order of the first tag's attributes at most.
        return _in_order(sent, 1) == _in_order(stored, 1) or _words(sent) == _words(stored)
    return type(sent) is type(stored) and bool(sent == stored)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _words(narrative: str) -> str:
    """Narrative without what serializers change: order of attributes, entities, white space."""
    narrative = html.unescape(_in_order(narrative))
    return _SPACE.sub(" ", narrative).replace("> ", ">").replace(" <", "<").strip()


def _in_order(narrative: str, tags: int = 0) -> str:
    """Narrative with the attributes of its first so many tags, or of all (0), in one order."""
    return _START_TAG.sub(_with_sorted_attributes, narrative, tags)


def _with_sorted_attributes(tag: re.Match[str]) -> str:
    return f"<{tag[1]} {' '.join(sorted(_ATTRIBUTE.findall(tag[2])))}"
