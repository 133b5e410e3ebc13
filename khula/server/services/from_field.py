"""A service contact or a follow-up filled in out in the field in; a line of the service log, a step of a referral out.

A follow-up belongs to the child's one open referral that it fits. When none fits, or several, or the referral stands
where the follow-up cannot be, it is kept and a person says where it belongs. The same record again changes nothing;
a corrected version takes the place of the one before, also when it comes first.
"""

from collections.abc import Mapping
from datetime import date

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from khula.server.collection.models import Submission
from khula.server.collection.queries import Received, received
from khula.server.events.actions import happened
from khula.server.events.models import Event
from khula.server.schools.models import Child
from khula.server.services.actions import Refused, standing_steps, step, take_back_last, tell_delivered
from khula.server.services.kinds import BARRIERS, CONTACT_OUTCOMES, REFERRED_TO, domain_of
from khula.server.services.models import FollowUp, Referral, ServiceContact
from khula.server.services.states import ENDS, State

SERVICE, FOLLOW_UP = "service", "followup"
MOST_MINUTES = 1440


def take_in_form(event: Event) -> None:
    """What follows `submission.received`, for the two forms that are about help and not about the child."""
    got = received(int(event.subject))
    if got.informant not in (SERVICE, FOLLOW_UP) or not Child.objects.filter(pk=got.child_id).exists():
        return
    if got.informant == SERVICE:
        _take_in_contact(got)
    else:
        _take_in_follow_up(got)


# The service log


def _take_in_contact(got: Received) -> None:
    said = got.answers
    kind, outcome = said.get("s_kind", "")[:40] or "other", said.get("s_outcome", "")
    contact, new = ServiceContact.objects.get_or_create(
        submission_id=got.id,
        defaults={
            "child_id": got.child_id, "kind": kind, "domain": domain_of(kind), "day": _day(said, "s_on") or _asked(got),
            "minutes": _minutes(said), "with_whom": said.get("s_with", "")[:80],
            "outcome": outcome if outcome in CONTACT_OUTCOMES else "done", "next_on": _day(said, "s_next_on"),
            "note": said.get("s_note", ""), "by_id": got.device_user_id, "at": got.received_at,
        },
    )  # fmt: skip
    versions = _versions(got)
    for row in ServiceContact.objects.filter(submission__in=versions):
        _set_current(row, holds=versions[row.submission_id])
    if new and versions[got.id]:
        tell_delivered(contact, got.device_user_id)


def _versions(got: Received) -> dict[int, bool]:
    """Submissions that are versions of one record -> whether it is the one that holds."""
    root = Submission.objects.values_list("root_id", flat=True).get(pk=got.id)
    chain = Q(root_id=root, xform_id=got.xform_id) if root else Q(pk=got.id)
    rows = Submission.objects.filter(chain).values_list("pk", "state")
    return {pk: state not in (Submission.State.REPLACED, Submission.State.QUARANTINED) for pk, state in rows}


def _set_current(row: ServiceContact | FollowUp, *, holds: bool) -> None:
    if row.current != holds:
        row.current = holds
        row.save(update_fields=["current"])


# Follow-ups


def _take_in_follow_up(got: Received) -> None:
    said = got.answers
    barrier = said.get("f_barrier", "")
    FollowUp.objects.get_or_create(
        submission_id=got.id,
        defaults={
            "child_id": got.child_id, "referred_to": said.get("f_kind", "")[:40],
            "day": _day(said, "f_on") or _asked(got), "attended": said.get("f_attended", "")[:4],
            "barrier": "other" if barrier and barrier not in BARRIERS else barrier,
            "outcome": said.get("f_outcome", "")[:20], "next_on": _day(said, "f_next_on"),
            "note": said.get("f_note", ""), "asked_by_id": got.device_user_id,
        },
    )  # fmt: skip
    versions = _versions(got)
    undone: list[Referral | None] = []
    for row in FollowUp.objects.filter(submission__in=versions).order_by("pk"):
        if row.current and not versions[row.submission_id] and row.referral_id is not None:
            undone.append(_step_back(row))
        _set_current(row, holds=versions[row.submission_id])
    now = FollowUp.objects.filter(submission__in=[pk for pk, holds in versions.items() if holds]).first()
    if now is None or now.referral_id is not None or now.set_aside_at is not None:
        return
    before = undone[-1] if undone else the_one_it_fits(now)
    if before is None or before.child_id != now.child_id or not belongs(now, before):
        happened(kind="follow_up.unmatched", subject=now.pk, by=got.device_user_id)


def _step_back(replaced: FollowUp) -> Referral | None:
    """A corrected version takes over: undo what the one before has done; None where somebody has gone on from there."""
    referral = Referral.objects.get(pk=replaced.referral_id)
    while standing_steps(referral.pk)[-1].follow_up_id == replaced.pk:
        take_back_last(referral_id=referral.pk, by=replaced.asked_by_id, follow_up=replaced)
    gone_on = any(row.follow_up_id == replaced.pk for row in standing_steps(referral.pk))
    return None if gone_on else referral


def the_one_it_fits(follow_up: FollowUp) -> Referral | None:
    """The child's one open referral that the follow-up may be about; None when there is none, or more than one."""
    kinds, sectors = REFERRED_TO.get(follow_up.referred_to, ((), ()))
    fits = Q(kind=follow_up.referred_to) | Q(kind__in=kinds) | Q(provider__sector__in=sectors)
    sent = Q(steps__number=1, steps__day__lte=follow_up.day)
    found = list(Referral.objects.filter(fits, sent, child_id=follow_up.child_id).exclude(state__in=ENDS)[:2])
    return found[0] if len(found) == 1 else None


def belongs(follow_up: FollowUp, referral: Referral, *, by: int | None = None) -> bool:
    """Take the steps the follow-up speaks of; False, and nothing has changed, where the referral cannot take them."""
    by = by or follow_up.asked_by_id
    try:
        with transaction.atomic():
            for to, said in _steps_told(follow_up, referral.state):
                step(referral_id=referral.pk, to=to, on=_not_ahead(follow_up.day), by=by, follow_up=follow_up, **said)
            FollowUp.objects.filter(pk=follow_up.pk).update(referral=referral)
    except Refused:
        return False
    return True


def _steps_told(follow_up: FollowUp, state: str) -> list[tuple[str, dict[str, str]]]:
    """What the follow-up says has happened, as steps from where the referral stands."""
    if follow_up.attended == "no":
        barrier = follow_up.barrier or "not_known"
        return [(State.NOT_ATTENDED, {"barrier": barrier, "note": follow_up.note})]
    if follow_up.attended != "yes":
        return []  # nobody knows: kept with the referral, and it stays where it is
    there = [] if state in (State.ATTENDED, State.OUTCOME) else [(State.ATTENDED, {"note": follow_up.note})]
    outcome = {"helped": "done", "partly": "partly", "not_helped": "not_helped", "refer_again": "not_helped"}
    if follow_up.outcome not in outcome:
        return there
    return [*there, (State.OUTCOME, {"outcome": outcome[follow_up.outcome]})]


@transaction.atomic
def assign_follow_up(*, follow_up_id: int, referral_id: int, by: int) -> None:
    """A person says which referral it is about. Raises Refused where that one cannot take it."""
    follow_up = FollowUp.objects.select_for_update().get(pk=follow_up_id, referral=None)
    referral = Referral.objects.get(pk=referral_id, child_id=follow_up.child_id)
    if not belongs(follow_up, referral, by=by):
        raise Refused("not_from_here")
    FollowUp.objects.filter(pk=follow_up_id).update(settled_by=by)
    happened(kind="follow_up.assigned", subject=follow_up_id, facts={"referral": referral_id}, by=by)


@transaction.atomic
def set_aside(*, follow_up_id: int, by: int) -> None:
    """It is about none of our referrals: kept, and waits for nobody."""
    waits = FollowUp.objects.filter(pk=follow_up_id, referral=None, set_aside_at=None)
    if waits.update(set_aside_at=timezone.now(), settled_by=by):
        happened(kind="follow_up.set_aside", subject=follow_up_id, by=by)


# Reading


def _asked(got: Received) -> date:
    return got.asked_on or timezone.localdate(got.received_at)


def _day(said: Mapping[str, str], name: str) -> date | None:
    try:
        return date.fromisoformat(said.get(name, "")[:10])
    except ValueError:
        return None


def _not_ahead(day: date) -> date:
    """A tablet's clock may be wrong; nothing has happened tomorrow."""
    return min(day, timezone.localdate())


def _minutes(said: Mapping[str, str]) -> int | None:
    text = said.get("s_minutes", "")
    return int(text) if text.isdecimal() and len(text) < 5 and int(text) <= MOST_MINUTES else None
