"""Texts of a form as typed answers, and why the others are missing."""

from __future__ import annotations

import pytest

from khula.analysis.answers import kind_of, read_answers
from khula.analysis.expressions import Kind
from khula.analysis.packs.pack import Choice, Question
from tests.analysis.worked_pack import worked_pack

PACK = worked_pack()


def read(name: str, text: str):
    answers = read_answers(PACK, {name: text})
    return answers.values.get(name, answers.missing.get(name))


@pytest.mark.parametrize(
    "name, text, value",
    [
        ("psc_1", "2", 2),
        ("psc_1", "2.0", 2),  # as a spreadsheet writes it
        ("psc_1", "3", "unreadable"),
        ("psc_1", "yes", "unreadable"),
        ("psc_1", "dk", "dk"),
        ("psc_1", "  ", "blank"),
        ("ces_1", "refused", "refused"),
        ("c_hurt", "yes", "yes"),
        ("c_hurt", "Yes", "unreadable"),
        ("t_absent", "12", 12),
        ("t_absent", " 12 ", 12),
        ("t_absent", "-3", -3),
        ("t_absent", "12.0", 12),
        ("t_absent", "12.5", "unreadable"),
        ("t_absent", "1234567890", "unreadable"),
        ("t_absent", "twelve", "unreadable"),
        ("weight_kg", "18.7", 18.7),
        ("weight_kg", ".5", 0.5),
        ("weight_kg", "1.87E1", 18.7),
        ("weight_kg", "18,7", "unreadable"),
        ("weight_kg", "NaN", "unreadable"),
        ("weight_kg", "1e300", "unreadable"),
        ("c_likes", "maths  play", "maths play"),
        ("c_likes", "maths dk", "maths"),  # the choice stays: an alert may hang on it
        ("c_likes", "dk", "dk"),
        ("c_likes", "maths sleep", "unreadable"),
        ("moved_on", "1970-01-02", 1),
        ("moved_on", "2024-02-29", 19782),
        ("moved_on", "2023-02-29", "unreadable"),
        ("moved_on", "2024-02-29T10:00:00.000+02:00", 19782),
        ("moved_on", "29/02/2024", "unreadable"),
        ("remark", "no remark", "no remark"),
        ("remark", "na", "na"),
    ],
)
def test_an_answer_is_read_as_its_question_says_or_is_missing_for_a_reason(name, text, value):
    assert read(name, text) == value
    assert type(read(name, text)) is type(value)


def test_every_question_is_answered_or_missing():
    answers = read_answers(PACK, {"psc_1": "1", "nobody_asked": "5", "psc_2": "9"})
    assert answers.values == {"psc_1": 1}
    assert answers.values.keys() | answers.missing.keys() == PACK.questions.keys()
    assert answers.unreadable == ("psc_2",)


@pytest.mark.parametrize(
    "codes, kind",
    [
        ("0 1 2", Kind.WHOLE),
        ("-1 0 1 dk", Kind.WHOLE),
        ("1 2 other", Kind.TEXT),
        ("01 02", Kind.TEXT),
        ("dk", Kind.TEXT),
    ],
)
def test_choices_are_numbers_when_all_their_codes_are(codes, kind):
    choices = tuple(Choice(code) for code in codes.split())
    assert kind_of(Question("q", "f", "child", "select_one", choices=choices)) is kind
