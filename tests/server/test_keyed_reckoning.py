"""What a form makes of answers, as a tablet does: the small evaluator for paper, case by case."""

import json
from datetime import date

import pytest

from khula.server.keyed.reckoning import KNOWN, NOT_KNOWN, Reckoning, java_text, kept, typed, unknown_in

ON = date(2026, 3, 2)
PLAN = {
    "nodes": [["data", -1], ["a", 0], ["n", 0, {"t": "int"}], ["d", 0, {"t": "date"}], ["part", 0], ["inside", 4],
              ["sum", 0, {"t": "decimal"}], ["due", 0]],
    "order": [[1, 4, ["=", ["@", 1], "yes"], [1]], [0, 6, ["+", ["@", 2], 0.5], [2]],
              [0, 7, ["if", ["=", ["@", 5], "hit"], 1, 0], [5]]],
    "asks": [], "sets": [], "lists": [{"c": ["name", "kind"], "w": [["x", "1"], ["y", "2"], ["z", "2"]]}],
    "words": [[]], "langs": ["en"],
}  # fmt: skip


def form(open_: tuple[int, ...] = (), **said: str) -> Reckoning:
    names = {node[0]: number for number, node in enumerate(PLAN["nodes"])}
    given = {names[name]: text for name, text in said.items()}
    return Reckoning(PLAN, given, ON, [], still_open=frozenset(open_))


def test_what_stands_in_a_part_that_is_not_asked_reads_as_blank() -> None:
    assert form(a="yes", inside="hit").values[7] == 1
    assert form(a="no", inside="hit").values[7] == 0
    assert form(a="no").is_on(5) is False


def test_what_an_answer_will_decide_is_not_known_before_it() -> None:
    before = form((1, 2, 5))
    assert before.is_on(5) is NOT_KNOWN
    assert before.values[6] is NOT_KNOWN
    assert before.text(6) == ""
    assert before.holds(["and", ["=", ["@", 1], "yes"], ["=", 1, 2]]) is False  # whatever the answer
    assert before.holds(["or", ["=", ["@", 1], "yes"], ["=", 1, 1]]) is True
    assert before.holds(["not", ["=", ["@", 1], "yes"]]) is NOT_KNOWN
    with pytest.raises(TypeError):
        bool(NOT_KNOWN)


@pytest.mark.parametrize(
    ("runs", "value"),
    [
        (["=", "1", 1], True), (["=", "", 0], False), (["!=", "a", "b"], True), (["<", "", 3], False),
        (["<=", 2, "2.0"], True), (["div", 7, 2], 3.5), (["-", ["neg", 2], -3], 1), (["selected", "a bc", "b"], False),
        (["selected", "a bc", "bc"], True), (["count-selected", "a b  c"], 3), (["concat", "a", 1, 2.5], "a12.5"),
        (["coalesce", "", "b"], "b"), (["regex", "123456", "^[0-9]{6,9}$"], True), (["regex", "12345", "[0-9]{6}"], False),
        (["-", ["today"], ["date", "2026-03-01"]], 1), (["int", "2.7"], 2), (["round", 2.5], 3.0),
        (["string-length", "abc"], 3), (["#", 0, "name", [[["==", "kind", "2"]]]], "y"),
        (["starts-with", "khula", "kh"], True), (["normalize-space", "  a   b "], "a b"), (["boolean", 0], False),
        (["jr:choice-name", 1, 2], NOT_KNOWN),
    ],
)  # fmt: skip
def test_functions_give_what_they_give_on_a_tablet(runs: object, value: object) -> None:
    assert form().value(runs) == value or form().value(runs) is value


def test_a_function_it_has_not_is_named() -> None:
    assert unknown_in(["if", ["=", ["pulldata", "a", "b"], 1], ["random"], 0]) == {"pulldata", "random"}
    assert unknown_in(["@", 3, [[3, ["=", ["pos"], 1]]]]) == {"[…]"}
    assert unknown_in(json.loads('["#", 0, "wave", [[["==", "name", ["uuid"]]]]]')) == {"uuid"}
    assert unknown_in(["and", ["=", ["@", 1], 2], True]) == set()
    assert "and" in KNOWN


@pytest.mark.parametrize(
    ("number", "text"),
    [(23.0, "23.0"), (23.45, "23.45"), (0.0, "0.0"), (1e7, "1.0E7"), (12345678.9, "1.23456789E7"), (0.0001, "1.0E-4"),
     (-1.5e-5, "-1.5E-5")],
)  # fmt: skip
def test_numbers_are_written_as_java_writes_them(number: float, text: str) -> None:
    assert java_text(number) == text


def test_values_are_kept_as_an_instance_holds_them() -> None:
    assert kept(typed("23", "decimal"), "decimal") == "23.0"
    assert kept(typed("7", "int"), "int") == "7"
    assert kept(2.0, "") == "2"
    assert kept(True, "") == "1"
    assert kept(ON, "date") == "2026-03-02"
    assert kept(float("nan"), "decimal") == ""
    assert typed("2026-02-30", "date") == ""
    assert typed("10:00", "time") is NOT_KNOWN
