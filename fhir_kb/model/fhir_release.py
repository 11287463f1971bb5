"""The FHIR releases that fhir-kb supports: the only place that declares them.

What differs between releases is asked for by name (`release.as_filters_collections`), never by
comparing a version. What lowering does for a release is in fhir_kb/releases/<name>.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


CORE_PACKAGE: Final = "hl7.fhir.core"
"""The name that the core packages of all releases had once; their version is FHIR's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FhirRelease:
    """One FHIR release: its names, and what is true of it alone."""

    name: str
    """As in options, folders and package names: "r4"."""

    label: str
    """As people write it: "R4"."""

    version: str
    """The version that we support: "4.0.1"."""

    extension_pack: str
    """The release whose hl7.fhir.uv.extensions package serves it: "r4", which serves R4B too."""

    models_package: str | None
    """The Python package with its `fhir.resources` models; None where there is none."""

    as_filters_collections: bool
    """Whether as() is used on several items and keeps those of the type, as its own dom-3 does."""

    ignores_case_of_primitive_types: bool
    """Whether its own invariants write `as String` for the primitive type string."""

    resolves_ids_in_bundles: bool
    """Whether `Type/id` leads to a bundle's entry by the id in the entry's urn:uuid."""

    @property
    def title(self) -> str:
        """As in a sentence: "FHIR R4"."""
        return f"FHIR {self.label}"

    @property
    def major_minor(self) -> str:
        """The version without the patch, as in the urls of cross-version extensions: "4.0"."""
        return self.version.rpartition(".")[0]

    @property
    def core_package(self) -> str:
        """The package with its definitions: "hl7.fhir.r4.core"."""
        return f"hl7.fhir.{self.name}.core"

    @property
    def core_packages(self) -> tuple[str, ...]:
        """All names under which packages depend on its definitions, the usual one first."""
        return (self.core_package, CORE_PACKAGE)

    @property
    def spellings(self) -> tuple[str, ...]:
        """How a user may name it, in any case: "r4", "4.0.1", "4.0"."""
        return (self.name, self.version, self.major_minor)


R5: Final = FhirRelease(
    name="r5",
    label="R5",
    version="5.0.0",
    extension_pack="r5",
    models_package="fhir.resources",
    as_filters_collections=False,
    ignores_case_of_primitive_types=False,
    resolves_ids_in_bundles=False,
)
R4B: Final = FhirRelease(
    name="r4b",
    label="R4B",
    version="4.3.0",
    extension_pack="r4",
    models_package="fhir.resources.R4B",
    as_filters_collections=True,
    ignores_case_of_primitive_types=True,
    resolves_ids_in_bundles=True,
)
R4: Final = FhirRelease(
    name="r4",
    label="R4",
    version="4.0.1",
    extension_pack="r4",
    models_package=None,
    as_filters_collections=True,
    ignores_case_of_primitive_types=True,
    resolves_ids_in_bundles=True,
)

FHIR_RELEASES: Final = (R5, R4B, R4)
"""All of them, newest first: the order in which they are published and listed."""

DEFAULT_RELEASE: Final = R5
"""The release of files that name none, and the form in which resources are compiled."""

NAMES: Final = tuple(release.name for release in FHIR_RELEASES)
BY_NAME: Final[Mapping[str, FhirRelease]] = {release.name: release for release in FHIR_RELEASES}
BY_VERSION: Final[Mapping[str, FhirRelease]] = {
    release.version: release for release in FHIR_RELEASES
}
_BY_SPELLING: Final = {
    spelling: release for release in FHIR_RELEASES for spelling in release.spellings
}

CROSS_VERSION_EXTENSIONS: Final = frozenset({"1.0", "1.4", "3.0", "4.0", "4.6", "5.0"})
"""The versions whose elements have extensions for use in other releases
(http://hl7.org/fhir/versions.html#extensions); not only of releases that we support."""


def release_spelled(text: str) -> FhirRelease | None:
    """The release that a user means by "r4", "R4", "4.0.1" or "4.0"; None for anything else."""
    return _BY_SPELLING.get(text.strip().lower())


def release_of_version(version: str) -> FhirRelease | None:
    """The release of a `fhirVersion` with any patch number ("4.0.0"); None for another release."""
    major_minor = version.rpartition(".")[0]
    return next((release for release in FHIR_RELEASES if release.major_minor == major_minor), None)


def releases_in_words(releases: Iterable[FhirRelease] = FHIR_RELEASES) -> str:
    """The releases in a sentence: "R5 (5.0.0), R4B (4.3.0) and R4 (4.0.1)"."""
    *first, last = (f"{release.label} ({release.version})" for release in releases)
    return f"{', '.join(first)} and {last}" if first else last
