"""Lists that are too long to scroll through, in parts that a reader can jump to.

Narratives have no `details` and no scripts (invariant txt-1: HTML 4.0, chapters 7 to 11 and 15, and
links), so nothing can be folded away. A long list begins with links to its parts instead.
"""

from __future__ import annotations

import hashlib
import html
import re
from typing import TYPE_CHECKING, Final

from fhir_kb.compile.markdown import escape

if TYPE_CHECKING:
    from collections.abc import Sequence

#: as many items as a list has in one piece
LONGEST: Final = 100
_PART: Final = 50
_MOST_PARTS: Final = 40
_WORDS: Final = 40
_TAG: Final = re.compile(r"<[^>]*>")


def in_parts(items: Sequence[str], tag: str) -> str:
    """The list `tag` of items in XHTML; above `LONGEST`, links to its parts and then each part."""
    if len(items) <= LONGEST:
        return f"<{tag}>{''.join(items)}</{tag}>" if items else ""
    size = max(_PART, -(-len(items) // _MOST_PARTS))
    name = "list-" + hashlib.sha256("".join(items).encode()).hexdigest()[:8]
    links, parts = [], []
    for first in range(0, len(items), size):
        part = items[first : first + size]
        label = f"{first + 1} to {first + len(part)}"
        anchor = f"{name}-{first + 1}"
        links.append(f'<li><a href="#{anchor}">{label}</a>: {_beginning(part[0])}</li>')
        back = f'<a href="#{name}">all parts</a>'
        parts.append(f'<p id="{anchor}"><b>{label}</b> ({back})</p>')
        parts.append(f"<{tag}>{''.join(part)}</{tag}>")
    count = f'<p id="{name}"><b>{len(items):,} in {len(links)} parts</b></p>'
    return f"{count}<ul>{''.join(links)}</ul>{''.join(parts)}"


def _beginning(item: str) -> str:
    """The first words of an item, and that more follow."""
    words = " ".join(html.unescape(_TAG.sub(" ", item)).split())
    return escape(words if len(words) <= _WORDS else f"{words[:_WORDS].rstrip()} …")
