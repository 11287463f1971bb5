import pytest

from fhir_kb.diagnostics import did_you_mean, nearest


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("withdrawl", "withdraw"),
        ("bodySite", "body-site"),
        ("Body_Site", "body-site"),
        ("zzz", None),
    ],
)
def test_the_nearest_word(word: str, meant: str | None) -> None:
    assert nearest(word, ["insert", "withdraw", "body-site"]) == meant


def test_a_short_list_is_given_where_nothing_is_near() -> None:
    assert did_you_mean("zzz", ["b", "a"]) == "expected one of: a, b"


def test_a_long_list_is_not() -> None:
    assert did_you_mean("zzz", [f"word-{n}" for n in range(13)]) is None
