"""What kb.yaml says of the FHIR packages that are published."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.diagnostics import Diagnostic, Severity
from fhir_kb.model.fhir_release import NAMES
from fhir_kb.publish import MAX_PACKAGE_NAME, PACKAGE_NAME, Dependency, PackageInfo

if TYPE_CHECKING:
    from fhir_kb.model.settings import Settings


def package_info(settings: Settings) -> PackageInfo:
    """What a package says of itself; the same for all releases but for the dependencies."""
    return PackageInfo(
        name=_package_name(settings),
        version=str(settings.version),
        canonical=settings.canonical.rstrip("/"),
        title=str(settings.title),
        description=str(settings.description or settings.title),
        publisher=str(settings.publisher),
        license=str(settings.license or ""),
        status=str(settings.status or "draft"),
        experimental=settings.experimental,
        date=str(settings.date),
        copyright=str(settings.copyright or ""),
        dependencies=_dependencies(settings),
    )


def _dependencies(settings: Settings) -> dict[str, tuple[Dependency, ...]]:
    if settings.package is None:
        return {}
    return {
        release: tuple(
            Dependency(str(dependency.name), str(dependency.version))
            for dependency in settings.package.dependencies
            if not dependency.releases or release in dependency.releases
        )
        for release in NAMES
    }


def check_package_name(settings: Settings) -> list[Diagnostic]:
    """A finding where the knowledge base's name cannot be the name of a FHIR package."""
    name = _package_name(settings)
    if PACKAGE_NAME.fullmatch(name) and len(name) <= MAX_PACKAGE_NAME:
        return []
    package = settings.package
    author_name = package.name if package and package.name else settings.id
    message = f"a FHIR package cannot be called '{name}'"
    advice = (
        "name it under 'package' in kb.yaml: words with dots between, each of small letters, "
        f"digits and hyphens and starting with a letter; at most {MAX_PACKAGE_NAME} characters"
    )
    return [Diagnostic("KB226", Severity.ERROR, message, author_name.span, help=advice)]


def _package_name(settings: Settings) -> str:
    package = settings.package
    return str(package.name) if package and package.name else f"local.{settings.id}"
