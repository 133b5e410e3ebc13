"""Publishing: a checked pack is offered at once, an older one goes on working, and nothing published ever changes."""

import re
import threading
from collections.abc import Mapping
from datetime import timedelta
from io import BytesIO

import pytest
from django.db import connection
from django.utils import timezone
from openpyxl import load_workbook

from khula.analysis.packs.reader import read_pack
from khula.server.collection.models import EntityList, Submission
from khula.server.events.models import Event
from khula.server.packs import actions
from khula.server.packs.actions import PackRefused, close_form, publish
from khula.server.packs.models import Form, PackFile, PackVersion
from khula.server.packs.queries import pack_of
from khula.server.waves.models import Wave
from tests.server.knocking import Phone, fieldworker
from tests.server.small_pack import small_pack, workbooks

NO_EXAMPLES = {"PACK_404", "PACK_405", "PACK_406", "PACK_407"}


@pytest.fixture(autouse=True)
def _examples_are_another_subject(monkeypatch: pytest.MonkeyPatch) -> None:
    """The small pack has no sheet `tests`; that a pack without one is refused is tested with the check."""
    check = actions.check_reading
    monkeypatch.setattr(
        actions,
        "check_reading",
        lambda reading, on: [one for one in check(reading, on=on) if one.code not in NO_EXAMPLES],
    )


def offered(phone: Phone) -> set[tuple[str, str]]:
    listed = phone.get("formList").content.decode()
    return set(re.findall("<formID>(.*?)</formID>.*?<version>(.*?)</version>", listed))


def interview(form: Form, instance_id: str = "uuid:one") -> bytes:
    return (
        f'<data id="{form.form_id}" version="{form.version}"><meta><instanceID>{instance_id}</instanceID></meta></data>'
    ).encode()


def changed(files: Mapping[str, bytes], name: str, sheet: str, cell: str, value: object) -> dict[str, bytes]:
    book = load_workbook(BytesIO(files[name]))
    book[sheet][cell] = value
    out = BytesIO()
    book.save(out)
    return {**files, name: out.getvalue()}


def refused(files: Mapping[str, bytes]) -> list[str]:
    with pytest.raises(PackRefused) as problem:
        publish(files)
    for finding in problem.value.findings:
        for language in ("en", "fr"):
            assert all(finding.told(language))
    return sorted({finding.code for finding in problem.value.findings})


def test_a_published_pack_is_on_the_devices_at_their_next_look() -> None:
    phone = Phone()
    assert offered(phone) == set()
    version = publish(workbooks(), by=phone.user.pk)
    assert {form for form, _ in offered(phone)} == set(version.forms.values_list("form_id", flat=True))
    assert version.published_by == phone.user
    assert Event.objects.filter(kind="pack.published", subject=version.pk).exists()


def test_the_pack_read_back_is_the_pack_that_was_published() -> None:
    assert pack_of(publish(workbooks()).pk) == read_pack(workbooks())


def test_every_file_is_kept_as_it_was_handed_in() -> None:
    version = publish(workbooks())
    kept = {file.name: bytes(file.content) for file in PackFile.objects.filter(pack_version=version)}
    assert kept == dict(workbooks())


def test_the_lists_of_a_pack_are_known_from_then_on() -> None:
    publish(workbooks())
    assert EntityList.objects.filter(name="learners").exists()


def test_the_same_files_again_are_the_same_version() -> None:
    first = publish(workbooks())
    assert publish(workbooks()) == first
    assert PackVersion.objects.count() == 1
    assert Event.objects.filter(kind="pack.published").count() == 1


def test_a_version_that_is_published_cannot_become_another_one() -> None:
    publish(workbooks())
    other = changed(workbooks(), "teacher.xlsx", "settings", "D5", "x")
    assert "PUBLISH_001" in refused(other)


def test_a_form_that_asks_something_else_needs_a_version_of_its_own() -> None:
    publish(workbooks("1"))
    asks_more = {**workbooks("2"), "teacher.xlsx": workbooks("1", extra_teacher_question="t_more")["teacher.xlsx"]}
    assert refused(asks_more) == ["PUBLISH_002"]
    assert PackVersion.objects.count() == 1


def test_a_form_that_stays_as_it_is_may_keep_its_version() -> None:
    publish(workbooks("1"))
    publish({**workbooks("2"), "teacher.xlsx": workbooks("1")["teacher.xlsx"]})
    phone = Phone()
    assert sorted(form for form, _ in offered(phone)) == sorted({form for form, _ in offered(phone)})
    newest = Form.objects.filter(form_id="kh_teacher").order_by("-pk").first()
    assert newest is not None
    assert phone.post(interview(newest)).status_code in (201, 202)
    assert Submission.objects.get().form == newest


def test_nothing_is_published_when_anything_stands_in_the_way() -> None:
    broken = changed(workbooks(), "pack.xlsx", "scales", "E2", "no_such_question")
    assert refused(broken)
    assert refused({"pack.xlsx": b"not a workbook"})
    assert refused({})
    assert not PackVersion.objects.exists()
    assert not Form.objects.exists()


def test_an_older_version_is_no_longer_offered_but_still_taken_in() -> None:
    old = publish(workbooks("1"))
    new = publish(workbooks("2"))
    phone = Phone()
    assert offered(phone) == set(new.forms.values_list("form_id", "version"))
    teacher = old.forms.get(informant="teacher")
    assert teacher.state == "closing"
    phone.post(interview(teacher))
    assert Submission.objects.get().form == teacher
    assert Submission.objects.get().look_code not in ("unknown_version", "closed_form")


def test_an_older_version_stays_offered_as_long_as_a_wave_uses_it() -> None:
    old = publish(workbooks("1"))
    today = timezone.localdate()
    wave = Wave.objects.create(
        id="w1", number=1, name="Wave 1", pack_version=old, opens_on=today - timedelta(days=9), closes_on=today
    )
    new = publish(workbooks("2"))
    both = {*old.forms.values_list("form_id", "version"), *new.forms.values_list("form_id", "version")}
    phone = Phone()
    assert offered(phone) == both
    wave.closes_on = today - timedelta(days=1)
    wave.save()
    assert offered(phone) == set(new.forms.values_list("form_id", "version"))


def test_a_record_that_came_before_its_form_is_taken_up_when_the_form_is_published() -> None:
    phone = Phone()
    publish(workbooks("1"))
    early = Form(form_id="kh_teacher", version=form_version("2"))
    assert phone.post(interview(early)).status_code == 202
    assert Submission.objects.get().look_code == "unknown_version"
    publish(workbooks("2"))
    one = Submission.objects.get()
    assert one.form is not None
    assert one.look_code != "unknown_version"
    assert Event.objects.filter(kind="submission.received", subject=one.pk).exists()


def form_version(pack_version: str) -> str:
    return next(form.version for form in small_pack(pack_version).forms if form.form_id == "kh_teacher")


def test_a_closed_form_is_neither_offered_nor_taken_in_silently() -> None:
    version = publish(workbooks())
    teacher = version.forms.get(informant="teacher")
    close_form(form_id=teacher.form_id, version=teacher.version)
    phone = Phone()
    assert teacher.form_id not in {form for form, _ in offered(phone)}
    assert phone.get(f"forms/{teacher.pk}/form.xml").status_code == 404
    phone.post(interview(teacher))
    assert Submission.objects.get().look_code == "closed_form"


@pytest.mark.django_db(transaction=True)
def test_no_record_falls_between_being_judged_and_the_form_being_published() -> None:
    publish(workbooks("1"))
    phone = Phone(fieldworker())
    early = Form(form_id="kh_teacher", version=form_version("2"))
    done = threading.Event()
    sent: list[int] = []

    def post_until_done() -> None:
        try:
            while not done.is_set():
                sent.append(phone.post(interview(early, f"uuid:{len(sent)}")).status_code)
        finally:
            connection.close()

    sender = threading.Thread(target=post_until_done)
    sender.start()
    try:
        while len(sent) < 3:
            pass
        publish(workbooks("2"))
    finally:
        done.set()
        sender.join(30)
    assert Submission.objects.count() == len(sent)
    assert not Submission.objects.filter(look_code="unknown_version").exists()
