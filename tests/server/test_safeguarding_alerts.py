"""Alerts reach named people: who is told first, who next when nobody takes it up, and that it is taken up once."""

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from khula.cli.serve import tick
from khula.server.cases.models import RaisedAlert
from khula.server.consent.access import reader_of
from khula.server.events.models import Event
from khula.server.people.models import User
from khula.server.people.roles import Role
from khula.server.safeguarding import alerts
from khula.server.safeguarding.clocks import due_after
from khula.server.safeguarding.models import AlertDuty, DutyStep
from khula.server.safeguarding.queries import alerts_for, is_designated, waiting_for
from khula.server.schools.actions import appoint
from khula.server.schools.models import Post
from khula.server.waves.models import Wave
from tests.server.cast import Cast, a_wave, interview, person, the_cast
from tests.server.knocking import Phone

HURT = "The child says somebody hurts the child."


@pytest.fixture
def cast() -> Cast:
    return the_cast()


@pytest.fixture
def wave(cast: Cast) -> Wave:
    return a_wave(cast)


def said_hurt(cast: Cast, wave: Wave) -> AlertDuty:
    """Amahle says that somebody hurts her: the small pack tells the social worker, now."""
    Phone(cast.fieldworker).post(interview("child", cast.amahle, wave, said={"c_hurt": "yes"}))
    return AlertDuty.objects.get(alert__case__child=cast.amahle, alert__alert="a_hurt")


def told(duty: AlertDuty) -> list[tuple[int, str]]:
    steps = duty.steps.filter(kind="told").order_by("round", "user__full_name")
    return list(steps.values_list("round", "user__full_name"))


def seen_by(user: User) -> list[str]:
    reader = reader_of(user, timezone.localdate())
    return [one.sentence for one in alerts_for(reader, "en")]


def run_out(duty: AlertDuty) -> datetime:
    """The moment the clock of this duty runs out; whoever is next is told."""
    duty.refresh_from_db()
    assert duty.due_at is not None
    alerts.escalate_due(now=duty.due_at)
    return duty.due_at


@pytest.mark.acceptance_team
def test_an_alert_starts_its_clock_and_tells_whom_the_pack_names(cast: Cast, wave: Wave) -> None:
    duty = said_hurt(cast, wave)
    assert told(duty) == [(1, "Ms Nomsa Khumalo")]
    assert duty.due_at == due_after("now", duty.opened_at) == duty.opened_at + timedelta(hours=2)
    assert seen_by(cast.social_worker) == [HURT]
    for nobody in (cast.teacher, cast.nurse, cast.psychologist, cast.coordinator, cast.fieldworker, cast.stranger,
                   cast.district_official, cast.researcher, cast.administrator):  # fmt: skip
        assert seen_by(nobody) == []
        assert waiting_for(reader_of(nobody, timezone.localdate())) == 0
        assert not is_designated(reader_of(nobody, timezone.localdate()))


def test_the_same_answer_again_is_one_alert_and_one_clock(cast: Cast, wave: Wave) -> None:
    said_hurt(cast, wave)
    Phone(cast.fieldworker).post(interview("child", cast.amahle, wave, said={"c_hurt": "yes"}, at="10:00"))
    assert AlertDuty.objects.count() == 1
    assert DutyStep.objects.count() == 1


@pytest.mark.acceptance_team
def test_when_nobody_takes_it_up_the_next_are_told_and_then_the_coordinator(cast: Cast, wave: Wave) -> None:
    for user, rank in ((cast.nurse, 1), (cast.psychologist, 2)):
        alerts.name_designated(
            school_id=cast.school.pk, user_id=user.pk, rank=rank, least_urgent="week", by=cast.coordinator.pk
        )
    duty = said_hurt(cast, wave)
    assert told(duty) == [(1, "Sr Lindiwe Dlamini")]
    assert alerts.escalate_due(now=duty.due_at - timedelta(seconds=1)) == 0
    first = run_out(duty)
    assert told(duty)[1:] == [(2, "Ms Lindiwe Maseko")]
    duty.refresh_from_db()
    assert duty.due_at == first + timedelta(hours=2)
    run_out(duty)
    assert told(duty)[2:] == [(3, "Ms Zanele Mthembu")]
    # She is told that it waits and about whom; what was said is for those the pack or the school names.
    (shown,) = alerts_for(reader_of(cast.coordinator, timezone.localdate()), "en")
    assert (shown.child, shown.sentence, shown.law) == ("Amahle Nkosi", "", "")
    assert seen_by(cast.nurse) == seen_by(cast.psychologist) == [HURT]
    run_out(duty)
    run_out(duty)
    assert [step.kind for step in duty.steps.filter(round=4)] == ["nobody"]
    assert duty.steps.filter(kind="nobody").count() == 1
    assert {one.nobody_left for one in alerts_for(reader_of(cast.nurse, timezone.localdate()), "en")} == {True}


def test_somebody_who_comes_later_is_told_when_nobody_was_left(cast: Cast, wave: Wave) -> None:
    Post.objects.filter(role__in=(Role.SOCIAL_WORKER, Role.COORDINATOR)).delete()
    duty = said_hurt(cast, wave)
    assert told(duty) == []
    assert list(duty.steps.values_list("kind", flat=True)) == ["nobody"]
    new = person("busi.zulu", "Ms Busi Zulu", Role.SOCIAL_WORKER, cast.school)
    run_out(duty)
    assert told(duty) == [(2, "Ms Busi Zulu")]
    assert seen_by(new) == [HURT]


def test_who_is_named_for_the_gravest_only_is_not_told_of_the_rest(cast: Cast, wave: Wave) -> None:
    alerts.name_designated(
        school_id=cast.school.pk, user_id=cast.nurse.pk, rank=1, least_urgent="now", by=cast.coordinator.pk
    )
    Phone(cast.fieldworker).post(interview("caregiver", cast.amahle, wave, said={"g_hunger": "yes"}))
    duty = AlertDuty.objects.get()
    assert told(duty) == [(1, "Mr Thabo Mokoena")]  # her class teacher, whom the pack names
    assert seen_by(cast.nurse) == []


def test_a_teacher_of_another_class_is_not_told(cast: Cast, wave: Wave) -> None:
    other = person("sibusiso.dube", "Mr Sibusiso Dube", Role.TEACHER, cast.school, cast.class_1a)
    Phone(cast.fieldworker).post(interview("caregiver", cast.amahle, wave, said={"g_hunger": "yes"}))
    assert told(AlertDuty.objects.get()) == [(1, "Mr Thabo Mokoena")]
    assert seen_by(other) == []


def test_from_whom_the_pack_hides_an_alert_no_naming_and_no_clock_brings_it(
    cast: Cast, wave: Wave, monkeypatch: pytest.MonkeyPatch
) -> None:
    from khula.server.safeguarding import kinds, queries

    hidden = kinds.AlertRule("a_hurt", ("social_worker",), ("nurse", "coordinator"), "", {"en": HURT})
    for module in (alerts, queries):
        monkeypatch.setattr(module, "rule_of", lambda version, name: hidden)
    alerts.name_designated(school_id=cast.school.pk, user_id=cast.nurse.pk, rank=1, least_urgent="week", by=None)
    duty = said_hurt(cast, wave)
    assert told(duty) == [(1, "Ms Nomsa Khumalo")]
    run_out(duty)
    assert duty.steps.filter(kind="nobody").exists()
    # Also when a row says she was told, and when she is a nurse besides.
    appoint(user_id=cast.nurse.pk, role=Role.COORDINATOR, school=cast.school)
    DutyStep.objects.create(duty=duty, kind="told", round=9, user=cast.nurse, at=timezone.now())
    assert seen_by(cast.nurse) == seen_by(cast.coordinator) == []


def test_whose_post_has_ended_sees_nothing_though_she_was_told(cast: Cast, wave: Wave) -> None:
    said_hurt(cast, wave)
    assert seen_by(cast.social_worker) == [HURT]
    Post.objects.filter(user=cast.social_worker).update(until=timezone.localdate())
    assert seen_by(cast.social_worker) == []


@pytest.mark.acceptance_team
def test_it_is_taken_up_once_and_the_clock_stops(cast: Cast, wave: Wave) -> None:
    duty = said_hurt(cast, wave)
    assert alerts.acknowledge(duty_id=duty.pk, by=cast.social_worker.pk)
    assert not alerts.acknowledge(duty_id=duty.pk, by=cast.nurse.pk)
    alert = RaisedAlert.objects.get(pk=duty.alert_id)
    assert alert.acknowledged_by == cast.social_worker
    assert alert.acknowledged_at is not None
    assert alerts.escalate_due(now=timezone.now() + timedelta(days=9)) == 0
    assert [step.kind for step in duty.steps.order_by("pk")] == ["told", "acknowledged"]
    assert waiting_for(reader_of(cast.social_worker, timezone.localdate())) == 0


def test_the_database_refuses_to_change_a_step(cast: Cast, wave: Wave) -> None:
    duty = said_hurt(cast, wave)
    with pytest.raises(IntegrityError), transaction.atomic():
        duty.steps.update(user=cast.nurse)


def test_an_alert_without_a_clock_gets_one(cast: Cast, wave: Wave) -> None:
    duty = said_hurt(cast, wave)
    duty.steps.all().delete()
    duty.delete()
    assert alerts.open_missing_duties() == 1
    assert told(AlertDuty.objects.get()) == [(1, "Ms Nomsa Khumalo")]
    assert alerts.open_missing_duties() == 0


def test_the_servers_clock_sees_to_it(cast: Cast, wave: Wave) -> None:
    duty = said_hurt(cast, wave)
    AlertDuty.objects.update(due_at=timezone.now() - timedelta(minutes=1))
    tick(slow=False)
    assert len(told(duty)) == 1
    tick(slow=True)
    assert told(duty) == [(1, "Ms Nomsa Khumalo"), (2, "Ms Zanele Mthembu")]


def test_an_alert_whose_event_failed_is_owed_without_its_kind_and_then_opened(
    cast: Cast, wave: Wave, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(alerts, "rule_of", lambda version, name: 1 / 0)
        Phone(cast.fieldworker).post(interview("child", cast.amahle, wave, said={"c_hurt": "yes"}))
    assert RaisedAlert.objects.count() == 1  # what was said stands
    assert not AlertDuty.objects.exists()
    client = Client()
    client.force_login(cast.administrator)
    assert "alert." not in client.get("/system").content.decode()
    tick(slow=True)
    assert told(AlertDuty.objects.get()) == [(1, "Ms Nomsa Khumalo")]


@pytest.mark.acceptance_team
def test_no_event_says_whose_alert_it_is_or_what_was_said(cast: Cast, wave: Wave) -> None:
    duty = said_hurt(cast, wave)
    run_out(duty)
    alerts.acknowledge(duty_id=duty.pk, by=cast.social_worker.pk)
    events = Event.objects.filter(kind__startswith="alert.")
    assert {"alert.raised", "alert.told", "alert.escalated", "alert.acknowledged"} == {one.kind for one in events}
    for event in events:
        assert "a_hurt" not in event.facts + event.subject
        assert cast.amahle.pk not in event.facts + event.subject


@pytest.mark.parametrize(("urgency", "since", "due"), [
    ("now", "2026-06-03T23:30+02:00", "2026-06-04T01:30+02:00"),
    ("today", "2026-06-03T09:00+02:00", "2026-06-04T08:00+02:00"),
    ("today", "2026-06-03T01:00+02:00", "2026-06-04T08:00+02:00"),
    ("week", "2026-06-03T09:00+02:00", "2026-06-10T08:00+02:00"),
    ("whatever", "2026-06-03T09:00+02:00", "2026-06-03T11:00+02:00"),
])  # fmt: skip
def test_how_long_each_urgency_waits(urgency: str, since: str, due: str) -> None:
    assert due_after(urgency, datetime.fromisoformat(since)) == datetime.fromisoformat(due)
