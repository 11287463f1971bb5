"""What the content of a file is: FHIR, or what it looks like instead."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from fhir_kb.validate.input.encodings import utf16_codec
from fhir_kb.validate.input.xml_tree import NAMESPACE

_SIGNATURES: Final = (
    (b"PK\x03\x04", "a ZIP archive: unpack it and name the folder"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\x1f\x8b", "data compressed by gzip"),
    (b"BZh", "data compressed by bzip2: unpack it first"),
    (b"\xfd7zXZ\x00", "data compressed by xz: unpack it first"),
    (b"\x28\xb5\x2f\xfd", "data compressed by zstd: unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive: unpack it and name the folder"),
    (b"Rar!\x1a\x07", "a RAR archive: unpack it and name the folder"),
    (b"%PDF-", "a PDF document"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"SQLite format 3\x00", "a SQLite database"),
)
_TAR: Final = b"ustar"
_TAR_OFFSET: Final = 257
_BOM: Final = b"\xef\xbb\xbf"
_TYPE: Final = re.compile(rb'"resourceType"', re.IGNORECASE)
_INDEX: Final = re.compile(rb'\s*\{\s*"index-version"\s*:')
"""The beginning of a package's .index.json, which lists the types of its resources."""
_ROOT: Final = re.compile(
    rb"\s*(?:<\?.*?\?>\s*|<!--.*?-->\s*|<!DOCTYPE[^>]*>\s*)*<(?:([\w.\-]+):)?([\w.\-]+)([^>]*)>",
    re.DOTALL,
)
_DECLARATION: Final = re.compile(rb"\bxmlns(?::([\w.\-]+))?\s*=\s*[\"']([^\"']*)[\"']")
_MAX_ROOT: Final = 64 * 1024
"""How far from the beginning the root of an XML text has to end."""


class Content(NamedTuple):
    """What a text or binary content is."""

    is_fhir: bool
    """Whether it is a FHIR resource, possibly one with errors."""
    looks_like: str
    """What it is where it is no FHIR: "a ZIP archive"."""
    is_markup: bool = False
    """Whether it is JSON or XML, so that a check says where it is no FHIR."""


def recognise(data: bytes, name: str = "") -> Content:
    """What a content is.

    Args:
        data: The whole content, or as much as should count.
        name: The name of its file: what is called .json or .xml is read as such.
    """
    for signature, description in _SIGNATURES:
        if data.startswith(signature):
            return Content(is_fhir=False, looks_like=description)
    if is_tar(data):
        return Content(is_fhir=False, looks_like="a tar archive: a FHIR package is also gzipped")
    if codec := utf16_codec(data):
        data = data.decode(codec, "replace").encode("utf-8", "replace")
    data = data.removeprefix(_BOM)
    start = data[:1024].lstrip()[:1]
    if not start:
        return Content(is_fhir=False, looks_like="an empty file", is_markup=True)
    name = name.lower()
    if start == b"<":
        return _xml(data, has_xml_name=name.endswith(".xml"))
    if start in (b"{", b"[") or name.endswith(".json"):
        return _json(data)
    if b"\x00" in data[:4096]:
        return Content(is_fhir=False, looks_like="binary data")
    looks_like = "text that is neither JSON nor XML"
    return Content(is_fhir=False, looks_like=looks_like, is_markup=name.endswith(".xml"))


def is_tar(data: bytes) -> bool:
    """Whether a content begins as a tar archive does."""
    return data[_TAR_OFFSET : _TAR_OFFSET + len(_TAR)] == _TAR


def _json(data: bytes) -> Content:
    if _INDEX.match(data):
        return Content(is_fhir=False, looks_like="the index of a FHIR package", is_markup=True)
    is_fhir = b'"resourceType"' in data or _TYPE.search(data) is not None
    looks_like = "" if is_fhir else "JSON without a 'resourceType'"
    return Content(is_fhir, looks_like, is_markup=True)


def _xml(data: bytes, *, has_xml_name: bool) -> Content:
    if has_xml_name and b'"http://hl7.org/fhir"' in data:
        return Content(is_fhir=True, looks_like="", is_markup=True)
    root = _ROOT.match(data[:_MAX_ROOT])
    if root is None:
        return Content(is_fhir=False, looks_like="text like XML, without a root", is_markup=True)
    prefix, name, attributes = root.groups()
    namespaces = dict(_DECLARATION.findall(attributes))
    namespace = namespaces.get(prefix or b"", b"").decode("utf-8", "replace")
    local_name = name.decode("utf-8", "replace")
    normal = namespace.strip().lower().rstrip("/").replace("https://", "http://", 1)
    is_meant = not namespace or normal.startswith(NAMESPACE)
    if normal == NAMESPACE or (is_meant and _is_resource_type(local_name)):
        return Content(is_fhir=True, looks_like="", is_markup=True)
    inside = f" of '{namespace}'" if namespace else ""
    return Content(
        is_fhir=False, looks_like=f"XML with the root '{local_name}'{inside}", is_markup=True
    )


def _is_resource_type(name: str) -> bool:
    # Imported here, because XML without a namespace is rare.
    from fhir_kb.model.fhir_release import FHIR_RELEASES
    from fhir_kb.packages import definitions

    return any(
        name.lower() == resource_type.lower()
        for release in FHIR_RELEASES
        for resource_type in definitions(release.version).resource_types
    )
