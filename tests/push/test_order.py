"""In what order changes are sent, and which together."""

from __future__ import annotations

import random
from functools import partial
from itertools import pairwise

import pytest

from fhir_kb.push.planning.order import Chunk
from fhir_kb.push.planning.order import chunks as chunks_of
from fhir_kb.servers.protocol import ChangeRequest, Ref
from fhir_kb.servers.references import references

chunks = partial(chunks_of, release="r4")


def change(name: str, *needs: str, size: int = 0) -> ChangeRequest:
    resource = {
        "resourceType": "Basic",
        "id": name,
        "x": "y" * size,
        "to": [{"reference": f"Basic/{one}"} for one in needs],
    }
    return ChangeRequest("create", Ref("Basic", name), resource)


def names(chunk: Chunk) -> list[str]:
    return [change.ref.id for change in chunk.changes]


def test_what_is_referred_to_comes_first() -> None:
    (made,) = chunks(
        [change("a", "b"), change("b", "c"), change("c")], max_entries=10, max_bytes=10_000
    )
    assert names(made) == ["c", "b", "a"]


def test_a_circle_is_never_parted() -> None:
    circle = [change("a", "b"), change("b", "c"), change("c", "a"), change("d", "a")]
    made = chunks(circle, max_entries=2, max_bytes=10_000)
    assert [names(one) for one in made] == [["a", "b", "c"], ["d"]]
    assert [one.depends_on for one in made] == [set(), {0}]


def test_what_has_nothing_to_do_with_another_can_be_sent_beside_it() -> None:
    made = chunks([change(str(number)) for number in range(6)], max_entries=4, max_bytes=10_000)
    assert [len(one.changes) for one in made] == [2, 2, 2]  # half as many as allowed are enough
    assert all(not one.depends_on for one in made)


def test_a_group_that_fits_into_a_chunk_is_kept_together() -> None:
    three = [change("c", "b"), change("b", "a"), change("a")]
    made = chunks([change("x"), *three], max_entries=3, max_bytes=10_000)
    assert [sorted(names(one)) for one in made] == [["x"], ["a", "b", "c"]]


def test_bytes_are_limited_but_one_is_always_sent() -> None:
    made = chunks([change(str(n), size=900) for n in range(4)], max_entries=99, max_bytes=1500)
    assert [len(one.changes) for one in made] == [1, 1, 1, 1]


def test_in_a_batch_nothing_refers_to_anything_beside_it() -> None:
    line = [change("a", "b"), change("b", "c"), change("c"), change("d")]
    made = chunks(line, max_entries=10, max_bytes=10_000, independent_entries=True)
    assert [sorted(names(one)) for one in made] == [["c", "d"], ["b"], ["a"]]
    assert [one.depends_on for one in made] == [set(), {0}, {1}]


def test_deletions_come_last_and_what_refers_goes_first() -> None:
    gone = [ChangeRequest("delete", Ref("Basic", name), None, "1") for name in ("a", "b")]
    before = {"Basic/b": {"to": {"reference": "Basic/a"}}, "Basic/a": {}}
    made = chunks([*gone, change("n")], max_entries=10, max_bytes=10_000, before=before)
    assert [names(one) for one in made] == [["n"], ["b", "a"]]
    assert made[1].depends_on == {0}


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.parametrize("alone", [False, True])
def test_every_chunk_has_what_it_refers_to_before_it_or_in_it(seed: int, alone: bool) -> None:
    rng = random.Random(seed)
    number = rng.randrange(1, 40)
    all_ = [
        change(str(n), *{str(rng.randrange(number)) for _ in range(rng.randrange(3))})
        for n in range(number)
    ]
    entries = rng.randrange(1, 12)
    made = chunks(all_, max_entries=entries, max_bytes=10**6, independent_entries=alone)
    where = {name: one.number for one in made for name in names(one)}
    assert sorted(where) == sorted(one.ref.id for one in all_)
    assert sum(len(one.changes) for one in made) == number
    for one in made:
        assert one.depends_on <= set(range(one.number))
        units = [len(unit.changes) for unit in one.units]
        assert sum(units) <= entries or len(units) == 1
        for name in names(one):
            for target in _targets(all_, name):
                assert where[target] == one.number or where[target] in one.depends_on
    for first, second in pairwise(made):
        assert first.number + 1 == second.number


def _targets(all_: list[ChangeRequest], name: str) -> list[str]:
    resource = next(one.resource for one in all_ if one.ref.id == name)
    return [
        one.partition("/")[2] for one in references(resource or {}, "r4") if one != f"Basic/{name}"
    ]


def test_a_long_line_does_not_recurse() -> None:
    line = [change(str(number), str(number + 1)) for number in range(5000)] + [change("5000")]
    made = chunks(line, max_entries=6000, max_bytes=10**9)
    assert names(made[0])[0] == "5000"
