"""What an assessment says, by worked example: scores, bands, levels, evidence, disagreement, alerts, hashes."""

from __future__ import annotations

import re
from dataclasses import replace

import msgspec
import polars as pl
import pytest

from khula.analysis.assessment import Assessment, Assessor, assessor_for
from khula.analysis.packs.pack import Band, Derive, Flag, Place, Scale
from khula.analysis.plan import PlanError, plan_of
from khula.analysis.plan.problems import PROBLEMS
from khula.analysis.population import collect_population, score_population
from tests.analysis.worked_pack import worked_pack

PACK = worked_pack()
ASSESSOR = assessor_for(PACK)
QUIET = {"hhs_1": "no", "hhs_2": "no", "hhs_3": "no"}
THIN_GIRL = {"weight_kg": 14.6, "height_cm": 113.8}


def assess(values: dict, **facts) -> Assessment:
    return ASSESSOR.assess(values, **facts)


def psc(*answers: int) -> dict:
    return {f"psc_{at}": answer for at, answer in enumerate(answers, start=1)}


def ces(*answers: int) -> dict:
    return {f"ces_{at}": answer for at, answer in enumerate(answers, start=1)}


def hunger(*frequencies: str | None) -> dict:
    """Each of the three: a frequency, "no", or None for yes without a frequency."""
    values = {}
    for at, frequency in enumerate(frequencies, start=1):
        values[f"hhs_{at}"] = "no" if frequency == "no" else "yes"
        if frequency not in ("no", None):
            values[f"hhs_{at}f"] = frequency
    return values


# -- scores and bands ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answers, value, band, could_be",
    [
        (psc(*[0] * 17), 0, "ok", None),
        (psc(2, 2, 2, 2, 2, 2, 2, 1, *[0] * 9), 15, "positive", None),
        (psc(*[1] * 14), 14, "ok", "positive"),  # three blanks count 0, and could have been more
        (psc(*[1] * 13), None, None, None),  # four blanks: invalid
        (psc(*[2] * 13), None, "positive", None),  # invalid, and yet certainly positive
        (psc(*[0] * 12), None, "ok", None),  # at most 10
    ],
)
def test_blank_counts_zero_until_too_many_are_blank(answers, value, band, could_be):
    score = assess(answers).scores["psc"]
    assert (score.value, score.band, score.could_be_band) == (value, band, could_be)
    assert (score.answered, score.of) == (len(answers), 17)
    assert score.why_missing == (None if value is not None else "too few answers")


@pytest.mark.parametrize(
    "answers, value, band",
    [
        (ces(*[0] * 10), 6, "ok"),  # the two reversed ones
        (ces(3, 3, 3, 3, 0, 3, 3, 0, 3, 3), 30, "positive"),
        (ces(1, 1, 1, 1, 2, 1, 1, 2, 1), 10, "positive"),  # 9 answered, 9 · 10/9 = 10
        (ces(*[3] * 7), None, "positive"),  # 15 already from seven answers, whatever the rest
        (ces(*[0] * 7), None, None),  # 3, and up to 12
    ],
)
def test_prorated_scores_are_rounded_half_up_and_stay_exact(answers, value, band):
    score = assess(answers, language="en").scores["ces"]
    assert (score.value, score.band) == (value, band)


def test_the_most_specific_cut_off_holds_and_an_unknown_fact_only_where_all_agree():
    eleven = ces(1, 1, 1, 1, 2, 1, 1, 2, 1, 2)
    assert assess(eleven, language="en").scores["ces"].band == "positive"
    assert assess(eleven, language="zu").scores["ces"].band == "ok"
    assert assess(eleven).scores["ces"].band is None
    assert assess(ces(*[0] * 10)).scores["ces"].band == "ok"


@pytest.mark.parametrize(
    "answers, value, band",
    [
        (hunger("no", "no", "no"), 0, "little"),
        (hunger("rarely", "sometimes", "rarely"), 3, "moderate"),
        (hunger(None, "no", "no"), None, None),  # 1 or 2: either side of the cut-off
        (hunger("often", "often", None), None, "severe"),  # 4 already
    ],
)
def test_a_frequency_not_answered_is_not_no_hunger(answers, value, band):
    score = assess(answers).scores["hhs"]
    assert (score.value, score.band) == (value, band)


def test_growth_says_why_there_is_no_score():
    girl = {"sex": "female", "age_months": 60.32}
    whole = {"weight_kg": 18.7, "height_cm": 113.8}
    assert assess(whole, **girl).scores["baz"].value == -0.58  # WHO AnthroPlus' own example

    def reason(values: dict, **facts) -> str | None:
        return assess(values, **facts).scores["baz"].why_missing

    assert reason({"weight_kg": 18.7}, **girl) == "not measured"
    assert reason(whole, sex="female") == "age or sex not known"
    assert reason({**whole, "oedema": "yes"}, **girl) == "excluded"
    assert reason({"weight_kg": 55.0, "height_cm": 100.0}, **girl) == "implausible"
    assert reason(whole, sex="female", age_months=230.0) == "outside the norm's ages"


@pytest.mark.parametrize("height", [1e-300, 1e-160, 1e-9, 0.0, -115.0, 1e9])
def test_a_height_nobody_has_is_implausible(height):
    girl = {"sex": "female", "age_months": 60.32}
    scores = assess({"weight_kg": 18.7, "height_cm": height}, **girl).scores
    assert (scores["baz"].value, scores["baz"].why_missing) == (None, "implausible")


def test_the_same_z_score_is_another_band_from_the_fifth_birthday_on():
    heavy = {"weight_kg": 22.6, "height_cm": 110.0}
    younger = assess(heavy, sex="male", age_days=1826).scores["baz"]
    older = assess(heavy, sex="male", age_days=1827).scores["baz"]
    assert (younger.band, older.band) == ("overweight", "obese")


# -- flags and levels ---------------------------------------------------------------------------------------------


def test_one_red_flag_is_enough_whatever_is_missing():
    level = assess({"oedema": "yes"}).domains["nutrition"]
    assert (level.level, level.raised, level.have, level.need) == ("high", ("n_oedema",), 0, 3)


def test_low_needs_the_declared_evidence():
    facts = {"sex": "male", "age_months": 90.0}
    measured = {"weight_kg": 24.4, "height_cm": 125.0, "oedema": "no"}
    enough = assess({**measured, **QUIET, "t_hungry": "never"}, **facts).domains["nutrition"]
    assert (enough.level, enough.have, enough.missing) == ("low", 3, ("c_bedhungry",))
    assert enough.could_be == "medium"
    short = assess({**QUIET, "t_hungry": "never"}, **facts).domains["nutrition"]
    assert (short.level, short.have, short.could_be) == ("not enough information", 2, "high")


def test_no_answers_at_all_are_not_enough_information():
    levels = {name: domain.level for name, domain in assess({}).domains.items()}
    assert levels == {"nutrition": "not enough information", "feelings": "not enough information"}


def test_a_watch_flag_is_told_and_raises_nothing():
    values = {"weight_kg": 26.0, "height_cm": 120.0, **QUIET, "t_hungry": "never", "c_bedhungry": "no", "oedema": "no"}
    level = assess(values, sex="male", age_months=84.0).domains["nutrition"]
    assert (level.level, level.raised, level.could_be) == ("low", ("n_over",), None)


def test_informants_who_differ_are_marked_and_the_higher_level_stays():
    level = assess({**QUIET, "t_hungry": "most", "c_bedhungry": "yes"}).domains["nutrition"]
    assert (level.level, level.informants_differ) == ("medium", True)
    assert level.said == {
        "health": "not known", "caregiver": "no concern", "teacher": "concern", "child": "concern",
    }  # fmt: skip


def differing(**about: str) -> bool:
    """The caregiver knows of no hunger, the teacher sees a hungry child; some flags are about something else."""
    flags = {name: replace(flag, about=about.get(name, flag.about)) for name, flag in PACK.flags.items()}
    of = assessor_for(replace(PACK, flags=flags))
    return of.assess({**QUIET, "t_hungry": "most"}).domains["nutrition"].informants_differ


def test_informants_differ_only_about_the_same_thing():
    assert differing()
    assert not differing(n_t_hungry="school_meal")
    assert not differing(n_severe="variety", n_moderate="variety")
    assert differing(n_t_hungry="school_meal", n_severe="school_meal")


def test_a_flag_about_nothing_named_is_compared_with_nobody():
    assert not differing(n_t_hungry="")
    assert not differing(**dict.fromkeys(PACK.flags, ""))


def test_who_is_concerned_about_a_thing_once_is_not_at_ease_about_it():
    """Moderate hunger is not severe hunger, but it is no word against the teacher's."""
    flags = {name: replace(flag, about="" if name == "n_c_hungry" else flag.about) for name, flag in PACK.flags.items()}
    of = assessor_for(replace(PACK, flags=flags))
    level = of.assess({**hunger("sometimes", "sometimes", "no"), "t_hungry": "most"}).domains["nutrition"]
    assert level.said["caregiver"] == "concern"
    assert not level.informants_differ


def test_who_only_watches_a_thing_is_not_at_ease_about_it():
    """The caregiver's moderate hunger made a matter to watch is still no word against the teacher's."""
    flags = {name: replace(flag, about="" if name == "n_c_hungry" else flag.about) for name, flag in PACK.flags.items()}
    flags["n_moderate"] = replace(flags["n_moderate"], level="watch")
    of = assessor_for(replace(PACK, flags=flags))
    said = {**QUIET, **hunger("sometimes", "sometimes", "no"), "t_hungry": "most"}
    level = of.assess(said).domains["nutrition"]
    assert level.said["caregiver"] == "no concern"
    assert not level.informants_differ


def test_silence_is_not_disagreement():
    assert not assess({"t_hungry": "most"}).domains["nutrition"].informants_differ


def test_a_dated_limit_is_that_of_the_day_of_the_assessment():
    def away(days: int, **facts) -> bool | None:
        return assess({"t_absent": days}, **facts).flags["p_absent"]

    assert away(12) is True  # the newest where no day is known
    assert away(12, assessed_on=20000) is True
    assert away(12, assessed_on=16000) is False  # 2013: 20 days
    assert away(25, assessed_on=10000) is None  # before any row


def test_alerts_and_strengths_are_yes_no_or_unknown():
    said = assess({"c_hurt": "yes", "c_likes": "maths play"})
    assert (said.alerts, said.strengths) == ({"a_hurt": True}, {"s_likes": True})
    assert assess({"c_likes": "maths"}).strengths == {"s_likes": False}
    assert assess({}).alerts == {"a_hurt": None}


def test_asking_twice_gives_the_same():
    values = {**psc(*[1] * 17), "c_hurt": "yes"}
    assert assess(values, sex="female") == assess(values, sex="female")


# -- what is stored -----------------------------------------------------------------------------------------------


def test_the_hash_tells_answers_apart_and_nothing_else():
    values = {**psc(*[1] * 17), "c_hurt": "yes"}
    first = assess(values, sex="female").input_hash
    assert assess(dict(reversed(values.items())), sex="female").input_hash == first
    assert assess({**values, "remark": "nothing reads this"}, sex="female").input_hash == first
    assert assess({**values, "c_hurt": "no"}, sex="female").input_hash != first
    assert assess(values, sex="male").input_hash != first
    other = Assessor(replace(PACK, content_hash="cd" * 32)).assess(values, sex="female")
    assert other.input_hash != first


def test_an_assessment_survives_its_way_through_json():
    result = assess({**psc(*[2] * 17), **hunger("often", "often", None), **THIN_GIRL}, sex="female", age_days=1836)
    assert msgspec.json.decode(msgspec.json.encode(result), type=Assessment) == result
    assert result.pack_hash == "ab" * 32


# -- what has no meaning ------------------------------------------------------------------------------------------


def refused(**changes) -> str:
    with pytest.raises(PlanError) as problem:
        plan_of(replace(PACK, **changes))
    return str(problem.value)


def refused_in(language: str, **changes) -> str:
    with pytest.raises(PlanError) as problem:
        plan_of(replace(PACK, **changes))
    return problem.value.told(language)


@pytest.mark.parametrize("code", PROBLEMS)
def test_why_there_is_no_plan_is_told_in_english_and_french(code):
    gaps = {language: set(re.findall(r"\{(\w+)\}", words)) for language, words in PROBLEMS[code].items()}
    assert set(gaps) == {"en", "fr"} and gaps["en"] == gaps["fr"]


def test_a_refused_row_is_told_in_french_with_its_place_and_kinds():
    place = Place("pack.xlsx", "derive", 4)
    mixed = (Derive("a", "${hhs_1} = 'yes'", "1", place=place), Derive("a", "", "'text'", place=place))
    said = refused_in("fr", derive={**PACK.derive, "a": mixed})
    assert said.startswith("Ligne 4, feuille derive de pack.xlsx : value")
    assert "un texte" in said and "un nombre entier" in said
    wrong = (Derive("a", "${hhs_1} = ", "1", place=place),)
    said = refused_in("fr", derive={**PACK.derive, "a": wrong})
    assert "Il manque quelque chose à la fin. (caractère" in said


def test_values_that_need_each_other_are_refused():
    circle = {"a": (Derive("a", "${b} = 1", "1"),), "b": (Derive("b", "${a} = 1", "1"),)}
    assert "a → b → a" in refused(derive={**PACK.derive, **circle})


def test_items_that_are_not_whole_numbers_are_refused():
    scale = Scale("bad", "x", {}, "sum", ("weight_kg",), item_min=0, item_max=2)
    assert "weight_kg" in refused(scales={**PACK.scales, "bad": scale})


def test_numbers_that_could_overflow_are_refused():
    product = " * ".join(["${t_absent}"] * 3)
    assert "too large" in refused(flags={"f": Flag("f", "feelings", "high", "teacher", f"{product} > 5", {})})


def test_a_condition_of_a_kind_that_does_not_fit_is_refused_with_its_place():
    told = refused(flags={"f": Flag("f", "feelings", "high", "teacher", "${t_hungry} > 2", {}, place=None)})
    assert "character 1" in told


def test_a_band_with_a_hole_is_no_band_in_the_hole():
    rows = (Band("hhs", "little", {}, None, "2"), Band("hhs", "severe", {}, "4", None))
    assessor = assessor_for(replace(PACK, bands=rows))
    assert assessor.assess(hunger("rarely", "sometimes", "rarely")).scores["hhs"].band is None


def test_a_decision_table_of_hundreds_of_lines_and_a_sum_of_a_hundred_terms_are_no_trouble():
    lines = tuple(Derive("d", f"${{t_absent}} = {at}", f"{at} + 1") for at in range(200))
    long = " + ".join(["${t_absent}"] * 100)
    flag = Flag("long", "feelings", "watch", "teacher", f"{long} >= 7700 and ${{d}} = 78", {})
    pack = replace(PACK, derive={**PACK.derive, "d": lines}, flags={**PACK.flags, "long": flag})
    flat = assessor_for(pack).assess_flat({"t_absent": 77})
    assert (flat["d"], flat["flag__long"]) == (78, True)
    rows = collect_population(score_population(plan_of(pack), pl.LazyFrame({"t_absent": [77, 76, None]})))
    assert rows["flag__long"].to_list() == [True, False, None]
