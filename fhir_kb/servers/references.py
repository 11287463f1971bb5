"""Links between resources: listed, and rewritten where their targets have other ids.

What is a link follows from the definitions of the release (`reference_sites`). Its fragment and the
version of a canonical are kept; `_history/1` of a target that gets another id is not, since it
counts the versions of another server. https://hl7.org/fhir/references.html#literal
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from fhir_kb.emit import compact_json
from fhir_kb.servers.reference_sites import (
    ANY_RESOURCE,
    ReferenceSites,
    SiteKind,
    reference_sites,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    _Rewrite = Callable[[str, SiteKind], str]

_NAME: Final = r"[A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64}"
_LINK: Final = re.compile(
    rf"((?:https?://[^\s|#?]*/)?{_NAME}|urn:(?:uuid|oid):[A-Za-z0-9.\-]+)"
    r"(/_history/[A-Za-z0-9\-.]{1,64})?([|#].*)?"
)
_REFERENCE: Final = re.compile(rb'"reference":"(' + _NAME.encode() + rb')"')
_MENTION: Final = re.compile(
    rb"""["'(<\s]((?:https?://[^\s"'()<>\\|#?]*/)?"""
    + _NAME.encode()
    + rb"""|urn:(?:uuid|oid):[A-Za-z0-9.\-]+)"""
)
"""Whatever may be a link, and some text that is none."""
_TAG: Final = re.compile(r"<[A-Za-z][^<>]*>")
_ADDRESS: Final = re.compile(r"""(\s(?:href|src)\s*=\s*)(?:"([^"]*)"|'([^']*)')""")
_MARKDOWN: Final = re.compile(r"(\]\(\s*<?|^ {0,3}\[[^\]\n]+\]:[ \t]*<?)([^\s()<>]+)", re.MULTILINE)
_ABSOLUTE: Final = ("http://", "https://")
_UNKNOWN: Final = "(unknown)"
"""The type path of what the release lacks."""
_UNKNOWN_SITES: Final[Mapping[str, SiteKind | str]] = {"reference": SiteKind.REFERENCE}
"""What is a link there: what looks like a Reference."""
_BUNDLE: Final = b'"resourceType":"Bundle"'


class Link(NamedTuple):
    """A link to a resource."""

    target: str
    """"Type/id", "urn:uuid:…" or an absolute URL, without the rest."""
    kind: SiteKind
    version: str = ""
    """The version of the target that it names by `_history`; "" for none."""


@dataclass(frozen=True, slots=True)
class ReferenceTargets:
    """Where links lead by now."""

    names: Mapping[str, str] = field(repr=False)
    """The new targets by the old ones: "Type/id", "urn:uuid:…", or the absolute URL of a resource
    on a server."""
    canonicals: frozenset[str] = field(default=frozenset(), repr=False)
    """Of the old ones those that are the canonical url of an artifact: References lead to the
    resource, everything else means the artifact and stays."""

    def __bool__(self) -> bool:
        return bool(self.names)

    def rewritten(self, link: str, kind: SiteKind) -> str:
        """A link as it has to be; the same where its target has no other place."""
        names = self.names
        target, rest = link, ""
        if link not in names:
            match = _LINK.fullmatch(link)
            if match is None or match[1] not in names:
                return link
            target, rest = match[1], match[3] or ""
        if kind is not SiteKind.REFERENCE and target in self.canonicals:
            return link
        if kind is SiteKind.IDENTIFIER and target.startswith(_ABSOLUTE):
            return link
        return names[target] + rest

    def may_change(self, content: bytes) -> bool:
        """Whether compact JSON may have a link that has to be rewritten."""
        names = self.names
        return any(target.decode() in names for target in _MENTION.findall(content))

    def change(self, content: bytes) -> bytes | None:
        """Compact JSON with its links rewritten, unless it has to be parsed for that (None)."""
        names = self.names
        if _BUNDLE in content:
            return None
        mentions = sum(target.decode() in names for target in _MENTION.findall(content))
        plain = sum(target.decode() in names for target in _REFERENCE.findall(content))
        if mentions > plain:
            return None
        return _REFERENCE.sub(self._change_reference, content) if plain else content

    def _change_reference(self, reference: re.Match[bytes]) -> bytes:
        target = self.names.get(reference[1].decode())
        return reference[0] if target is None else b'"reference":' + orjson.dumps(target)


def links(resource: Mapping[str, Any], release: str) -> Iterator[Link]:
    """The links in a resource to relative references, URNs and addresses of resources.

    Args:
        resource: The resource, parsed.
        release: The FHIR release by name, whose definitions say which elements hold links.
    """
    collected: list[Link] = []

    def collect(link: str, kind: SiteKind) -> str:
        match = _LINK.fullmatch(link)
        if match is not None:
            version = (match[2] or "").rpartition("/")[2]
            collected.append(Link(match[1], kind, version))
        return link

    _walk(resource, ANY_RESOURCE, reference_sites(release), collect)
    yield from collected


def references(resource: Mapping[str, Any], release: str) -> Iterator[str]:
    """The relative references ("Type/id") within, in order of appearance; see `links`."""
    if resource:
        yield from references_in(compact_json(resource), release)


def references_in(content: bytes, release: str) -> Iterator[str]:
    """The same in compact JSON; what has only plain References is not parsed for that."""
    plain = _REFERENCE.findall(content)
    if b"resourceType" not in content or len(plain) == len(_relative_mentions(content)):
        yield from (target.decode() for target in plain)
        return
    for link in links(orjson.loads(content), release):
        if not link.target.startswith(("urn:", *_ABSOLUTE)):
            yield link.target


def with_references(resource: Any, targets: ReferenceTargets, release: str) -> Any:
    """A resource with its links rewritten; what needs no change is shared with the given one.

    Args:
        resource: The resource, parsed.
        targets: Where links lead.
        release: The FHIR release by name, whose definitions say which elements hold links.
    """
    if not targets:
        return resource
    return _walk(resource, ANY_RESOURCE, reference_sites(release), targets.rewritten)


def placeholder_urn(ref: object) -> str:
    """The fullUrl of a resource ("Type/id") in a bundle until the server has assigned an id."""
    return uuid.uuid5(uuid.NAMESPACE_URL, str(ref)).urn


def _relative_mentions(content: bytes) -> list[bytes]:
    return [
        target
        for target in _MENTION.findall(content)
        if not target.startswith((b"http://", b"https://", b"urn:"))
    ]


def _walk(value: Any, type_path: str, sites: ReferenceSites, rewrite: _Rewrite) -> Any:
    """The value with its links rewritten; the same object where nothing was changed."""
    if isinstance(value, list):
        items = [_walk(item, type_path, sites, rewrite) for item in value]
        return items if any(a is not b for a, b in zip(items, value, strict=True)) else value
    if not isinstance(value, dict):
        return value
    if "resourceType" in value and type_path == ANY_RESOURCE:
        type_path = str(value["resourceType"])
        if type_path == "Bundle":
            rewrite = _outside_of(value, rewrite)
    table = sites.of(type_path) or _UNKNOWN_SITES
    changes: dict[str, Any] = {}
    for name, inner in value.items():
        site = table.get(name, _UNKNOWN)
        if isinstance(site, SiteKind) and not isinstance(inner, dict):
            changed = _rewritten(inner, site, rewrite)
        else:
            changed = _walk(inner, site if isinstance(site, str) else _UNKNOWN, sites, rewrite)
        if changed is not inner:
            changes[name] = changed
    return {**value, **changes} if changes else value


def _rewritten(value: Any, kind: SiteKind, rewrite: _Rewrite) -> Any:
    if isinstance(value, list):
        items = [_rewritten(item, kind, rewrite) for item in value]
        return items if items != value else value
    if not isinstance(value, str):
        return value
    if kind is SiteKind.NARRATIVE:
        changed = _TAG.sub(lambda tag: _ADDRESS.sub(_in_attribute(rewrite), tag[0]), value)
    elif kind is SiteKind.MARKDOWN:
        changed = _MARKDOWN.sub(lambda link: link[1] + rewrite(link[2], kind), value)
    else:
        changed = rewrite(value, kind)
    return changed if changed != value else value


def _in_attribute(rewrite: _Rewrite) -> Callable[[re.Match[str]], str]:
    def attribute(match: re.Match[str]) -> str:
        old = match[2] if match[2] is not None else match[3]
        new = rewrite(old, SiteKind.NARRATIVE)
        return match[0] if new == old else f'{match[1]}"{new}"'

    return attribute


def _outside_of(bundle: Mapping[str, Any], rewrite: _Rewrite) -> _Rewrite:
    """The rewriting within a Bundle that is itself a resource, such as a document.

    What its own entries are called is resolved among them: https://hl7.org/fhir/bundle.html#references.
    """
    own: set[str] = set()
    entries = bundle.get("entry")
    for entry in entries if isinstance(entries, list) else ():
        if not isinstance(entry, dict):
            continue
        resource, url = entry.get("resource"), str(entry.get("fullUrl") or "")
        own |= {url, "/".join(url.split("/")[-2:])}
        if isinstance(resource, dict):
            own.add(f"{resource.get('resourceType')}/{resource.get('id')}")

    def rewritten(link: str, kind: SiteKind) -> str:
        match = _LINK.fullmatch(link)
        is_own = link in own or (match is not None and match[1] in own)
        return link if is_own else rewrite(link, kind)

    return rewritten
