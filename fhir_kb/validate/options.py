"""What files are checked against: a release, packages, profiles; as words that travel."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  the fields of a NamedTuple are looked at when it is made
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from fhir_kb.packages import Canonicals, PackageSet
    from fhir_kb.terminology.service import TerminologyService
    from fhir_kb.validate.validator import Validator


class Against(NamedTuple):
    """What resources have to conform to; another process can make the same validator of it.

    fhir_version: "5.0.0", "4.3.0" or "4.0.1". packages: "name#version" of those on this machine,
    or paths of .tgz files and folders. also: files (JSON, XML) and folders with profiles, value
    sets, … of one's own, which go before all others. profiles: canonical urls that every resource
    has to conform to. terminology: the URL of a terminology server that is asked for codes that
    cannot be known offline; "" asks none.
    """

    fhir_version: str = "5.0.0"
    packages: tuple[str, ...] = ()
    also: tuple[Path, ...] = ()
    profiles: tuple[str, ...] = ()
    terminology: str = ""

    def validator(self) -> Validator:
        """A validator; costs the opening of the packages (milliseconds each, the first time more).

        Raises ValueError for an unknown FHIR version, PackageError for a package that is not there
        or cannot be used, and for a profile in `profiles` that nothing defines.
        """
        from fhir_kb.packages import Chain, Loaded, core_profiles
        from fhir_kb.validate.validator import Validator

        if not self.packages and not self.also:
            self._known(core_profiles(self.fhir_version))
            value_sets = self._value_sets(None)
            return Validator(self.fhir_version, profiles=self.profiles, value_sets=value_sets)
        from fhir_kb.packages.resolve import load

        xml = [path for path in self._files() if path.suffix == ".xml"]
        read = [one for path in xml for one in _in_xml(path, self.fhir_version)]
        json_ = [path for path in self.also if path.suffix != ".xml"]
        packages = load(self.packages, also=json_).packages
        given = Chain(Loaded(read), packages)
        self._known(Chain(given, core_profiles(self.fhir_version)))
        return Validator(
            self.fhir_version,
            canonicals=given,
            profiles=self.profiles,
            everywhere=_everywhere(read, packages),
            value_sets=self._value_sets(given),
        )

    def _value_sets(self, given: Canonicals | None) -> TerminologyService | None:
        """What knows codes with the server's help; None where no server is to be asked."""
        if not self.terminology:
            return None
        from fhir_kb.packages import definitions
        from fhir_kb.terminology.service import TerminologyService
        from fhir_kb.terminology.tx_server import tx_server

        return TerminologyService(
            given, definitions(self.fhir_version), tx_server(self.terminology)
        )

    def _known(self, canonicals: Canonicals) -> None:
        """Refuse to check against nothing where somebody asked for a profile."""
        from fhir_kb.packages import PackageError

        for url in self.profiles:
            if canonicals.find(url, "StructureDefinition") is None:
                advice = "Add the package or the file that defines it: --package, --also"
                raise PackageError(f"the profile {url} is not known", advice)

    def _files(self) -> Iterator[Path]:
        for path in self.also:
            yield from sorted(path.rglob("*.xml")) if path.is_dir() else [path]


def _in_xml(path: Path, fhir_version: str) -> Iterator[Mapping[str, Any]]:
    """The resource in an XML file, or those in its Bundle; what is no FHIR is passed over."""
    from fhir_kb.packages import PackageError, definitions
    from fhir_kb.validate.input.xml import parse_xml

    try:
        data = path.read_bytes()
    except OSError as error:
        message = f"'{path}' cannot be read: {error.strerror or error}"
        raise PackageError(message, "Name a file or folder that is there") from error
    yield from _resources(parse_xml(data, definitions(fhir_version)).value)


def _resources(value: Any) -> Iterator[Mapping[str, Any]]:
    if not isinstance(value, dict):
        return
    if value.get("resourceType") != "Bundle":
        yield value
        return
    entries = value.get("entry")
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict):
            yield from _resources(entry.get("resource"))


def _everywhere(read: Iterable[Mapping[str, Any]], packages: PackageSet) -> dict[str, list[str]]:
    """The profiles that implementation guides state for all resources of a type: type -> urls.

    http://hl7.org/fhir/implementationguide.html (global). Asked are the guides that were given
    by hand, and those of the packages.
    """
    guides = [one for one in read if one.get("resourceType") == "ImplementationGuide"]
    for package in packages.packages:
        guides += [
            package.read(entry)
            for entry in package.entries()
            if entry.resource_type == "ImplementationGuide"
        ]
    found: dict[str, list[str]] = {}
    for guide in guides:
        listed = guide.get("global")
        for one in listed if isinstance(listed, list) else ():
            if isinstance(one, dict) and isinstance(url := one.get("profile"), str):
                found.setdefault(str(one.get("type")), []).append(url)
    return found
