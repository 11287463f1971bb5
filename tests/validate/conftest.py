"""Damaging JSON, for tests of what must not raise and of what must say the same."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any

import pytest


@pytest.fixture
def damage() -> Callable[[Any, random.Random, Sequence[Any]], Any]:
    """Makes a damaged copy of JSON: of a value, by chance, with odd values to choose from."""
    return _damage


def _damage(value: Any, chance: random.Random, odd: Sequence[Any]) -> Any:
    """The same JSON with a few values replaced, taken away, doubled or put beside others."""
    made = deepcopy(value)
    for _ in range(chance.choice((1, 1, 2, 4))):
        node, way = made, chance.randrange(1, 9)
        for step in range(way):
            keys = list(node) if isinstance(node, dict) else list(range(len(node)))
            if not keys:
                break
            key = chance.choice(keys)
            if isinstance(node[key], dict | list) and step + 1 < way:
                node = node[key]
                continue
            _bend(node, key, chance, odd)
            break
    return made


def _bend(node: Any, key: Any, chance: random.Random, odd: Sequence[Any]) -> None:
    match chance.randrange(4):
        case 0:
            node[key] = deepcopy(chance.choice(odd))  # or it could hold itself
        case 1:
            del node[key]
        case 2 if isinstance(node, list):
            node.append(deepcopy(node[key]))
        case _ if isinstance(node, dict):
            name = chance.choice(("_" + str(key), "valueString", "dataAbsentReason", "extension"))
            node[name] = deepcopy(chance.choice(odd))
