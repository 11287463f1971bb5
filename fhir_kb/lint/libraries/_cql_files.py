"""The CQL files of a topic, with their heads."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from fhir_kb.diagnostics import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.lint.rule import TopicScope
    from fhir_kb.model.cql_header import CqlDeclaration, CqlHeader
    from fhir_kb.model.topic import Library


class CqlFile(NamedTuple):
    """A library of the topic that is a CQL file."""

    library: Library
    """As the topic has it."""

    header: CqlHeader
    """What the file declares."""

    path: str
    """The file, as messages show it."""

    def span(self, declaration: CqlDeclaration | None) -> Span:
        """The place of a declaration; of the file where there is none."""
        if declaration is None:
            return Span(self.path)
        return Span(self.path, declaration.line, 1, declaration.line, 2)


def cql_files(scope: TopicScope) -> Iterator[CqlFile]:
    """The CQL files that the topic ships, as far as they could be read."""
    folder, slash, _ = scope.source.topic.span.file.rpartition("/")
    for library in scope.source.topic.libraries:
        header = scope.source.cql_headers.get(str(library.id))
        if header is not None:
            yield CqlFile(library, header, f"{folder}{slash}{library.file}")
