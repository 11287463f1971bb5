"""The codes of findings, and their pages: Markdown files with front matter, beside the checks."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from fhir_kb.diagnostics.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_FENCE: Final = "---\n"


class CodePage(NamedTuple):
    """What is known of a code beside its id."""

    name: str
    """A name in words for people who search and suppress: "unknown-predecessor"."""
    severity: Severity
    explanation: str
    """Markdown: what is wrong, why it matters, what to do, with an example."""
    issue_type: str = ""
    """OperationOutcome.issue.code, for issues with FHIR resources."""
    message_id: str = ""
    """The HL7 validator's name for the same finding, where it has one."""
    specification: str = ""
    """The section of a specification that the check comes from, where there is one."""
    is_not_checked: bool = False
    """Whether its findings say that something was not checked (`checked: no`)."""


class FindingCode:
    """A kind of finding: a stable id, and the page that `fhir-kb explain` prints.

    Args:
        id: such as "KB204"; never used again for something else.
        page: the page, or what reads it when something of it is first asked for.
    """

    def __init__(self, id: str, page: CodePage | Callable[[], CodePage]) -> None:  # noqa: A002
        self.id = id
        self._source = page

    def __repr__(self) -> str:
        return f"Code({self.id!r})"

    @cached_property
    def page(self) -> CodePage:
        """What is known of the code. Reads a file when first asked for."""
        return self._source() if callable(self._source) else self._source

    @property
    def name(self) -> str:
        """See `CodePage.name`."""
        return self.page.name

    @property
    def severity(self) -> Severity:
        """The severity of findings with this code, unless a setting says otherwise."""
        return self.page.severity

    @property
    def explanation(self) -> str:
        """See `CodePage.explanation`."""
        return self.page.explanation

    @property
    def issue_type(self) -> str:
        """See `CodePage.issue_type`."""
        return self.page.issue_type

    @property
    def message_id(self) -> str:
        """See `CodePage.message_id`."""
        return self.page.message_id

    @property
    def specification(self) -> str:
        """See `CodePage.specification`."""
        return self.page.specification

    @property
    def is_not_checked(self) -> bool:
        """See `CodePage.is_not_checked`."""
        return self.page.is_not_checked

    @property
    def summary(self) -> str:
        """The first sentence of the explanation, without its full stop."""
        return self.explanation.strip().split("\n", 1)[0].rstrip(".")


class CodePages:
    """The pages of a package's codes: `pages/KB204-unknown-predecessor.md` beside a module.

    Iterating gives all of its codes. The folder is listed when that, or a page, is first asked for.

    Args:
        module: the `__file__` of the module that names the codes.
    """

    def __init__(self, module: str) -> None:
        self._folder = Path(module).parent / "pages"
        self._codes: dict[str, FindingCode] = {}

    @cached_property
    def _files(self) -> dict[str, Path]:
        return {path.stem.partition("-")[0]: path for path in sorted(self._folder.glob("KB*.md"))}

    def __getitem__(self, id: str) -> FindingCode:  # noqa: A002
        """The code of that id; its page is read when something of it is first asked for."""
        if id not in self._codes:
            self._codes[id] = FindingCode(id, lambda: read_page(self._files[id]))
        return self._codes[id]

    def __iter__(self) -> Iterator[FindingCode]:
        """A code for each page of the folder, in order of their ids."""
        return (self[id_] for id_ in self._files)

    def __len__(self) -> int:
        return len(self._files)


def read_page(path: Path) -> CodePage:
    """The page in a file; its name is the file's, after the code.

    Raises ValueError where the front matter has no severity or something unknown.
    """
    head, fence, explanation = (
        path.read_text(encoding="utf-8").removeprefix(_FENCE).partition(f"\n{_FENCE}")
    )
    fields = dict(line.split(": ", 1) for line in head.splitlines())
    page = CodePage(
        name=path.stem.partition("-")[2],
        severity=Severity(fields.pop("severity", "")),
        explanation=explanation,
        issue_type=fields.pop("issue", ""),
        message_id=fields.pop("messageId", ""),
        specification=fields.pop("specification", ""),
        is_not_checked=fields.pop("checked", "") == "no",
    )
    if fields or not fence:
        raise ValueError(f"the front matter of {path.name} has {', '.join(fields) or 'no end'}")
    return page
