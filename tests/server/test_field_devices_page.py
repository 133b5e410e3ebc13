"""The coordinator's devices: how each tablet's records stand, in words and symbols; making, shutting out, taking in."""

import base64
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from khula.server.collection.actions import make_device, revoke_device
from khula.server.collection.models import Device, Submission
from khula.server.collection.queries import sender_of
from khula.server.field.actions import Report, note_report
from khula.server.field.models import FieldDevice
from khula.server.people.models import User
from khula.server.people.roles import Role
from khula.server.schools.actions import appoint
from tests.server.cast import Cast, the_cast
from tests.server.knocking import meal, new_id, published
from tests.server.sealing import Sealer
from tests.server.test_field_door import Tablet

UA = "Mozilla/5.0 (Linux; Android 8.1.0; SM-T380) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/90.0.4430.210 Safari/537.36"
OUTSIDERS = [role for role in Role if role not in (Role.COORDINATOR, Role.ADMINISTRATOR)]


@pytest.fixture
def cast() -> Cast:
    return the_cast()


def page_of(user: User, address: str = "/devices", *, language: str = "en") -> str:
    user.language = language
    user.save()
    client = Client()
    client.force_login(user)
    response = client.get(address)
    assert response.status_code == 200
    return text_of(response)


def text_of(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode())).replace("&#x27;", "'")


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def a_tablet(user: User, label: str = "Tablet 7", **said: object) -> Device:
    device, _ = make_device(user=user, label=label)
    usual: dict[str, Any] = {
        "waiting": 0, "stuck": 0, "oldest": None, "problem": "", "persisted": True, "quota": 10**9, "used": 10**7,
        "clock_off_s": 1, "version": "0.1.0", "browser": UA,
    }  # fmt: skip
    note_report(device_id=device.pk, report=Report(**(usual | said)))
    return device


def test_a_tablet_that_has_sent_all_is_told_with_symbol_and_word(cast: Cast) -> None:
    a_tablet(cast.fieldworker)
    page = page_of(cast.coordinator)
    assert "Tablets that have sent everything: 1 of 1" in page
    assert "● all sent" in page
    assert "● storage kept for Khula" in page
    assert "● clock right" in page
    assert "10 of 1000 MB used" in page
    assert "Khula 0.1.0, Chrome 90, Android 8" in page


def test_what_waits_and_what_is_stuck_stand_first_with_the_oldest_and_why(cast: Cast) -> None:
    at = timezone.now() - timedelta(days=3)
    a_tablet(cast.fieldworker, "Tablet A")
    a_tablet(cast.nurse, "Tablet B", waiting=4, oldest=at, problem="offline")
    a_tablet(cast.teacher, "Tablet C", waiting=5, stuck=2, oldest=at, problem="portal")
    page = page_of(cast.coordinator)
    assert page.index("Tablet C") < page.index("Tablet B") < page.index("Tablet A")
    assert "Tablets that have sent everything: 1 of 3" in page
    assert "■ 2 records are stuck" in page
    assert "■ 2 of 5 stuck" in page
    assert "▲ 4 waiting" in page
    assert page.count("oldest of") == 2
    assert "last try: a sign-in page of the network stood in between" in page


@pytest.mark.parametrize(("said", "words"), [
    ({"clock_off_s": 3600}, "▲ clock 60 minutes ahead"), ({"clock_off_s": -420}, "▲ clock 7 minutes behind"),
    ({"clock_off_s": -3 * 86400}, "▲ clock 3 days behind"), ({"persisted": False}, "▲ the browser may clear what is stored"),
    ({"used": 950_000_000}, "▲ 950 of 1000 MB used"),
])  # fmt: skip
def test_what_is_wrong_with_a_tablet_is_said(cast: Cast, said: dict[str, object], words: str) -> None:
    a_tablet(cast.fieldworker, **said)
    assert words in page_of(cast.coordinator)


def test_a_tablet_that_has_fallen_silent_is_told(cast: Cast) -> None:
    a_tablet(cast.fieldworker)
    FieldDevice.objects.update(reported_at=timezone.now() - timedelta(days=6))
    assert "▲ silent for 6 days" in page_of(cast.coordinator)


def test_a_device_that_only_uses_collect_is_not_counted(cast: Cast) -> None:
    make_device(user=cast.fieldworker, label="Tablet 7")
    page = page_of(cast.coordinator)
    assert "– field app not used" in page
    assert "sent everything" not in page


def test_a_revoked_tablet_is_listed_last_and_not_counted(cast: Cast) -> None:
    lost = a_tablet(cast.fieldworker, "A lost one", waiting=3, stuck=3)
    revoke_device(device_id=lost.pk)
    a_tablet(cast.nurse, "Tablet B")
    page = page_of(cast.coordinator)
    assert page.index("Tablet B") < page.index("A lost one")
    assert "Tablets that have sent everything: 1 of 1" in page


def test_the_page_is_french_for_who_reads_french(cast: Cast) -> None:
    a_tablet(cast.fieldworker, waiting=2, stuck=2, problem="timeout", clock_off_s=600)
    page = page_of(cast.coordinator, language="fr")
    for words in (
        "Tablettes qui ont tout envoyé : 0 sur 1",
        "■ 2 bloquées sur 2",
        "le réseau était trop lent",
        "horloge en avance",
    ):
        assert words in page


def test_stuck_records_raise_a_line_on_the_coordinators_first_page_and_nobody_elses(cast: Cast) -> None:
    a_tablet(cast.fieldworker, waiting=2, stuck=2, oldest=timezone.now() - timedelta(days=2))
    page = page_of(cast.coordinator, "/home")
    assert "■ 2 finished records are stuck on tablets" in page
    assert "See the devices" in page
    for other in (cast.teacher, cast.social_worker, cast.nurse):
        assert "stuck" not in page_of(other, "/home")
    FieldDevice.objects.update(stuck=0)
    assert "stuck" not in page_of(cast.coordinator, "/home")


def test_a_coordinator_sees_her_schools_devices_and_no_others(cast: Cast) -> None:
    a_tablet(cast.fieldworker, "Ours")
    theirs = a_tablet(cast.stranger, "Theirs", waiting=1, stuck=1)
    page = page_of(cast.coordinator)
    assert "Ours" in page
    assert "Theirs" not in page
    assert "stuck" not in page_of(cast.coordinator, "/home")
    assert signed_in(cast.coordinator).post(f"/devices/{theirs.pk}/revoke").status_code == 404
    assert not Device.objects.exclude(revoked_at=None).exists()
    assert "Theirs" in page_of(cast.administrator)


def test_she_makes_devices_for_those_who_work_at_her_schools_only(cast: Cast) -> None:
    appoint(user_id=cast.nurse.pk, role=Role.NURSE, school=cast.other_school)
    client = signed_in(cast.coordinator)
    for person, status in (
        (cast.fieldworker, 201), (cast.stranger, 422), (cast.nurse, 422), (cast.administrator, 422), (cast.researcher, 422),
    ):  # fmt: skip
        response = client.post("/devices/make", {"label": "Tablet 8", "user": str(person.pk)})
        assert response.status_code == status, person
    device = Device.objects.get()
    assert client.post(f"/devices/{device.pk}/revoke").status_code == 302
    assert Device.objects.exclude(revoked_at=None).exists()


@pytest.mark.parametrize("role", OUTSIDERS)
def test_nobody_else_sees_devices_or_takes_files_in(cast: Cast, role: Role) -> None:
    people = {
        post.role: post.user for name in vars(cast) if isinstance(user := getattr(cast, name), User) for post in user.posts.all()
    }  # fmt: skip
    client = signed_in(people[role])
    assert client.get("/devices").status_code == 403
    assert client.get("/devices/take-in").status_code == 403
    assert client.post("/devices/take-in", {}).status_code == 403


def test_the_page_of_a_new_device_holds_both_codes_and_both_addresses_once(cast: Cast) -> None:
    client = signed_in(cast.coordinator)
    response = client.post("/devices/make", {"label": "Tablet 7", "user": str(cast.fieldworker.pk)})
    page = response.content.decode()
    assert page.count("<svg") == 3  # two codes and the mark of Khula
    token = re.search(r"http://testserver/field/#k=([\w-]{64})\"", page)[1]
    assert f"http://testserver/v1/key/{token}<" in page
    assert sender_of(token).device_id == Device.objects.get().pk
    assert response["Cache-Control"] == "no-store"
    assert token not in client.get("/devices").content.decode()


# Files carried by hand


class Carried:
    def __init__(self, user: User) -> None:
        published()
        self.tablet, self.sealer, self.instance_id = Tablet(user), Sealer(), new_id()
        self.tablet.say("keys", {"sign_jwk": self.sealer.jwk})
        envelope = self.sealer.record(meal(self.instance_id), self.instance_id, person=user.pk)
        self.content = self.sealer.file(envelope)


def hand_in(user: User, *contents: bytes) -> Any:
    files = [SimpleUploadedFile(f"khula-{n}.khula", content) for n, content in enumerate(contents)]
    return signed_in(user).post("/devices/take-in", {"files": files})


@pytest.mark.usefixtures("_nothing_follows")
def test_a_file_says_what_became_of_each_record_and_again_the_second_time(cast: Cast) -> None:
    carried = Carried(cast.fieldworker)
    first = text_of(hand_in(cast.coordinator, carried.content))
    for words in ("khula-0.khula", "● all taken in", "1 record came in.", "A meal", "Mr Sizwe Radebe", "● taken in"):
        assert words in first
    again = text_of(hand_in(cast.coordinator, carried.content))
    assert "1 was here already." in again
    assert "● was here already" in again
    assert Submission.objects.get().device_id == carried.tablet.device.pk


@pytest.mark.usefixtures("_nothing_follows")
def test_the_receipts_to_carry_back_are_those_the_tablet_would_be_given_and_hold_nothing_else(cast: Cast) -> None:
    carried = Carried(cast.fieldworker)
    page = hand_in(cast.coordinator, carried.content).content.decode()
    (content,) = re.findall(r'href="data:application/json;base64,([^"]+)" download="khula-0-receipts.json"', page)
    said = json.loads(base64.b64decode(content))
    asked = carried.tablet.ask(f"receipts?id={carried.instance_id}").json()
    assert said == {"khula_receipts": 1, "receipts": asked}
    assert set(asked[carried.instance_id]) == {"sha256", "received_at", "state", "files"}
    assert "download=" not in hand_in(cast.coordinator, b"a picture").content.decode()


@pytest.mark.usefixtures("_nothing_follows")
def test_a_changed_or_shortened_file_says_what_is_wrong_and_what_to_do(cast: Cast) -> None:
    carried = Carried(cast.fieldworker)
    changed = bytearray(carried.content)
    changed[300] ^= 1
    page = text_of(hand_in(cast.coordinator, bytes(changed), carried.content[:-30], b"a picture"))
    assert "■ nothing taken in" in page
    assert "was changed after the tablet had sealed it" in page
    assert "▲ partly taken in" in page
    assert "CARRY_002" in page
    assert "■ not taken in" in page
    assert "Choose the file whose name ends in .khula." in page


@pytest.mark.usefixtures("_nothing_follows")
def test_a_record_of_a_lost_tablet_and_another_version_ask_for_a_person(cast: Cast) -> None:
    carried = Carried(cast.fieldworker)
    revoke_device(device_id=carried.tablet.device.pk)
    page = text_of(hand_in(cast.coordinator, carried.content))
    assert "▲ taken in; a person should look" in page
    assert "had been shut out" in page
    other = Sealer()
    tablet = Tablet(cast.nurse)
    tablet.say("keys", {"sign_jwk": other.jwk})
    theirs = other.record(meal(carried.instance_id, supper="0"), carried.instance_id, person=cast.nurse.pk)
    assert "≠ kept beside another version" in text_of(hand_in(cast.coordinator, other.file(theirs)))


def test_no_file_and_too_many_are_told(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    response = hand_in(cast.coordinator)
    assert response.status_code == 422
    assert "No file was chosen." in text_of(response)
    monkeypatch.setattr("khula.server.dashboard.views.devices.MOST_BYTES", 10)
    assert "Hand in fewer files at a time." in text_of(hand_in(cast.coordinator, b"x" * 20))


@pytest.fixture
def _nothing_follows(settings: Any) -> None:
    settings.FLOW = "tests.server.knocking.NO_FLOW"
