"""Reading expressions: what is accepted, what is refused, and where the error points."""

from __future__ import annotations

import pytest

from fhir_kb.fhirpath import FHIRPathLimitError, FHIRPathSyntaxError, parse
from fhir_kb.fhirpath.syntax import nodes


@pytest.mark.parametrize(
    ("expression", "line", "column"),
    [
        ("", 1, 1),
        ("name.", 1, 6),
        ("name..given", 1, 6),
        ("name.exists(", 1, 13),
        ("1 +", 1, 4),
        ("(1 | 2", 1, 7),
        ("'not closed", 1, 1),
        ("`not closed", 1, 1),
        ("1 /* not closed", 1, 3),
        ("name given", 1, 6),
        ("name[0", 1, 7),
        ("@2024-13-01", 1, 1),
        ("@2024-02-30", 1, 1),
        ("@T25:00", 1, 1),
        ("@T14:34:28Z", 1, 11),
        ("@T14:34:28+10:00", 1, 14),
        ("@24", 1, 1),
        ("$that", 1, 1),
        ("name.$this", 1, 6),
        ("2147483648", 1, 1),
        ("1 is", 1, 5),
        ("name.where(\n  use = 'x' and\n)", 3, 1),
        ("a and\n\n  or b", 3, 3),
        ("name ; drop", 1, 6),
        ("{1}", 1, 2),
        ("%", 1, 2),
        ("name.given.first(,)", 1, 18),
        ("and", 1, 1),
    ],
)
def test_the_error_points_at_what_does_not_fit(expression, line, column):
    with pytest.raises(FHIRPathSyntaxError) as caught:
        parse(expression)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert str(caught.value).startswith(f"{line}:{column}: ")


@pytest.mark.parametrize(
    "expression",
    [
        "// a comment\nname",
        "name // a comment",
        "name /* several\nlines */ .given",
        "`Patient`.name.`given`",
        "text.div",
        "contains.exists() and is.exists() and as.exists() and in.exists()",
        "year + 1 year",
        "name.where($this.use='a').select($index + $total)",
        "%`vs-x` = %'vs-x'",
        "\"double\" = 'single'",
        "Patient.name is FHIR.HumanName",
        "@2015T",
        "@2015-02-04T14:34:28.123+10:00",
        "9223372036854775807L",
        "1 'mg' + 4 days",
        "{} | { }",
        "FHIR.Coding { code: 'a', system: 'b' }",
        "a\t\r\n.b",
    ],
)
def test_the_grammar_allows(expression):
    assert parse(expression).text == expression


def test_operators_bind_as_the_specification_says():
    tree = parse("a or b and c = d | e + f * -g").root
    shape = []
    while isinstance(tree, nodes.Binary):
        shape.append(tree.operator)
        tree = tree.right
    assert shape == ["or", "and", "=", "|", "+", "*"]
    assert isinstance(tree, nodes.Unary)


def test_operators_of_one_kind_group_to_the_left():
    tree = parse("1 - 2 - 3").root
    assert isinstance(tree, nodes.Binary)
    assert isinstance(tree.left, nodes.Binary)


def test_escapes_become_their_characters():
    (value,) = parse(r"'\'\"\`\r\n\t\f\\\u0041\/\_'").root.values
    assert value == "'\"`\r\n\t\f\\A/_"


def test_half_a_surrogate_pair_is_no_character():
    (value,) = parse(r"'\uD83Dx'").root.values
    assert value == "\ufffdx"


def test_every_part_knows_its_place():
    tree = parse("name\n  .given\n  .first()").root
    assert isinstance(tree, nodes.Call)
    assert tree.place == nodes.Place(3, 4)
    assert tree.target is not None
    assert tree.target.place == nodes.Place(2, 4)


@pytest.mark.parametrize(
    "expression",
    [
        "(" * 5000 + "1" + ")" * 5000,
        "-" * 5000 + "1",
        "iif(true," * 1000 + "1" + ")" * 1000,
        "a" + ".b" * 5000,
        "1" + " + 1" * 5000,
        "x[" * 2000 + "0" + "]" * 2000,
        "'" + "x" * 60_000 + "'",
    ],
)
def test_an_enormous_expression_is_refused(expression):
    with pytest.raises(FHIRPathLimitError):
        parse(expression)


def test_a_long_list_of_alternatives_is_fine(evaluate):
    codes = " | ".join(f"'c{number}'" for number in range(400))
    assert evaluate(f"'c399' in ({codes})") == "true"
    assert evaluate(" or ".join(["false"] * 400)) == "false"


def test_a_long_path_is_fine(evaluate):
    assert evaluate("active" + ".first()" * 400) == "true"
