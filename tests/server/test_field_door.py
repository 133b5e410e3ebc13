"""What the field app may ask of the server and tell it: each person by the policy, each tablet by its own token."""

import base64
import hashlib
import json
import logging
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from khula.server import wsgi
from khula.server.collection.actions import bind_to_tablet, make_device, revoke_device
from khula.server.collection.models import Device
from khula.server.field import keys
from khula.server.field.models import FieldDevice, SignKey
from khula.server.people.models import User
from tests.server.cast import Cast, the_cast
from tests.server.knocking import Phone, fieldworker, meal, nothing_follows, published

__all__ = ["nothing_follows"]


class Tablet(Phone):
    """The field app, as far as the server can tell."""

    def ask(self, place: str, **headers: str) -> Any:
        return self.client.get(self.url(f"field/{place}"), headers=headers)

    def say(self, place: str, said: object) -> Any:
        body = said if isinstance(said, bytes) else json.dumps(said).encode()
        return self.client.post(self.url(f"field/{place}"), data=body, content_type="application/json")


@pytest.fixture
def cast() -> Cast:
    return the_cast()


def names(said: dict[str, Any]) -> set[str]:
    return {child["name"] for child in said["children"]}


PLACES = ("hello", "plans", "plans/1.json", "meaning", "today", "receipts?id=uuid:x", "", "nowhere")


@pytest.mark.parametrize("token", ["x" * 64, "x", "", "ë" * 64])
@pytest.mark.parametrize("place", PLACES)
def test_an_unknown_token_is_told_so_in_json_and_the_cache_is_cleared(token: str, place: str) -> None:
    said = Tablet(token=token).ask(place)
    assert (said.status_code, said["Content-Type"]) == (403, "application/json")
    assert said.json()["problem"] == "unknown_device"
    assert "scan" in said.json()["say"]
    assert said["Clear-Site-Data"] == '"cache"'  # never "storage": the sealed outbox stays


def test_a_revoked_device_is_shut_out_everywhere_and_its_share_is_gone() -> None:
    tablet = Tablet()
    assert tablet.ask("hello").status_code == 200
    assert bytes(FieldDevice.objects.get().share)
    revoke_device(device_id=tablet.device.pk)
    assert {(tablet.ask(place).status_code, tablet.ask(place).json()["problem"]) for place in PLACES} == {
        (403, "revoked_device")
    }
    assert {tablet.say(place, {}).json()["problem"] for place in ("keys", "status", "sealed")} == {"revoked_device"}
    assert not bytes(FieldDevice.objects.get().share)


def test_a_person_who_is_inactive_for_a_day_is_out_but_nothing_says_revoked() -> None:
    """A tablet destroys what is on it at that word only."""
    tablet = Tablet()
    User.objects.update(is_active=False)
    said = tablet.ask("hello")
    assert (said.status_code, said.json()["problem"]) == (403, "unknown_device")
    User.objects.update(is_active=True)
    assert tablet.ask("hello").status_code == 200


def test_hello_names_the_person_the_school_and_the_seal_key(cast: Cast) -> None:
    said = Tablet(cast.teacher).ask("hello")
    assert said["Cache-Control"] == "no-store"
    told = said.json()
    assert told["person"] == {
        "id": str(cast.teacher.pk), "name": "Mr Thabo Mokoena", "language": "en", "role": "teacher",
    }  # fmt: skip
    assert told["school"] == {"name": "Ikusasa Primary School", "emis": "700400001"}
    assert told["share_days"] == 7
    assert len(keys.from_base64(told["share"])) == 32
    assert keys.public_key(told["seal_key"]["jwk"])
    assert "T" in told["time"]


def test_a_device_keeps_its_share_and_no_two_have_the_same() -> None:
    user = fieldworker()
    one, other = Tablet(user), Tablet(user)
    first = one.ask("hello").json()["share"]
    assert one.ask("hello").json()["share"] == first
    assert other.ask("hello").json()["share"] != first


def test_the_database_holds_no_share_that_could_be_used() -> None:
    tablet = Tablet()
    share = keys.from_base64(tablet.ask("hello").json()["share"])
    assert share not in bytes(FieldDevice.objects.get().share)


def test_who_has_no_post_gets_no_school_and_no_child(cast: Cast) -> None:
    tablet = Tablet(User.objects.create(username="new", full_name="New", password="!"))
    assert tablet.ask("hello").json()["school"] is None
    assert tablet.ask("hello").json()["person"]["role"] == ""
    assert tablet.ask("today").json()["children"] == []


def test_a_teacher_sees_her_class_and_nobody_else(cast: Cast) -> None:
    said = Tablet(cast.teacher).ask("today").json()
    assert names(said) == {"Amahle Nkosi", "Sipho Nkosi", "Lerato Mokoena"}
    assert names(Tablet(cast.stranger).ask("today").json()) == {"Rendani Mudau"}


@pytest.mark.parametrize("role", ["nurse", "social_worker", "psychologist", "coordinator", "fieldworker"])
def test_the_team_sees_its_school(cast: Cast, role: str) -> None:
    seen = names(Tablet(getattr(cast, role)).ask("today").json())
    assert seen == {"Amahle Nkosi", "Sipho Nkosi", "Lerato Mokoena", "Pieter van der Merwe"}


@pytest.mark.parametrize("role", ["district_official", "researcher", "administrator"])
def test_who_asks_no_children_carries_none(cast: Cast, role: str) -> None:
    assert Tablet(getattr(cast, role)).ask("today").json()["children"] == []


@pytest.mark.parametrize("said", [b"", b"{", b"[]", b'{"sign_jwk": 3}', b'{"sign_jwk": {}}', b"\xff", b"[" * 7000])
def test_a_key_that_cannot_be_read_is_refused_with_a_reason(said: bytes) -> None:
    answer = Tablet().say("keys", said)
    assert answer.status_code == 400
    assert answer.json()["problem"] in ("not_json", "not_as_agreed", "not_a_key")
    assert answer.json()["say"]
    assert not SignKey.objects.exists()


def jwk() -> dict[str, str]:
    return keys.jwk_of(ec.generate_private_key(ec.SECP256R1()).public_key())


def test_a_key_is_registered_once(nothing_follows: None) -> None:
    tablet, key = Tablet(), jwk()
    assert tablet.say("keys", {"sign_jwk": key}).status_code == 204
    assert tablet.say("keys", {"sign_jwk": key | {"ext": True, "key_ops": ["verify"]}}).status_code == 204
    kept = SignKey.objects.get()
    assert kept.name == keys.name_of(keys.public_key(key))
    assert tablet.say("keys", {"sign_jwk": jwk()}).status_code == 204
    assert SignKey.objects.count() == 2


def test_a_point_off_the_curve_and_a_private_key_are_refused() -> None:
    off = jwk() | {"y": base64.urlsafe_b64encode(b"\1" * 32).rstrip(b"=").decode()}
    assert Tablet().say("keys", {"sign_jwk": off}).json()["problem"] == "not_a_key"
    assert Tablet().say("keys", {"sign_jwk": jwk() | {"d": "x"}}).json()["problem"] == "not_a_key"


def test_one_device_does_not_register_keys_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("khula.server.field.actions.MOST_SIGN_KEYS", 1)
    tablet = Tablet()
    assert tablet.say("keys", {"sign_jwk": jwk()}).status_code == 204
    assert tablet.say("keys", {"sign_jwk": jwk()}).status_code == 409


STATUS = {
    "waiting": 3, "stuck": 1, "oldest": "2026-02-03T08:00:00.000Z", "problem": "portal", "persisted": True,
    "quota": 1e9, "used": 12_000.5, "clock_off_s": -42, "version": "0.1.0", "browser": "Chrome 120\n",
}  # fmt: skip


def test_what_a_tablet_says_of_itself_is_kept_for_the_devices_page() -> None:
    tablet = Tablet()
    assert tablet.say("status", STATUS).status_code == 204
    assert tablet.say("status", STATUS | {"waiting": 2}).status_code == 204
    kept = FieldDevice.objects.get()
    assert (kept.waiting, kept.stuck, kept.problem, kept.persisted) == (2, 1, "portal", True)
    assert (kept.quota, kept.used, kept.clock_off_s) == (1_000_000_000, 12_000, -42)
    assert (kept.version, kept.browser) == ("0.1.0", "Chrome 120")
    assert kept.oldest.isoformat() == "2026-02-03T08:00:00+00:00"
    assert kept.reported_at


def test_words_are_not_kept_as_a_problem() -> None:
    """They could be a child's."""
    tablet = Tablet()
    tablet.say("status", STATUS | {"problem": "Amahle said: no"})
    assert FieldDevice.objects.get().problem == "other"


@pytest.mark.parametrize(
    "more",
    [
        {"waiting": -1},
        {"waiting": "3"},
        {"waiting": 10**9},
        {"oldest": "yesterday"},
        {"persisted": "yes"},
        {"quota": "x"},
    ],
)
def test_a_status_that_makes_no_sense_is_refused(more: dict[str, object]) -> None:
    answer = Tablet().say("status", STATUS | more)
    assert (answer.status_code, answer.json()["problem"]) == (400, "not_as_agreed")
    assert not FieldDevice.objects.exists()


def test_a_status_may_say_less() -> None:
    tablet = Tablet()
    assert tablet.say("status", {"waiting": 0, "oldest": None, "problem": None}).status_code == 204
    assert tablet.say("status", {"unheard": "of"}).status_code == 204


def test_what_is_too_long_is_refused_before_it_is_read() -> None:
    assert Tablet().say("status", b" " * 9000).status_code == 413


@pytest.mark.parametrize(
    ("method", "place", "status"),
    [
        ("POST", "hello", 405),
        ("GET", "keys", 405),
        ("DELETE", "today", 405),
        ("HEAD", "hello", 200),
        ("GET", "nowhere", 404),
    ],
)
def test_every_refusal_is_json_with_a_sentence(method: str, place: str, status: int) -> None:
    tablet = Tablet()
    said = tablet.client.generic(method, tablet.url(f"field/{place}"))
    assert said.status_code == status
    if status >= 400:
        assert said.json()["say"]


def test_the_sentences_are_in_the_language_of_the_person() -> None:
    french = Tablet(fieldworker(language="fr"))
    assert french.say("keys", b"{").json()["say"].startswith("Ce que l’application")


def test_no_log_names_a_token_or_an_answer(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    caplog.set_level(logging.DEBUG)
    tablet = Tablet()
    monkeypatch.setattr("khula.server.field.queries.today", lambda _: 1 / 0)
    said = tablet.ask("today")
    assert (said.status_code, said.json()["problem"]) == (503, "busy")
    tablet.say("status", b'{"problem": "ijuba lam"')
    written = caplog.text + "".join(str(record.args) for record in caplog.records)
    assert tablet.token not in written
    assert "ijuba" not in written
    assert "ZeroDivisionError" in written


def test_the_served_way_goes_past_the_pages(cast: Cast) -> None:
    _, token = make_device(user=cast.teacher, label="Tablet 1")
    given: dict[str, Any] = {}

    def start(status: str, headers: list[tuple[str, str]]) -> None:
        given.update(status=status, headers=dict(headers))

    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": f"/v1/key/{token}/field/today", "HTTP_ACCEPT_ENCODING": "gzip"}
    b"".join(wsgi.application(environ, start))
    assert given["status"] == "200 OK"
    assert given["headers"]["Cache-Control"] == "no-store"


# The address alone is not enough once a tablet was enrolled

PROOF, OTHER = "p" * 43, "o" * 43


def enrolled() -> Tablet:
    tablet = Tablet()
    published()
    assert tablet.say("keys", {"sign_jwk": jwk(), "proof": PROOF}).status_code == 204
    return tablet


@pytest.mark.parametrize("shown", [{}, {"X-Khula-Tablet": OTHER}, {"X-Khula-Tablet": ""}, {"X-Khula-Tablet": "é"}])
def test_an_address_found_in_a_history_opens_nothing_and_wipes_nothing(shown: dict[str, str]) -> None:
    tablet = enrolled()
    for place in ("hello", "plans", "meaning", "today", "receipts?id=uuid:x", "keys", ""):
        said = tablet.ask(place, **shown)
        assert (said.status_code, said.json()["problem"]) == (403, "another_tablet"), place
        assert "Clear-Site-Data" not in said
    for place in ("formList", "lists/learners.csv", "forms/1/form.xml"):
        assert tablet.get(place, **shown).status_code == 403, place


def test_the_enrolled_tablet_shows_its_proof_and_is_let_in() -> None:
    tablet = enrolled()
    for place in ("hello", "plans", "today", "receipts?id=uuid:x"):
        assert tablet.ask(place, **{"X-Khula-Tablet": PROOF}).status_code == 200, place
    assert tablet.get("lists/learners.csv", **{"X-Khula-Tablet": PROOF}).status_code == 200


LOCKED = hashlib.sha256(PROOF.encode()).hexdigest()  # what the tablet holds without anybody's PIN


def test_a_locked_tablet_is_given_the_share_and_nothing_of_a_child_or_a_person() -> None:
    tablet = enrolled()
    shown = {"X-Khula-Tablet": LOCKED}
    assert set(tablet.ask("hello", **shown).json()) == {"share", "share_days", "seal_key", "time"}
    for place in ("plans", "plans/1.json", "meaning", "today", "receipts?id=uuid:x", "keys", "status", ""):
        said = tablet.ask(place, **shown)
        assert (said.status_code, said.json()["problem"]) == (403, "another_tablet"), place
    for place in ("formList", "lists/learners.csv", "forms/1/form.xml", "forms/1/manifest", "submission"):
        assert tablet.get(place, **shown).status_code == 403, place


@pytest.mark.parametrize("shown", ["", LOCKED, OTHER])
def test_sealed_records_may_come_from_a_locked_tablet_and_others_only_from_an_unlocked_one(
    nothing_follows: None, shown: str
) -> None:
    tablet = enrolled()
    tablet.client.defaults["HTTP_X_KHULA_TABLET"] = shown
    assert tablet.say("sealed", b"nothing of ours").status_code == 400
    assert tablet.post(meal()).status_code == 403
    tablet.client.defaults["HTTP_X_KHULA_TABLET"] = PROOF
    assert tablet.post(meal()).status_code == 201


def test_the_first_tablet_is_the_one_and_its_proof_is_kept_nowhere() -> None:
    tablet = enrolled()
    assert tablet.say("keys", {"sign_jwk": jwk(), "proof": OTHER}).status_code == 403
    assert PROOF not in str(Device.objects.values().get())
    assert bind_to_tablet(device_id=tablet.device.pk, proof=PROOF)
    assert not bind_to_tablet(device_id=tablet.device.pk, proof=OTHER)


@pytest.mark.parametrize("proof", ["short", "p" * 44, "p" * 42 + "é", 3])
def test_a_proof_that_is_none_is_refused(proof: object) -> None:
    tablet = Tablet()
    assert tablet.say("keys", {"sign_jwk": jwk(), "proof": proof}).status_code == 400
    assert tablet.ask("hello").status_code == 200
