"""Many devices at once, with real commits: nothing lost, nothing twice, nobody told that something failed."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from khula.server.collection import store, writer
from khula.server.collection.models import ConflictCopy, Submission
from khula.server.collection.parse import parse
from khula.server.events.models import Event
from tests.server.cast import digest
from tests.server.knocking import Phone, meal, nothing_follows, published

__all__ = ["nothing_follows"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("nothing_follows")]


def at_once(tasks: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run every task in a thread of its own, all from one starting shot."""
    start = threading.Barrier(len(tasks))
    results: list[Any] = [None] * len(tasks)

    def run(place: int) -> None:
        start.wait()
        try:
            results[place] = tasks[place]()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(tasks))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    return results


def phones(count: int) -> list[Phone]:
    published()
    first = Phone()
    return [first, *(Phone(token=first.token) for _ in range(count - 1))]


def test_four_identical_posts_at_once_are_one_record_and_four_good_answers() -> None:
    four = phones(4)
    for number in range(10):
        xml = meal(f"uuid:{number}")
        answers = at_once([lambda one=one, xml=xml: one.post(xml, {"a.txt": b"a"}).status_code for one in four])
        assert answers == [201] * 4
    assert Submission.objects.count() == 10
    assert not ConflictCopy.objects.exists()
    assert Event.objects.filter(kind="submission.received").count() == 10


def test_two_contents_racing_for_one_id_are_both_kept() -> None:
    pair = phones(2)
    for number in range(10):
        one, other = (meal(f"uuid:{number}", supper=supper) for supper in ("0", "1"))
        answers = at_once([lambda: pair[0].post(one).status_code, lambda: pair[1].post(other).status_code])  # noqa: B023
        assert sorted(answers) == [201, 202]
    assert Submission.objects.count() == ConflictCopy.objects.count() == 10


def test_every_record_of_many_devices_is_there_once() -> None:
    eight = phones(8)
    xmls = [[meal(f"uuid:{device}-{number}") for number in range(15)] for device in range(8)]
    answers = at_once(
        [
            lambda phone=phone, mine=mine: [phone.post(xml).status_code for xml in mine]
            for phone, mine in zip(eight, xmls, strict=True)
        ]
    )
    assert Counter(status for mine in answers for status in mine) == {201: 120}
    assert Submission.objects.count() == 120


def test_two_corrections_at_once_leave_one_record_that_counts() -> None:
    pair = phones(2)
    for number in range(5):
        pair[0].post(meal(f"uuid:{number}"))
        edits = [meal(f"uuid:{number}-{one}", deprecated=f"uuid:{number}") for one in "ab"]
        answers = at_once([lambda one=one, xml=xml: one.post(xml).status_code for one, xml in zip(pair, edits)])  # noqa: B905
        assert sorted(answers) == [201, 202]
    assert Submission.objects.filter(state="received").count() == 5
    assert Submission.objects.filter(look_code="edit_fork").count() == 5


def test_two_corrections_that_two_processes_store_leave_one_record_that_counts() -> None:
    phone = phones(1)[0]
    phone.post(meal("uuid:one"))
    stored, answers = threading.Event(), []

    def first() -> None:
        with transaction.atomic():
            answers.append(store.keep(correction("uuid:a"), store.Facts()))
            stored.set()
            time.sleep(0.5)

    def second() -> None:
        stored.wait(10)
        with transaction.atomic():
            answers.append(store.keep(correction("uuid:b"), store.Facts()))

    at_once([first, second])
    assert sorted(answer.look_code for answer in answers) == ["", "edit_fork"]
    assert Submission.objects.get(state="received").instance_id == "uuid:a"


def correction(instance_id: str) -> store.Delivery:
    xml = meal(instance_id, deprecated="uuid:one")
    return store.Delivery(
        xml=xml, sha256=digest(xml), parsed=parse(xml), device_id=None, user_id=None, device_said="",
        received_at=timezone.now(),
    )  # fmt: skip


def test_files_of_one_record_that_come_at_once_make_it_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    phone, looked, keep_file = phones(1)[0], threading.Event(), store._keep_file
    xml = meal("uuid:one", plate="plate.jpg", extra="<plate>audit.csv</plate>")
    phone.post(xml)
    assert not Submission.objects.get().complete

    def slowly(cursor: Any, submission_id: int, file: Any, *more: Any, **named: Any) -> None:
        keep_file(cursor, submission_id, file, *more, **named)
        if file.name == "plate.jpg":  # it has seen which files are here, and not yet said whether that is all
            looked.set()
            time.sleep(0.5)

    def arrives(name: str) -> None:
        with transaction.atomic():
            store.keep(with_file(xml, name), store.Facts())

    def second() -> None:
        looked.wait(10)
        arrives("audit.csv")

    monkeypatch.setattr(store, "_keep_file", slowly)
    at_once([lambda: arrives("plate.jpg"), second])
    assert Submission.objects.get().complete


def with_file(xml: bytes, name: str) -> store.Delivery:
    file = store.ReceivedFile(name=name, content_type="", content=name.encode(), sha256=digest(name.encode()))
    return store.Delivery(
        xml=xml, sha256=digest(xml), parsed=parse(xml), device_id=None, user_id=None, device_said="",
        received_at=timezone.now(), files=(file,),
    )  # fmt: skip


def test_one_poisonous_record_does_not_keep_the_others_out(monkeypatch: pytest.MonkeyPatch) -> None:
    keep = store.keep

    def sometimes(delivery: Any, facts: Any) -> Any:
        if b"poison" in delivery.xml and not delivery.parsed.problem:
            raise ValueError("supper=0")
        return keep(delivery, facts)

    monkeypatch.setattr(writer, "keep", sometimes)
    eight = phones(8)
    xmls = [meal(f"uuid:{'poison' if number == 3 else number}") for number in range(8)]
    answers = at_once(
        [lambda one=one, xml=xml: one.post(xml).status_code for one, xml in zip(eight, xmls, strict=True)]
    )
    assert sorted(answers) == [201] * 7 + [202]
    assert Submission.objects.get(look_code="could_not_store").said_instance_id == "uuid:poison"
    assert bytes(Submission.objects.get(look_code="could_not_store").xml) == xmls[3]


def test_a_lock_that_passes_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    keep, tries = store.keep, iter((True, True, False))

    def locked_twice(delivery: Any, facts: Any) -> Any:
        if next(tries, False):
            raise OperationalError("deadlock detected")
        return keep(delivery, facts)

    monkeypatch.setattr(writer, "keep", locked_twice)
    assert phones(1)[0].post(meal()).status_code == 201
    assert Submission.objects.count() == 1


def test_a_record_that_cannot_be_written_stays_on_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(delivery: Any, facts: Any) -> Any:
        raise OperationalError("disk full")

    monkeypatch.setattr(writer, "keep", broken)
    monkeypatch.setattr(writer.time, "sleep", lambda _: None)
    said = phones(1)[0].post(meal())
    assert said.status_code == 503
    assert b"safe on the device" in said.content
    assert not Submission.objects.exists()


def test_nobody_is_answered_before_the_record_is_committed(monkeypatch: pytest.MonkeyPatch) -> None:
    phone, seen = phones(1)[0], []
    told = writer._Waiting

    class Watched(told):  # type: ignore[misc, valid-type]
        def __setattr__(self, name: str, value: object) -> None:
            if name == "result" and value is not None:
                seen.append(connection.in_atomic_block)
            super().__setattr__(name, value)

    monkeypatch.setattr(writer, "_Waiting", Watched)
    phone.post(meal())
    assert seen == [False]
