"""Resources as content: what of them is ours and not the server's, and whether two are the same."""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from fhir_kb.emit import compact_json

if TYPE_CHECKING:
    from collections.abc import Iterator


Resource = dict[str, Any]
_OF_THE_SERVER: Final = ("versionId", "lastUpdated", "source")
_REFERENCE: Final = re.compile(rb'"reference":"([A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64})"')
_START: Final = re.compile(rb'(\{"resourceType":"[A-Za-z]+","id":)"[A-Za-z0-9\-.]{1,64}"')
_SPACE: Final = re.compile(r"\s+")
_ATTRIBUTE: Final = re.compile(r'[\w:.-]+="[^"]*"')
_START_TAG: Final = re.compile(r'<([A-Za-z][\w-]*)((?:\s+[\w:.-]+="[^"]*"){2,})')
SETS: Final = frozenset({"profile", "tag", "security"})
"""Lists of meta whose order means nothing, and to which servers add (meta.tag is kept by some)."""


class _Missing:
    """What is not there; JSON's null has a meaning of its own."""

    def __repr__(self) -> str:
        return "(none)"


MISSING: Final = _Missing()


class Loss(NamedTuple):
    """An element that does not stand as it was sent. `there` is MISSING where it was dropped."""

    path: str
    sent: Any
    there: Any


LazyResource = Callable[[], Resource]
"""A resource that is read when it is asked for: bytes take a tenth of the memory of what they say.
"""


def load_json(content: bytes | str) -> Any:
    """JSON with its decimals digit for digit. Raises ValueError, also for NaN and the like."""
    if isinstance(content, bytes) and (found := _loaded(content)) is not None:
        return found
    return json.loads(content, parse_float=Decimal, parse_constant=_no_number)


def _loaded(content: bytes) -> Any:
    """The same in half of the time; None for what would not be written so again, and may therefore
    not be read so (1.50 would become 1.5).
    """
    try:
        found = orjson.loads(content)
        return found if orjson.dumps(found) == content else None
    except (ValueError, TypeError):
        return None


@dataclass(frozen=True, slots=True)
class JsonResource:
    """A resource as compact JSON. exact: whether the faster reader reads it digit for digit."""

    content: bytes = field(repr=False)
    exact: bool

    def __call__(self) -> Resource:
        """The resource; another one each time."""
        found: Resource = orjson.loads(self.content) if self.exact else load_json(self.content)
        return found


def json_resource(resource: Resource) -> JsonResource:
    """The resource as text."""
    try:
        made = orjson.dumps(resource)
    except orjson.JSONEncodeError:  # it has decimals
        return JsonResource(compact_json(resource), exact=False)
    return JsonResource(bytes(memoryview(made)), exact=True)


@dataclass(frozen=True, slots=True)
class RelocatedResource:
    """A resource at a place: with the id there, its references led to where `places` says.

    Read when it is asked for; another one each time.
    """

    body: LazyResource = field(repr=False)
    id: str
    places: Mapping[str, str] = field(repr=False)

    def __call__(self) -> Resource:
        """The resource."""
        resource = self.body()
        if self.places and any(name in self.places for name in self._references()):
            resource = with_references(resource, self.places)
        resource["id"] = self.id
        return resource

    @property
    def content(self) -> bytes:
        """The same as compact JSON; text that begins with type and id is not read for that."""
        body = self.body
        found = _START.match(body.content) if isinstance(body, JsonResource) else None
        if found is None:
            return compact_json(self())
        content = found[1] + orjson.dumps(self.id) + found.string[found.end() :]
        return _REFERENCE.sub(self._led, content) if self.places else content

    def _references(self) -> Iterator[str]:
        body = self.body
        return references_in(body.content) if isinstance(body, JsonResource) else references(body())

    def _led(self, found: re.Match[bytes]) -> bytes:
        place = self.places.get(found[1].decode())
        return found[0] if place is None else b'"reference":' + orjson.dumps(place)


def compact_bytes(body: Resource | LazyResource) -> bytes:
    """A resource as compact JSON."""
    if isinstance(body, JsonResource | RelocatedResource):
        return body.content
    return compact_json(body() if callable(body) else body)


def _no_number(word: str) -> Any:
    msg = f"{word} is no JSON"
    raise ValueError(msg)


def without_server_elements(resource: Resource) -> Resource:
    """The resource less what every server sets for itself: versionId, lastUpdated, meta.source."""
    meta = resource.get("meta")
    if not isinstance(meta, dict):
        return resource
    kept = {key: value for key, value in meta.items() if key not in _OF_THE_SERVER}
    others = {key: value for key, value in resource.items() if key != "meta"}
    return {**others, "meta": kept} if kept else others


def content_digest(resource: Resource) -> str:
    """A fingerprint of the content: equal for equal content, in whatever order it is written."""
    whole = without_server_elements(resource)
    meta = whole.get("meta")
    if isinstance(meta, dict):
        whole = {**whole, "meta": {key: _unordered(key, value) for key, value in meta.items()}}
    return hashlib.sha256(_sorted(whole)).hexdigest()


def _unordered(name: str, value: Any) -> Any:
    return sorted(value, key=_sorted) if name in SETS and isinstance(value, list) else value


def _sorted(value: Any) -> bytes:
    return orjson.dumps(value, default=_number, option=orjson.OPT_SORT_KEYS)


def _number(value: Any) -> orjson.Fragment:
    """A decimal as the faster writer would write a number: 1e-7, not 1E-7."""
    return orjson.Fragment(compact_json(value).lower())


def is_equivalent(first: Any, second: Any) -> bool:
    """Whether two values say the same: 1.50 is 1.5, white space of narrative does not count, and
    neither do tags that `second` has beside those of `first` (servers keep them).
    """
    if any(_losses("", first, second)):
        return False
    return all(loss.path.startswith(".meta") for loss in _losses("", second, first))


def is_equal_element(path: str, first: Any, second: Any) -> bool:
    """Whether the values of one element say the same; its path tells narrative from other text."""
    return _equal(path, first, second)


def losses(sent: Resource, there: Resource) -> list[Loss]:
    """The elements of `sent` that are not in `there`, or not as they were sent.

    What a server adds is no loss.
    """
    return list(
        _losses(
            str(sent.get("resourceType", "")),
            without_server_elements(sent),
            without_server_elements(there),
        )
    )


def _losses(path: str, sent: Any, there: Any) -> Iterator[Loss]:
    if sent == there and type(sent) is type(there):
        return  # most of all: no need to look closer
    if isinstance(sent, dict) and isinstance(there, dict):
        for key, value in sent.items():
            yield from _losses(f"{path}.{key}", value, there.get(key, MISSING))
    elif isinstance(sent, list) and isinstance(there, list) and _is_set(path):
        if not {_sorted(one) for one in sent} <= {_sorted(one) for one in there}:
            yield Loss(path, sent, there)
    elif isinstance(sent, list) and isinstance(there, list) and len(sent) == len(there):
        for number, (one, other) in enumerate(zip(sent, there, strict=True)):
            yield from _losses(f"{path}[{number}]", one, other)
    elif not _equal(path, sent, there):
        yield Loss(path, sent, there)


def _is_set(path: str) -> bool:
    _, _, name = path.rpartition(".meta.")
    return name in SETS


def _equal(path: str, sent: Any, there: Any) -> bool:
    if _is_number(sent) and _is_number(there):
        return Decimal(str(sent)) == Decimal(str(there))
    if path.endswith("text.div") and isinstance(sent, str) and isinstance(there, str):
        # Most differ in the order of the first tag's attributes at most.
        return _in_order(sent, 1) == _in_order(there, 1) or _words(sent) == _words(there)
    return type(sent) is type(there) and bool(sent == there)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _words(narrative: str) -> str:
    """Narrative as every serializer would read it: the order of attributes, entities and white
    space are its own affair.
    """
    narrative = html.unescape(_in_order(narrative))
    return _SPACE.sub(" ", narrative).replace("> ", ">").replace(" <", "<").strip()


def _in_order(narrative: str, tags: int = 0) -> str:
    """Narrative with the attributes of its first so many tags, or of all (0), in one order."""
    return _START_TAG.sub(_with_sorted_attributes, narrative, tags)


def _with_sorted_attributes(tag: re.Match[str]) -> str:
    return f"<{tag[1]} {' '.join(sorted(_ATTRIBUTE.findall(tag[2])))}"


def references(value: Any) -> Iterator[str]:
    """The literal relative references ("Type/id") within, in order of appearance."""
    if value:
        yield from references_in(compact_json(value))


def references_in(content: bytes) -> Iterator[str]:
    """The same of compact JSON. Within a string its quotes would be escaped, so this finds only
    what it looks for, in a twentieth of the time of a walk.
    """
    for one in _REFERENCE.findall(content):
        yield one.decode()


def with_references(value: Any, places: Mapping[str, str]) -> Any:
    """The same with its literal references led to where `places` says; others stay."""
    if isinstance(value, dict):
        return {
            key: places.get(inner, inner)
            if key == "reference" and isinstance(inner, str)
            else with_references(inner, places)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [with_references(inner, places) for inner in value]
    return value
