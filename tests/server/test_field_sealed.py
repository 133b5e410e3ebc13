"""Files carried by hand: each record in them arrives once, whoever brings them, and nothing changed on the way counts."""

import base64
import hashlib
import json
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from khula.server.collection.actions import revoke_device
from khula.server.collection.models import ConflictCopy, Submission
from khula.server.events.models import Event
from khula.server.field import keys
from khula.server.field.carry_codes import CARRY_CODES, told
from khula.server.field.models import CarriedNote
from tests import surroundings
from tests.server.knocking import fieldworker, meal, new_id, nothing_follows, published
from tests.server.sealing import Sealer, carried, digest, framed
from tests.server.test_field_door import Tablet

__all__ = ["nothing_follows"]
pytestmark = pytest.mark.usefixtures("nothing_follows")
HERE = Path(__file__).resolve().parents[2]


class SealingTablet(Tablet):
    """A tablet that has met the server once."""

    def __init__(self, *given: Any, sealer: Sealer | None = None) -> None:
        super().__init__(*given)
        self.sealer = sealer or Sealer()
        assert self.say("keys", {"sign_jwk": self.sealer.jwk}).status_code == 204

    def hand_in(self, file: bytes) -> Any:
        return self.client.post(self.url("field/sealed"), data=file, content_type="application/octet-stream")

    def record(self, xml: bytes, instance_id: str, **more: Any) -> bytes:
        return self.sealer.record(xml, instance_id, person=self.user.pk, **more)


def codes(said: Any) -> list[str]:
    return [problem["code"] for problem in said.json()["problems"]]


def test_each_record_of_a_file_arrives_with_its_files() -> None:
    published()
    tablet, first, second = SealingTablet(), new_id(), new_id()
    plain, with_photo = meal(first), meal(second, plate="plate.png")
    one, two = tablet.record(plain, first), tablet.record(with_photo, second, files={"plate.png": b"picture"})
    said = tablet.hand_in(tablet.sealer.file(one, two))
    assert said.status_code == 200
    told_ = said.json()
    assert told_["problems"] == []
    assert told_["envelopes"] == {digest(one): "received", digest(two): "received"}
    assert told_["receipts"][first]["sha256"] == hashlib.sha256(plain).hexdigest()
    assert told_["receipts"][second]["files"] == {"plate.png": hashlib.sha256(b"picture").hexdigest()}
    assert told_["receipts"] == tablet.ask(f"receipts?id={first}&id={second}").json()
    kept = Submission.objects.get(instance_id=first)
    assert (bytes(kept.xml), kept.device_id, kept.look_code) == (plain, tablet.device.pk, "")


def test_the_same_file_again_and_the_same_record_by_the_network_change_nothing() -> None:
    published()
    tablet, instance_id = SealingTablet(), new_id()
    xml = meal(instance_id)
    file = tablet.sealer.file(tablet.record(xml, instance_id))
    assert tablet.post(xml).status_code == 201
    first = tablet.hand_in(file).json()
    assert tablet.hand_in(file).json() == first
    assert (Submission.objects.count(), ConflictCopy.objects.count()) == (1, 0)


def test_whoever_brings_the_file_it_counts_as_its_makers_and_only_they_get_the_receipt() -> None:
    published()
    maker, carrier, instance_id = SealingTablet(), SealingTablet(), new_id()
    envelope = maker.record(meal(instance_id), instance_id)
    said = carrier.hand_in(maker.sealer.file(envelope)).json()
    assert said["envelopes"] == {digest(envelope): "received"}
    assert said["receipts"] == {}
    assert Submission.objects.get().device_id == maker.device.pk
    assert instance_id in maker.ask(f"receipts?id={instance_id}").json()
    assert carrier.ask(f"receipts?id={instance_id}").json() == {}


def test_two_people_on_one_tablet_keep_their_own_records() -> None:
    published()
    shared = Sealer()
    one, other = SealingTablet(sealer=shared), SealingTablet(sealer=shared)
    ids = new_id(), new_id()
    for tablet, instance_id in zip((one, other), ids, strict=True):
        tablet.hand_in(shared.file(tablet.record(meal(instance_id), instance_id)))
    owners = dict(Submission.objects.values_list("instance_id", "device_id"))
    assert owners == {ids[0]: one.device.pk, ids[1]: other.device.pk}


def test_a_record_of_a_device_shut_out_since_comes_in_with_a_mark() -> None:
    published()
    lost, other, instance_id = SealingTablet(), Tablet(), new_id()
    file = lost.sealer.file(lost.record(meal(instance_id), instance_id))
    revoke_device(device_id=lost.device.pk)
    assert lost.hand_in(file).status_code == 403
    said = other.client.post(other.url("field/sealed"), data=file, content_type="application/octet-stream")
    assert list(said.json()["envelopes"].values()) == ["received"]
    assert Submission.objects.get().look_code == "revoked_device"


def test_other_bytes_under_the_same_id_are_a_copy_and_its_maker_sees_it_arrived() -> None:
    published()
    tablet, instance_id = SealingTablet(), new_id()
    theirs = meal(instance_id, supper="0")
    Tablet().post(meal(instance_id))
    said = tablet.hand_in(tablet.sealer.file(tablet.record(theirs, instance_id))).json()
    receipt = said["receipts"][instance_id]
    assert (receipt["sha256"], receipt["state"]) == (hashlib.sha256(theirs).hexdigest(), "conflict")
    assert ConflictCopy.objects.count() == 1


def test_bytes_of_no_such_file_are_refused() -> None:
    for content in (b"", b"PK\3\4", b"KHULA-CARRY-2\n", b"khula"):
        said = SealingTablet().hand_in(content)
        assert (said.status_code, said.json()["problem"]) == (400, "not_sealed")


def test_one_changed_bit_anywhere_in_a_record_keeps_that_record_out_and_no_other() -> None:
    published()
    tablet = SealingTablet()
    ids = [new_id() for _ in range(3)]
    good = [tablet.record(meal(one), one) for one in ids]
    for place in (0, 3, 10, 80, 200, len(good[1]) // 2, len(good[1]) - 100, len(good[1]) - 30, len(good[1]) - 1):
        bad = bytearray(good[1])
        bad[place] ^= 1
        said = tablet.hand_in(tablet.sealer.file(good[0], bytes(bad), good[2]))
        answers = said.json()["envelopes"]
        assert answers[digest(bytes(bad))].startswith("CARRY_"), place
        assert answers[digest(good[0])] == answers[digest(good[2])] == "received"
    assert set(Submission.objects.values_list("instance_id", flat=True)) == {ids[0], ids[2]}


def test_a_file_cut_off_anywhere_gives_what_came_whole_and_says_that_more_is_missing() -> None:
    published()
    tablet, first, second = SealingTablet(), new_id(), new_id()
    one, two = tablet.record(meal(first), first), tablet.record(meal(second), second)
    whole = tablet.sealer.file(one, two)
    start = len(b"KHULA-CARRY-1\n")
    for end in (start, start + 2, start + 50, start + 4 + len(one), start + 10 + len(one), len(whole) - 1):
        said = tablet.hand_in(whole[:end])
        assert said.status_code == 200
        assert codes(said)[-1:] in (["CARRY_002"], ["CARRY_012"]), end
    assert tablet.hand_in(whole[: start + 4 + len(one)]).json()["envelopes"] == {digest(one): "received"}


def test_a_record_taken_out_put_in_or_moved_is_told() -> None:
    published()
    tablet = SealingTablet()
    a, b, c = (tablet.record(meal(one), one) for one in (new_id(), new_id(), new_id()))
    assert codes(tablet.hand_in(tablet.sealer.file(a, contents=[a, b]))) == ["CARRY_010"]
    assert codes(tablet.hand_in(tablet.sealer.file(a, b, c, contents=[a, b]))) == ["CARRY_011"]
    assert codes(tablet.hand_in(tablet.sealer.file(b, a, contents=[a, b]))) == ["CARRY_011"]
    assert codes(tablet.hand_in(carried(a))) == ["CARRY_012"]
    assert Submission.objects.count() == 3


def test_an_unknown_signer_an_unknown_seal_key_and_a_strange_version_are_told_apart() -> None:
    published()
    tablet, stranger, instance_id = SealingTablet(), Sealer(), new_id()
    elsewhere = {"id": "elsewhere", "jwk": Sealer().jwk}
    for sealer, envelope, code in (
        (stranger, stranger.record(meal(instance_id), instance_id), "CARRY_005"),
        (tablet.sealer, tablet.sealer.sealed("record", b"", to=elsewhere), "CARRY_007"),
        (tablet.sealer, tablet.sealer.sealed("record", b"", v=2), "CARRY_004"),
        (tablet.sealer, tablet.sealer.sealed("letter", b""), "CARRY_004"),
        (tablet.sealer, tablet.sealer.sealed("record", b"", iv="x"), "CARRY_008"),
        (tablet.sealer, tablet.sealer.sealed("record", b"", epk=""), "CARRY_008"),
        (tablet.sealer, tablet.sealer.sealed("record", b""), "CARRY_002"),
        (tablet.sealer, tablet.sealer.sealed("record", framed(b"{}")), "CARRY_009"),
        (tablet.sealer, tablet.sealer.signed({"no": "header"}, b""), "CARRY_003"),
    ):
        said = tablet.hand_in(sealer.file(envelope))
        assert said.json()["envelopes"][digest(envelope)] == code
        assert said.json()["problems"][0]["message"] == told(code, "en", 1)
    assert not Submission.objects.exists()


@pytest.mark.parametrize("changed", [
    {"xml": {"size": 3, "sha256": "0" * 64}}, {"xml": {"size": -1, "sha256": ""}}, {"xml": {"size": 10**12, "sha256": ""}},
    {"files": [{"name": "a", "type": "", "size": 0, "sha256": ""}]}, {"instance_id": ""}, {"instance_id": 3},
])  # fmt: skip
def test_a_record_that_is_not_what_it_says_is_kept_out(changed: dict[str, object]) -> None:
    published()
    tablet, instance_id = SealingTablet(), new_id()
    said = tablet.hand_in(tablet.sealer.file(tablet.record(meal(instance_id), instance_id, about=changed)))
    assert codes(said) == ["CARRY_009"]
    assert not Submission.objects.exists()


def test_a_note_is_kept_as_it_was_sealed_and_once() -> None:
    tablet = SealingTablet()
    note = tablet.sealer.sealed("note", b"\0 told in confidence")
    for _ in range(2):
        assert tablet.hand_in(tablet.sealer.file(note)).json()["envelopes"] == {digest(note): "received"}
    assert bytes(CarriedNote.objects.get().content) == b"\0 told in confidence"


def test_the_key_is_for_the_server_alone_and_an_older_one_still_opens() -> None:
    published()
    tablet, instance_id = SealingTablet(), new_id()
    before = tablet.ask("hello").json()["seal_key"]
    envelope = tablet.record(meal(instance_id), instance_id)
    keys.new_seal_key()
    after = tablet.ask("hello").json()["seal_key"]
    assert before["id"] != after["id"]
    assert tablet.hand_in(tablet.sealer.file(envelope)).json()["envelopes"] == {digest(envelope): "received"}
    files = list((Path(settings.DATA_DIR) / "seal_keys").iterdir())
    assert len(files) >= 2
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert stat.S_IMODE((Path(settings.DATA_DIR) / "seal_keys").stat().st_mode) == 0o700


def test_what_was_taken_in_is_on_the_audit_trail_without_an_answer() -> None:
    published()
    tablet, instance_id = SealingTablet(), new_id()
    file = tablet.sealer.file(tablet.record(meal(instance_id), instance_id))
    tablet.hand_in(file)
    event = Event.objects.get(kind="sealed.taken_in")
    assert (event.subject, event.by_id) == (hashlib.sha256(file).hexdigest(), tablet.user.pk)
    assert json.loads(event.facts) == {"records": 1, "new": 1, "problems": []}


def test_every_code_has_both_languages() -> None:
    for code in CARRY_CODES:
        assert told(code, "en", 2) != told(code, "fr", 2)


def test_a_heap_of_zeros_is_answered_in_a_line() -> None:
    tablet = SealingTablet()
    said = tablet.hand_in(b"KHULA-CARRY-1\n" + bytes(2_000_000))
    assert said.status_code == 200
    assert [(one["code"], one["place"]) for one in said.json()["problems"]] == [("CARRY_003", 1)]
    assert len(said.content) < 1_000


def test_no_file_holds_more_than_any_tablet_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("khula.server.field.sealed.MOST", 3)
    tablet = SealingTablet()
    said = tablet.hand_in(b"KHULA-CARRY-1\n" + (bytes([0, 0, 0, 70]) + bytes(70)) * 9).json()
    assert len(said["envelopes"]) == 1
    assert [one["place"] for one in said["problems"]] == [1, 2, 3, 4]


def test_receipts_are_only_of_the_askers_own_records() -> None:
    published()
    user, instance_id = fieldworker(), new_id()
    tablet, same_person, stranger = Tablet(user), Tablet(user), Tablet()
    tablet.post(meal(instance_id, plate="p.png"), {"p.png": b"picture"})
    ask = f"receipts?id={instance_id}&id=uuid:unheard-of&id=&id=%00"
    receipt = tablet.ask(ask).json()
    assert list(receipt) == [instance_id]
    assert receipt[instance_id]["files"] == {"p.png": hashlib.sha256(b"picture").hexdigest()}
    assert same_person.ask(ask).json() == receipt  # somebody may have enrolled anew
    assert stranger.ask(ask).json() == {}
    assert tablet.ask("receipts").json() == {}
    assert tablet.ask("receipts?" + "&".join(["id=x"] * 501)).status_code == 400


def test_a_receipt_names_whatever_its_sender_has_sent_under_the_id_each_with_its_own_files() -> None:
    """Else a record finished twice would be sent for ever: the second is here as a copy, beside the first."""
    published()
    user, instance_id = fieldworker(), new_id()
    tablet, stranger = Tablet(user), Tablet()
    sent = [meal(instance_id, plate="p.png"), meal(instance_id, supper="0", plate="p.png"), meal(instance_id)]
    for xml, photo in zip(sent[:2], (b"one", b"two"), strict=True):
        tablet.post(xml, {"p.png": photo})
    stranger.post(sent[2])
    receipt = tablet.ask(f"receipts?id={instance_id}").json()[instance_id]
    told_ = [(one["sha256"], one["files"], one["state"]) for one in (receipt, *receipt["copies"])]
    hashes = [hashlib.sha256(xml).hexdigest() for xml in sent]
    photos = [{"p.png": hashlib.sha256(photo).hexdigest()} for photo in (b"one", b"two")]
    assert [one[:2] for one in told_] == list(zip(hashes[:2], photos, strict=True))
    assert told_[1][2] == "conflict"
    own = stranger.ask(f"receipts?id={instance_id}").json()[instance_id]
    assert (own["sha256"], "copies" in own) == (hashes[2], False)


def test_a_record_the_server_could_not_work_with_has_a_receipt_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    published()
    tablet, instance_id = Tablet(), new_id()

    def broken(*_: object, **__: object) -> str:
        raise ValueError

    monkeypatch.setattr("khula.server.collection.store.take_up", broken)
    xml = meal(instance_id)
    assert tablet.post(xml).status_code == 202
    receipt = tablet.ask(f"receipts?id={instance_id}").json()[instance_id]
    assert (receipt["sha256"], receipt["state"]) == (hashlib.sha256(xml).hexdigest(), "quarantined")


SEAL = """
import { newSignKeys, sealed, carried, recordBytes } from "%s/field/src/store/seal.js";
const { to, about, xml } = JSON.parse(process.argv[2]);
const keys = await newSignKeys();
const jwk = await crypto.subtle.exportKey("jwk", keys.publicKey);
const envelope = await sealed(keys, to, "record", recordBytes(about, [new TextEncoder().encode(xml)]));
const file = await carried(keys, [envelope], new Date().toISOString());
console.log(JSON.stringify({ jwk, file: Buffer.from(file).toString("base64") }));
"""


@pytest.mark.needs("node")
def test_what_the_tablets_own_program_seals_is_opened(tmp_path: Path) -> None:
    published()
    tablet, instance_id = Tablet(), new_id()
    xml = meal(instance_id)
    about = {
        "instance_id": instance_id, "form_id": "meal", "version": "1", "made": "2026-02-03T08:00:00Z",
        "person": str(tablet.user.pk), "xml": {"size": len(xml), "sha256": hashlib.sha256(xml).hexdigest()}, "files": [],
    }  # fmt: skip
    script = tmp_path / "seal.mjs"
    script.write_text(SEAL % HERE)
    given = {"to": tablet.ask("hello").json()["seal_key"], "about": about, "xml": xml.decode()}
    command = [str(surroundings.node()), str(script), json.dumps(given)]
    made = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
    assert tablet.say("keys", {"sign_jwk": made["jwk"]}).status_code == 204
    file = base64.b64decode(made["file"])
    said = tablet.client.post(tablet.url("field/sealed"), data=file, content_type="application/octet-stream").json()
    assert said["problems"] == []
    assert said["receipts"][instance_id]["sha256"] == hashlib.sha256(xml).hexdigest()


def test_the_command_says_which_key_is_used_and_makes_another() -> None:
    from click.testing import CliRunner

    from khula.cli.seal_key import seal_key

    first = CliRunner().invoke(seal_key, [])
    assert (first.exit_code, keys.seal_key()[0] in first.output) == (0, True)
    before = keys.seal_key()[0]
    again = CliRunner().invoke(seal_key, ["--new"])
    assert again.exit_code == 0
    assert keys.seal_key()[0] in again.output
    assert keys.seal_key_named(before) is not None
