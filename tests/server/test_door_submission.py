"""What happens to a record that is handed in: kept first, then used, and never refused for what stands in it.

One test for each row of the table that was measured on ODK Central (status codes, what is kept, what is lost).
"""

import gzip
import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from khula.server.collection.actions import in_case, settle
from khula.server.collection.models import ConflictCopy, Submission, SubmissionFile
from khula.server.collection.multipart import NotMultipart, parts_of
from khula.server.collection.queries import answers_of, received
from khula.server.events.models import Event
from tests.server.knocking import Phone, fieldworker, meal, multipart, nothing_follows, published

__all__ = ["nothing_follows"]
pytestmark = pytest.mark.usefixtures("nothing_follows")


@pytest.fixture
def phone() -> Phone:
    published()
    return Phone()


def kept() -> Submission:
    return Submission.objects.get()


def files_of(submission: Submission) -> dict[str, bytes]:
    return {file.name: bytes(file.file.content) for file in submission.files.select_related("file")}


def happened() -> list[str]:
    return list(Event.objects.filter(kind__startswith="submission.").order_by("pk").values_list("kind", flat=True))


# As it should be


def test_a_record_is_kept_byte_for_byte(phone: Phone) -> None:
    xml = meal("uuid:one")
    assert phone.post(xml, query="?deviceID=collect%3Aabc").status_code == 201
    one = kept()
    assert bytes(one.xml) == xml
    assert (one.xform_id, one.instance_id, one.state, one.look_code) == ("meal", "uuid:one", "received", "")
    assert (one.device, one.device_said) == (phone.device, "collect:abc")
    assert happened() == ["submission.received"]


def test_what_follows_reads_the_answers_by_name(phone: Phone) -> None:
    phone.post(meal(learner="uuid:ABC", wave="w1"))
    assert answers_of(kept().pk)["supper"] == "1"
    got = received(kept().pk)
    assert (got.informant, got.child_id, got.wave_id, str(got.asked_on)) == ("child", "abc", "w1", "2026-02-03")
    assert got.device_user_id == phone.user.pk


def test_before_it_sends_the_device_learns_how_much_it_may_send(phone: Phone) -> None:
    said = phone.client.head(phone.url("submission"))
    assert said.status_code == 204
    assert said["X-OpenRosa-Version"] == "1.0"
    assert int(said["X-OpenRosa-Accept-Content-Length"]) == 100_000_000
    assert said["Date"].endswith("GMT")


# Again, and in parts


def test_the_same_record_again_changes_nothing(phone: Phone) -> None:
    xml = meal()
    assert [phone.post(xml).status_code for _ in range(3)] == [201, 201, 201]
    kept()
    assert not ConflictCopy.objects.exists()
    assert happened() == ["submission.received"]


def test_a_record_sent_in_parts_is_used_at_once_and_complete_at_the_end(phone: Phone) -> None:
    xml = meal(plate="plate.jpg", audit="audit.csv")
    assert phone.post(xml, {"plate.jpg": b"picture"}, incomplete=True).status_code == 201
    assert not kept().complete
    assert happened() == ["submission.received"]
    assert phone.post(xml, {"audit.csv": b"event,node"}).status_code == 201
    assert kept().complete
    assert kept().look_code == ""
    assert files_of(kept()) == {"plate.jpg": b"picture", "audit.csv": b"event,node"}
    assert happened() == ["submission.received"]


def test_a_record_without_a_file_it_names_is_incomplete_until_the_file_comes(phone: Phone) -> None:
    xml = meal(plate="plate.jpg")
    phone.post(xml)
    assert not kept().complete
    phone.post(xml, {"plate.jpg": b"picture"})
    assert kept().complete


def test_other_bytes_under_a_known_file_name_never_overwrite(phone: Phone) -> None:
    xml = meal(plate="plate.jpg")
    phone.post(xml, {"plate.jpg": b"first"})
    assert phone.post(xml, {"plate.jpg": b"second"}).status_code == 201
    both = SubmissionFile.objects.filter(name="plate.jpg").values_list("file__content", flat=True)
    assert sorted(map(bytes, both)) == [b"first", b"second"]
    assert kept().look_code == "changed_file"


def test_a_file_that_changes_after_a_person_has_looked_is_shown_again(phone: Phone) -> None:
    xml = meal(plate="plate.jpg")
    for content in (b"first", b"second"):
        phone.post(xml, {"plate.jpg": content})
    settle(submission_id=kept().pk, by=phone.user.pk, note="The second is right.")
    phone.post(xml, {"plate.jpg": b"first"})
    assert kept().look_settled_at is not None  # nothing that was not there to be seen
    phone.post(xml, {"plate.jpg": b"third"})
    assert (kept().look_code, kept().look_settled_at, kept().look_note) == (
        "changed_file",
        None,
        "The second is right.",
    )
    assert Event.objects.filter(kind="look.opened_again", subject=kept().pk).count() == 1


def test_a_changed_file_opens_a_settled_look_of_any_kind_and_hides_no_reason(phone: Phone) -> None:
    phone.post(meal("uuid:used", plate="plate.jpg", deprecated="uuid:unknown"), {"plate.jpg": b"first"})
    phone.post(meal("uuid:out", plate="plate.jpg", version="9"), {"plate.jpg": b"first"})
    for one in Submission.objects.all():
        settle(submission_id=one.pk, by=phone.user.pk)
    phone.post(meal("uuid:used", plate="plate.jpg", deprecated="uuid:unknown"), {"plate.jpg": b"second"})
    phone.post(meal("uuid:out", plate="plate.jpg", version="9"), {"plate.jpg": b"second"})
    looks = Submission.objects.order_by("pk").values_list("look_code", "look_settled_at", "state")
    assert list(looks) == [("changed_file", None, "received"), ("unknown_version", None, "quarantined")]


def test_a_file_that_no_question_names_is_kept(phone: Phone) -> None:
    assert phone.post(meal(), {"note.txt": b"from the folder"}).status_code == 201
    assert files_of(kept()) == {"note.txt": b"from the folder"}
    assert (kept().look_code, kept().state) == ("unknown_file", "received")
    assert not kept().files.get().named_in_form


def test_a_file_name_that_leaves_the_folder_is_kept_under_its_last_part(phone: Phone) -> None:
    phone.post(meal(), {"../../etc/passwd": b"x", "..\\..\\boot.ini": b"y", "..": b"z"})
    assert set(files_of(kept())) == {"passwd", "boot.ini", "file"}


def test_120_files_in_one_post_are_all_kept(phone: Phone) -> None:
    files = {f"photo {number}.jpg": f"{number}".encode() for number in range(120)}
    assert phone.post(meal(), files).status_code == 201
    assert files_of(kept()) == files


def test_a_file_of_20_mb_is_kept(phone: Phone) -> None:
    content = bytes(20_000_000)
    assert phone.post(meal(plate="big.jpg"), {"big.jpg": content}).status_code == 201
    file = kept().files.get().file
    assert (file.size, file.sha256) == (20_000_000, hashlib.sha256(content).hexdigest())
    assert kept().complete


# The same id, something else


def test_another_content_under_the_same_id_is_kept_beside_it(phone: Phone) -> None:
    phone.post(meal("uuid:one", supper="1"))
    said = phone.post(meal("uuid:one", supper="0"), {"late.jpg": b"photo"})
    assert said.status_code == 202
    assert b"another version" in said.content
    assert answers_of(kept().pk)["supper"] == "1"
    copy = ConflictCopy.objects.get()
    assert copy.settled_at is None
    assert copy.files.get().name == "late.jpg"
    assert happened() == ["submission.received", "submission.conflict"]


def test_the_file_of_a_conflict_copy_does_not_make_the_first_complete(phone: Phone) -> None:
    phone.post(meal("uuid:one", plate="plate.jpg"))
    phone.post(meal("uuid:one", plate="plate.jpg", supper="0"), {"plate.jpg": b"picture"})
    phone.post(meal("uuid:one", plate="plate.jpg"), {"audit.csv": b"event,node"})
    assert not kept().complete
    phone.post(meal("uuid:one", plate="plate.jpg"), {"plate.jpg": b"picture"})
    assert kept().complete
    assert files_of_copy() == {"plate.jpg": b"picture"}
    own = kept().files.filter(with_copy=None).values_list("name", flat=True)
    assert sorted(own) == ["audit.csv", "plate.jpg"]
    assert kept().look_code == "unknown_file"  # the audit; the two pictures never changed


def test_a_file_beside_other_bytes_with_the_same_words_belongs_to_the_first(phone: Phone) -> None:
    phone.post(meal("uuid:one", plate="plate.jpg"))
    phone.post(meal("uuid:one", plate="plate.jpg") + b"\n", {"plate.jpg": b"picture"})
    assert kept().complete


def files_of_copy() -> dict[str, bytes]:
    copy = ConflictCopy.objects.get()
    return {file.name: bytes(file.file.content) for file in copy.files.select_related("file")}


def test_a_conflict_sent_again_is_kept_once(phone: Phone) -> None:
    phone.post(meal("uuid:one", supper="1"))
    assert [phone.post(meal("uuid:one", supper="0")).status_code for _ in range(3)] == [202] * 3
    assert ConflictCopy.objects.count() == 1
    assert happened().count("submission.conflict") == 1


def test_one_byte_of_white_space_more_is_the_same_record_and_troubles_nobody(phone: Phone) -> None:
    xml = meal("uuid:one")
    phone.post(xml)
    assert phone.post(xml.replace(b"<food>", b"<food> ")).status_code == 201
    assert ConflictCopy.objects.get().settled_at is not None
    assert "submission.conflict" not in happened()


def test_two_forms_may_use_the_same_instance_id(phone: Phone) -> None:
    assert phone.post(meal("uuid:one")).status_code == 201
    assert phone.post(meal("uuid:one", form_id="another")).status_code == 202
    assert Submission.objects.filter(instance_id="uuid:one").count() == 2


# Identities


@pytest.mark.parametrize("instance_id", ["Grade 1, Tuesday", "7", "x" * 255, "uuid:É/…", "a'; DROP TABLE x; --"])
def test_any_text_may_be_an_instance_id(phone: Phone, instance_id: str) -> None:
    assert phone.post(meal(instance_id)).status_code == 201
    assert kept().instance_id == instance_id


def test_an_id_longer_than_the_records_can_hold_is_kept_out_but_kept(phone: Phone) -> None:
    xml = meal("x" * 4000)
    assert [phone.post(xml).status_code for _ in range(2)] == [202, 202]
    assert (kept().look_code, kept().said_instance_id) == ("long_instance_id", "x" * 255)


def test_a_record_without_an_id_gets_one_from_its_bytes_so_that_a_resend_is_the_same(phone: Phone) -> None:
    xml = meal("uuid:one").replace(b"<orx:instanceID>uuid:one</orx:instanceID>", b"")
    assert [phone.post(xml).status_code for _ in range(2)] == [202, 202]
    assert (kept().look_code, kept().instance_id) == ("no_instance_id", f"sha256:{hashlib.sha256(xml).hexdigest()}")


@pytest.mark.parametrize(
    "meta",
    [
        b"<meta><instanceID>uuid:one</instanceID></meta>",
        b"<instanceID>uuid:one</instanceID>",
        b'<m:meta xmlns:m="urn:m"><m:instanceID> uuid:one\n</m:instanceID></m:meta>',
    ],
)
def test_the_id_is_found_wherever_old_clients_put_it(phone: Phone, meta: bytes) -> None:
    xml = b'<data id="meal" version="1"><food><supper>1</supper></food>' + meta + b"</data>"
    phone.post(xml)
    assert (kept().instance_id, kept().state) == ("uuid:one", "received")


# What stands in the XML


def strange() -> Iterator[tuple[str, bytes, str]]:
    whole = meal("uuid:one")
    yield "cut off", whole[: len(whole) // 2], "broken_xml"
    yield "no XML", b"hello", "broken_xml"
    yield "empty", b"", "broken_xml"
    yield "half UTF-16", "<data id='meal'><a>1".encode("utf-16"), "broken_xml"
    yield "wrong bytes", whole.replace(b"gogo", b"\xff\xfe\xfd"), "broken_xml"
    yield "an entity nobody declared", whole.replace(b"gogo", b"&ouma;"), "broken_xml"
    yield "an encoding nobody knows", whole.replace(b"UTF-8", b"klingon"), "broken_xml"
    yield "a NUL", whole.replace(b"gogo", b"go\0go"), "nul_byte"
    yield "a DTD", b'<!DOCTYPE data [<!ENTITY e "x">]>' + whole[38:].replace(b"gogo", b"&e;"), "doctype"
    yield "a bomb", b'<!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><data id="meal">&b;</data>', "doctype"
    yield "a file of ours", b'<!DOCTYPE d [<!ENTITY e SYSTEM "file:///etc/passwd">]><d id="meal">&e;</d>', "doctype"
    yield "100 levels", b'<data id="meal">' + b"<a>" * 100 + b"1" + b"</a>" * 100 + b"</data>", "too_deep"
    yield "5000 levels", b'<data id="meal">' + b"<a>" * 5000 + b"1" + b"</a>" * 5000 + b"</data>", "too_deep"
    yield "5 MB", b'<data id="meal"><a>' + b"x" * 5_000_000 + b"</a></data>", "too_large"
    yield "no form", whole.replace(b'id="meal"', b""), "no_form_id"
    yield "no such form", whole.replace(b'id="meal"', b'id="nobody"'), "unknown_form"
    yield "no such version", whole.replace(b'version="1"', b'version="99"'), "unknown_version"
    yield "no version", whole.replace(b' version="1"', b""), "unknown_version"
    yield "encrypted", whole.replace(b"<data ", b'<data encrypted="yes" '), "encrypted"


STRANGE = list(strange())


@pytest.mark.parametrize(("xml", "code"), [row[1:] for row in STRANGE], ids=[row[0] for row in STRANGE])
def test_what_cannot_be_used_is_kept_and_put_before_a_person(phone: Phone, xml: bytes, code: str) -> None:
    said = [phone.post(xml, {"photo.jpg": b"photo"}) for _ in range(2)]
    assert [one.status_code for one in said] == [202, 202]
    assert (kept().state, kept().look_code, bytes(kept().xml)) == ("quarantined", code, xml)
    assert files_of(kept()) == {"photo.jpg": b"photo"}
    assert happened() == ["submission.quarantined"]
    assert b"<OpenRosaResponse" in said[0].content


def test_a_cut_off_copy_does_not_block_the_whole_record(phone: Phone) -> None:
    whole = meal("uuid:one")
    cut = whole[: whole.index(b"</orx:meta>")]
    assert phone.post(cut).status_code == 202
    assert kept().said_instance_id == "uuid:one"
    assert phone.post(whole).status_code == 201
    assert Submission.objects.get(instance_id="uuid:one").state == "received"
    assert not ConflictCopy.objects.exists()


def test_an_unknown_field_is_marked_and_the_other_answers_are_used(phone: Phone) -> None:
    assert phone.post(meal(extra="<pudding>1</pudding>")).status_code == 201
    assert (kept().look_code, kept().state) == ("unknown_field", "received")
    assert happened() == ["submission.received"]


def test_the_name_of_the_root_is_nobodys_business(phone: Phone) -> None:
    xml = meal().replace(b"<data ", b"<my_form ").replace(b"</data>", b"</my_form>")
    assert phone.post(xml).status_code == 201
    assert (kept().look_code, kept().state) == ("", "received")


def test_whole_utf_16_is_as_good_as_utf_8(phone: Phone) -> None:
    xml = meal("uuid:one").decode().replace("UTF-8", "UTF-16").encode("utf-16")
    assert phone.post(xml).status_code == 201
    assert answers_of(kept().pk)["who_cooks"] == "gogo"


def test_a_byte_order_mark_and_no_declaration_are_fine(phone: Phone) -> None:
    assert phone.post(b"\xef\xbb\xbf" + meal()).status_code == 201
    assert phone.post(meal().replace(b'<?xml version="1.0" encoding="UTF-8"?>', b"")).status_code == 201


@pytest.mark.parametrize(("state", "status"), [("open", 201), ("closing", 201), ("closed", 202)])
def test_an_older_version_is_taken_in_until_it_is_closed(state: str, status: int) -> None:
    published(version="1", state=state)
    published(version="2")
    assert Phone().post(meal(version="1")).status_code == status
    assert kept().look_code == ("" if status == 201 else "closed_form")


# The envelope


def test_the_xml_part_may_come_last(phone: Phone) -> None:
    parts = [("photo.jpg", "photo.jpg", "image/jpeg", b"p"), ("xml_submission_file", "f.xml", "text/xml", meal())]
    assert phone.send(multipart(parts)).status_code == 201
    assert files_of(kept()) == {"photo.jpg": b"p"}


@pytest.mark.parametrize(("filename", "kind"), [("", "text/plain"), ("", ""), ("f", "application/octet-stream")])
def test_the_xml_part_may_be_called_what_it_likes(phone: Phone, filename: str, kind: str) -> None:
    assert phone.send(multipart([("xml_submission_file", filename, kind, meal())])).status_code == 201


def test_of_two_xml_parts_the_first_counts_and_the_second_is_kept(phone: Phone) -> None:
    first, second = meal("uuid:one"), meal("uuid:two")
    parts = [("xml_submission_file", "a.xml", "text/xml", first), ("xml_submission_file", "b.xml", "text/xml", second)]
    assert phone.send(multipart(parts)).status_code == 201
    assert kept().instance_id == "uuid:one"
    assert files_of(kept()) == {"b.xml": second}


def test_content_that_looks_like_a_boundary_is_content(phone: Phone) -> None:
    content = b"\r\n--limitless\r\n--limit!\r\n--limi"
    assert phone.post(meal(), {"photo.jpg": content}).status_code == 201
    assert files_of(kept()) == {"photo.jpg": content}


def test_a_zipped_body_is_unzipped(phone: Phone) -> None:
    body = gzip.compress(multipart([("xml_submission_file", "f.xml", "text/xml", meal())]))
    assert phone.send(body, headers={"Content-Encoding": "gzip"}).status_code == 201


def test_a_body_that_unzips_without_end_is_refused(phone: Phone, settings: Any) -> None:
    settings.SUBMISSION_LIMIT = 1_000_000
    assert phone.send(gzip.compress(bytes(5_000_000)), headers={"Content-Encoding": "gzip"}).status_code == 413


BODY = multipart([("xml_submission_file", "f.xml", "text/xml", b"<data id='meal'/>")])


@pytest.mark.parametrize(
    ("body", "kind", "headers", "status"),
    [
        (b"<data/>", "text/xml", {}, 400),
        (b"a=b", "application/x-www-form-urlencoded", {}, 400),
        (BODY, "multipart/mixed; boundary=limit", {}, 400),
        (BODY, "multipart/form-data", {}, 400),
        (BODY, "multipart/form-data; boundary=other", {}, 400),
        (BODY[:-20], "multipart/form-data; boundary=limit", {}, 400),
        (b"", "multipart/form-data; boundary=limit", {}, 400),
        (multipart([("photo", "p.jpg", "", b"x")]), "multipart/form-data; boundary=limit", {}, 400),
        (BODY, "multipart/form-data; boundary=limit", {"Content-Encoding": "br"}, 415),
        (BODY, "multipart/form-data; boundary=limit", {"Content-Encoding": "gzip"}, 400),
    ],
)
def test_only_what_is_no_submission_at_all_is_refused_in_words(
    phone: Phone, body: bytes, kind: str, headers: dict[str, str], status: int
) -> None:
    said = phone.send(body, kind, headers=headers)
    assert said.status_code == status
    assert said["Content-Type"] == "text/xml; charset=utf-8"
    assert said["X-OpenRosa-Version"] == "1.0"
    assert said.content.count(b"<OpenRosaResponse") == 1
    assert not Submission.objects.exists()


def test_a_post_cut_off_anywhere_is_never_taken_for_a_whole_one() -> None:
    whole = multipart([("xml_submission_file", "f.xml", "text/xml", meal()), ("a.jpg", "a.jpg", "", b"photo")])
    assert len(parts_of(whole, b"limit")) == 2
    for length in range(len(whole) - len("--\r\n")):
        with pytest.raises(NotMultipart):
            parts_of(whole[:length], b"limit")


def test_a_post_that_is_too_large_is_told_the_limit(phone: Phone, settings: Any) -> None:
    settings.SUBMISSION_LIMIT = 2_000_000
    said = phone.post(meal(), {"film.mp4": bytes(3_000_000)})
    assert said.status_code == 413
    assert b"larger than 2 MB" in said.content


def test_a_teacher_is_answered_in_her_language() -> None:
    published()
    phone = Phone(fieldworker(language="fr"))
    assert "Bien reçu." in phone.post(meal("uuid:one")).content.decode()
    assert "autre version" in phone.post(meal("uuid:one", supper="0")).content.decode()
    assert "tronquée" in phone.post(b"<data").content.decode()
    assert "Renvoyez-le" in phone.send(b"--limit\r\nContent-").content.decode()


# What follows


def says_it_is_in_a_case_and_fails(event: Event) -> None:
    in_case(int(event.subject))
    raise ValueError


FAILING = {"submission.received": (says_it_is_in_a_case_and_fails,)}


def test_a_record_whose_case_could_not_be_assessed_is_only_received_and_the_work_is_owed(
    phone: Phone, settings: Any
) -> None:
    settings.FLOW = "tests.server.test_door_submission.FAILING"
    assert phone.post(meal()).status_code == 201
    assert kept().state == "received"
    assert Event.objects.get(kind="submission.received").state == "waiting"


# Whatever comes


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    st.one_of(
        st.binary(max_size=400),
        st.text(max_size=200).map(lambda text: f'<data id="meal" version="1">{text}</data>'.encode("utf-8", "replace")),
        st.builds(
            lambda start, length, filler: meal("uuid:fuzz")[:start] + filler + meal("uuid:fuzz")[start + length :],
            st.integers(0, 500), st.integers(0, 60), st.binary(max_size=8),
        ),
    )
)  # fmt: skip
def test_any_bytes_as_a_record_are_kept_and_never_break_the_server(phone: Phone, xml: bytes) -> None:
    said = phone.post(xml)
    assert said.status_code in (201, 202), (said.status_code, xml)
    sha256 = hashlib.sha256(xml).hexdigest()
    one = Submission.objects.filter(sha256=sha256).first() or ConflictCopy.objects.get(sha256=sha256)
    assert bytes(one.xml) == xml
    if isinstance(one, Submission):
        assert one.look_code != "could_not_store"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.binary(max_size=300), st.sampled_from(["multipart/form-data; boundary=limit", "multipart/form-data", "x"]))
def test_any_body_is_answered_in_words_and_never_breaks_the_server(phone: Phone, body: bytes, kind: str) -> None:
    for sent in (body, b"--limit\r\n" + body + b"\r\n--limit--", BODY + body):
        said = phone.send(sent, kind)
        assert said.status_code < 500
        assert b"<OpenRosaResponse" in said.content
