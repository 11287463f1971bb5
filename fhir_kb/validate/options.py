"""The settings of a validation: release, packages, profiles; other processes can receive them."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  the fields of a NamedTuple are looked at when it is made
from typing import TYPE_CHECKING, Any, NamedTuple

from fhir_kb.model.fhir_release import DEFAULT_RELEASE
from fhir_kb.validate.core.json_values import objects

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from fhir_kb.packages import Canonicals, PackageSet
    from fhir_kb.packages.dependencies.resolution import LoadedPackages
    from fhir_kb.terminology.service import TerminologyService
    from fhir_kb.validate.input.json import Parsed
    from fhir_kb.validate.validator import Validator


class ValidationOptions(NamedTuple):
    """What resources are validated against; another process can make the same validator of it."""

    fhir_version: str = DEFAULT_RELEASE.version
    """"5.0.0", "4.3.0" or "4.0.1"."""
    packages: tuple[str, ...] = ()
    """"name#version" of packages on this machine, or paths of .tgz files and folders."""
    also: tuple[Path, ...] = ()
    """Files (JSON, XML) and folders with profiles, value sets, … that go before all others."""
    profiles: tuple[str, ...] = ()
    """Canonical URLs of profiles that every resource has to conform to."""
    terminology_server: str = ""
    """The URL of a server to ask for codes that cannot be checked offline; "": none is asked."""
    allowed_extensions: tuple[str, ...] = ()
    """See Validator."""

    def validator(self) -> Validator:
        """A validator; costs the opening of the packages (milliseconds each, the first time more).

        Raises:
            ValueError: The FHIR version is unknown.
            PackageError: A package is missing or cannot be used, or nothing defines one of the
                profiles.
        """
        from fhir_kb.packages import CanonicalChain, InMemoryCanonicals, core_profiles
        from fhir_kb.validate.validator import Validator

        if not self.packages and not self.also:
            self._require_profiles(core_profiles(self.fhir_version))
            return Validator(
                self.fhir_version,
                profiles=self.profiles,
                terminology=self._terminology(None),
                allowed_extensions=self.allowed_extensions,
            )
        from_xml = [
            resource
            for path in self.xml_files()
            for resource in _xml_resources(path, self.fhir_version)
        ]
        packages = self.load_packages().packages
        in_packages = [
            resource
            for package in packages.packages
            for path in package.xml_files()
            for resource in _xml_resources(path, self.fhir_version)
            if not package.matching(str(resource.get("url")))
        ]
        given = CanonicalChain(
            InMemoryCanonicals(from_xml), packages, InMemoryCanonicals(in_packages)
        )
        self._require_profiles(CanonicalChain(given, core_profiles(self.fhir_version)))
        return Validator(
            self.fhir_version,
            canonicals=given,
            profiles=self.profiles,
            global_profiles=_global_profiles([*from_xml, *in_packages], packages),
            terminology=self._terminology(given),
            allowed_extensions=self.allowed_extensions,
        )

    def load_packages(self) -> LoadedPackages:
        """The packages, the files and folders of `also`, and what they depend on.

        Raises:
            PackageError: A package is missing or cannot be used.
        """
        from fhir_kb.packages.dependencies.resolution import load_packages

        return load_packages(self.packages, also=[path for path in self.also if not _is_xml(path)])

    def xml_files(self) -> list[Path]:
        """The XML files of `also`, which are in no package."""
        return [path for path in self._files() if _is_xml(path)]

    def unusable_xml_files(self) -> list[tuple[Path, str]]:
        """The XML files in folders of `also` that are no FHIR, each with the reason.

        Raises:
            PackageError: One that is named cannot be used.
        """
        from fhir_kb.packages import PackageError

        unusable: list[tuple[Path, str]] = []
        for path in self.xml_files():
            parsed = _parsed_xml(path, self.fhir_version)
            if isinstance(parsed.value, dict):
                continue
            messages = [located.finding.message for located in parsed.findings]
            reason = f"it cannot be used: {messages[0] if messages else 'it is no FHIR'}"
            if path in self.also:
                raise PackageError(f"'{path}': {reason}", "Correct the file or leave it out")
            unusable.append((path, reason))
        return unusable

    def _terminology(self, given: Canonicals | None) -> TerminologyService | None:
        """The terminology service with the server behind it; None where no server is set."""
        if not self.terminology_server:
            return None
        from fhir_kb.packages import definitions
        from fhir_kb.terminology.service import TerminologyService
        from fhir_kb.terminology.tx_server import tx_server

        return TerminologyService(
            given, definitions(self.fhir_version), tx_server(self.terminology_server)
        )

    def _require_profiles(self, canonicals: Canonicals) -> None:
        """Raise PackageError for a requested profile that nothing defines."""
        from fhir_kb.packages import PackageError

        for url in self.profiles:
            if canonicals.find(url, "StructureDefinition") is None:
                advice = "Add the package or the file that defines it: --package, --also"
                raise PackageError(f"no definition of the profile {url} is available", advice)

    def _files(self) -> Iterator[Path]:
        for path in self.also:
            yield from sorted(path.rglob("*")) if path.is_dir() else [path]


def _is_xml(path: Path) -> bool:
    """Whether a path is named as XML and can be read: a FIFO would wait for who writes to it."""
    return path.suffix.lower() == ".xml" and (path.is_file() or not path.exists())


def _xml_resources(path: Path, fhir_version: str) -> Iterator[Mapping[str, Any]]:
    """The resource in an XML file, or those in its Bundle; what is no FHIR is skipped."""
    yield from _resources(_parsed_xml(path, fhir_version).value)


def _parsed_xml(path: Path, fhir_version: str) -> Parsed:
    from fhir_kb.files import read_regular
    from fhir_kb.packages import PackageError, definitions
    from fhir_kb.validate.input.xml import parse_xml

    try:
        data = read_regular(path)
    except OSError as error:
        message = f"'{path}' cannot be read: {error.strerror or error}"
        raise PackageError(message, "Name a file or folder that is there") from error
    return parse_xml(data, definitions(fhir_version))


def _resources(value: Any) -> Iterator[Mapping[str, Any]]:
    if not isinstance(value, dict):
        return
    if value.get("resourceType") != "Bundle":
        yield value
        return
    for _, entry in objects(value, "entry"):
        yield from _resources(entry.get("resource"))


def _global_profiles(
    resources: Iterable[Mapping[str, Any]], packages: PackageSet
) -> dict[str, list[str]]:
    """Resource type -> profiles that implementation guides demand of all its resources.

    http://hl7.org/fhir/implementationguide.html (global). The guides are those of the packages, and
    those among the resources.
    """
    guides = [
        resource for resource in resources if resource.get("resourceType") == "ImplementationGuide"
    ]
    for package in packages.packages:
        guides += [
            package.read(entry)
            for entry in package.entries()
            if entry.resource_type == "ImplementationGuide"
        ]
    profiles: dict[str, list[str]] = {}
    for guide in guides:
        for _, entry in objects(guide, "global"):
            if isinstance(url := entry.get("profile"), str):
                profiles.setdefault(str(entry.get("type")), []).append(url)
    return profiles
