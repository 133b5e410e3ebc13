"""Forms beside the voices: they stay with the child, are counted nowhere, and no level rests on them."""

from datetime import date
from pathlib import Path

import pytest

from khula.server.cases.actions import retake_waiting
from khula.server.cases.models import Assessment, Case, RaisedAlert, Voice
from khula.server.collection.models import Submission
from khula.server.packs.actions import publish
from khula.server.packs.models import Form
from khula.server.schools.actions import enrol_child
from khula.server.schools.models import Child
from khula.server.waves.actions import open_wave
from khula.server.waves.models import Assignment, Wave
from tests.server.cast import WAVE_2, Cast, the_cast
from tests.server.knocking import Phone

PACK = Path(__file__).resolve().parents[2] / "packs/foundation_phase"
OWETHU = "7d3e0a61-6b2f-4c55-9d7e-3f1f6a0c9b11"
CONTACT = "<s_contact><s_kind>home_visit</s_kind><s_on>2026-03-02</s_on><s_outcome>done</s_outcome></s_contact>"
FOLLOWUP = "<f_referral><f_kind>clinic</f_kind><f_on>2026-03-02</f_on><f_attended>no</f_attended><f_barrier>transport</f_barrier></f_referral>"


@pytest.fixture
def cast() -> Cast:
    return the_cast()


@pytest.fixture
def wave(cast: Cast) -> Wave:
    files = {path.name: path.read_bytes() for path in PACK.glob("*.xlsx")}
    return open_wave(
        name="Second", number=2, pack_version=publish(files), schools=[cast.school], opens_on=WAVE_2[0],
        closes_on=WAVE_2[1],
    )  # fmt: skip


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
    assert asked == {"child", "caregiver", "teacher", "health"}


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
