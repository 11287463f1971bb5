"""The vocabulary of docs/glossary.md holds, and files are small.

What is counted here is what a newcomer stumbles over: private words in names that leave a module,
words that say nothing inside functions, circles of imports, files past comfort.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "fhir_kb"
SOURCES = sorted(PACKAGE.rglob("*.py"))

#: Words that no public name has any more, in whatever sense: docs/glossary.md has the right ones.
PRIVATE = frozenset(
    {
        "alone", "appended", "asked", "doubt", "gather", "gathered", "held", "keeping", "known",
        "led", "live", "natives", "older", "opening", "ours", "outside", "placing", "said",
        "seen", "spots", "stands", "surely", "told", "unwatched", "wanted", "watch",
    }
)  # fmt: skip
#: Whole names that the glossary replaced, where the word itself is a good one elsewhere.
REPLACED = frozenset(
    {
        "Against", "Answered", "Book", "Busy", "Done", "InTheMaking", "Item", "Known", "Learned",
        "Live", "Made", "NotMade", "OutsideError", "Placing", "Refused", "TopicMade", "TopicRead",
        "Wanted", "Watch",
    }
)  # fmt: skip
#: Words that say nothing of the thing they name, and how many of them 1,000 lines may have.
EMPTY = frozenset({"one", "found", "made", "told", "asked"})
MOST_EMPTY = 30
MOST_LINES = 350


def public_names(tree: ast.Module) -> Iterator[ast.stmt | ast.arg]:
    """Classes, functions, methods, fields and parameters that other modules see."""
    for node in tree.body:
        yield from _public(node)


def _public(node: ast.stmt) -> Iterator[ast.stmt | ast.arg]:
    if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
        yield node
    if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
        for inner in node.body:
            yield from _public(inner)
            if isinstance(inner, ast.AnnAssign):
                yield inner
    if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
        yield from (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)


def name_of(node: ast.stmt | ast.arg) -> str:
    if isinstance(node, ast.ClassDef | ast.FunctionDef):
        return node.name
    if isinstance(node, ast.arg):
        return node.arg
    target = node.target if isinstance(node, ast.AnnAssign) else None
    return target.id if isinstance(target, ast.Name) else ""


def words_of(name: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}


def test_public_names_are_the_words_of_the_glossary() -> None:
    wrong = []
    for path in SOURCES:
        where = path.relative_to(ROOT).as_posix()
        if words_of(path.stem) & PRIVATE:
            wrong.append(f"{where}: the module's own name")
        for node in public_names(ast.parse(path.read_text(encoding="utf-8"))):
            name = name_of(node)
            if name in REPLACED or (not name.startswith("_") and words_of(name) & PRIVATE):
                wrong.append(f"{where}:{node.lineno}: {name}")
    assert wrong == []


def test_names_inside_functions_say_what_the_thing_is() -> None:
    count = lines = 0
    for path in SOURCES:
        text = path.read_text(encoding="utf-8")
        lines += text.count("\n")
        tokens = tokenize.generate_tokens(io.StringIO(text).readline)
        count += sum(t.type == tokenize.NAME and t.string in EMPTY for t in tokens)
    assert 1000 * count / lines <= MOST_EMPTY


@pytest.mark.parametrize("folder", ["fhir_kb", "scripts", "benchmarks"])
def test_no_source_file_is_too_long(folder: str) -> None:
    long = {
        path.relative_to(ROOT).as_posix(): length
        for path in (ROOT / folder).rglob("*.py")
        if (length := path.read_text(encoding="utf-8").count("\n")) > MOST_LINES
    }
    assert long == {}


def test_no_module_imports_itself_by_way_of_others() -> None:
    """Through packages' own `__init__` too, and for type checking, which import-linter's contract
    of siblings does not see."""
    modules = {_module(path): path for path in SOURCES}
    imports = {name: set(_imports(path, modules)) - {name} for name, path in modules.items()}
    assert _circles(imports) == []


def _module(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(path: Path, modules: dict[str, Path]) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield from [inner] if inner in modules else [node.module] * (node.module in modules)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)


def _circles(imports: dict[str, set[str]]) -> list[list[str]]:
    """What is left when everything that imports nothing of the rest is taken away, both ways."""
    rest = {name: set(names) & set(imports) for name, names in imports.items()}
    while free := [
        name
        for name, names in rest.items()
        if not names or not any(name in others for others in rest.values())
    ]:
        rest = {name: names - set(free) for name, names in rest.items() if name not in free}
    return [sorted(rest)] if rest else []
