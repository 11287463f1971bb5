"""A FHIR release and a resource kind are declared in one place each: nothing else lists them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from fhir_kb.model.fhir_release import FHIR_RELEASES
from fhir_kb.model.resource_kind import BASIC, BY_TYPE

ROOT = Path(__file__).parents[2]
RELEASE_WORDS = {
    *(spelling for release in FHIR_RELEASES for spelling in release.spellings),
    *(release.label for release in FHIR_RELEASES),
}
RELEASE_NAME = re.compile(r"hl7\.fhir\.(r[0-9]b?)?\.?core")
DECLARE_RELEASES = ("fhir_kb/model/fhir_release.py", "fhir_kb/releases/")
DECLARE_KINDS = (
    "fhir_kb/model/resource_kind.py",
    # what the profiles of a release demand, type by type
    "fhir_kb/releases/r5/profiles.py",
    "fhir_kb/releases/r4/profiles.py",
    # which elements of which type go into notes
    "fhir_kb/releases/pre_r5/notes.py",
)
SEVERAL = 2


def sources(*, apart_from: tuple[str, ...]) -> Iterator[tuple[str, ast.Module]]:
    """The modules of the package that declare nothing, by path."""
    for path in sorted((ROOT / "fhir_kb").rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if not name.startswith(apart_from):
            yield name, ast.parse(path.read_text(encoding="utf-8"))


def constants(node: ast.AST) -> Iterator[ast.Constant]:
    """The string literals of code: no docstrings, and no pieces of longer texts."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Constant) and isinstance(child.value, str):
            if not isinstance(node, ast.Expr | ast.JoinedStr):
                yield child
        else:
            yield from constants(child)


def is_about_version(node: ast.AST) -> bool:
    """Whether a name or attribute is a FHIR version."""
    name = getattr(node, "attr", None) or getattr(node, "id", None) or ""
    return "fhir_version" in name


def compared_versions(tree: ast.Module) -> Iterator[int]:
    """Lines that order FHIR versions, compare one with a text, or look at how it begins."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            ordered = any(isinstance(op, ast.Lt | ast.LtE | ast.Gt | ast.GtE) for op in node.ops)
            literal = any(isinstance(side, ast.Constant | ast.Set | ast.Tuple) for side in sides)
            if any(map(is_about_version, sides)) and (ordered or literal):
                yield node.lineno
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "startswith"
            and is_about_version(node.func.value)
        ):
            yield node.lineno


def listed_types(node: ast.AST) -> set[str]:
    """The types of our kinds that a tuple, list, set or dict names itself."""
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        parts: list[ast.expr | None] = [*node.elts]
    elif isinstance(node, ast.Dict):
        parts = [*node.keys]
    else:
        return set()
    values = {part.value for part in parts if isinstance(part, ast.Constant)}
    return {value for value in values if isinstance(value, str)} & {*BY_TYPE, BASIC}


def test_no_other_source_names_releases() -> None:
    named = [
        f"{path}:{constant.lineno}: {constant.value!r}"
        for path, tree in sources(apart_from=DECLARE_RELEASES)
        for constant in constants(tree)
        if constant.value in RELEASE_WORDS or RELEASE_NAME.fullmatch(str(constant.value))
    ]
    assert named == []


def test_no_source_compares_versions() -> None:
    compared = [
        f"{path}:{line}"
        for path, tree in sources(apart_from=("fhir_kb/model/fhir_release.py",))
        for line in compared_versions(tree)
    ]
    assert compared == []


def test_no_other_source_lists_kinds() -> None:
    listed = [
        f"{path}:{node.lineno}: {sorted(types)}"  # type: ignore[attr-defined]  # a literal has a line
        for path, tree in sources(apart_from=DECLARE_KINDS)
        for node in ast.walk(tree)
        if len(types := listed_types(node)) >= SEVERAL
    ]
    assert listed == []


def test_a_table_and_a_comparison_would_be_noticed() -> None:
    tree = ast.parse(
        'T = {"r4": 1}\nif fhir_version < "5": pass\nif x.fhir_version in ("4.0.1",): pass\n'
        'K = ("Evidence", "Citation")\n"""Docstring of r4."""\n'
    )
    assert [one.value for one in constants(tree)] == ["r4", "5", "4.0.1", "Evidence", "Citation"]
    assert list(compared_versions(tree)) == [2, 3]
    assert {"Evidence", "Citation"} in [listed_types(node) for node in ast.walk(tree)]
