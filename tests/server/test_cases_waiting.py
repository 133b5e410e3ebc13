"""What waited for its child or its wave is taken up by itself, also when two processes have overlooked each other."""

import threading
from collections.abc import Callable
from datetime import date

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from khula.cli.serve import tick
from khula.server.cases import actions
from khula.server.cases.actions import retake_waiting
from khula.server.cases.models import Case
from khula.server.collection.actions import settle
from khula.server.collection.models import Submission
from khula.server.events.models import Event
from khula.server.schools.actions import enrol_child
from khula.server.waves.models import Wave
from tests.server.cast import Cast, a_wave, interview, publish, the_cast
from tests.server.knocking import Phone

OWETHU = "7d3e0a61-6b2f-4c55-9d7e-3f1f6a0c9b11"


@pytest.fixture
def cast() -> Cast:
    with transaction.atomic():
        return the_cast()


@pytest.fixture
def wave(cast: Cast) -> Wave:
    with transaction.atomic():
        return a_wave(cast)


def enrol_owethu(cast: Cast) -> None:
    enrol_child(
        child_id=OWETHU, given_names="Owethu", family_name="Zulu", sex="female", birth_date=date(2018, 8, 8),
        school_class=cast.class_1b, since=date(2026, 3, 3),
    )  # fmt: skip


def at_once(first: Callable[[], object], second: Callable[[], object]) -> None:
    """The second comes while the first has written and not yet committed."""
    holding, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            first()
            holding.set()
            go_on.wait(timeout=20)
        connections.close_all()

    def come() -> None:
        second()
        connections.close_all()

    one, other = threading.Thread(target=hold), threading.Thread(target=come)
    one.start()
    assert holding.wait(timeout=20)
    other.start()
    other.join(timeout=1.0)  # on PostgreSQL it is done by then; on SQLite it waits for the first
    go_on.set()
    one.join(timeout=30)
    other.join(timeout=30)


def waits(cast: Cast, wave: Wave, monkeypatch: pytest.MonkeyPatch, code: str, **said: str) -> Submission:
    """The state that such a race leaves behind: the record waits, and its child has a case."""
    with monkeypatch.context() as overlooked:
        overlooked.setattr(actions, "_case_of", lambda *_: None)
        overlooked.setattr(actions, "_why_no_case", lambda *_: code)
        Phone(cast.fieldworker).post(interview("child", cast.amahle, wave, said={"c_hurt": "yes"}, **said))
    kept = Submission.objects.get(child_id=cast.amahle.pk)
    assert (kept.state, kept.look_code) == ("quarantined", code)
    return kept


def now(kept: Submission) -> tuple[str, str]:
    kept.refresh_from_db()
    return kept.state, kept.look_code


@pytest.mark.django_db(transaction=True)
def test_a_record_stored_while_its_child_is_enrolled_finds_its_case_within_a_minute(cast: Cast, wave: Wave) -> None:
    phone, xml = Phone(cast.fieldworker), interview("child", OWETHU, wave, said={"c_hurt": "yes"})
    at_once(lambda: enrol_owethu(cast), lambda: phone.post(xml))
    if connection.vendor == "postgresql":
        assert now(Submission.objects.get()) == ("quarantined", "unknown_child")
    tick(slow=True)
    assert now(Submission.objects.get()) == ("in case", "")
    assert Case.objects.get(child_id=OWETHU).alerts_raised == 1


@pytest.mark.django_db(transaction=True)
def test_a_record_stored_while_its_wave_is_opened_finds_its_case_within_a_minute(cast: Cast) -> None:
    pack, phone = publish(), Phone(cast.fieldworker)
    xml = interview("child", cast.amahle, "", said={"c_hurt": "yes"})
    at_once(lambda: a_wave(cast, pack), lambda: phone.post(xml))
    tick(slow=True)
    assert now(Submission.objects.get()) == ("in case", "")
    assert Case.objects.get(child=cast.amahle).voices_heard == 1


@pytest.mark.parametrize("code", actions.WAIT_FOR_CHILD)
def test_what_waits_although_its_case_is_there_is_taken_up(
    cast: Cast, wave: Wave, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    kept = waits(cast, wave, monkeypatch, code)
    assert retake_waiting() == 1
    assert now(kept) == ("in case", "")
    assert Case.objects.get(child=cast.amahle).voices_heard == 1
    assert retake_waiting() == 0


def test_what_lacks_its_child_or_its_wave_waits_on_and_is_not_tried_in_vain(cast: Cast, wave: Wave) -> None:
    phone = Phone(cast.fieldworker)
    phone.post(interview("child", OWETHU, wave))
    phone.post(interview("child", cast.rendani, wave))
    phone.post(interview("child", cast.amahle, "1b0c5c0e-0000-4000-8000-000000000000"))
    phone.post(interview("child", cast.sipho, "", on="2024-04-01"))
    before = Event.objects.count()
    assert retake_waiting() == 0
    assert Event.objects.count() == before
    assert sorted(Submission.objects.values_list("look_code", flat=True)) == [
        "child_not_in_wave", "unknown_child", "unknown_wave", "unknown_wave",
    ]  # fmt: skip


def test_what_a_person_has_settled_stays_settled(cast: Cast, wave: Wave, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = waits(cast, wave, monkeypatch, "unknown_child")
    settle(submission_id=kept.pk, by=cast.coordinator.pk, note="A test of the tablet.")
    assert retake_waiting() == 0
    assert now(kept) == ("quarantined", "unknown_child")


def test_one_that_cannot_be_taken_up_does_not_keep_the_others_waiting(
    cast: Cast, wave: Wave, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    first = waits(cast, wave, monkeypatch, "unknown_child")
    with monkeypatch.context() as overlooked:
        overlooked.setattr(actions, "_case_of", lambda *_: None)
        Phone(cast.fieldworker).post(interview("child", cast.sipho, wave))
    retake = actions.collection.retake

    def poisoned(submission_id: int) -> str:
        if submission_id == first.pk:
            raise ValueError("c_hurt = yes")
        return retake(submission_id)

    monkeypatch.setattr(actions.collection, "retake", poisoned)
    assert retake_waiting() == 1
    assert now(first)[0] == "quarantined"
    assert Submission.objects.get(child_id=cast.sipho.pk).state == "in case"
    assert "ValueError" in caplog.text
    assert "c_hurt" not in caplog.text


def test_looking_for_what_waits_is_one_statement_that_an_index_answers(cast: Cast, wave: Wave) -> None:
    Submission.objects.bulk_create(
        Submission(xform_id="kh-child", instance_id=f"uuid:{n}", received_at=timezone.now(), state="in case", xml=b"")
        for n in range(500)
    )
    with CaptureQueriesContext(connection) as captured:
        assert retake_waiting() == 0
    (query,) = captured
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE collection_submission")
        cursor.execute(("EXPLAIN " if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN ") + query["sql"])
        plan = " ".join(str(row) for row in cursor.fetchall())
    assert "submission_look" in plan
