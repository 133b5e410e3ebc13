"""Cut-offs: which row holds, for whom, and what holds where something is not known."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from khula.analysis.assessment import Assessor
from khula.analysis.packs.pack import Band, Choice, Flag, Pack, Question, Scale
from khula.analysis.population import collect_population, score_population
from tests.analysis.worked_pack import worked_pack

CODES = tuple(Choice(str(code)) for code in range(10))
ITEMS = tuple(f"q{at}" for at in range(1, 11))


def pack_of(*bands: Band, **rules) -> Pack:
    questions = {name: Question(name, "f", "caregiver", "select_one", choices=CODES) for name in ITEMS}
    rules = {"method": "sum", "items": ITEMS, "item_min": 0, "item_max": 9, **rules}
    scale = Scale("s", "psc", {}, **rules)
    return replace(
        worked_pack(), questions=questions, scales={"s": scale}, bands=bands, derive={}, flags={}, domains={},
        strengths={}, alerts={}, norms=(),
    )  # fmt: skip


def row(band: str, start: str | None, below: str | None, **facts) -> Band:
    return Band("s", band, {}, start, below, **facts)


def band(pack: Pack, *answers: int | None, **facts) -> str | None:
    """By both evaluators; the population is one child many times over, the last with nothing answered."""
    values = {name: answer for name, answer in zip(ITEMS, answers, strict=False) if answer is not None}
    assessor = Assessor(pack)
    found = assessor.assess(values, **facts).scores["s"].band
    frame = pl.LazyFrame([values | facts] * 50 + [{}], schema_overrides={"sex": pl.String})
    many = collect_population(score_population(assessor.plan, frame))
    assert many["s__band"][0] == many["s__band"][49] == found
    return found


@pytest.mark.parametrize("cut, reached", [("1.4", True), ("1.41", False), ("1.39", True)])
def test_a_mean_of_seven_fifths_reaches_one_point_four_and_not_a_hair_more(cut, reached):
    """7/5 as a quotient is 1.4 for one child and 1.4000000000000001 in a table, so quotients decide nothing."""
    pack = pack_of(row("low", None, cut), row("high", cut, None), method="mean", missing="prorate", min_answered=5)
    pack = replace(pack, scales={"s": replace(pack.scales["s"], item_max=None)})  # no bounds: the score decides alone
    assert band(pack, 3, 1, 1, 1, 1) == ("high" if reached else "low")


@pytest.mark.parametrize("total, name", [(4, "low"), (5, "high"), (6, "high")])
def test_from_is_included_and_below_is_not(total, name):
    pack = pack_of(row("low", None, "5"), row("high", "5", None))
    assert band(pack, total, *[0] * 9) == name


def test_a_prorated_score_is_cut_as_the_exact_ratio_it_is():
    """10 over 9 answered items of ten is 100/9 = 11.11…: above 11.1, below 11.12."""
    nine = (2, *[1] * 8)
    for cut, name in (("11.1", "high"), ("11.12", "low")):
        pack = pack_of(row("low", None, cut), row("high", cut, None), missing="prorate", min_answered=8, item_max=None)
        assert band(pack, *nine) == name


def test_the_row_with_most_conditions_wins_and_of_equals_the_upper_one():
    pack = pack_of(
        row("all", None, None),
        row("girls", None, None, sex="female"),
        row("older girls", None, None, sex="female", age_from="96"),
        row("never reached", None, None, sex="female", age_from="96"),
    )
    ten = [1] * 10
    assert band(pack, *ten, sex="male") == "all"
    assert band(pack, *ten, sex="female", age_months=95.99) == "girls"
    assert band(pack, *ten, sex="female", age_months=96.0) == "older girls"


def test_a_specific_row_may_cover_part_of_the_line_only():
    pack = pack_of(row("low", None, "5"), row("high", "5", None), row("high", "3", "5", sex="female"))
    assert band(pack, 3, *[0] * 9, sex="female") == "high"
    assert band(pack, 2, *[0] * 9, sex="female") == "low"
    assert band(pack, 3, *[0] * 9, sex="male") == "low"


def test_an_unknown_fact_does_not_matter_where_every_possibility_agrees():
    pack = pack_of(
        row("low", None, "5", sex="female"), row("high", "5", None, sex="female"),
        row("low", None, "7", sex="male"), row("high", "7", None, sex="male"),
    )  # fmt: skip
    assert [band(pack, total, *[0] * 9) for total in (4, 5, 6, 7)] == ["low", None, None, "high"]
    assert band(pack, 6, *[0] * 9, sex="unstated") is None


def test_a_language_no_row_names_has_no_band_and_an_unknown_one_none_either():
    pack = pack_of(row("low", None, "5", language="zu"), row("high", "5", None, language="zu"))
    assert band(pack, *[1] * 10, language="zu") == "high"
    assert band(pack, *[1] * 10, language="xh") is None
    assert band(pack, *[1] * 10) is None


def test_a_row_for_another_informant_does_not_count():
    pack = pack_of(row("any", None, None), row("teachers", None, None, informant="teacher"))
    assert band(pack, *[1] * 10) == "any"
    pack = pack_of(row("any", None, None), row("caregivers", None, None, informant="caregiver"))
    assert band(pack, *[1] * 10) == "caregivers"


@pytest.mark.parametrize(
    "answers, name",
    [
        ((9, 9, *[0] * 7), None),  # 18 to 27, over the cut-off at 20
        ((9, 9, 9, *[0] * 6), "high"),  # 27 to 36
        (tuple([0] * 9), "low"),  # 0 to 9
    ],
)
def test_without_a_score_a_band_stands_where_no_possible_total_leaves_it(answers, name):
    assert band(pack_of(row("low", None, "20"), row("high", "20", None)), *answers) == name


def test_two_rows_of_one_band_side_by_side_are_one_band():
    pack = pack_of(row("low", None, "3"), row("low", "3", "20"), row("high", "20", None))
    assert band(pack, *[0] * 9) == "low"


def test_a_band_between_two_others_of_one_name_is_not_passed_over():
    """0 to 9 begins and ends in "low", but passes "high" on its way."""
    pack = pack_of(row("low", None, "3"), row("high", "3", "6"), row("low", "6", None))
    assert band(pack, *[0] * 9) is None


@pytest.mark.parametrize(
    "when, truth",
    [
        ("band(${s}) = 'some'", None),
        ("band(${s}) = 'much'", None),
        ("band(${s}) = 'low'", False),  # no possible total is so low
        ("band(${s}) != 'low'", True),
        ("band(${s}) = 'some' or band(${s}) = 'much'", True),  # whichever it is, it is one of them
        ("(band(${s}) = 'some' or missing(${q1})) or 'much' = band(${s})", True),
        ("band(${s}) != 'some' and band(${s}) != 'much'", False),
        ("band(${s}) = 'low' or band(${s}) = 'some'", None),
        ("band(${s}) = 'some' and band(${s}) = 'much'", None),
        ("missing(${s})", True),
    ],
)
def test_a_condition_on_a_band_knows_what_no_missing_answer_can_change(when, truth):
    """18 from nine answers, one missing: 18 to 27, so "some" (15 to 20) or "much", and certainly not "low"."""
    bands = (row("low", None, "15"), row("some", "15", "20"), row("much", "20", None))
    pack = replace(pack_of(*bands), flags={"f": Flag("f", "d", "high", "caregiver", when, {})})
    assessor = Assessor(pack)
    values = dict(zip(ITEMS, [2] * 9, strict=False))
    assert assessor.assess(values).scores["s"].band is None
    assert assessor.assess(values).flags["f"] is truth
    many = collect_population(score_population(assessor.plan, pl.LazyFrame([values])))
    assert many["flag__f"].to_list() == [truth]


def test_a_condition_on_a_band_is_unknown_where_nothing_is_known_or_the_child_is_not():
    bands = (
        row("low", None, "15", sex="male"),
        row("much", "15", None, sex="male"),
        row("low", None, None, sex="female"),
    )
    either = "band(${s}) = 'low' or band(${s}) = 'much'"
    flags = {
        "low": Flag("low", "d", "high", "caregiver", "band(${s}) = 'low'", {}),
        "either": Flag("either", "d", "high", "caregiver", either, {}),
    }
    pack = replace(pack_of(*bands, item_min=None, item_max=None), flags=flags)
    assessor = Assessor(pack)
    assert assessor.assess({}).flags == {"low": None, "either": None}
    all_of_them = dict(zip(ITEMS, [2] * 10, strict=True))
    assert assessor.assess(all_of_them, sex="female").flags == {"low": True, "either": True}
    assert assessor.assess(all_of_them, sex="male").flags == {"low": False, "either": True}
    assert assessor.assess(all_of_them).flags["low"] is None
