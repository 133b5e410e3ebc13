"""The expression language: what it means, and what a researcher is told who mistypes it."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khula.analysis.expressions import (
    FUNCTIONS,
    And,
    Arithmetic,
    Call,
    Compare,
    ExpressionError,
    Kind,
    Name,
    Not,
    Number,
    Or,
    UnknownName,
    Words,
    infer,
    is_condition,
    names_in,
    parse,
)

KINDS = {
    "n": Kind.WHOLE, "m": Kind.EXACT, "kg": Kind.DECIMAL, "word": Kind.TEXT, "many": Kind.CODES, "day": Kind.DATE,
    "s": Kind.WHOLE,
}  # fmt: skip


def test_an_expression_is_read_as_in_xlsform():
    assert parse("${q} = 'yes' and ${score} >= 15") == And(
        (Compare("=", Name("q"), Words("yes")), Compare(">=", Name("score"), Number(Fraction(15))))
    )


@pytest.mark.parametrize(
    "text, same",
    [
        ("${a} = 1 or ${b} = 1 and ${c} = 1", "${a} = 1 or (${b} = 1 and ${c} = 1)"),
        ("1 + 2 * 3 = ${a}", "(1 + (2 * 3)) = ${a}"),
        ("${a} - 1 - 2 < 3", "((${a} - 1) - 2) < 3"),
        ("${a} div 2 mod 3 = 0", "((${a} div 2) mod 3) = 0"),
        ("-${a} + 1 > 0", "(-(${a}) + 1) > 0"),
        ("${a} + 1 = ${b} + 1", "(${a} + 1) = (${b} + 1)"),
        ("${a}>=1 and(${b}<2)", "${a} >= 1 and ${b} < 2"),
        ('${a} = "yes"', "${a} = 'yes'"),
    ],
)
def test_operators_bind_as_in_xpath(text, same):
    assert parse(text) == parse(same)


def test_or_and_and_keep_all_their_parts_side_by_side():
    node = parse("${a} = 1 or ${b} = 1 or ${c} = 1")
    assert isinstance(node, Or)
    assert len(node.parts) == 3


def test_a_negative_number_is_a_number_and_a_name_may_hold_a_hyphen():
    assert parse("-1.25") == Number(Fraction("-1.25"))
    assert parse("${a-b.c}") == Name("a-b.c")


def test_every_node_knows_its_column():
    node = parse("${a} = 1 and at-least(1, ${b} > 2)")
    assert isinstance(node, And)
    assert [part.column for part in node.parts] == [1, 14]


def test_the_names_of_an_expression_include_those_inside_functions():
    assert names_in(parse("band(${s}) = 'x' or missing(${q}) or not(${r} = 1)")) == {"s", "q", "r"}


@pytest.mark.parametrize(
    "text, column, said",
    [
        ("", 1, "empty"),
        ("${a} == 3", 7, "Write a single ="),
        ("${a} => 3", 6, "Write >="),
        ("${a} & ${b}", 6, "Write the word and"),
        ("${a} = ‘yes’", 8, "curly"),
        ("${a} = 'yes", 8, "not closed"),
        ("${a", 1, "${name}"),
        ("${a b} = 1", 1, "not a name"),
        ("a = 1", 1, "A name is written ${a}"),
        ("${a} ${b}", 6, "operator"),
        ("(${a} = 1", 1, "never closed"),
        ("${a} = 1)", 9, "too many"),
        ("${a} =", 7, "stops too early"),
        ("${a} = ''", 8, "missing(${name})"),
        ("foo(${a})", 1, "no function “foo”"),
        ("coalesc(${a}, 1) = 1", 1, "Did you mean “coalesce”"),
        ("not ${a} = 1", 1, "Write not(…)"),
        ("if(${a} = 1, 2)", 1, "takes 3 argument"),
        ("at-least(${a}, ${b} = 1)", 10, "whole number"),
        ("at-least(3, ${a} = 1, ${b} = 1)", 10, "never be true"),
        ("band('s') = 'x'", 1, "Write band(${scale})"),
        ("selected(${a}, ${b})", 16, "quotes"),
        ("${a} > 12345678901", 8, "too many digits"),
        ("1 < = ${a}", 3, "Write <="),
        ("${a} − 1 = 0", 6, "typographic minus"),
        ("or ${a} = 1", 1, "does not belong"),
    ],
)
def test_a_mistake_is_told_with_its_column_and_cure(text, column, said):
    with pytest.raises(ExpressionError) as problem:
        parse(text)
    assert problem.value.column == column
    assert said in str(problem.value)


def test_nesting_has_an_end():
    with pytest.raises(ExpressionError, match="deep"):
        parse("(" * 100 + "${a}" + ")" * 100)
    with pytest.raises(ExpressionError, match="chain"):
        parse("1" + " + 1" * 400)
    assert parse("${a} = 1" + " or ${a} = 2" * 900)


@given(st.text(alphabet="${}ab1. ()'\"=<>!+-*,andorivtcemsg", max_size=40))
def test_any_text_is_either_read_or_refused_with_a_column(text):
    column = 1
    try:
        parse(text)
    except ExpressionError as problem:
        column = problem.column
    assert 1 <= column <= len(text) + 1


# -- kinds --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, kind",
    [
        ("${n} + 1", Kind.WHOLE),
        ("${n} + 0.5", Kind.EXACT),
        ("${n} div 2", Kind.EXACT),
        ("${n} * ${kg}", Kind.DECIMAL),
        ("${n} mod 3", Kind.WHOLE),
        ("(${n} = 1) + (${n} = 2)", Kind.WHOLE),
        ("${day} - ${day}", Kind.WHOLE),
        ("${day} + 30", Kind.DATE),
        ("band(${s})", Kind.TEXT),
        ("coalesce(${n}, ${m})", Kind.EXACT),
        ("if(${n} = 1, ${kg}, ${n})", Kind.DECIMAL),
        ("if(${n} = 1, 'a', ${word})", Kind.TEXT),
        ("${n} = '3'", Kind.CONDITION),
        ("${word} = 1", Kind.CONDITION),
        ("${day} >= '2026-01-31'", Kind.CONDITION),
        ("selected(${many}, 'x') or missing(${word})", Kind.CONDITION),
    ],
)
def test_every_expression_has_a_kind(text, kind):
    assert infer(parse(text), KINDS, {"s"}) is kind


@pytest.mark.parametrize(
    "text, column, said",
    [
        ("${n} = 'yes'", 1, "“yes” is not a number"),
        ("${word} > 2", 1, "compares numbers"),
        ("${word} + 1", 1, "A number is needed"),
        ("${n} and ${n} = 1", 1, "A condition is needed"),
        ("not(${n})", 5, "A condition is needed"),
        ("${n} = 1 or missing(${x})", 21, "no question"),
        ("${nn} = 1", 1, "Did you mean “n”"),
        ("band(${n}) = 'x'", 6, "not a scale"),
        ("if(${n} = 1, 'a', 2)", 19, "cannot stand for each other"),
        ("${kg} mod 2 = 0", 1, "whole numbers"),
        ("${day} = '31/01/2026'", 1, "2026-01-31"),
        ("${day} * 2 > 1", 1, "A date"),
        ("1 = 1", 1, "no answer can change this"),
        ("'a' = 'a'", 1, "no answer can change this"),
        ("(${n} = 1) = (${n} = 2)", 2, "compared"),
        ("selected(${kg}, 'x')", 10, "choice"),
    ],
)
def test_kinds_that_do_not_fit_are_told_with_their_column(text, column, said):
    with pytest.raises(ExpressionError) as problem:
        infer(parse(text), KINDS, {"s"})
    assert said in str(problem.value)
    assert problem.value.column == column


def test_an_unknown_name_is_told_apart():
    with pytest.raises(UnknownName) as problem:
        infer(parse("${nowhere} = 1"), KINDS)
    assert problem.value.name == "nowhere"


def test_a_when_is_a_condition():
    is_condition(parse("${n} = 1"), KINDS)
    with pytest.raises(ExpressionError):
        is_condition(parse("${n}"), KINDS)


def test_every_function_has_its_number_of_arguments():
    for function, (fewest, _) in FUNCTIONS.items():
        with pytest.raises(ExpressionError):
            parse(f"{function}({', '.join(['${a}'] * (fewest - 1))})")


def test_not_is_a_node_and_other_functions_are_calls():
    assert isinstance(parse("not(${a} = 1)"), Not)
    assert isinstance(parse("missing(${a})"), Call)
    assert isinstance(parse("${a} + 1"), Arithmetic)
