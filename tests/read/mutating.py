"""The shipped definitions as trees, and one small change to a tree."""

from __future__ import annotations

import copy
import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from hypothesis import reject
from hypothesis import strategies as st

DEFINITIONS = Path(__file__).parents[2] / "definitions"
VALUES: list[Any] = [
    None, True, False, 0, -1, 7, 1.5, 10**12, "", " ", "x", "zzz", "yes", "null", "Not A Name",
    "2026-02-28", "javascript:x", "active", [], [[]], [None], ["x", "x"], {}, {"x": "y"},
    {"text": "x"}, {"id": "a", "title": "b"}, [{"id": "a"}],
]  # fmt: skip


@cache
def files() -> tuple[tuple[str, str, str], ...]:
    """The path, the kind and the text of every YAML file that is shipped."""
    return tuple(
        (file.relative_to(DEFINITIONS).as_posix(), file.stem, file.read_text(encoding="utf-8"))
        for file in sorted(DEFINITIONS.rglob("*.yaml"))
    )


@cache
def trees() -> tuple[tuple[str, str, Any], ...]:
    """The path, the kind and the plain data of every YAML file that is shipped; dates are text."""
    return tuple((path, kind, plain(yaml.compose(text))) for path, kind, text in files())


def plain(node: yaml.Node) -> Any:
    """Truths and whole numbers as such, everything else as text."""
    if isinstance(node, yaml.MappingNode):
        return {key.value: plain(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [plain(item) for item in node.value]
    if node.style is None and node.value in ("true", "false"):
        return bool(node.value == "true")
    whole = node.style is None and re.fullmatch(r"-?(0|[1-9]\d{0,8})", node.value)
    return int(node.value) if whole else node.value


def paths(tree: Any, at: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Where every value of a tree stands."""
    found = [at]
    if isinstance(tree, dict):
        for key, value in tree.items():
            found.extend(paths(value, (*at, key)))
    elif isinstance(tree, list):
        for index, value in enumerate(tree):
            found.extend(paths(value, (*at, index)))
    return found


@cache
def all_paths(number: int) -> list[tuple[str | int, ...]]:
    """Where a value can be changed in the tree of that number."""
    return paths(trees()[number][2])[1:]


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, str, Any]:
    """A shipped tree with one to three of its values dropped, renamed, doubled or replaced."""
    number = draw(st.integers(0, len(trees()) - 1))
    name, kind, original = trees()[number]
    tree = copy.deepcopy(original)
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(all_paths(number)))
        change(
            tree, path, draw(st.sampled_from(["drop", "rename", "replace", "wrap", "double"])), draw
        )
    return name, kind, tree


def change(tree: Any, path: tuple[str | int, ...], how: str, draw: st.DrawFn) -> None:
    """Change what stands at the path; nothing where an earlier change took it away."""
    holder = tree
    for step in path[:-1]:
        if not _has(holder, step):
            return
        holder = holder[step]
    last = path[-1]
    if not _has(holder, last):
        return
    if how == "drop":
        del holder[last]
    elif how == "replace":
        holder[last] = draw(st.sampled_from(VALUES))
    elif how == "wrap":
        holder[last] = draw(st.sampled_from([[holder[last]], {"x": holder[last]}]))
    elif isinstance(holder, list):
        holder.append(copy.deepcopy(holder[last]))
    else:
        name = draw(
            st.sampled_from([f"{last}s", str(last)[:-1] or "x", str(last).upper(), "id", "x"])
        )
        holder[name] = holder.pop(last) if how == "rename" else copy.deepcopy(holder[last])


def _has(holder: Any, step: Any) -> bool:
    if isinstance(holder, list):
        return isinstance(step, int) and step < len(holder)
    return isinstance(holder, dict) and step in holder


def written(tree: Any) -> bytes:
    """The tree as YAML."""
    try:
        return yaml.dump(tree, Dumper=Plain, allow_unicode=True, sort_keys=False).encode()
    except RecursionError:  # deeper than the writer of this test can go; nothing is tested
        reject()


class Plain(yaml.SafeDumper):
    """Writes every value out where it stands, and text as an author would: without quotes."""

    def ignore_aliases(self, data: Any) -> bool:
        return True
