"""Which elements of XHTML may stand in which: http://www.w3.org/TR/xhtml1-20020801/#prohibitions.

Programs that show narratives read them as HTML, where a block ends the paragraph around it and a
row outside of a table is dropped.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from fhir_kb.validate.codes import XHTML_NESTING
from fhir_kb.validate.core.issue import report

if TYPE_CHECKING:
    from fhir_kb.validate.core.issue import Finding

_BLOCKS: Final = frozenset({"div", "pre", "table", "ul", "ol"})
_INLINE: Final = frozenset(
    """a b em i strong small big sub sup code tt dfn q var abbr acronym cite bdo kbd
    samp""".split()  # noqa: SIM905 (read as words)
)
#: What holds text and no blocks.
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
#: Text that stands between the parts of a table or of a list.
_TEXT = re.compile(
    r"(<(?:table|tr|tbody|thead|tfoot|ul|ol|dl|[bh]r|img|area)(?:\s[^<>]*)?(?<!/)>"
    r"|</(?:tr|td|th|li|tbody|thead|tfoot|caption|dt|dd)\s*>)\s*[^<\s]"
)
_MOST: Final = 10


def nesting(text: str) -> list[Finding]:
    """What stands where it cannot be, in a narrative that is well-formed."""
    text = _NOTES.sub("", text) if "<!" in text or "<?" in text else text
    wrong: dict[str, None] = {}
    _walk(_TAG.findall(text), wrong)
    if (found := _TEXT.search(text)) is not None:
        name = found[1].strip("</>").split()[0]
        wrong[f"there is text between the parts of a table or list, beside <{name}>"] = None
    return [one for message in list(wrong)[:_MOST] for one in report(XHTML_NESTING, message)]


def is_right(tags: list[str], text: str) -> bool:
    """Whether nothing stands where it cannot be; tags: all of the text's, without < and >."""
    state = _STATES[()]
    outer: list[_State] = []
    for tag in tags:
        if tag[0] == "/":
            if outer:
                state = outer.pop()
            continue
        inside = state.after.get(tag) or state.enter(tag)
        if inside.is_wrong:
            return False
        if tag[-1] != "/":
            outer.append(state)
            state = inside
    return _TEXT.search(text) is None


class _State:
    """What is around a place: the innermost element, and those that forbid something below.

    Pages have the same few, so what a tag leads to is found out once. after: start tag -> state.
    """

    __slots__ = ("after", "around", "is_wrong")

    def __init__(self, around: tuple[str, ...], *, is_wrong: bool = False) -> None:
        self.around = around
        self.is_wrong = is_wrong
        self.after: dict[str, _State] = {}

    def enter(self, tag: str) -> _State:
        """The state inside of an element."""
        name = _name(tag)
        wrong: dict[str, None] = {}
        _look(name, list(self.around), wrong)
        if wrong:
            return _WRONG
        kept = [one for one in self.around if one in _PARAGRAPHS and one != name]
        around = (*sorted(set(kept)), name)
        if len(self.after) >= _REMEMBERED:
            self.after.clear()
        if len(_STATES) >= _REMEMBERED and around not in _STATES:
            return _State(around)
        state = self.after[tag] = _STATES.setdefault(around, _State(around))
        return state


_REMEMBERED: Final = 2048
_WRONG: Final = _State((), is_wrong=True)
_STATES: Final[dict[tuple[str, ...], _State]] = {(): _State(())}


def _name(tag: str) -> str:
    return tag.rstrip("/").split(None, 1)[0]


def _walk(tags: list[str], wrong: dict[str, None]) -> None:
    around: list[str] = []
    for tag in tags:
        if tag[0] == "/":
            if around:
                around.pop()
            continue
        name = _name(tag)
        _look(name, around, wrong)
        if tag[-1] != "/":
            around.append(name)


def _look(name: str, around: list[str], wrong: dict[str, None]) -> None:
    """Note what is wrong with an element inside those that are around it."""
    parent = around[-1] if around else ""
    if parent in _ONLY and name not in _ONLY[parent]:
        wrong[f"<{name}> cannot stand in <{parent}>"] = None
    elif name in _INSIDE and parent not in _INSIDE[name]:
        wrong[f"<{name}> stands only in <{'>, <'.join(sorted(_INSIDE[name]))}>"] = None
    if name in _BLOCKS or name in ("p", "blockquote"):
        for one in around:
            if one == "p" or (one in _PARAGRAPHS and name in _BLOCKS):
                wrong[f"the block <{name}> cannot stand in <{one}>"] = None
                break
    if name in _INLINE and name in around:
        wrong[f"<{name}> cannot stand in another <{name}>"] = None
