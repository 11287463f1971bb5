"""Names of artifacts: ids, canonical URLs' last part, names for machines.

The id of what a topic contains is `<topic>.<name>`. Names have no dots, so two topics never make
the same id whatever they are called, and no id of a part is that of a topic.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import Final

MAX_ID: Final = 64
MAX_NAME: Final = 255
_WORD: Final = re.compile(r"[A-Za-z0-9]+")


def artifact_id(*parts: str) -> str:
    """The parts joined by dots; where that is too long, cut, and ended by a hash of the whole.

    Names start with a letter and the hash with 0, so a cut id is never that of something else.
    """
    whole = ".".join(parts)
    if len(whole) <= MAX_ID:
        return whole
    digest = hashlib.sha256(whole.encode()).hexdigest()[:10]
    return f"{whole[: MAX_ID - 12].rstrip('-.')}.0{digest}"


def machine_name(title: str, fallback: str) -> str:
    """A name that programs can use (FHIR's cnl-0): the words of the title, joined in PascalCase."""
    words = _WORD.findall(_ascii(title)) or _WORD.findall(_ascii(fallback))
    name = "".join(word[:1].upper() + word[1:] for word in words)[:MAX_NAME]
    if not name[:1].isalpha():
        name = "A" + name
    return name if len(name) > 1 else name + "_"


def variable_name(name: str) -> str:
    """The name of an expression, as FHIR's exp-1 wants it: `bone-age` → `boneAge`."""
    first, *rest = name.split("-")
    return first + "".join(word.capitalize() for word in rest)


def _ascii(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
