"""Bundles of emitted resources, an entry a line, put together from their bytes.

https://hl7.org/fhir/bundle.html, https://hl7.org/fhir/http.html#transaction; the choices made here
are explained in docs/adr/0004-output.md.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote

from fhir_kb.emit import compact_json
from fhir_kb.publish.file_content import FileContent, lazy_content
from fhir_kb.publish.references import dependencies_first, reachable, roots_first

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from fhir_kb.emit import EmittedResource

_REFERENCE = re.compile(rb'"reference":"([A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64})"')
_NAMESPACE = uuid.NAMESPACE_URL.bytes
_SEARCH_SPECIAL = re.compile(r"[\\$,|]")


class NotADocumentError(ValueError):
    """A document without a Composition, or with one that has no date."""


def urn(resource: EmittedResource, release: str) -> str:
    """The resource's name within bundles: the same for the same artifact, version and release."""
    canonical = resource.url or "|".join(resource.identifier or (resource.name,))
    return _urn_of(f"{canonical}|{resource.version}|{release}")


def _urn_of(name: str) -> str:
    """`uuid.uuid5` of a URL as a urn, in a third of the time: every entry of a bundle has one.

    RFC 9562, 5.5: SHA-1 over namespace and name, with the version and the variant written over it.
    """
    whole = hashlib.sha1(_NAMESPACE + name.encode(), usedforsecurity=False).digest()
    octets = bytearray(whole[:16])
    octets[6] = octets[6] & 0x0F | 0x50
    octets[8] = octets[8] & 0x3F | 0x80
    digits = octets.hex()
    return f"urn:uuid:{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def search_url(resource: EmittedResource) -> str:
    """The search that finds this artifact in this version on any server.

    By url and version; by identifier for a type that has no url in its release. A resource that
    has neither has its own URL ("Type/id"): then the update is not conditional.
    """
    if resource.url:
        version = f"&version={_term(resource.version)}" if resource.version else ""
        return f"{resource.resource_type}?url={_term(resource.url)}{version}"
    if resource.identifier:
        token = "%7C".join(_term(part) for part in resource.identifier)
        return f"{resource.resource_type}?identifier={token}"
    return resource.name


@lru_cache(1 << 14)
def _term(value: str) -> str:
    """A search value: FHIR's own special characters escaped, then the URL's."""
    return quote(_SEARCH_SPECIAL.sub(r"\\\g<0>", value), safe="")


def transaction(resources: Sequence[EmittedResource], release: str) -> FileContent:
    """All or nothing: each entry updates the artifact's version on the server or creates it.

    Root artifacts come first. References between entries are by `urn:uuid`, and the resources have
    no id: the server gives it, so that versions of an artifact can be there side by side.
    """
    ordered = roots_first(resources)

    def entries() -> Iterator[bytes]:
        urns = {resource.name.encode(): urn(resource, release).encode() for resource in ordered}
        for resource in ordered:
            condition = search_url(resource)
            line = resource.line_bytes if condition == resource.name else _without_id(resource)
            if resource.references:
                line = _with_urns(line, urns)
            yield _entry(urns[resource.name.encode()], line, condition)

    return _bundle("transaction", entries, ordered, release)


def _without_id(resource: EmittedResource) -> bytes:
    """The line less its id, which `emit` has put right behind the type."""
    head = f'{{"resourceType":"{resource.resource_type}"'.encode()
    return head + resource.line_bytes.removeprefix(head + f',"id":"{resource.id}"'.encode())


def _with_urns(line: bytes, urns: Mapping[bytes, bytes]) -> bytes:
    """The line with references to other entries by urn.

    No text can look like a reference: its quotation marks are escaped.
    """
    return _REFERENCE.sub(lambda match: b'"reference":"%s"' % urns.get(match[1], match[1]), line)


def batch(resources: Sequence[EmittedResource], base: str) -> FileContent:
    """Each entry on its own: an update at "Type/id", what others refer to first.

    For servers without transactions that let clients choose ids: an entry of a batch cannot refer
    to another entry, so the references stay as they are and must exist on the server.
    """
    ordered = dependencies_first(resources)

    def entries() -> Iterator[bytes]:
        for resource in ordered:
            yield _entry(_url(resource, base), resource.line_bytes, resource.name)

    return _bundle("batch", entries, ordered, base)


def collection(resources: Sequence[EmittedResource], base: str) -> FileContent:
    """The resources as they are, each at its address below the canonical `base`."""
    ordered = roots_first(resources)

    def entries() -> Iterator[bytes]:
        for resource in ordered:
            yield _entry(_url(resource, base), resource.line_bytes)

    return _bundle("collection", entries, ordered, base)


def document(
    composition: EmittedResource, resources: Mapping[str, EmittedResource], release: str, base: str
) -> FileContent:
    """The Composition with everything that it refers to, directly or not.

    The identifier follows from the content; the timestamp is the Composition's date. Raises
    NotADocumentError.

    Args:
        composition: The first entry.
        resources: Those of the release by "Type/id".
        release: Its name ("r4").
        base: The canonical base of the entries' urls.
    """
    timestamp = _instant(composition.date)
    if composition.resource_type != "Composition" or not timestamp:
        msg = f"{composition.name} is no Composition with a date, so it makes no document"
        raise NotADocumentError(msg)
    others = reachable([composition], resources, canonicals=False)[1:]
    ordered = [composition, *roots_first(others)]
    content = "|".join((urn(composition, release), *(resource.digest for resource in ordered)))
    identifier = {
        "system": "urn:ietf:rfc:3986",
        "value": _urn_of(content),
    }
    head = b'"identifier":%s,"type":"document","timestamp":"%s"' % (
        compact_json(identifier),
        timestamp.encode(),
    )

    def entries() -> Iterator[bytes]:
        for resource in ordered:
            yield _entry(_url(resource, base), resource.line_bytes)

    return lazy_content(lambda: _lines(head, entries()), "document", content, base)


def _instant(date: str) -> str:
    """A FHIR date or dateTime as an instant: its first moment, in UTC where it names no zone."""
    if "T" in date:
        return date
    parts = [*date.split("-"), "01", "01"][:3]
    return "-".join(parts) + "T00:00:00Z" if date else ""


def _url(resource: EmittedResource, base: str) -> bytes:
    return f"{base.rstrip('/')}/{resource.name}".encode()


def _entry(full_url: bytes, line: bytes, request: str = "") -> bytes:
    if not request:
        return b'{"fullUrl":"%s","resource":%s}' % (full_url, line)
    sent = b'"request":{"method":"PUT","url":"%s"}' % request.encode()
    return b'{"fullUrl":"%s","resource":%s,%s}' % (full_url, line, sent)


def _bundle(
    kind: str,
    entries: Callable[[], Iterator[bytes]],
    ordered: Iterable[EmittedResource],
    setting: str,
) -> FileContent:
    digests = (resource.digest for resource in ordered)
    head = b'"type":"%s"' % kind.encode()
    return lazy_content(lambda: _lines(head, entries()), kind, setting, *digests)


def _lines(head: bytes, entries: Iterable[bytes]) -> Iterator[bytes]:
    has_entries = False
    for entry in entries:
        yield (b",\n" if has_entries else b'{"resourceType":"Bundle",%s,"entry":[\n' % head) + entry
        has_entries = True
    yield b"\n]}\n" if has_entries else b'{"resourceType":"Bundle",%s}\n' % head
