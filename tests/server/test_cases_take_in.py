"""Four voices arrive, in whatever order and however often: one case, and it says the same."""

import json
from collections.abc import Iterable
from datetime import date
from itertools import permutations

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from khula.server.cases.models import Assessment, Case, RaisedAlert, Voice
from khula.server.collection.models import Submission
from khula.server.events.models import Event
from khula.server.schools.actions import (
    add_caregiver,
    child_left,
    correct_child,
    enrol_child,
    move_child,
    set_primary_caregiver,
)
from khula.server.waves.models import Assignment, Wave
from tests.server.cast import Cast, a_wave, interview, publish, the_cast
from tests.server.knocking import Phone

ALL_KNOWN = {
    "child": {"c_hungry": "0", "c_hurt": "no", "c_happy": "0"},
    "caregiver": {"g_hunger": "no", **{f"g_{n}": "0" for n in range(1, 6)}},
    "teacher": {"t_hungry": "0", "t_learn": "0"},
    "health": {"h_weight_kg": "22.0", "h_height_cm": "121.0", "h_eyes": "pass"},
}


@pytest.fixture
def cast() -> Cast:
    return the_cast()


@pytest.fixture
def wave(cast: Cast) -> Wave:
    return a_wave(cast)


@pytest.fixture
def phone(cast: Cast) -> Phone:
    return Phone(cast.fieldworker)


def send(phone: Phone, xml: bytes) -> None:
    answer = phone.post(xml)
    assert answer.status_code in (201, 202), answer.content


def case_of(child_id: str, wave: Wave) -> Case:
    return Case.objects.get(child_id=child_id, wave=wave)


def levels(case: Case) -> dict[str, str]:
    case.refresh_from_db()
    return json.loads(case.levels)


def told(case: Case) -> tuple:
    """All of a case that a reader is shown, without the times at which it was written."""
    case.refresh_from_db()
    voices = case.voices.filter(current=True).order_by("informant").values_list("informant", "instance_id", "answers")
    alerts = case.alerts.order_by("alert").values_list("alert", "still_true")
    last = case.assessments.order_by("-id").values_list("input_hash", "result").first()
    heard = Assignment.objects.filter(wave=case.wave_id, child=case.child_id).order_by("informant")
    look = Submission.objects.order_by("instance_id").values_list("instance_id", "look_code")
    return (
        case.levels, case.differ, case.voices_heard, case.act_now, case.watch, case.alerts_raised, case.input_hash,
        last, list(voices), list(alerts), list(heard.values_list("informant", "heard_on")), list(look),
    )  # fmt: skip


def test_before_any_voice_nothing_is_known(cast: Cast, wave: Wave) -> None:
    case = case_of(cast.amahle.pk, wave)
    assert set(levels(case).values()) == {"not enough information"}
    assert (case.voices_heard, case.act_now, case.watch, case.assessed_at) == (0, 0, 0, None)


def test_four_voices_make_one_case(cast: Cast, wave: Wave, phone: Phone) -> None:
    for informant, said in ALL_KNOWN.items():
        send(phone, interview(informant, cast.amahle, wave, said=said))
    case = case_of(cast.amahle.pk, wave)
    assert levels(case) == dict.fromkeys(("health", "nutrition", "protection", "education"), "low")
    assert case.voices_heard == 4
    assert case.input_hash == case.assessments.latest("id").input_hash
    assert set(Submission.objects.values_list("state", flat=True)) == {"in case"}


def test_a_voice_that_says_nothing_is_never_good_news(cast: Cast, wave: Wave, phone: Phone) -> None:
    for informant in ALL_KNOWN:
        send(phone, interview(informant, cast.amahle, wave, said={}))
    case = case_of(cast.amahle.pk, wave)
    assert set(levels(case).values()) == {"not enough information"}
    assert case.voices_heard == 4


def test_a_late_teacher_changes_the_case_and_the_board(cast: Cast, wave: Wave, phone: Phone) -> None:
    send(phone, interview("child", cast.amahle, wave, said=ALL_KNOWN["child"]))
    send(phone, interview("teacher", cast.amahle, wave, said={"t_learn": "3", "t_hungry": "2"}, on="2026-05-30"))
    case = case_of(cast.amahle.pk, wave)
    assert levels(case)["education"] == "medium"
    assert levels(case)["nutrition"] == "medium"
    assert json.loads(case.differ) == ["nutrition"]
    assert (case.act_now, case.watch) == (0, 2)


def test_the_child_is_as_old_as_on_the_day_it_was_measured(cast: Cast, wave: Wave, phone: Phone) -> None:
    send(phone, interview("health", cast.amahle, wave, said=ALL_KNOWN["health"], on="2026-03-02"))
    send(phone, interview("teacher", cast.amahle, wave, said=ALL_KNOWN["teacher"], on="2026-06-01"))
    result = json.loads(case_of(cast.amahle.pk, wave).assessments.latest("id").result)
    assert result["context"]["age_days"] == (date(2026, 3, 2) - cast.amahle.birth_date).days
    assert (result["context"]["sex"], result["context"]["grade"]) == ("female", "1")


# In any order

VOICES = {
    "first": ("child", {"c_hungry": "2", "c_hurt": "yes"}, "uuid:child-1", ""),
    "edit": ("child", {"c_hungry": "0", "c_hurt": "no"}, "uuid:child-2", "uuid:child-1"),
    "caregiver": ("caregiver", {"g_hunger": "yes", **{f"g_{n}": "3" for n in range(1, 6)}}, "uuid:caregiver-1", ""),
    "teacher": ("teacher", {"t_hungry": "2", "t_learn": "1"}, "uuid:teacher-1", ""),
    "health": ("health", {"h_height_cm": "99", "h_weight_kg": "20", "h_eyes": "refer"}, "uuid:health-1", ""),
}


def arrive(cast: Cast, wave: Wave, order: Iterable[str]) -> tuple:
    phone = Phone(cast.fieldworker)
    for name in order:
        informant, said, instance, replaces = VOICES[name]
        at = "11:00" if name == "edit" else "09:00"
        send(phone, interview(informant, cast.amahle, wave, said=said, at=at, instance=instance, replaces=replaces))
    return told(case_of(cast.amahle.pk, wave))


def orders() -> Iterable[list[str]]:
    """All 120 orders of the five, each with one of them a second time, somewhere later."""
    for number, order in enumerate(permutations(VOICES)):
        yield [*order[: 1 + number % 5], order[0], *order[1 + number % 5 :]]


def test_what_comes_first_does_not_matter(cast: Cast, wave: Wave) -> None:
    """Every order of four voices, an edit and a duplicate gives the case that the natural order gives."""
    expected = _undone(lambda: arrive(cast, wave, VOICES))
    assert expected[2] == 4
    assert expected[9] == [("a_hunger", True), ("a_hurt", False)]
    for order in orders():
        assert _undone(lambda order=order: arrive(cast, wave, order)) == expected, order


def _undone(work) -> tuple:
    """What the work gives; nothing of it stays."""

    class Undo(Exception):
        pass

    result: list = []
    try:
        with transaction.atomic():
            result.append(work())
            raise Undo
    except Undo:
        return result[0]


SAID = st.fixed_dictionaries(
    {"c_hungry": st.sampled_from(["0", "1", "2", "dk", ""]), "c_hurt": st.sampled_from(["yes", "no", "dk", ""])}
)


# Each example undoes what it has written, so the cast may be shared.
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    interviews=st.lists(st.tuples(SAID, st.integers(8, 20)), min_size=1, max_size=4, unique_by=lambda each: each[1]),
    data=st.data(),
)
def test_of_several_interviews_the_latest_counts_whatever_came_first(cast_once, interviews, data) -> None:
    cast, wave = cast_once
    in_order = sorted(interviews, key=lambda each: each[1])
    shuffled = data.draw(st.permutations(interviews))

    def hear(order) -> tuple:
        phone = Phone(cast.fieldworker)
        for said, hour in order:
            send(phone, interview("child", cast.sipho, wave, said=said, at=f"{hour:02}:00"))
        return told(case_of(cast.sipho.pk, wave))

    expected = _undone(lambda: hear(in_order))
    assert _undone(lambda: hear(shuffled)) == expected
    assert dict(expected[11]) == {
        f"uuid:child-{cast.sipho.pk}-{wave.pk}-2026-03-02-{hour:02}:00": "second_interview"
        if (said, hour) != in_order[-1]
        else ""
        for said, hour in interviews
    }


@pytest.fixture
def cast_once() -> tuple[Cast, Wave]:
    cast = the_cast()
    return cast, a_wave(cast)


# Edits and second interviews


def test_an_edit_takes_the_place_of_what_it_corrects(cast: Cast, wave: Wave, phone: Phone) -> None:
    send(phone, interview("teacher", cast.amahle, wave, said={"t_learn": "3"}, instance="uuid:a"))
    assert levels(case_of(cast.amahle.pk, wave))["education"] == "medium"
    send(phone, interview("teacher", cast.amahle, wave, said={"t_learn": "0"}, instance="uuid:b", replaces="uuid:a"))
    assert levels(case_of(cast.amahle.pk, wave))["education"] == "low"
    assert dict(Submission.objects.values_list("instance_id", "state")) == {"uuid:a": "replaced", "uuid:b": "in case"}
    assert not Submission.objects.exclude(look_code="").exists()


def test_correcting_an_old_interview_does_not_make_it_the_newest(cast: Cast, wave: Wave, phone: Phone) -> None:
    send(phone, interview("teacher", cast.amahle, wave, said={"t_learn": "3"}, instance="uuid:old", on="2026-03-01"))
    send(phone, interview("teacher", cast.amahle, wave, said={"t_learn": "0"}, instance="uuid:new", on="2026-04-01"))
    send(
        phone,
        interview(
            "teacher",
            cast.amahle,
            wave,
            said={"t_learn": "2"},
            instance="uuid:old-2",
            replaces="uuid:old",
            on="2026-05-01",
        ),
    )
    assert levels(case_of(cast.amahle.pk, wave))["education"] == "low"
    assert Submission.objects.get(instance_id="uuid:old-2").look_code == "second_interview"


def test_an_edit_that_changes_the_child_leaves_the_other_childs_case(cast: Cast, wave: Wave, phone: Phone) -> None:
    wrong = interview("child", cast.sipho, wave, said={"c_hurt": "yes"}, instance="uuid:a")
    right = interview("child", cast.amahle, wave, said={"c_hurt": "yes"}, instance="uuid:b", replaces="uuid:a")
    for order in ([wrong, right], [right, wrong]):

        def both(order=order) -> tuple:
            for xml in order:
                send(phone, xml)
            return told(case_of(cast.sipho.pk, wave)), told(case_of(cast.amahle.pk, wave))

        sipho, amahle = _undone(both)
        assert json.loads(sipho[0])["protection"] == "not enough information"
        assert sipho[2] == 0
        assert json.loads(amahle[0])["protection"] == "high"


def test_the_same_form_again_leaves_the_case_alone(cast: Cast, wave: Wave, phone: Phone) -> None:
    xml = interview("child", cast.amahle, wave, said={"c_hurt": "yes"})
    send(phone, xml)
    before = told(case_of(cast.amahle.pk, wave))
    send(phone, xml)
    assert told(case_of(cast.amahle.pk, wave)) == before
    assert (Voice.objects.count(), Assessment.objects.count(), RaisedAlert.objects.count()) == (1, 1, 1)


# Alerts


def test_an_alert_is_raised_once_and_outlives_its_correction(cast: Cast, wave: Wave, phone: Phone) -> None:
    send(phone, interview("child", cast.amahle, wave, said={"c_hurt": "yes"}, instance="uuid:a"))
    send(phone, interview("teacher", cast.amahle, wave, said={"t_learn": "0"}))
    alert = RaisedAlert.objects.get()
    assert (alert.alert, alert.urgency, alert.still_true, alert.answered_on) == (
        "a_hurt",
        "now",
        True,
        date(2026, 3, 2),
    )
    send(phone, interview("child", cast.amahle, wave, said={"c_hurt": "no"}, instance="uuid:b", replaces="uuid:a"))
    alert.refresh_from_db()
    assert not alert.still_true
    assert Event.objects.filter(kind="alert.raised").count() == 1
    assert case_of(cast.amahle.pk, wave).alerts_raised == 1


def test_an_event_tells_no_answer_and_no_name(cast: Cast, wave: Wave, phone: Phone) -> None:
    send(phone, interview("child", cast.amahle, wave, said={"c_hurt": "yes", "c_hungry": "2"}))
    told_by_events = " ".join(Event.objects.values_list("facts", flat=True))
    for secret in ("Amahle", "Nkosi", "a_hurt", "c_hurt", "high"):
        assert secret not in told_by_events


# The child changes


def test_a_corrected_birth_date_assesses_the_case_again(cast: Cast, wave: Wave, phone: Phone) -> None:
    send(phone, interview("health", cast.amahle, wave, said={"h_height_cm": "112.0", "h_eyes": "pass"}))
    send(phone, interview("teacher", cast.amahle, wave, said={"t_hungry": "0"}))
    assert levels(case_of(cast.amahle.pk, wave))["nutrition"] == "medium"  # short for seven years and ten months
    correct_child(child=cast.amahle, birth_date=date(2020, 5, 4))
    assert levels(case_of(cast.amahle.pk, wave))["nutrition"] == "low"


def test_an_open_case_goes_with_the_child_to_its_new_class(cast: Cast, wave: Wave) -> None:
    move_child(child=cast.amahle, school_class=cast.class_1a, on=date(2026, 4, 1))
    assert case_of(cast.amahle.pk, wave).school_class == cast.class_1a
    assert set(Assignment.objects.filter(child=cast.amahle).values_list("school_class", flat=True)) == {
        cast.class_1a.pk
    }


def test_the_answers_stay_with_the_caregiver_who_gave_them(cast: Cast, phone: Phone) -> None:
    pack = publish()
    wave_1, wave_2 = a_wave(cast, pack, number=1), a_wave(cast, pack)
    aunt = add_caregiver(full_name="Nomusa Cele", language="zu")
    set_primary_caregiver(child=cast.amahle, caregiver=aunt, relation="aunt", since=date(2025, 12, 15))
    send(phone, interview("caregiver", cast.amahle, wave_2, said={"g_hunger": "no"}, on="2026-03-02"))
    send(phone, interview("caregiver", cast.amahle, wave_1, said={"g_hunger": "yes"}, on="2025-06-02"))  # late
    heard = dict(Voice.objects.values_list("case__wave__number", "caregiver__full_name"))
    assert heard == {1: "Thandi Nkosi", 2: "Nomusa Cele"}
    asked = Assignment.objects.filter(child=cast.amahle, informant="caregiver")
    assert dict(asked.values_list("wave__number", "caregiver__full_name")) == heard


# Who is not there, or not there yet


def test_a_form_about_an_unknown_child_waits_until_the_child_is_enrolled(cast: Cast, wave: Wave, phone: Phone) -> None:
    nobody_yet = "7d3e0a61-6b2f-4c55-9d7e-3f1f6a0c9b11"
    send(phone, interview("child", nobody_yet, wave, said={"c_hurt": "no"}))
    kept = Submission.objects.get()
    assert (kept.state, kept.look_code) == ("quarantined", "unknown_child")
    enrol_child(
        child_id=nobody_yet, given_names="Owethu", family_name="Zulu", sex="female", birth_date=date(2018, 8, 8),
        school_class=cast.class_1b, since=date(2026, 3, 3),
    )  # fmt: skip
    kept.refresh_from_db()
    assert (kept.state, kept.look_code) == ("in case", "")
    assert levels(case_of(nobody_yet, wave))["protection"] == "low"


def test_a_child_of_another_school_is_not_in_the_wave(cast: Cast, wave: Wave, phone: Phone) -> None:
    send(phone, interview("child", cast.rendani, wave, said={"c_hurt": "no"}))
    assert Submission.objects.get().look_code == "child_not_in_wave"


def test_a_form_without_a_wave_belongs_to_the_wave_of_its_day(cast: Cast, phone: Phone) -> None:
    pack = publish()
    wave_1, wave_2 = a_wave(cast, pack, number=1), a_wave(cast, pack)
    send(phone, interview("child", cast.amahle, "", said={"c_hurt": "no"}, on="2026-04-01"))
    assert case_of(cast.amahle.pk, wave_2).voices_heard == 1
    send(phone, interview("child", cast.sipho, "", said={"c_hurt": "no"}, on="2025-04-01"))
    assert case_of(cast.sipho.pk, wave_1).voices_heard == 1
    send(phone, interview("child", cast.lerato, "", said={"c_hurt": "no"}, on="2024-04-01"))
    assert Submission.objects.get(child_id=cast.lerato.pk).look_code == "unknown_wave"


def test_a_form_of_a_newer_pack_version_is_taken_in_and_assessed_by_the_waves_own(
    cast: Cast, wave: Wave, phone: Phone
) -> None:
    publish(version="2")
    send(phone, interview("teacher", cast.amahle, wave, said={"t_learn": "3", "t_new_question": "kept"}, version="2"))
    case = case_of(cast.amahle.pk, wave)
    assert levels(case)["education"] == "medium"
    assert case.assessments.get().pack_version == wave.pack_version
    assert json.loads(Voice.objects.get().answers)["t_new_question"] == "kept"


def test_a_child_that_left_is_on_no_device(cast: Cast, wave: Wave) -> None:
    from khula.server.collection.models import Entity

    assert json.loads(Entity.objects.get(pk=cast.amahle.pk).data)["wave"] == wave.pk
    child_left(child=cast.amahle, on=date(2026, 4, 1))
    assert Entity.objects.get(pk=cast.amahle.pk).deleted_at is not None


# How much work it is


def statements(work) -> list[str]:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        work()
    return [query["sql"] for query in captured if "cases_" in query["sql"] or "waves_" in query["sql"]]


def test_a_voice_costs_few_statements(cast: Cast, wave: Wave, phone: Phone) -> None:
    send(phone, interview("child", cast.lerato, wave, said=ALL_KNOWN["child"]))  # the meaning of the pack is loaded
    for informant, said in ALL_KNOWN.items():
        xml = interview(informant, cast.amahle, wave, said=said)
        assert len(statements(lambda xml=xml: send(phone, xml))) == 7, informant  # one looks for red cells


def test_an_alert_and_the_task_for_its_red_cell_cost_few_statements_more(cast: Cast, wave: Wave, phone: Phone) -> None:
    send(phone, interview("child", cast.lerato, wave, said=ALL_KNOWN["child"]))
    xml = interview("child", cast.amahle, wave, said={"c_hurt": "yes"})
    assert len(statements(lambda: send(phone, xml))) == 14  # and two for its clock
