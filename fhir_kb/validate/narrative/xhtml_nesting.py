"""Which elements of XHTML may stand in which: http://www.w3.org/TR/xhtml1-20020801/#prohibitions.

Browsers read narratives as HTML, where a block ends the paragraph around it and a row outside of a
table is dropped.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from fhir_kb.validate.core.issue import report
from fhir_kb.validate.finding_codes import XHTML_NESTING

if TYPE_CHECKING:
    from fhir_kb.validate.core.issue import Finding

_BLOCKS: Final = frozenset({"div", "pre", "table", "ul", "ol"})
_INLINE: Final = frozenset(
    """a b em i strong small big sub sup code tt dfn q var abbr acronym cite bdo kbd
    samp""".split()  # noqa: SIM905 (read as words)
)
#: Elements that contain text and no blocks.
_PARAGRAPHS: Final = _INLINE | {
    "p", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "address", "span", "caption", "dd", "dt",
}  # fmt: skip
_EMPTY: Final = frozenset({"br", "hr", "img", "area"})
_ONLY: Final = {
    "table": frozenset({"tbody", "tr", "caption", "thead", "tfoot", "col", "colgroup"}),
    "tr": frozenset({"td", "th"}),
    "tbody": frozenset({"tr"}),
    "thead": frozenset({"tr"}),
    "tfoot": frozenset({"tr"}),
    "ul": frozenset({"li"}),
    "ol": frozenset({"li"}),
    "dl": frozenset({"dd", "dt"}),
    "map": frozenset({"area"}),
    **dict.fromkeys(_EMPTY, frozenset[str]()),
}
_INSIDE: Final = {
    "tr": frozenset({"table", "thead", "tfoot", "tbody"}),
    "tbody": frozenset({"table"}),
    "thead": frozenset({"table"}),
    "tfoot": frozenset({"table"}),
    "caption": frozenset({"table"}),
    "colgroup": frozenset({"table"}),
    "col": frozenset({"colgroup", "table"}),
    "th": frozenset({"tr", "thead", "tfoot"}),
    "td": frozenset({"tr", "thead", "tfoot"}),
    "li": frozenset({"ul", "ol"}),
    "dd": frozenset({"dl"}),
    "dt": frozenset({"dl"}),
}
_TAG = re.compile(r"<(/?[A-Za-z][^<>]*)>")
_NOTES = re.compile(r"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>", re.DOTALL)
#: Text between the parts of a table or of a list.
_TEXT = re.compile(
    r"(<(?:\w+:)?(?:table|tr|tbody|thead|tfoot|ul|ol|dl|[bh]r|img|area)(?:\s[^<>]*)?(?<!/)>"
    r"|</(?:\w+:)?(?:tr|td|th|li|tbody|thead|tfoot|caption|dt|dd)\s*>)\s*[^<\s]"
)
_MAX_FINDINGS: Final = 10


def check_nesting(text: str) -> list[Finding]:
    """Elements of a well-formed narrative that must not be in their parents."""
    text = _NOTES.sub("", text) if "<!" in text or "<?" in text else text
    problems: dict[str, None] = {}
    _check_tags(_TAG.findall(text), problems)
    if (match := _TEXT.search(text)) is not None:
        name = match[1].strip("</>").split()[0]
        message = f"there is text between the parts of a table or list, beside <{name}>"
        problems[message] = None
    messages = list(problems)[:_MAX_FINDINGS]
    return [finding for message in messages for finding in report(XHTML_NESTING, message)]


def is_nested_correctly(tags: list[str], text: str) -> bool:
    """Whether all elements are allowed in their parents.

    Args:
        tags: All tags of the text, without < and >.
        text: The narrative.
    """
    state = _STATES[()]
    outer: list[_State] = []
    for tag in tags:
        if tag[0] == "/":
            if outer:
                state = outer.pop()
            continue
        inner = state.after.get(tag) or state.enter(tag)
        if inner.is_wrong:
            return False
        if tag[-1] != "/":
            outer.append(state)
            state = inner
    return _TEXT.search(text) is None


class _State:
    """What is around a place: the innermost element, and outer ones that forbid something inside.

    Pages have the same few, so the state that a tag leads to is worked out once.
    """

    __slots__ = ("after", "around", "is_wrong")

    def __init__(self, around: tuple[str, ...], *, is_wrong: bool = False) -> None:
        self.around = around
        self.is_wrong = is_wrong
        self.after: dict[str, _State] = {}
        """Start tag -> the state inside of its element."""

    def enter(self, tag: str) -> _State:
        """The state inside of an element."""
        name = _name(tag)
        problems: dict[str, None] = {}
        _check_element(name, list(self.around), problems)
        if problems:
            return _WRONG
        outer = {element for element in self.around if element in _PARAGRAPHS and element != name}
        around = (*sorted(outer), name)
        if len(self.after) >= _CACHE_SIZE:
            self.after.clear()
        if len(_STATES) >= _CACHE_SIZE and around not in _STATES:
            return _State(around)
        state = self.after[tag] = _STATES.setdefault(around, _State(around))
        return state


_CACHE_SIZE: Final = 2048
_WRONG: Final = _State((), is_wrong=True)
_STATES: Final[dict[tuple[str, ...], _State]] = {(): _State(())}


def _name(tag: str) -> str:
    return tag.rstrip("/").split(None, 1)[0].rpartition(":")[2]


def _check_tags(tags: list[str], problems: dict[str, None]) -> None:
    around: list[str] = []
    for tag in tags:
        if tag[0] == "/":
            if around:
                around.pop()
            continue
        name = _name(tag)
        _check_element(name, around, problems)
        if tag[-1] != "/":
            around.append(name)


def _check_element(name: str, around: list[str], problems: dict[str, None]) -> None:
    """Add what is wrong with an element inside those that are around it."""
    parent = around[-1] if around else ""
    if parent in _ONLY and name not in _ONLY[parent]:
        problems[f"<{name}> is not allowed in <{parent}>"] = None
    elif name in _INSIDE and parent not in _INSIDE[name]:
        problems[f"<{name}> is allowed only in <{'>, <'.join(sorted(_INSIDE[name]))}>"] = None
    if name in _BLOCKS or name in ("p", "blockquote"):
        for outer in around:
            if outer == "p" or (outer in _PARAGRAPHS and name in _BLOCKS):
                problems[f"the block <{name}> is not allowed in <{outer}>"] = None
                break
    if name in _INLINE and name in around:
        problems[f"<{name}> is not allowed in another <{name}>"] = None
