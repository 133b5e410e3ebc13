"""Paper keyed by two persons: every slip is found and no other, what they agree on counts as a tablet's record does."""

import random
import re

import pytest

from khula.server.cases.models import Assessment, Case
from khula.server.collection.models import Submission
from khula.server.events.models import Event
from khula.server.keyed import actions
from khula.server.keyed.models import Decision, Keying, Sheet
from khula.server.schools.actions import child_left, enrol_child
from tests.server import cast as the
from tests.server import keying
from tests.server.cast import Cast, a_wave, the_cast
from tests.server.knocking import Phone


@pytest.fixture
def cast() -> Cast:
    return the_cast()


def test_what_two_persons_key_alike_counts_at_once(cast: Cast) -> None:
    wave = a_wave(cast)
    sheet = keying.printed(cast, wave, cast.amahle, "child")
    typed = keying.as_typed(sheet, {"c_hungry": "2", "c_happy": "0", "c_hurt": "no", "c_interview_language": "zu"})
    keying.key(cast.nurse, sheet, typed)
    assert not Submission.objects.exists()
    keying.key(cast.teacher, sheet, typed)
    sheet.refresh_from_db()
    assert sheet.state == Sheet.State.HANDED_IN
    assert (sheet.compared, sheet.differed) == (5, 0)
    said = keying.answers_in(sheet)
    assert {name: said[name] for name in ("c_hungry", "c_happy", "c_hurt", "today")} == {
        "c_hungry": "2", "c_happy": "0", "c_hurt": "no", "today": "2026-03-02",
    }  # fmt: skip
    assert said["deviceid"] == f"paper:{sheet.code}"
    assert said["username"] == "lindiwe.dlamini+thabo.mokoena"
    assert (said["learner"], said["learner_wave"], said["learner_sex"]) == (cast.amahle.pk, wave.pk, "female")
    kept = Submission.objects.get()
    assert (kept.state, kept.look_code, kept.device_said) == ("in case", "", "paper, keyed twice")
    assert Case.objects.get(child=cast.amahle, wave=wave).voices_heard == 1


def test_levels_and_reasons_are_those_of_the_same_answers_from_a_tablet(cast: Cast) -> None:
    wave = a_wave(cast)
    twin = enrol_child(
        given_names="Ayanda", family_name="Nkosi", sex="female", birth_date=cast.amahle.birth_date,
        school_class=cast.class_1b, since=the.FIRST_DAY, home_language="zu",
    )  # fmt: skip
    said = {
        "child": {"c_hungry": "2", "c_hurt": "yes", "c_happy": "0", "c_interview_language": "zu"},
        "caregiver": {"g_hunger": "no", **{f"g_{n}": "2" for n in range(1, 6)}},
        "teacher": {"t_hungry": "1", "t_learn": "3"},
        "health": {"h_weight_kg": "19.5", "h_height_cm": "101", "h_eyes": "refer"},
    }
    phone = Phone(cast.fieldworker)
    for informant, answers in said.items():
        sheet = keying.printed(cast, wave, cast.amahle, informant)
        keying.key_twice(cast, sheet, keying.as_typed(sheet, answers))
        on_tablet = {"h_weight_kg": "19.5", "h_height_cm": "101.0"}
        assert (
            phone.post(
                the.interview(informant, twin, wave, said={**answers, **(on_tablet if informant == "health" else {})})
            ).status_code
            == 201
        )
    paper, tablet = (Case.objects.get(child=child, wave=wave) for child in (cast.amahle, twin))
    assert paper.levels == tablet.levels
    assert paper.voices_heard == tablet.voices_heard == 4
    assert paper.act_now == tablet.act_now > 0
    results = [Assessment.objects.filter(case=case).latest("id").result for case in (paper, tablet)]
    assert results[0] == results[1]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("informant", ["caregiver", "teacher", "health", "child"])
def test_every_altered_answer_is_listed_and_no_other(cast: Cast, informant: str, seed: int) -> None:
    wave = a_wave(cast, keying.shipped_pack())
    sheet = keying.printed(cast, wave, cast.amahle, informant)
    chance = random.Random(seed)
    first = keying.anything(sheet, seed)
    second = dict(first)
    altered = chance.sample(keying.questions(sheet), seed * 2)
    for item in altered:
        second[f"q{item.number}"] = keying.changed(item, first[f"q{item.number}"], chance)
    if seed % 2:
        second["q0"] = "3/3/2026"
    for user, typed in ((cast.nurse, first), (cast.coordinator, second)):
        assert keying.key(user, sheet, typed, do="stands").status_code == 302
    sheet.refresh_from_db()
    expected = {item.number for item in altered} | ({0} if seed % 2 else set())
    if not expected:
        assert sheet.state == Sheet.State.HANDED_IN
        return
    assert sheet.state == Sheet.State.DIFFERS
    page = keying.by(cast.nurse).get(f"/paper/{sheet.code}").content.decode()
    assert {int(number) for number in re.findall(r"name=q(\d+)", page)} == expected
    assert sheet.differed == len(expected)
    assert not Submission.objects.exists()


def a_difference(cast: Cast) -> Sheet:
    sheet = keying.printed(cast, a_wave(cast), cast.amahle, "child")
    typed = keying.as_typed(sheet, {"c_hungry": "2", "c_hurt": "no", "c_happy": "0"})
    keying.key(cast.nurse, sheet, typed)
    hungry = keying.named(sheet)["c_hungry"].number
    keying.key(cast.social_worker, sheet, {**typed, f"q{hungry}": "a"})
    sheet.refresh_from_db()
    return sheet


def test_a_person_with_the_paper_decides_and_both_originals_stay(cast: Cast) -> None:
    sheet = a_difference(cast)
    hungry = keying.named(sheet)["c_hungry"]
    page = keying.by(cast.nurse).get(f"/paper/{sheet.code}").content.decode()
    assert "First person" in page
    assert keying.by(cast.nurse).post(f"/paper/{sheet.code}/decide", {f"w{hungry.number}": "2"}).status_code == 302
    sheet.refresh_from_db()
    assert sheet.state == Sheet.State.HANDED_IN
    assert keying.answers_in(sheet)["c_hungry"] == "0"
    assert [one.answers for one in Keying.objects.order_by("nth")] == [
        one.replace(" ", "") for one in (
            '{"/today":"2026-03-02","/c_hungry":"2","/c_hurt":"no","/c_happy":"0"}',
            '{"/today":"2026-03-02","/c_hungry":"0","/c_hurt":"no","/c_happy":"0"}',
        )
    ]  # fmt: skip
    decided = Decision.objects.get()
    assert (decided.question, decided.answer, decided.by) == ("/c_hungry", "0", cast.nurse)


def test_the_paper_may_say_what_neither_keyed(cast: Cast) -> None:
    sheet = a_difference(cast)
    number = keying.named(sheet)["c_hungry"].number
    client = keying.by(cast.social_worker)
    nothing = client.post(f"/paper/{sheet.code}/decide", {})
    assert nothing.status_code == 422
    assert "Choose one of the answers" in nothing.content.decode()
    wrong = client.post(f"/paper/{sheet.code}/decide", {f"q{number}": "17"})
    assert wrong.status_code == 422
    assert 'value="17"' in wrong.content.decode()
    assert client.post(f"/paper/{sheet.code}/decide", {f"q{number}": "d"}).status_code == 302
    sheet.refresh_from_db()
    assert keying.answers_in(sheet)["c_hungry"] == "dk"


def test_who_keyed_neither_is_shown_neither_and_decides_from_the_paper(cast: Cast) -> None:
    sheet = a_difference(cast)
    number = keying.named(sheet)["c_hungry"].number
    client = keying.by(cast.psychologist)
    page = client.get(f"/paper/{sheet.code}").content.decode()
    assert "First person" not in page
    assert f"w{number}_1" not in page
    # Not by asking for it either.
    assert client.post(f"/paper/{sheet.code}/decide", {f"w{number}": "1"}).status_code == 422
    assert client.post(f"/paper/{sheet.code}/decide", {f"q{number}": "b"}).status_code == 302
    sheet.refresh_from_db()
    assert keying.answers_in(sheet)["c_hungry"] == "1"


def test_the_second_person_is_shown_nothing_of_the_first(cast: Cast) -> None:
    sheet = keying.printed(cast, a_wave(cast, keying.shipped_pack()), cast.amahle, "caregiver")
    typed = keying.anything(sheet, 3)
    keying.key(cast.nurse, sheet, typed, do="stands")
    page = keying.by(cast.coordinator).get(f"/paper/{sheet.code}").content.decode()
    assert re.findall(r'name=q\d+ id=q\d+ value="([^"]+)"', page) == []


def test_handed_in_again_it_is_the_same_record(cast: Cast) -> None:
    sheet = keying.printed(cast, a_wave(cast), cast.amahle, "teacher")
    keying.key_twice(cast, sheet, keying.as_typed(sheet, {"t_hungry": "1", "t_learn": "2"}))
    again = actions.hand_in(sheet_id=sheet.pk, by=cast.nurse.pk)
    assert again is not None
    assert (again.kind, again.submission_id) == ("again", sheet.submission_id)
    assert Submission.objects.count() == 1
    assert Event.objects.filter(kind="paper.handed_in").count() == 1
    keying.by(cast.nurse).post(f"/paper/{sheet.code}/hand-in")
    assert Submission.objects.count() == 1
    # And a third person's typing changes nothing.
    late = keying.key(cast.social_worker, sheet, keying.as_typed(sheet, {"t_learn": "0"}))
    assert late.status_code == 302
    assert Keying.objects.count() == 2


def test_if_the_door_fails_nothing_is_lost_and_it_can_be_handed_in_again(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet = keying.printed(cast, a_wave(cast), cast.amahle, "teacher")
    typed = keying.as_typed(sheet, {"t_hungry": "1"})

    def fails(_delivery: object) -> None:
        raise actions.NotStored

    with monkeypatch.context() as broken:
        broken.setattr(actions.writer, "write", fails)
        keying.key_twice(cast, sheet, typed)
    assert sheet.state == Sheet.State.AGREED
    page = keying.by(cast.nurse).get(f"/paper/{sheet.code}").content.decode()
    assert "could not be handed in just now" in page
    keying.by(cast.nurse).post(f"/paper/{sheet.code}/hand-in")
    sheet.refresh_from_db()
    assert sheet.state == Sheet.State.HANDED_IN


def test_a_child_that_has_left_is_still_keyed(cast: Cast) -> None:
    wave = a_wave(cast)
    sheet = keying.printed(cast, wave, cast.amahle, "teacher")
    child_left(child=cast.amahle, on=the.WAVE_2[0])
    keying.key_twice(cast, sheet, keying.as_typed(sheet, {"t_hungry": "2", "t_learn": "0"}))
    assert keying.answers_in(sheet)["learner_grade"] == "1"
    assert Submission.objects.get().state == "in case"
    page = keying.by(cast.coordinator).post(
        f"/class/{cast.class_1b.pk}/print", {"form": str(sheet.form_id), "who": "all", "language": "en"}
    )
    assert "Amahle" not in page.content.decode()  # but no new sheet for her


def test_the_version_that_was_printed_is_the_one_that_is_keyed(cast: Cast) -> None:
    wave = a_wave(cast)
    sheet = keying.printed(cast, wave, cast.amahle, "teacher")
    wave.pack_version = the.publish(version="2")
    wave.save()
    keying.key_twice(cast, sheet, keying.as_typed(sheet, {"t_hungry": "2", "t_learn": "0"}))
    kept = Submission.objects.get()
    assert (kept.xform_version, kept.state) == ("1", "in case")
    new = keying.printed(cast, wave, cast.amahle, "teacher")
    assert new.form.version == "2"


def test_one_person_keys_both_times_only_where_nobody_else_can_and_is_told(cast: Cast) -> None:
    sheet = keying.printed(cast, a_wave(cast), cast.amahle, "teacher")
    typed = keying.as_typed(sheet, {"t_hungry": "2"})
    keying.key(cast.nurse, sheet, typed)
    refused = keying.key(cast.nurse, sheet, typed, alone="1")
    assert refused.status_code == 422
    assert "Somebody else must key it" in refused.content.decode()
    for post in cast.school.posts.exclude(user=cast.nurse):
        post.user.is_active = False
        post.user.save()
    untold = keying.key(cast.nurse, sheet, typed)
    assert untold.status_code == 422
    assert "finds less" in untold.content.decode()
    assert keying.key(cast.nurse, sheet, typed, alone="1").status_code == 302
    assert [one.same_person for one in Keying.objects.order_by("nth")] == [False, True]
    assert "by one person" in keying.by(cast.nurse).get(f"/paper/{sheet.code}").content.decode()
    assert Event.objects.filter(kind="paper.keyed", facts__contains='"same_person":true').count() == 1


def test_once_is_enough_where_the_coordinator_says_so_and_it_is_marked(cast: Cast) -> None:
    sheet = keying.printed(cast, a_wave(cast), cast.amahle, "teacher")
    assert keying.by(cast.nurse).post(f"/paper/school/{cast.school.pk}", {"once": "1"}).status_code == 403
    away = keying.by(cast.coordinator).post(f"/paper/school/{cast.other_school.pk}", {"once": "1"})
    assert away.status_code == 404
    assert keying.by(cast.coordinator).post(f"/paper/school/{cast.school.pk}", {"once": "1"}).status_code == 302
    keying.key(cast.nurse, sheet, keying.as_typed(sheet, {"t_hungry": "2"}))
    sheet.refresh_from_db()
    assert sheet.state == Sheet.State.HANDED_IN
    assert Submission.objects.get().device_said == "paper, keyed once"
    assert "once" in keying.by(cast.nurse).get(f"/paper/{sheet.code}").content.decode()


def test_the_coordinator_sees_how_often_two_persons_differed(cast: Cast) -> None:
    a_difference(cast)
    page = keying.by(cast.coordinator).get("/paper").content.decode()
    assert "1 of 4 (25.0 %)" in page
    assert cast.other_school.name not in page
    assert "How keying goes" not in keying.by(cast.nurse).get("/paper").content.decode()


def test_no_answer_stands_in_an_event_or_an_address(cast: Cast) -> None:
    sheet = keying.printed(cast, a_wave(cast, keying.shipped_pack()), cast.amahle, "teacher")
    secret = "Umfana uthi akafuni ukuya ekhaya"
    typed = {**keying.anything(sheet, 1), f"q{keying.named(sheet)['t_good_at'].number}": secret}
    keying.key(cast.nurse, sheet, typed, do="stands")
    answer = keying.key(cast.coordinator, sheet, typed, do="stands")
    assert answer["Location"] == f"/paper/{sheet.code}"
    assert not Event.objects.filter(facts__contains="Umfana").exists()
    assert not Event.objects.filter(facts__contains="Amahle").exists()
    assert cast.amahle.pk not in sheet.code
