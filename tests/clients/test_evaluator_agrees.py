"""Khula's own evaluator, JavaRosa and xforms-engine, step by step: the shipped forms, generated ones, the named classes."""

from typing import NamedTuple

import pytest

from tests.clients.agreement import PACK, Outcome, State, ends, generated, run
from tests.clients.explained import EXPLAINED, OWN
from tests.clients.form_shape import Shape
from tests.clients.generated_forms import (
    ENGLISH,
    FIXED_CHOICES,
    FRENCH,
    Row,
    Step,
    Task,
    make_form,
    make_steps,
    xform_of,
)
from tests.clients.shipped_forms import shipped

pytestmark = pytest.mark.needs("java", "node")

PAIRS = 60  # of the 2,000 of `make agree-2000`


@pytest.mark.slow
def test_generated_forms_answer_as_on_a_phone() -> None:
    assert_agreed(run(list(generated(0, PAIRS))))


@pytest.mark.slow
def test_the_shipped_forms_answer_as_on_a_phone() -> None:
    assert_agreed(run(list(shipped(PACK, runs=1))))


def assert_agreed(outcome: Outcome) -> None:
    assert outcome.broken == []
    assert [str(each) for each in outcome.from_javarosa] == []
    assert [str(each) for each in outcome.unexplained] == []
    assert outcome.facts > 10_000


def test_each_named_class_is_seen_between_the_two_engines_and_khula_stands_with_the_phone() -> None:
    tasks = [Task(f"c{number}", each.as_xform(), {}, [each.steps], ENGLISH) for number, each in enumerate(EXPLAINED)]
    own = {name for name, _, _ in OWN}
    for each, said in zip(EXPLAINED, ends(tasks), strict=True):
        words = {engine: state.get((each.kind, each.at)) for engine, state in said.items()}
        javarosa, xforms = each.words
        khula = words["khula"] if each.name in own else javarosa
        assert words == {"javarosa": javarosa, "xforms": xforms, "khula": khula}, each.name


def test_a_seed_makes_the_same_form_and_the_same_steps() -> None:
    assert make_form(7).as_xform() == make_form(7).as_xform()
    assert make_steps(make_form(7), 1) == make_steps(make_form(7), 1) != make_steps(make_form(7), 2)


# ---- what JavaRosa does only when a form is opened again


class LeftOver(NamedTuple):
    what: str
    survey: list[Row]
    steps: list[Step]
    fact: tuple[str, str]
    as_it_is: str
    opened_again: str


def row(kind: str, name: str = "", **columns: str) -> Row:
    return {"type": kind, **({"name": name, "label": name} if name else {}), **columns}


LEFT_OVER = [
    LeftOver(
        "what was calculated from a choice taken back",
        [
            row("select_multiple signs", "m"),
            row("select_one signs", "o", choice_filter="selected(${m}, name)"),
            row("calculate", "c", calculation="${o}"),
        ],
        [Step("set", "/data/m", "cough"), Step("set", "/data/o", "cough"), Step("set", "/data/m", "rash")],
        ("value", "/data/c"),
        "cough",
        "",
    ),
    LeftOver(
        "the choices of a filter whose question was hidden",
        [
            row("select_one yes_no", "y"),
            row("select_one sex", "p", relevant="${y} = 'yes'"),
            row("select_one sex", "d", choice_filter="name = ${p}"),
        ],
        [Step("set", "/data/y", "yes"), Step("set", "/data/p", "female"), Step("set", "/data/y", "no")],
        ("choices", "/data/d"),
        "female=Girl",
        "",
    ),
    LeftOver(
        "what was calculated from calculations of a repeat taken away",
        [
            row("begin_repeat", "r"),
            row("integer", "n"),
            row("end_repeat"),
            row("calculate", "least", calculation="min(${n})"),
            row("calculate", "times", calculation="count(${r})"),
            row("calculate", "both", relevant="${times} > 0", calculation="concat(${least}, '-', ${times})"),
        ],
        [Step("set", "/data/r[1]/n", "5"), Step("add", "/data/r"), Step("remove", "/data/r[1]")],
        ("value", "/data/both"),
        "5-1",
        "-1",
    ),
]


@pytest.fixture(scope="module")
def left_over() -> list[dict[str, State]]:
    tasks = []
    for number, each in enumerate(LEFT_OVER):
        xform = xform_of({"survey": each.survey, "choices": FIXED_CHOICES})
        tasks += [Task(f"{number}{raw}", xform, {}, [each.steps], as_it_is=raw) for raw in (True, False)]
    return ends(tasks)


@pytest.mark.parametrize("number", range(len(LEFT_OVER)), ids=[each.what for each in LEFT_OVER])
def test_what_javarosa_does_only_when_a_form_is_opened_again_is_done_at_once(
    number: int, left_over: list[dict[str, State]]
) -> None:
    each, as_it_is, mended = LEFT_OVER[number], left_over[2 * number], left_over[2 * number + 1]
    assert as_it_is["javarosa"].get(each.fact) == each.as_it_is
    assert {engine: said.get(each.fact) for engine, said in mended.items()} == dict.fromkeys(mended, each.opened_again)


# ---- where Khula means to differ from JavaRosa


def test_where_khula_means_to_differ_both_are_seen_to() -> None:
    surveys = {
        "once, shown in the same step": (
            [
                row("text", "t"),
                row("integer", "n"),
                row("calculate", "c", relevant="${n} != 5", calculation="once(string(${n}))"),
            ],
            [Step("set", "/data/n", each) for each in ("1", "5", "7")],
            {"javarosa": "7", "xforms": "1", "khula": "5"},
        ),
        "in a group of a new repeat": (
            [
                row("begin_repeat", "r", repeat_count="2"),
                row("begin_group", "g"),
                row("text", "t"),
                row("end_group"),
                row("end_repeat"),
                row("calculate", "c", calculation="join(',', ${t})"),
            ],
            [],
            {"javarosa": "", "xforms": ",", "khula": ","},
        ),
        "a choice's name in a draft opened again": (
            [row("select_one sex", "s"), row("calculate", "c", calculation="jr:choice-name(${s}, '${s}')")],
            [Step("set", "/data/s", "female"), Step("language", text=FRENCH), Step("reopen")],
            {"javarosa": "Girl", "xforms": "Fille", "khula": "Fille"},
        ),
        "half a sign": (
            [row("text", "t"), row("calculate", "c", calculation="substr(${t}, 1)")],
            [Step("set", "/data/t", "🦒ß")],
            {"javarosa": "?ß", "xforms": "ß", "khula": "ß"},
        ),
    }
    assert set(surveys) == {name for name, _, _ in OWN}
    tasks = [
        Task(str(number), xform_of({"survey": survey, "choices": FIXED_CHOICES}), {}, [steps], ENGLISH)
        for number, (survey, steps, _) in enumerate(surveys.values())
    ]
    for (name, _, belongs), task, said in zip(OWN, tasks, ends(tasks), strict=True):
        words = {engine: state["value", "/data/c"] for engine, state in said.items()}
        assert words == surveys[name][2], name
        assert belongs(words["javarosa"], words["khula"], Shape.of(task.xform).said_of("/data/c")), name
