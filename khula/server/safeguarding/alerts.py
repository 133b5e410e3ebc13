"""An alert was raised: who is told of it, and by when it must be taken up; who next when the clock runs out; taken up.

Told first are those the school has named, in their order; where nobody is named, those whose role the pack names. After
them the school's coordinators, and then nobody is left, which is kept too. No event here says whose child it is about,
or what was said.
"""

from collections.abc import Iterable
from datetime import date, datetime

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from khula.server.cases.models import RaisedAlert
from khula.server.consent.access import reader_of, roles_named
from khula.server.events.actions import happened
from khula.server.events.models import Event
from khula.server.people.models import User
from khula.server.people.roles import Role
from khula.server.safeguarding.clocks import due_after
from khula.server.safeguarding.kinds import AlertRule, rule_of
from khula.server.safeguarding.models import AlertDuty, Designation, DutyStep
from khula.server.safeguarding.told import covers, may_be_told
from khula.server.schools.models import Child, Post

MOST_AT_ONCE = 200


def open_duty(event: Event) -> None:
    """What follows `alert.raised`: the clock starts, and the first are told."""
    _open(int(event.subject), event.at)


def open_missing_duties(*, now: datetime | None = None) -> int:
    """Alerts without a clock (older ones, or those whose event failed) get one; for the server's clock."""
    waiting = RaisedAlert.objects.filter(duty=None, acknowledged_at=None).order_by("pk").values_list("pk", flat=True)
    ids = list(waiting[:MOST_AT_ONCE])
    for alert_id in ids:
        _open(alert_id, now or timezone.now())
    return len(ids)


@transaction.atomic
def _open(alert_id: int, at: datetime) -> None:
    urgency = RaisedAlert.objects.values_list("urgency", flat=True).get(pk=alert_id)
    if AlertDuty.objects.filter(alert_id=alert_id).exists():
        return
    duty = AlertDuty.objects.create(
        alert_id=alert_id, urgency=urgency, opened_at=at, due_at=due_after(urgency, at)
    )  # fmt: skip
    _tell_next(duty, at, kind="alert.told")


def escalate_due(*, now: datetime | None = None) -> int:
    """Tell the next of every alert that nobody has taken up in time; returns how many. For the server's clock."""
    now = now or timezone.now()
    due = AlertDuty.objects.filter(due_at__lte=now).order_by("due_at", "pk").values_list("pk", flat=True)
    return sum(_escalate(pk, now) for pk in list(due[:MOST_AT_ONCE]))


@transaction.atomic
def _escalate(duty_id: int, now: datetime) -> bool:
    skip = connection.features.has_select_for_update_skip_locked
    duty = AlertDuty.objects.select_for_update(skip_locked=skip).filter(pk=duty_id, due_at__lte=now).first()
    if duty is None:
        return False
    duty.due_at = due_after(duty.urgency, now)
    duty.save(update_fields=["due_at"])
    _tell_next(duty, now, kind="alert.escalated")
    return True


def _tell_next(duty: AlertDuty, at: datetime, *, kind: str) -> None:
    """The first group of which somebody has not been told; when all have been, that is kept once."""
    alert = RaisedAlert.objects.select_related("case__child").get(pk=duty.alert_id)
    steps = list(duty.steps.values_list("kind", "user_id", "round"))
    told = {user for step, user, _round in steps if step == DutyStep.Kind.TOLD}
    this_round = max((number for _step, _user, number in steps), default=0) + 1
    on = timezone.localtime(at).date()
    group = next((fresh for each in _chain(duty, alert, on) if (fresh := [one for one in each if one not in told])), [])
    if group:
        new = [DutyStep(duty=duty, kind=DutyStep.Kind.TOLD, round=this_round, user_id=one, at=at) for one in group]
        DutyStep.objects.bulk_create(new)
        _happened(kind, duty, at, {"people": len(group), "round": this_round})
    elif DutyStep.Kind.NOBODY not in {step for step, _user, _round in steps}:
        DutyStep.objects.create(duty=duty, kind=DutyStep.Kind.NOBODY, round=this_round, at=at)
        _happened("alert.nobody_left", duty, at, {"round": this_round})


def _happened(kind: str, duty: AlertDuty, at: datetime, facts: dict[str, object]) -> None:
    happened(kind=kind, subject=duty.alert_id, facts=facts | {"urgency": duty.urgency}, at=at)


def _chain(duty: AlertDuty, alert: RaisedAlert, on: date) -> Iterable[list[int]]:
    """Groups of people, in the order in which they are told."""
    child, rule = alert.case.child, rule_of(alert.pack_version_id, alert.alert)
    named = Designation.objects.filter(school_id=child.school_id, until=None, user__is_active=True)
    ranks: dict[int, list[int]] = {}
    for one in named.select_related("user").order_by("rank", "pk"):
        if covers(one, duty.urgency) and may_be_told(reader_of(one.user, on), child, rule, named=True):
            ranks.setdefault(one.rank, []).append(one.user_id)
    yield from (ranks[rank] for rank in sorted(ranks))
    if not ranks:
        yield _told_by_role(child, rule, on)
    yield _coordinators(child, rule, on)


def _told_by_role(child: Child, rule: AlertRule, on: date) -> list[int]:
    people = User.objects.filter(pk__in=_posts_at(child.school_id, on).values("user_id"), is_active=True).order_by("pk")
    return [one.pk for one in people if may_be_told(reader_of(one, on), child, rule)]


def _coordinators(child: Child, rule: AlertRule, on: date) -> list[int]:
    if Role.COORDINATOR in roles_named(rule.hide_from):
        return []
    posts = _posts_at(child.school_id, on).filter(role=Role.COORDINATOR).order_by("user_id")
    return list(dict.fromkeys(posts.values_list("user_id", flat=True)))


def _posts_at(school_id: int | None, on: date) -> QuerySet[Post]:
    """Posts at this school or at all schools, of people who can sign in."""
    here = Q(school_id=school_id) | Q(school_id=None)
    return Post.objects.filter(here, Q(until=None) | Q(until__gt=on), user__is_active=True)


@transaction.atomic
def acknowledge(*, duty_id: int, by: int) -> bool:
    """`by` has taken the alert up, and the clock stops; False where somebody already had. Who was first stays."""
    duty = AlertDuty.objects.select_for_update().get(pk=duty_id)
    alert = RaisedAlert.objects.get(pk=duty.alert_id)
    if alert.acknowledged_at is not None:
        return False
    at = timezone.now()
    alert.acknowledged_at, alert.acknowledged_by_id = at, by
    alert.save(update_fields=["acknowledged_at", "acknowledged_by"])
    duty.due_at = None
    duty.save(update_fields=["due_at"])
    this_round = duty.steps.order_by("-round").values_list("round", flat=True).first() or 1
    DutyStep.objects.create(duty=duty, kind=DutyStep.Kind.ACKNOWLEDGED, round=this_round, user_id=by, at=at)
    happened(kind="alert.acknowledged", subject=alert.pk, by=by, at=at)
    return True


class AlreadyNamed(Exception):
    """This person is named at this school already."""


@transaction.atomic
def name_designated(*, school_id: int, user_id: int, rank: int, least_urgent: str, by: int | None) -> Designation:
    """A person is named to be told of this school's alerts from now on."""
    if Designation.objects.filter(school_id=school_id, user_id=user_id, until=None).exists():
        raise AlreadyNamed
    made = Designation.objects.create(
        school_id=school_id, user_id=user_id, rank=rank, least_urgent=least_urgent, since=timezone.now()
    )
    facts = {"school": school_id, "rank": rank, "least_urgent": least_urgent}
    happened(kind="designation.made", subject=user_id, facts=facts, by=by)
    return made


@transaction.atomic
def end_designation(*, designation_id: int, by: int | None) -> None:
    """Twice is the same as once."""
    found = Designation.objects.select_for_update().get(pk=designation_id)
    if found.until is None:
        found.until = timezone.now()
        found.save(update_fields=["until"])
        happened(kind="designation.ended", subject=found.user_id, facts={"school": found.school_id}, by=by)
