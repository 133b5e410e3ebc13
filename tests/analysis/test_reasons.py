"""Why a flag is true: the answers, scores and cut-offs behind it, in the reader's language."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from khula.analysis.one_child import compile_for_one_child
from khula.analysis.packs.pack import Pack
from khula.analysis.plan import PlanError, plan_of
from khula.analysis.reasons import Explainer, why
from tests.analysis.generated_packs import children, packs
from tests.analysis.worked_pack import worked_pack

PACK = worked_pack()


def test_an_answer_is_told_with_its_question_its_label_and_who_said_it():
    reason = why(PACK, {"t_hungry": "most"}, "n_t_hungry")
    assert (reason.true, reason.level, reason.domain, reason.say) == (True, "medium", "nutrition", "Comes hungry.")
    assert reason.suggest == "meals"
    (ground,) = reason.grounds
    assert (ground.sort, ground.label, ground.said, ground.informant) == (
        "answer", "Comes to school hungry", "most", "teacher",
    )  # fmt: skip


def test_a_score_is_told_with_its_band_cut_off_and_source():
    reason = why(PACK, {f"psc_{at}": 1 for at in range(1, 18)}, "p_psc")
    (ground,) = reason.grounds
    assert (ground.sort, ground.label, ground.said, ground.informant) == ("score", "PSC", "17", "caregiver")
    assert (ground.band, ground.band_label, ground.start, ground.below) == ("positive", "psc positive", "15", None)
    assert ground.source == "Gardner 1999"
    assert [item.said for item in ground.items] == ["Sometimes"] * 17


def test_a_z_score_is_told_with_its_norm_and_the_row_for_this_childs_age():
    values = {"weight_kg": 26.0, "height_cm": 120.0, "sex": "male", "age_months": 84.0}
    (ground,) = why(PACK, values, "n_over").grounds
    assert (ground.band, ground.start, ground.below, ground.holds_for) == (
        "overweight", "1.01", "2.01", {"age_from": "60"},
    )  # fmt: skip
    assert ground.norm == "WHO 2006/2007"
    assert float(ground.said) == pytest.approx(1.5, abs=0.2)


def test_a_derived_value_is_told_by_the_answers_behind_it():
    often = {f"hhs_{at}": "yes" for at in (1, 2, 3)} | {f"hhs_{at}f": "often" for at in (1, 2, 3)}
    (ground,) = why(PACK, often, "n_severe").grounds
    assert [(item.name, item.said) for item in ground.items] == [(f"hhs_{at}f", "often") for at in (1, 2, 3)]


def test_words_come_in_the_readers_language_or_else_in_english():
    (ground,) = why(PACK, {"t_hungry": "most"}, "n_t_hungry", "fr").grounds
    assert (ground.label, ground.said) == ("fr t_hungry", "fr most")
    assert why(PACK, {"t_hungry": "most"}, "n_t_hungry", "fr").say == "Comes hungry."


def test_what_is_not_true_has_no_grounds():
    assert why(PACK, {"t_hungry": "never"}, "n_t_hungry").true is False
    assert why(PACK, {}, "n_t_hungry").true is None
    assert why(PACK, {}, "n_t_hungry").grounds == ()


def test_alerts_and_strengths_are_told_too():
    assert why(PACK, {"c_hurt": "yes"}, "a_hurt").level == "now"
    assert why(PACK, {"c_likes": "maths play"}, "s_likes").grounds[0].said == "maths, play"
    with pytest.raises(KeyError):
        why(PACK, {}, "no_such_flag")


def test_a_dated_limit_is_told_as_it_was_on_the_day():
    grounds = why(PACK, {"t_absent": 25, "assessed_on": 16000}, "p_absent").grounds
    assert [(ground.sort, ground.said, ground.source) for ground in grounds] == [
        ("answer", "25", ""), ("parameter", "20", "old"),
    ]  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(packs(), st.integers(0, 2**32))
def test_every_true_flag_has_a_reason_and_its_grounds_alone_make_it_true(pack: Pack, seed: int):
    """Grounds hold all that was needed: with everything else blanked, a flag on answers alone stays true."""
    try:
        explainer = Explainer(pack)
    except PlanError:
        return
    assess = compile_for_one_child(plan_of(pack))
    for values in children(pack, seed, 10):
        child = explainer.child(values)
        for name in (*pack.flags, *pack.strengths, *pack.alerts):
            reason = child.why(name)
            prefix = "flag__" if name in pack.flags else "strength__" if name in pack.strengths else "alert__"
            assert reason.true is assess(values)[prefix + name]
            if reason.true and all(ground.sort in ("answer", "fact") for ground in reason.grounds):
                told = {ground.name for ground in reason.grounds} | {"age_days", "age_months"}
                rest = {each: value for each, value in values.items() if each in told}
                assert assess(rest)[prefix + name] is True, (name, reason)
