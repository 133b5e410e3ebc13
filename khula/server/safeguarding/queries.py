"""Which alerts a reader is told of and what of each; whose reports of concern a reader sees. All else is absent."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from django.db.models import Q, QuerySet
from django.utils import timezone

from khula.analysis.packs.pack import Question, Text
from khula.server.collection.queries import received
from khula.server.consent.access import GRANTS, Reader, can, reach, roles_named, schools_for
from khula.server.packs.queries import pack_of
from khula.server.people.models import User
from khula.server.people.roles import Role
from khula.server.safeguarding.kinds import rule_of
from khula.server.safeguarding.models import AlertDuty, Concern, ConcernVersion, Designation, DutyStep
from khula.server.safeguarding.told import covers, may_be_told
from khula.server.schools.models import Child, Post, School

SHOWN_AFTER = timedelta(days=30)  # an alert that was taken up stays on the page so long


@dataclass(frozen=True)
class ToldAlert:
    """An alert as one reader is told of it; `sentence` is empty where only its being late is told."""

    duty_id: int
    child_id: str
    child: str
    school: str
    urgency: str
    sentence: str
    law: str
    raised_at: datetime
    due_at: datetime | None
    late: bool
    nobody_left: bool
    still_true: bool
    acknowledged_at: datetime | None
    acknowledged_by: str
    sees_child: bool
    note: bool  # a safety note raised it, and this reader may read the note


def is_designated(reader: Reader) -> bool:
    """Is there, or was there, anything for this reader on the page of alerts?"""
    if Role.SOCIAL_WORKER in reader.roles:  # whom an alert is for when its pack names nobody
        return True
    named = Designation.objects.filter(user_id=reader.user_id, until=None)
    told = DutyStep.objects.filter(user_id=reader.user_id, kind=DutyStep.Kind.TOLD)
    return bool(can(reader, "see alerts")) and (named.exists() or told.exists() or bool(alerts_for(reader, "en")))


def alerts_for(reader: Reader, language: str, *, now: datetime | None = None) -> list[ToldAlert]:
    """The alerts this reader is told of: those nobody has taken up, the most urgent first, then those of last month."""
    now = now or timezone.now()
    far = reach(reader, "see alerts")
    duties = AlertDuty.objects.filter(
        Q(alert__acknowledged_at=None) | Q(alert__acknowledged_at__gte=now - SHOWN_AFTER)
    ).select_related("alert__case__child__school", "alert__acknowledged_by")
    if not far.everywhere:
        duties = duties.filter(alert__case__child__school__in=far.schools)
    if not duties:  # the usual day: one statement
        return []
    told = _told_to(reader)
    named = _named(reader)
    left = set(DutyStep.objects.filter(kind=DutyStep.Kind.NOBODY, duty__in=duties).values_list("duty_id", flat=True))
    shown = (_shown(reader, duty, told, named, left, language, now) for duty in duties)
    return sorted((one for one in shown if one is not None), key=_order)


def alert_for(reader: Reader, duty_id: int, language: str) -> ToldAlert | None:
    return next((one for one in alerts_for(reader, language) if one.duty_id == duty_id), None)


def note_behind(reader: Reader, duty_id: int, language: str) -> tuple[ToldAlert, list[tuple[str, str]]] | None:
    """The alert and (question, answer) of the safety note that raised it, as it was written; for who is told of it."""
    told = alert_for(reader, duty_id, language)
    if told is None or not told.note:
        return None
    alert = AlertDuty.objects.select_related("alert").get(pk=duty_id).alert
    got = received(alert.note_id)
    asked = pack_of(alert.pack_version_id).questions.values()
    answered = ((one, got.answers.get(one.name, "")) for one in asked if one.form == got.xform_id and one.label)
    return told, [(_said(one.label, language), _answer(one, text, language)) for one, text in answered if text]


def _answer(question: Question, text: str, language: str) -> str:
    """Codes in the words of the form; a moment without its seconds."""
    labels = {choice.name: _said(choice.label, language) for choice in question.choices}
    if labels:
        return ", ".join(labels.get(code, code) for code in text.split())
    return f"{text[:10]} {text[11:16]}" if question.type.casefold() == "datetime" else text


def _said(text: Text, language: str) -> str:
    return text.get(language) or text.get("en", "")


def waiting_for(reader: Reader) -> int:
    """How many alerts wait for somebody to take them up, of those this reader is told of."""
    if not can(reader, "see alerts"):
        return 0
    return sum(one.acknowledged_at is None for one in alerts_for(reader, "en"))


def _told_to(reader: Reader) -> set[int]:
    told = DutyStep.objects.filter(user_id=reader.user_id, kind=DutyStep.Kind.TOLD)
    return set(told.values_list("duty_id", flat=True))


def _named(reader: Reader) -> dict[int, Designation]:
    """School -> what this reader is named for there."""
    return {one.school_id: one for one in Designation.objects.filter(user_id=reader.user_id, until=None)}


def _shown(
    reader: Reader, duty: AlertDuty, told: set[int], named: dict[int, Designation], left: set[int], language: str,
    now: datetime,
) -> ToldAlert | None:  # fmt: skip
    alert, child = duty.alert, duty.alert.case.child
    rule = rule_of(alert.pack_version_id, alert.alert)
    by_name = child.school_id in named and covers(named[child.school_id], duty.urgency)
    whole = may_be_told(reader, child, rule, named=by_name)
    roles_here = {post.role for post in reader.posts if post.school_id in (None, child.school_id)}
    # Told because the clock ran out: that it waits, and about whom, but not what was said.
    that_it_waits = duty.pk in told and roles_here and not roles_here & roles_named(rule.hide_from)
    if not whole and not that_it_waits:
        return None
    return ToldAlert(
        duty_id=duty.pk,
        child_id=child.pk,
        child=str(child),
        school=child.school.name,
        urgency=duty.urgency,
        sentence=rule.sentence(language) if whole else "",
        law=rule.law if whole else "",
        raised_at=alert.raised_at,
        due_at=duty.due_at,
        late=alert.acknowledged_at is None and duty.due_at is not None and (duty.due_at <= now or duty.pk in left),
        nobody_left=duty.pk in left,
        still_true=alert.still_true,
        acknowledged_at=alert.acknowledged_at,
        acknowledged_by=alert.acknowledged_by.full_name if alert.acknowledged_by else "",
        sees_child=bool(can(reader, "see child", child=child)),
        note=whole and alert.note_id is not None,
    )


def _order(one: ToldAlert) -> tuple:
    rank = {"today": 1, "week": 2}.get(one.urgency, 0)
    return (one.acknowledged_at is not None, rank, one.raised_at, one.duty_id)


# --- who is named ----------------------------------------------------------------------------------------------------


def designations_at(schools: Iterable[int]) -> QuerySet[Designation]:
    return (
        Designation.objects.filter(school__in=list(schools), until=None)
        .select_related("school", "user")
        .order_by("school__name", "school_id", "rank", "pk")
    )


def schools_naming(reader: Reader) -> list[School]:
    """The schools for which this reader says who is named."""
    return list(schools_for(reader, "name designated").order_by("name", "id"))


def may_be_named(school_id: int) -> list[tuple[int, str]]:
    """(id, name) of people whose role at this school may be told of alerts at all."""
    today = timezone.localdate()
    posts = Post.objects.filter(Q(school_id=school_id) | Q(school_id=None), Q(until=None) | Q(until__gt=today))
    roles = [role for role, may in GRANTS.items() if "see alerts" in may]
    people = User.objects.filter(pk__in=posts.filter(role__in=roles).values("user_id"), is_active=True)
    return list(people.order_by("full_name", "pk").values_list("pk", "full_name"))


# --- reports of concern ----------------------------------------------------------------------------------------------


def visible_concerns(reader: Reader) -> QuerySet[Concern]:
    """A reader's own, and at the schools of a designated role all of them."""
    far = reach(reader, "see concerns")
    seen = Q(author_id=reader.user_id) | Q(school_id__in=far.schools)
    found = Concern.objects.all() if far.everywhere else Concern.objects.filter(seen)
    return found.select_related("school", "author", "child").order_by("-started_at", "pk")


def concern_for(reader: Reader, concern_id: UUID) -> Concern | None:
    return visible_concerns(reader).filter(pk=concern_id).first()


def content_of(concern: Concern) -> tuple[ConcernVersion, dict[str, str]]:
    """The last version, and what it holds."""
    version = concern.versions.select_related("by").order_by("-number").first()
    return version, msgspec.json.decode(version.content, type=dict[str, str])


def own_unrecorded(reader: Reader) -> list[Concern]:
    """The reader's own reports that are neither reported nor closed with a reason, oldest first."""
    open_states = (Concern.State.DRAFT, Concern.State.COMPLETED)
    return list(Concern.objects.filter(author_id=reader.user_id, state__in=open_states).order_by("started_at"))


def schools_to_report_at(reader: Reader) -> list[School]:
    return list(schools_for(reader, "report concern").order_by("name", "id"))


def child_to_report(reader: Reader, child_id: str) -> Child | None:
    """A child of whom this reader may know at all; for any other the form is begun with a name typed in."""
    child = Child.objects.select_related("school", "school_class").filter(pk=child_id).first()
    if child is None or not any(can(reader, action, child=child) for action in ("see child", "ask about child")):
        return None
    return child


def alert_behind(reader: Reader, duty: str, child_id: str) -> int | None:
    """The alert a report is begun from, if this reader is told of it and it is about this child."""
    told = alert_for(reader, int(duty), "en") if duty.isdecimal() and len(duty) < 19 else None
    if told is None or told.child_id != child_id:
        return None
    return AlertDuty.objects.values_list("alert_id", flat=True).get(pk=told.duty_id)
