"""SNOMED CT's expression constraints: http://snomed.org/ecl, as far as their grammar is simple.

Only what is made of concepts, hierarchies and and/or/minus is looked at; refinements and filters,
which are written with `:`, `{` and `[`, pass.
"""

from __future__ import annotations

import re
from typing import Final

_LONGEST: Final = 2000
_TOKEN = re.compile(
    r"\s*(?:(?P<concept>[0-9]{6,18}(?:\s*\|[^|]*\|)?|\*)|(?P<before>!!<|!!>|<<!|>>!|<!|>!|<<|>>|<|>|\^)"
    r"|(?P<between>,|AND\b|OR\b|MINUS\b|\.)|(?P<open>\()|(?P<close>\)))",
    re.IGNORECASE,
)
_OTHER = re.compile(r"[:{}\[\]\"/]")


def is_broken(constraint: str) -> bool:
    """Whether the text is surely no expression constraint."""
    text = constraint.strip()
    if not text or len(text) > _LONGEST or _OTHER.search(re.sub(r"\|[^|]*\|", "", text)):
        return False
    depth, wants, at = 0, True, 0  # wants: whether a concept or group has to come
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            return False  # what is not known here may be of a newer grammar
        kind = found.lastgroup
        if wants != (kind in ("concept", "before", "open")):
            return True
        depth += {"open": 1, "close": -1}.get(str(kind), 0)
        if depth < 0:
            return True
        wants = kind in ("before", "between", "open")
        at = found.end()
        while at < len(text) and text[at].isspace():
            at += 1
    return wants or depth > 0
