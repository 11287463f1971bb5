"""What an author probably meant by a text that has the wrong form."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from fhir_kb.model.unit_words import UNIT_WORDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAX_LENGTH: Final = 300
_ADDRESS: Final = re.compile(r"(?i)https?://[^/\s]+/")
_HOST: Final = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+(/|$)")
_LABEL: Final = re.compile(r"[A-Za-z][A-Za-z ]{0,20}(?::\s*|\s+|(?=[0-9]))")
_DASHES: Final = dict.fromkeys((*range(0x2010, 0x2015), 0x2212), "-")  # hyphens, dashes, minus
_LETTERS: Final = {"w": "wk", "y": "a"}  # of times only: elsewhere they are other units
_TIME: Final = re.compile(r"(?P<number>[0-9][0-9. -]*?)\s*(?P<unit>[A-Za-z]+)")


def corrected(text: str, has_form: Callable[[str], bool]) -> str | None:
    """The text that was probably meant.

    Addresses and labels are taken off (`https://doi.org/10.1000/x`, `PMID 123`), what is missing
    is put in (`1.0` for a version, `2026-1-5`), words become units (`2 weeks`).

    Args:
        text: what was written.
        has_form: whether a text has the form that is wanted.

    Returns:
        The first such text that has the form; None where none has.
    """
    if len(text) > MAX_LENGTH:
        return None
    return next((made for made in _candidates(text) if has_form(made)), None)


def _candidates(text: str) -> Iterator[str]:
    plain = " ".join(text.translate(_DASHES).split())
    for base in dict.fromkeys((plain, *_without_address(plain), *_without_label(plain))):
        yield base
        yield from (base.upper(), base.lower(), base.rstrip("./,; "))
        yield from (f"{base}.0", f"{base}.0.0", base.removeprefix("v"))
        yield base.replace("/", "-")
        yield _padded(base.replace("/", "-"))
        yield from _grouped(base)
        yield f"PMC{base}"
        yield _in_units(base)
        if _HOST.match(base):
            yield f"https://{base}"
        yield re.sub(r"[^a-z0-9]+", "-", base.casefold()).strip("-")


def _without_address(text: str) -> Iterator[str]:
    if _ADDRESS.match(text):
        rest = _ADDRESS.sub("", text, count=1).rstrip("/")
        yield rest
        yield rest.rsplit("/", 1)[-1]


def _without_label(text: str) -> Iterator[str]:
    label = _LABEL.match(text)
    if label is not None:
        yield text[label.end() :]


def _padded(date: str) -> str:
    return "-".join(part.zfill(2) if part.isdigit() else part for part in date.split("-"))


def _grouped(text: str) -> Iterator[str]:
    """Digits as an ISSN or an ORCID iD groups them."""
    digits = re.sub(r"[\s-]", "", text).upper()
    if re.fullmatch(r"[0-9]{7}[0-9X]|[0-9]{15}[0-9X]", digits):
        yield "-".join(digits[start : start + 4] for start in range(0, len(digits), 4))


def _in_units(text: str) -> str:
    match = _TIME.fullmatch(text)
    if match is None:
        return text
    word = match["unit"].casefold()
    unit = UNIT_WORDS.get(word) or _LETTERS.get(word, word)
    return f"{match['number'].strip()} {unit}"
