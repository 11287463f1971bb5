"""SNOMED CT's expression constraints: http://snomed.org/ecl, as far as their grammar is simple.

Only concepts, hierarchy operators and and/or/minus are checked; constraints with refinements or
filters, which are written with `:`, `{` and `[`, are accepted unchecked.
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


def is_invalid_ecl(constraint: str) -> bool:
    """Whether the text is certainly no valid expression constraint."""
    text = constraint.strip()
    if not text or len(text) > _LONGEST or _OTHER.search(re.sub(r"\|[^|]*\|", "", text)):
        return False
    depth, needs_operand, position = 0, True, 0  # needs_operand: a concept or group must follow
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None:
            return False  # an unknown token may belong to a newer grammar
        kind = token.lastgroup
        if needs_operand != (kind in ("concept", "before", "open")):
            return True
        depth += {"open": 1, "close": -1}.get(str(kind), 0)
        if depth < 0:
            return True
        needs_operand = kind in ("before", "between", "open")
        position = token.end()
        while position < len(text) and text[position].isspace():
            position += 1
    return needs_operand or depth > 0
