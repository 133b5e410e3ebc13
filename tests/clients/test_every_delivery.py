"""Whatever a client sends, however often, however broken: nothing is lost, nothing answers 5xx, each case as promised."""

import hashlib
import random
import re
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest

from tests.clients.collect import Collect, Reply, multipart
from tests.clients.conftest import Served

TAKEN = (201, 202)
places = count()


@pytest.fixture
def child(served_khula: Served) -> str:
    """A child nobody has spoken of yet, as long as there are any."""
    children = served_khula.prepared["children"]
    return children[next(places) % len(children)]


@pytest.fixture
def record(served_khula: Served, child: str) -> Callable[..., bytes]:
    """A caregiver's record about the child; more leaves by name."""
    blank = served_khula.blank("kh_caregiver")
    wave = served_khula.prepared["wave"]

    def make(*, instance_id: str = "", deprecated_id: str = "", seed: int = 1, **answers: str) -> bytes:
        said = blank.at_random(random.Random(seed)) | {"learner": child, "learner_wave": wave} | answers
        return blank.filled(said, instance_id=instance_id, deprecated_id=deprecated_id)

    return make


def new_id() -> str:
    return f"uuid:{uuid.uuid4()}"


def kept(served: Served, xml: bytes) -> bool:
    """These very bytes are in the database, as a submission or as a conflict copy."""
    sha256 = hashlib.sha256(xml).hexdigest()
    found = served.khula.rows("SELECT xml FROM collection_submission WHERE sha256 = ?", sha256)
    found += served.khula.rows("SELECT xml FROM collection_conflictcopy WHERE sha256 = ?", sha256)
    return any(bytes(row[0]) == xml for row in found)  # type: ignore[arg-type]


def states(served: Served, instance_id: str) -> list[tuple[object, ...]]:
    return served.khula.rows(
        "SELECT state, look_code FROM collection_submission WHERE instance_id = ? OR said_instance_id = ?",
        instance_id, instance_id,
    )  # fmt: skip


def at_once(posts: Sequence[Callable[[], Reply]]) -> list[Reply]:
    """All of them let go in the same moment."""
    gate = threading.Barrier(len(posts))

    def go(post: Callable[[], Reply]) -> Reply:
        gate.wait()
        return post()

    with ThreadPoolExecutor(len(posts)) as pool:
        return list(pool.map(go, posts))


def test_a_record_is_taken_assessed_and_counted_once_however_often_it_comes(served_khula, record) -> None:
    instance_id = new_id()
    xml = record(instance_id=instance_id)
    assert [served_khula.collect.send(xml).status for _ in range(3)] == [201, 201, 201]
    assert states(served_khula, instance_id) == [("in case", "")]
    assert assessed(served_khula, [instance_id]) == {instance_id}


def assessed(served: Served, instance_ids: Sequence[str]) -> set[str]:
    """Those whose voice is in a case that was assessed after they came."""
    found = served.khula.rows(
        "SELECT s.instance_id FROM collection_submission s JOIN cases_voice v ON v.submission_id = s.id"
        " JOIN cases_case c ON c.id = v.case_id WHERE c.assessed_at >= s.received_at"
        " AND EXISTS (SELECT 1 FROM cases_assessment a WHERE a.case_id = c.id AND a.input_hash = c.input_hash)"
    )
    return {str(row[0]) for row in found} & set(instance_ids)


def test_four_identical_posts_at_once_fifty_times(served_khula: Served) -> None:
    """ODK Central answered 31 of 80 such posts with "has been deleted"."""
    devices = [served_khula.another_device(number) for number in range(4)]
    blank, chance = served_khula.blank("kh_teacher"), random.Random(50)
    ids, replies = [], []
    for number in range(50):
        about = {"learner": served_khula.prepared["children"][number], "learner_wave": served_khula.prepared["wave"]}
        ids.append(new_id())
        xml = blank.filled(blank.at_random(chance) | about, instance_id=ids[-1])
        replies += at_once([lambda device=device, xml=xml: device.post(xml) for device in devices])
    assert Counter(reply.status for reply in replies) == {201: 200}
    assert Counter(row for each in ids for row in states(served_khula, each)) == {("in case", ""): 50}
    assert assessed(served_khula, ids) == set(ids)


def test_different_contents_under_one_id_at_once_are_all_kept(served_khula, record) -> None:
    devices = [served_khula.another_device(number) for number in range(4)]
    for round_ in range(5):
        instance_id = new_id()
        contents = [record(instance_id=instance_id, seed=round_ * 10 + number) for number in range(4)]
        replies = at_once([lambda d=d, x=x: d.post(x) for d, x in zip(devices, contents, strict=True)])
        assert sorted(reply.status for reply in replies) == [201, 202, 202, 202]
        assert all(reply.message for reply in replies)
        assert all(kept(served_khula, xml) for xml in contents)
        assert len(states(served_khula, instance_id)) == 1


def test_a_changed_duplicate_never_overwrites_the_first(served_khula, record) -> None:
    instance_id = new_id()
    first, second = record(instance_id=instance_id, seed=1), record(instance_id=instance_id, seed=2)
    assert [served_khula.collect.post(xml).status for xml in (first, second, second, first)] == [201, 202, 202, 201]
    stored = served_khula.khula.rows("SELECT xml FROM collection_submission WHERE instance_id = ?", instance_id)
    assert [bytes(row[0]) for row in stored] == [first]
    assert kept(served_khula, second)


def test_xml_cut_off_anywhere_is_kept_and_never_scored(served_khula, record) -> None:
    chance = random.Random(7)
    for _ in range(20):
        instance_id = new_id()
        whole = record(instance_id=instance_id)
        cut = whole[: chance.randrange(1, len(whole) - 1)]
        reply = served_khula.collect.post(cut)
        assert reply.status == 202, reply.body
        assert kept(served_khula, cut)
        assert assessed(served_khula, [instance_id]) == set()
        # The whole record, sent later, is taken as if nothing had been.
        assert served_khula.collect.post(whole).status in TAKEN
        assert kept(served_khula, whole)


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda xml: xml.replace(b"</", b"\x00</", 1), "nul_byte"),
        (lambda xml: re.sub(rb'(<data[^>]* version=")[^"]*', rb"\g<1>1999010101", xml, count=1), "unknown_version"),
        (lambda xml: re.sub(rb'(<data[^>]*) version="[^"]*"', rb"\1", xml, count=1), "unknown_version"),
        (lambda xml: xml.replace(b'id="kh_caregiver"', b'id="kh_nobody"', 1), "unknown_form"),
        (lambda xml: xml.replace(b"?>", b'?><!DOCTYPE data [<!ENTITY x "y">]>', 1), "doctype"),
    ],
    ids=["nul", "wrong version", "no version", "unknown form", "document type"],
)
def test_what_cannot_be_used_is_kept_for_a_person_with_its_reason(served_khula, record, spoil, code) -> None:
    instance_id = new_id()
    xml = spoil(record(instance_id=instance_id))
    replies = [served_khula.collect.post(xml) for _ in range(2)]
    assert [reply.status for reply in replies] == [202, 202]
    assert replies[0].message
    assert kept(served_khula, xml)
    assert states(served_khula, instance_id) == [("quarantined", code)]


def test_a_record_without_an_id_sent_twice_is_one_record(served_khula, record) -> None:
    xml = re.sub(rb"<instanceID>[^<]*</instanceID>", b"", record())
    assert [served_khula.collect.post(xml).status for _ in range(2)] == [202, 202]
    sha256 = hashlib.sha256(xml).hexdigest()
    assert len(served_khula.khula.rows("SELECT 1 FROM collection_submission WHERE sha256 = ?", sha256)) == 1


def test_120_files_are_all_kept_in_one_post_and_in_two(served_khula, record) -> None:
    files = {f"photo {number}.jpg": bytes([number]) * (number + 1) for number in range(120)}
    for send in (served_khula.collect.post, served_khula.collect.send):
        instance_id = new_id()
        assert send(record(instance_id=instance_id), files).status in TAKEN
        stored = served_khula.khula.rows(
            "SELECT f.name, b.content FROM collection_submissionfile f JOIN collection_storedfile b"
            " ON b.sha256 = f.file_id JOIN collection_submission s ON s.id = f.submission_id"
            " WHERE s.instance_id = ?",
            instance_id,
        )
        assert {str(name): bytes(content) for name, content in stored} == files  # type: ignore[arg-type]


def test_other_bytes_under_a_known_file_name_stand_beside_the_first(served_khula, record) -> None:
    instance_id = new_id()
    xml = record(instance_id=instance_id)
    for content in (b"first", b"second", b"first"):
        assert served_khula.collect.post(xml, {"audit.csv": content}).status in TAKEN
    stored = served_khula.khula.rows(
        "SELECT b.content FROM collection_submissionfile f JOIN collection_storedfile b ON b.sha256 = f.file_id"
        " JOIN collection_submission s ON s.id = f.submission_id WHERE s.instance_id = ?",
        instance_id,
    )
    assert sorted(bytes(row[0]) for row in stored) == [b"first", b"second"]  # type: ignore[arg-type]


def test_an_edit_takes_its_forerunners_place_and_a_fork_waits_for_a_person(served_khula, record) -> None:
    first, second, fork = new_id(), new_id(), new_id()
    assert served_khula.collect.post(record(instance_id=first, seed=1)).status == 201
    edit = record(instance_id=second, deprecated_id=first, seed=2)
    assert [served_khula.collect.post(edit).status for _ in range(2)] == [201, 201]
    assert served_khula.collect.post(record(instance_id=fork, deprecated_id=first, seed=3)).status == 202
    assert states(served_khula, first) == [("replaced", "")]
    assert states(served_khula, second) == [("in case", "")]
    assert states(served_khula, fork) == [("quarantined", "edit_fork")]


def test_two_hundred_spoiled_posts_and_none_breaks_the_server(served_khula, record) -> None:
    """Bytes changed, doubled and left out anywhere in the body: kept when taken, and never an error of ours."""
    chance = random.Random(200)
    door = f"{served_khula.collect.base}/submission"
    statuses = Counter()
    for _ in range(200):
        xml = record(instance_id=new_id())
        body, content_type = multipart(xml, {"a.jpg": b"x" * 50}, boundary="khula")
        spoiled = _spoil(bytearray(body), chance)
        try:
            reply = served_khula.collect.request("POST", door, bytes(spoiled), {"Content-Type": content_type})
        except ConnectionError:
            served_khula.collect = Collect.at(served_khula.collect.base)
            continue
        statuses[reply.status] += 1
        assert reply.status < 500, reply.body
        if reply.status in TAKEN and (sent := _xml_part(bytes(spoiled))) is not None:
            assert kept(served_khula, sent)
        else:
            assert reply.message, "an error is told in a sentence"
    assert statuses[202], "some were spoiled enough to be put before a person"


def _spoil(body: bytearray, chance: random.Random) -> bytearray:
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(body))
        match chance.randrange(4):
            case 0:
                body[place] = chance.randrange(256)
            case 1:
                del body[place : place + chance.randrange(1, 40)]
            case 2:
                body[place:place] = body[place : place + chance.randrange(1, 40)]
            case 3:
                body[place:place] = chance.choice([b"\x00", b"--khula\r\n", b"&lt;", b"<", b"\r\n\r\n", b"\xff\xfe"])
    return body


def _xml_part(body: bytes) -> bytes | None:
    """The XML part, when the body around it is still whole enough to say where it begins and ends."""
    whole = re.match(
        rb'--khula\r\nContent-Disposition: form-data; name="xml_submission_file"; filename="[^"\r\n]*"\r\n'
        rb"Content-Type: text/xml\r\nContent-Length: \d+\r\n\r\n(.*?)\r\n--khula(?=\r\n|--)",
        body,
        re.DOTALL,
    )
    return whole[1] if whole else None


def test_a_revoked_device_is_told_so_without_being_asked_for_a_password(served_khula, record) -> None:
    stranger = Collect.at(f"{served_khula.khula.address}/v1/key/{'x' * 64}")
    reply = stranger.post(record())
    assert reply.status == 403
    assert "www-authenticate" not in reply.headers
    assert reply.message


def test_no_token_and_no_answer_stands_in_the_log(served_khula) -> None:
    log = (served_khula.khula.data / "server.log").read_text(errors="replace")
    assert not any(door.split("/")[-1] in log for door in served_khula.prepared["doors"])
    assert not any(child in log for child in served_khula.prepared["children"])
    assert "Traceback" not in log
