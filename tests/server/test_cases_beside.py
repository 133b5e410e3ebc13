"""Forms beside the voices: they stay with the child, are counted nowhere, and no level rests on them."""

from datetime import date
from functools import cache
from hashlib import md5
from pathlib import Path

import msgspec
import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from khula.analysis.packs.forms import CompiledForm, compile_form
from khula.analysis.packs.pack import Pack
from khula.analysis.packs.reader import BESIDE, read
from khula.server.cases.actions import retake_waiting
from khula.server.cases.models import Assessment, Case, RaisedAlert, Voice
from khula.server.collection.models import Submission
from khula.server.events.models import Event
from khula.server.packs.models import Form, PackVersion
from khula.server.people.models import User
from khula.server.safeguarding.models import AlertDuty
from khula.server.schools.actions import enrol_child
from khula.server.schools.models import Child
from khula.server.waves.models import Assignment, Wave
from tests.server.cast import Cast, a_wave, the_cast
from tests.server.knocking import Phone

PACK = Path(__file__).resolve().parents[2] / "packs/foundation_phase"
ASKED = ("teacher", *BESIDE)
OWETHU = "7d3e0a61-6b2f-4c55-9d7e-3f1f6a0c9b11"
CONTACT = "<s_contact><s_kind>home_visit</s_kind><s_on>2026-03-02</s_on><s_outcome>done</s_outcome></s_contact>"
FOLLOWUP = "<f_referral><f_kind>clinic</f_kind><f_on>2026-03-02</f_on><f_attended>no</f_attended><f_barrier>transport</f_barrier></f_referral>"


@pytest.fixture
def cast() -> Cast:
    return the_cast()


@cache
def shipped() -> tuple[Pack, tuple[tuple[str, CompiledForm], ...]]:
    """Read and compiled once; publishing would check the whole pack for every test."""
    reading = read(PACK)
    named = {form.form.workbook: form.form.informant for form in reading.forms if form.form.informant in ASKED}
    return reading.pack, tuple((who, compile_form(reading.files[name])) for name, who in named.items())


@pytest.fixture
def wave(cast: Cast) -> Wave:
    pack, forms = shipped()
    version = PackVersion.objects.create(
        name=pack.name, version=pack.version, content_hash=pack.content_hash,
        content=msgspec.json.encode(pack).decode(), published_at=timezone.now(),
    )  # fmt: skip
    for informant, one in forms:
        Form.objects.create(
            pack_version=version, form_id=one.form_id, version=one.version, informant=informant, title=one.title,
            xml=one.xml, md5=md5(one.xml, usedforsecurity=False).hexdigest(),
        )  # fmt: skip
    return a_wave(cast, version)


def record(
    form_id: str, child: Child | str, inside: str, *, wave: str = "", instance: str = "", replaces: str = ""
) -> bytes:
    """A finished form of the shipped pack."""
    version = Form.objects.filter(form_id=form_id).values_list("version", flat=True).get()
    child_id = child if isinstance(child, str) else child.pk
    instance = instance or f"uuid:{form_id}-{child_id}"
    deprecated = f"<deprecatedID>{replaces}</deprecatedID>" if replaces else ""
    return (
        f'<data id="{form_id}" version="{version}"><start>2026-03-02T08:30:00.000+02:00</start>'
        f"<end>2026-03-02T09:00:00.000+02:00</end><today>2026-03-02</today><learner>{child_id}</learner>"
        f"<learner_wave>{wave}</learner_wave>{inside}"
        f"<meta><instanceID>{instance}</instanceID>{deprecated}</meta></data>"
    ).encode()


def kept(form_id: str) -> tuple[str, str, str]:
    return Submission.objects.values_list("state", "look_code", "child_id").get(xform_id=form_id)


def test_nobody_is_asked_for_them_in_a_wave(wave: Wave) -> None:
    asked = set(Assignment.objects.filter(wave=wave).values_list("informant", flat=True))
    assert asked == {"teacher"}, "of the forms published here"


@pytest.mark.parametrize(("form_id", "said"), [("kh_contact", CONTACT), ("kh_followup", FOLLOWUP)])
def test_a_record_beside_the_voices_is_with_its_child_and_changes_no_level(
    cast: Cast, wave: Wave, form_id: str, said: str
) -> None:
    before = Case.objects.values("levels", "voices_heard", "act_now", "watch", "assessed_at").get(child=cast.amahle)
    answer = Phone(cast.fieldworker).post(record(form_id, cast.amahle, said, wave=wave.pk))
    assert answer.status_code == 201
    assert kept(form_id) == ("in case", "", cast.amahle.pk)
    assert (
        Case.objects.values("levels", "voices_heard", "act_now", "watch", "assessed_at").get(child=cast.amahle)
        == before
    )
    assert not Voice.objects.exists()
    assert not Assessment.objects.exists()
    assert not RaisedAlert.objects.exists()
    assert not Assignment.objects.exclude(heard_on=None).exists()


def test_it_needs_no_wave_only_its_child(cast: Cast, wave: Wave) -> None:
    assert not Case.objects.filter(child=cast.rendani).exists()  # of the other school, which is in no wave
    Phone(cast.fieldworker).post(record("kh_contact", cast.rendani, CONTACT))
    assert kept("kh_contact") == ("in case", "", cast.rendani.pk)


def test_of_a_child_nobody_knows_it_waits_and_finds_it_within_a_minute(cast: Cast, wave: Wave) -> None:
    Phone(cast.fieldworker).post(record("kh_contact", OWETHU, CONTACT))
    assert kept("kh_contact") == ("quarantined", "unknown_child", OWETHU)
    assert retake_waiting() == 0
    enrol_child(
        child_id=OWETHU, given_names="Owethu", family_name="Zulu", sex="female", birth_date=date(2018, 8, 8),
        school_class=cast.other_class, since=date(2026, 3, 3),
    )  # fmt: skip
    retake_waiting()
    assert kept("kh_contact") == ("in case", "", OWETHU)


def test_without_a_child_a_person_must_look(cast: Cast, wave: Wave) -> None:
    Phone(cast.fieldworker).post(record("kh_contact", "", CONTACT))
    assert kept("kh_contact")[:2] == ("quarantined", "no_child")


def test_twice_is_once_and_a_correction_takes_its_place(cast: Cast, wave: Wave) -> None:
    phone = Phone(cast.fieldworker)
    first = record("kh_contact", cast.amahle, CONTACT, instance="uuid:one")
    phone.post(first)
    assert phone.post(first).status_code in (201, 202)
    phone.post(record("kh_contact", cast.amahle, CONTACT, instance="uuid:two", replaces="uuid:one"))
    states = dict(Submission.objects.filter(xform_id="kh_contact").values_list("instance_id", "state"))
    assert states == {"uuid:one": "replaced", "uuid:two": "in case"}


# A note about safety


def note(
    child: Child | str, *, safe: str = "no", instance: str = "uuid:note", replaces: str = "", wave: str = ""
) -> bytes:
    said = f"<k_in_danger>child</k_in_danger><k_said>She said: not home</k_said><k_safe_now>{safe}</k_safe_now><k_told>nobody</k_told>"
    return record("kh_safety", child, said, instance=instance, replaces=replaces, wave=wave)


def raised() -> list[tuple[str, str, str, bool]]:
    rows = RaisedAlert.objects.order_by("pk").values_list("alert", "urgency", "note__instance_id", "still_true")
    return list(rows)


def test_a_safety_note_calls_somebody_and_moves_no_level(cast: Cast, wave: Wave) -> None:
    before = Case.objects.values("levels", "voices_heard", "act_now").get(child=cast.amahle)
    Phone(cast.teacher).post(note(cast.amahle, wave=wave.pk))
    assert kept("kh_safety") == ("in case", "", cast.amahle.pk)
    assert raised() == [("a_k_unsafe", "now", "uuid:note", True)]
    assert Case.objects.values("levels", "voices_heard", "act_now").get(child=cast.amahle) == before
    assert Case.objects.get(child=cast.amahle).alerts_raised == 1
    event = Event.objects.get(kind="alert.raised")
    assert "home" not in event.facts
    assert cast.amahle.pk not in event.facts


def test_also_of_a_child_who_is_safe_at_this_moment(cast: Cast, wave: Wave) -> None:
    Phone(cast.teacher).post(note(cast.amahle, safe="yes"))
    assert [alert for alert, *_ in raised()] == ["a_k_note"]


def test_each_note_calls_anew_and_the_same_note_twice_calls_once(cast: Cast, wave: Wave) -> None:
    phone = Phone(cast.teacher)
    first, second = note(cast.amahle), note(cast.amahle, instance="uuid:again")
    for each in (first, first, second):
        phone.post(each)
    assert [instance for _, _, instance, _ in raised()] == ["uuid:note", "uuid:again"]
    assert Event.objects.filter(kind="alert.raised").count() == 2


def test_neither_a_later_interview_nor_a_correction_takes_an_alert_of_a_note_back(cast: Cast, wave: Wave) -> None:
    phone = Phone(cast.fieldworker)
    phone.post(note(cast.amahle))
    phone.post(record("kh_teacher", cast.amahle, "<t_safety><t_signs>none</t_signs></t_safety>", wave=wave.pk))
    phone.post(record("kh_teacher", cast.amahle, "<t_safety><t_signs>injury</t_signs></t_safety>", wave=wave.pk,
                      instance="uuid:later"))  # fmt: skip
    phone.post(note(cast.amahle, safe="yes", instance="uuid:corrected", replaces="uuid:note"))
    assert [row for row in raised() if row[2]] == [
        ("a_k_unsafe", "now", "uuid:note", True),
        ("a_k_note", "now", "uuid:corrected", True),
    ]
    assert {alert for alert, _, instance, _ in raised() if not instance} == {"a_t_marks"}


@pytest.mark.parametrize("child", [OWETHU, ""])
def test_a_note_about_nobody_known_waits_under_a_code_of_its_own(cast: Cast, wave: Wave, child: str) -> None:
    Phone(cast.teacher).post(note(child))
    assert kept("kh_safety")[:2] == ("quarantined", "safety_note_waits")
    assert retake_waiting() == 0
    assert raised() == []


def test_a_note_that_waited_calls_as_soon_as_its_child_is_in_a_wave(cast: Cast, wave: Wave) -> None:
    Phone(cast.teacher).post(note(OWETHU))
    enrol_child(
        child_id=OWETHU, given_names="Owethu", family_name="Zulu", sex="female", birth_date=date(2018, 8, 8),
        school_class=cast.class_1b, since=date(2026, 3, 3),
    )  # fmt: skip
    assert kept("kh_safety") == ("in case", "", OWETHU)
    assert [alert for alert, *_ in raised()] == ["a_k_unsafe"]


# Who reads it


@pytest.mark.parametrize(("who", "answer"), [("social_worker", 200), ("coordinator", 404), ("teacher", 404), ("nurse", 404),
                                             ("psychologist", 404), ("fieldworker", 403), ("administrator", 403),
                                             ("stranger", 404)])  # fmt: skip
def test_a_safety_note_is_read_by_those_who_are_told_of_its_alert_and_by_nobody_else(
    cast: Cast, wave: Wave, who: str, answer: int
) -> None:
    Phone(cast.teacher).post(note(cast.amahle, wave=wave.pk))
    page = read_by(getattr(cast, who))
    assert page.status_code == answer
    assert (b"She said: not home" in page.content) == (answer == 200)


def test_the_note_stands_in_the_words_of_the_form_and_its_reader(cast: Cast, wave: Wave) -> None:
    Phone(cast.teacher).post(note(cast.amahle, wave=wave.pk))
    english = read_by(cast.social_worker).content.decode()
    assert "What did you see or hear? Use the child’s own words." in english
    assert "<dd>Nobody yet</dd>" in english
    cast.social_worker.language = "fr"
    cast.social_worker.save()
    assert "<dd>Personne encore</dd>" in read_by(cast.social_worker).content.decode()


def test_an_alert_of_a_voice_has_no_note(cast: Cast, wave: Wave) -> None:
    said = "<t_safety><t_signs>injury</t_signs></t_safety>"
    Phone(cast.fieldworker).post(record("kh_teacher", cast.amahle, said, wave=wave.pk))
    assert read_by(cast.social_worker).status_code == 404


def read_by(user: User) -> HttpResponse:
    client = Client()
    client.force_login(user)
    duty = AlertDuty.objects.get().pk
    return client.get(f"/alerts/{duty}/note")
