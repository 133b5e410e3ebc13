"""Children come, move and leave; waves ask for each of them once, from every voice."""

import json
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from khula.server.cases.models import Case
from khula.server.collection.models import Entity
from khula.server.schools.actions import (
    add_caregiver,
    appoint,
    child_left,
    correct_child,
    end_post,
    enrol_child,
    move_child,
    set_primary_caregiver,
)
from khula.server.schools.models import Child, Enrolment, Post
from khula.server.schools.queries import class_for, posts_of, primary_caregiver, siblings_of
from khula.server.waves.actions import add_to_wave, begin_due, open_wave
from khula.server.waves.models import Assignment, Wave
from khula.server.waves.queries import completeness, completeness_of_classes, current_wave_of_school
from tests.server.cast import Cast, a_wave, interview, publish, the_cast
from tests.server.knocking import Phone


@pytest.fixture
def cast() -> Cast:
    return the_cast()


def on_devices(child: Child) -> dict[str, str]:
    return json.loads(Entity.objects.get(pk=child.pk).data)


# Schools


def test_a_moved_child_has_a_history(cast: Cast) -> None:
    move_child(child=cast.amahle, school_class=cast.class_1a, on=date(2025, 4, 1))
    move_child(child=cast.amahle, school_class=cast.class_1a, on=date(2025, 5, 1))  # again: nothing happens
    history = Enrolment.objects.filter(child=cast.amahle).order_by("since").values_list("school_class", "until")
    assert list(history) == [(cast.class_1b.pk, date(2025, 4, 1)), (cast.class_1a.pk, None)]


def test_brother_and_sister_share_a_household(cast: Cast) -> None:
    assert list(siblings_of(cast.amahle)) == [cast.sipho]
    assert not siblings_of(cast.lerato).exists()


def test_there_is_one_primary_caregiver_at_a_time(cast: Cast) -> None:
    aunt = add_caregiver(full_name="Nomusa Cele")
    set_primary_caregiver(child=cast.amahle, caregiver=aunt, relation="aunt", since=date(2025, 6, 1))
    assert primary_caregiver(cast.amahle.pk, on=date(2025, 5, 31)).caregiver == cast.gogo_thandi
    assert primary_caregiver(cast.amahle.pk, on=date(2025, 6, 1)).caregiver == aunt
    with pytest.raises(IntegrityError), transaction.atomic():
        cast.amahle.care.create(caregiver=cast.gogo_thandi, relation="x", primary=True, since=date(2025, 1, 1))


def test_only_facts_of_a_child_can_be_corrected(cast: Cast) -> None:
    with pytest.raises(TypeError, match="school"):
        correct_child(child=cast.amahle, school=cast.other_school)


def test_devices_carry_the_children_as_they_are_now(cast: Cast) -> None:
    assert on_devices(cast.amahle) == {
        "given_names": "Amahle", "family_name": "Nkosi", "sex": "female", "birth_date": "2018-05-04", "grade": "1",
        "language": "zu", "school": "Ikusasa Primary School", "class": "1B", "caregiver": "Thandi Nkosi",
    }  # fmt: skip
    assert Entity.objects.get(pk=cast.amahle.pk).scope == str(cast.school.pk)
    correct_child(child=cast.amahle, given_names="Amahle Grace")
    move_child(child=cast.amahle, school_class=cast.other_class, on=date(2025, 4, 1))
    assert on_devices(cast.amahle)["given_names"] == "Amahle Grace"
    assert Entity.objects.get(pk=cast.amahle.pk).scope == str(cast.other_school.pk)


def test_a_post_that_has_ended_is_no_post(cast: Cast) -> None:
    post = appoint(user_id=cast.stranger.pk, role="nurse", school=cast.school)
    end_post(post=post, on=date(2025, 6, 1))
    assert post in posts_of(cast.stranger.pk, on=date(2025, 5, 31))
    assert post not in posts_of(cast.stranger.pk, on=date(2025, 6, 1))
    assert Post.objects.filter(user=cast.stranger).count() == 2


def test_a_register_form_finds_the_class_it_means(cast: Cast) -> None:
    where = {"school_id": cast.school.pk, "year": 2025}
    assert class_for(name=" 1b ", grade="1", **where) == cast.class_1b
    assert class_for(name="", grade="1", **where) is None  # two classes of that grade: nobody guesses
    assert class_for(school_id=cast.other_school.pk, name="", grade="1", year=2025) == cast.other_class


# Waves


def test_a_wave_asks_four_voices_about_each_child_once(cast: Cast) -> None:
    wave = a_wave(cast)
    asked = Assignment.objects.filter(wave=wave)
    assert asked.count() == 4 * 4
    for child in (*cast.children_of_1b, cast.pieter):
        assert set(asked.filter(child=child).values_list("informant", flat=True)) == {
            "child",
            "caregiver",
            "teacher",
            "health",
        }
    assert not asked.filter(child=cast.rendani).exists()
    assert Case.objects.filter(wave=wave).count() == 4
    add_to_wave(child=cast.amahle, wave=wave)
    assert asked.count() == 4 * 4


def test_the_caregivers_voice_is_asked_of_whoever_cares_now(cast: Cast) -> None:
    wave = a_wave(cast)
    asked = Assignment.objects.get(wave=wave, child=cast.amahle, informant="caregiver")
    assert asked.caregiver == cast.gogo_thandi
    aunt = add_caregiver(full_name="Nomusa Cele")
    set_primary_caregiver(child=cast.amahle, caregiver=aunt, relation="aunt", since=date(2026, 3, 1))
    asked.refresh_from_db()
    assert asked.caregiver == aunt


def test_once_heard_a_caregiver_stays_the_one_who_was_asked(cast: Cast) -> None:
    wave = a_wave(cast)
    Phone(cast.fieldworker).post(interview("caregiver", cast.amahle, wave, said={"g_hunger": "no"}))
    aunt = add_caregiver(full_name="Nomusa Cele")
    set_primary_caregiver(child=cast.amahle, caregiver=aunt, relation="aunt", since=date(2026, 6, 1))
    asked = Assignment.objects.get(wave=wave, child=cast.amahle, informant="caregiver")
    assert (asked.caregiver, asked.heard_on) == (cast.gogo_thandi, date(2026, 3, 2))


def test_a_child_that_comes_later_is_counted_in(cast: Cast) -> None:
    wave = a_wave(cast)
    child = enrol_child(
        given_names="Owethu", family_name="Zulu", sex="female", birth_date=date(2018, 8, 8),
        school_class=cast.class_1b, since=timezone.localdate(),
    )  # fmt: skip
    assert Assignment.objects.filter(wave=wave, child=child).count() == 4
    assert Case.objects.filter(wave=wave, child=child).exists()
    assert on_devices(child)["wave"] == wave.pk


def test_a_wave_that_is_over_counts_nobody_in(cast: Cast) -> None:
    wave = a_wave(cast, number=1)  # closed in 2025
    move_child(child=cast.rendani, school_class=cast.class_1b, on=timezone.localdate())
    assert not Assignment.objects.filter(wave=wave, child=cast.rendani).exists()


def test_a_child_that_left_is_not_asked_about(cast: Cast) -> None:
    child_left(child=cast.amahle, on=date(2026, 1, 20))
    wave = a_wave(cast)
    assert not Assignment.objects.filter(wave=wave, child=cast.amahle).exists()


def test_a_planned_wave_begins_on_its_day(cast: Cast) -> None:
    now = a_wave(cast)
    tomorrow = timezone.localdate() + timedelta(days=1)
    planned = open_wave(
        name="Wave 3", number=3, pack_version=now.pack_version, schools=[cast.school], opens_on=tomorrow,
        closes_on=tomorrow + timedelta(days=30),
    )  # fmt: skip
    assert on_devices(cast.amahle)["wave"] == now.pk
    assert begin_due() == 0
    assert begin_due(on=tomorrow) == 1
    assert begin_due(on=tomorrow) == 0
    planned.refresh_from_db()
    assert planned.begun_at is not None


def test_a_wave_cannot_end_before_it_begins(cast: Cast) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        open_wave(
            name="Backwards", number=9, pack_version=publish(), schools=[cast.school], opens_on=date(2026, 3, 2),
            closes_on=date(2026, 3, 1),
        )  # fmt: skip


def test_between_two_waves_late_forms_still_belong_to_the_last(cast: Cast) -> None:
    pack = publish()
    first = a_wave(cast, pack, number=1)
    assert current_wave_of_school(cast.school.pk, on=date(2026, 1, 10)) == first
    second = a_wave(cast, pack)
    assert current_wave_of_school(cast.school.pk, on=date(2026, 1, 10)) == first
    assert current_wave_of_school(cast.school.pk, on=date(2026, 2, 10)) == second


def test_completeness_goes_from_none_to_four(cast: Cast) -> None:
    wave = a_wave(cast)
    phone = Phone(cast.fieldworker)
    for informant in ("child", "teacher"):
        phone.post(interview(informant, cast.amahle, wave, said={}))
    phone.post(interview("child", cast.sipho, wave, said={}))
    of_1b = {
        each.child_id: (each.heard, each.of) for each in completeness(wave_id=wave.pk, school_class_id=cast.class_1b.pk)
    }
    assert of_1b == {cast.amahle.pk: (2, 4), cast.sipho.pk: (1, 4), cast.lerato.pk: (0, 4)}
    one = next(each for each in completeness_of_classes(wave_id=wave.pk) if each.school_class_id == cast.class_1b.pk)
    assert (one.children, dict(one.by_voices), one.heard, one.of) == (3, {2: 1, 1: 1, 0: 1}, 3, 12)


def test_completeness_is_one_statement(cast: Cast) -> None:
    wave = a_wave(cast)
    with CaptureQueriesContext(connection) as captured:
        completeness_of_classes(wave_id=wave.pk)
    assert len(captured) == 1


def test_opening_a_wave_takes_the_same_number_of_statements_for_many_children(cast: Cast) -> None:
    def statements(number: int) -> int:
        with CaptureQueriesContext(connection) as captured:
            open_wave(
                name=f"Wave {number}", number=number, pack_version=pack, schools=[cast.school],
                opens_on=date(2026, 1, number), closes_on=date(2199, 1, 1),
            )  # fmt: skip
        return len(captured)

    pack = publish()
    statements(1)
    few = statements(2)
    for n in range(30):
        enrol_child(
            given_names=f"Naledi {n}", family_name="Tau", sex="female", birth_date=None, school_class=cast.class_1a,
            since=date(2026, 1, 15),
        )  # fmt: skip
    assert statements(3) == few


def test_a_child_registered_on_a_device_is_enrolled_and_asked_about(cast: Cast) -> None:
    wave = a_wave(cast)
    Phone(cast.fieldworker).post(REGISTER)
    child = Child.objects.get(given_names="Khwezi")
    assert (child.school, child.school_class.name, child.sex, child.birth_date) == (
        cast.school,
        "1B",
        "male",
        date(2018, 6, 6),
    )
    assert child.school_class.year == 2025
    assert Assignment.objects.filter(wave=wave, child=child).count() == 4
    assert on_devices(child)["wave"] == wave.pk


def test_a_form_about_a_child_may_overtake_its_registration(cast: Cast) -> None:
    wave = a_wave(cast)
    phone = Phone(cast.fieldworker)
    phone.post(interview("teacher", REGISTERED, "", said={"t_learn": "0"}))
    phone.post(REGISTER)
    assert json.loads(Case.objects.get(child_id=REGISTERED, wave=wave).levels)["education"] == "low"


REGISTERED = "3f0c2a54-8a15-4b7e-9a56-1d2c3b4a5f60"
REGISTER = f"""<data id="kh_register" version="1"><start>2025-10-02T08:00:00.000+02:00</start>
<today>2025-10-02</today><r_given_names>Khwezi</r_given_names><r_family_name>Zungu</r_family_name>
<r_birth_date>2018-06-06</r_birth_date><r_grade>1</r_grade><r_class_name>1b</r_class_name>
<r_school_emis>700400001</r_school_emis><r_home_language>zu</r_home_language><r_sex>male</r_sex>
<meta xmlns:e="http://www.opendatakit.org/xforms/entities"><e:entity dataset="learners" create="1"
id="{REGISTERED}"><e:label>Khwezi Zungu</e:label></e:entity><instanceID>uuid:register-1</instanceID></meta></data>
""".encode()


def test_waves_name_themselves(cast: Cast) -> None:
    assert str(a_wave(cast)) == "Wave 2"
    assert Wave.objects.count() == 1
