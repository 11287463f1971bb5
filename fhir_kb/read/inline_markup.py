"""Titles as catalogues write them (`<i>in vitro</i>`, `H<sub>2</sub>O`, `&amp;`) as plain text."""

from __future__ import annotations

import html
import re
from typing import Final

_TAG: Final = re.compile(
    r"</?(?:i|b|u|em|strong|sc|sup|sub|span|scp|italic|bold)\b[^<>]{0,100}>", re.IGNORECASE
)
_RAISED: Final = re.compile(r"<(sup|sub)\b[^<>]{0,100}>([^<>]{0,100})</\1\s*>", re.IGNORECASE)
_ENTITY: Final = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_PLAIN: Final = "0123456789+-=()n"
_SUPERSCRIPT: Final = dict(zip(_PLAIN, "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ", strict=True))
_SUBSCRIPT: Final = dict(zip(_PLAIN, "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₙ", strict=True))


def plain_title(text: str) -> str:
    """A title without inline tags and entities; small figures stay what they are.

    `H<sub>2</sub>O` becomes H₂O, `10<sup>-x</sup>` becomes 10^(-x): no exponent turns into a
    factor. Other signs, `<` and `&` among them, stay as they are.
    """
    if "<" in text:
        text = _TAG.sub("", _RAISED.sub(_small, text))
    return _ENTITY.sub(lambda match: html.unescape(match[0]), text) if "&" in text else text


def _small(match: re.Match[str]) -> str:
    raised = match[1].lower() == "sup"
    signs = _SUPERSCRIPT if raised else _SUBSCRIPT
    content = match[2].replace("\u2212", "-").strip()  # the minus of typesetters
    if all(sign in signs for sign in content):
        return "".join(signs[sign] for sign in content)
    return f"^({content})" if raised else f"_({content})"
