"""A child is referred, each step of the referral is recorded, and what was delivered is written down.

Every step is a row of its own; the referral's kept columns follow from the last one, in the same transaction.
"""

from collections.abc import Iterable
from datetime import date

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from khula.server.cases.models import Case
from khula.server.events.actions import happened
from khula.server.schools.models import Child, School
from khula.server.services.kinds import BARRIERS, DECLINED, DELIVERED, ENDED, OUTCOMES, domain_of
from khula.server.services.models import (
    FollowUp,
    GroupSession,
    Provider,
    ProviderLink,
    Referral,
    ReferralStep,
    ServiceContact,
)
from khula.server.services.states import ENDS, NEXT, PROVIDERS_STEPS, State, must_say

#: What a step may say, and the codes that are allowed; a day is checked by its kind.
CODES = {"barrier": BARRIERS, "outcome": OUTCOMES}
HELPED = ("done", "partly")
AGAIN_FROM = (State.DECLINED, State.NOT_ATTENDED, State.OUTCOME, State.ATTENDED, *ENDS)


class Refused(Exception):
    """The step cannot be taken; nothing has changed. `code` says why, `about` which word is missing."""

    def __init__(self, code: str, about: str = "") -> None:
        super().__init__(code, about)
        self.code, self.about = code, about


# Referrals


@transaction.atomic
def refer(
    *,
    child_id: str,
    provider_id: int,
    kind: str,
    domain: str,
    by: int,
    asked: str = "",
    on: date | None = None,
    earlier_id: int | None = None,
) -> Referral:
    """Send a child to a provider. A referral that follows an earlier one ends it, where it was still open."""
    day = _day(on)
    earlier = _end_earlier(earlier_id, child_id, day, by) if earlier_id else None
    if Provider.objects.values_list("closed_on", flat=True).get(pk=provider_id):
        raise Refused("provider_closed")
    referral = Referral.objects.create(
        child_id=child_id, case_id=_case_of(child_id), provider_id=provider_id, kind=kind,
        domain=domain or domain_of(kind), asked=asked.strip()[:200], owner_id=by, earlier=earlier,
        state=State.SENT, state_since=day,
    )  # fmt: skip
    ReferralStep.objects.create(referral=referral, number=1, state=State.SENT, day=day, at=timezone.now(), by_id=by)
    _tell("referral.sent", referral, by)
    return referral


def _end_earlier(earlier_id: int, child_id: str, day: date, by: int) -> Referral:
    earlier = Referral.objects.get(pk=earlier_id, child_id=child_id)
    if earlier.state not in AGAIN_FROM:
        raise Refused("earlier_still_open")
    if earlier.state == State.ATTENDED:
        step(referral_id=earlier.pk, to=State.OUTCOME, outcome="not_helped", on=day, by=by)
    if earlier.state not in ENDS:
        step(referral_id=earlier.pk, to=State.CLOSED, reason="referred_again", on=day, by=by)
    return earlier


def _case_of(child_id: str) -> int | None:
    """The child's case of the wave that opened last."""
    opened = Case.objects.filter(child_id=child_id, wave__opens_on__lte=timezone.localdate())
    return opened.order_by("-wave__opens_on", "-pk").values_list("pk", flat=True).first()


@transaction.atomic
def step(
    *,
    referral_id: int,
    to: str,
    on: date | None = None,
    reason: str = "",
    barrier: str = "",
    outcome: str = "",
    appointment_on: date | None = None,
    note: str = "",
    by: int | None = None,
    link: ProviderLink | None = None,
    follow_up: FollowUp | None = None,
) -> ReferralStep:
    """Record what has become of a referral. Raises Refused when the table of states does not allow it."""
    referral = Referral.objects.select_for_update().get(pk=referral_id)
    before, day = referral.state, _day(on)
    if to not in NEXT[before] or (link is not None and to not in PROVIDERS_STEPS):
        raise Refused("not_from_here")
    said = {"reason": reason, "barrier": barrier, "outcome": outcome, "appointment_on": appointment_on}
    if day < referral.steps.get(number=1).day:
        raise Refused("before_sent", "on")
    _check(said, before, to, day)
    kept = {word: said[word] for word in ("reason", "barrier", "outcome") if word == must_say(before, to)}
    taken = _add(
        referral, before, to, day, **kept, appointment_on=appointment_on if to == State.APPOINTMENT else None,
        note=note.strip()[:500], by_id=by, link=link, follow_up=follow_up, source=_source(link, follow_up),
    )  # fmt: skip
    _tell("referral.changed", referral, by)
    return taken


def _check(said: dict[str, object], before: str, to: str, day: date) -> None:
    word = must_say(before, to)
    if word and not said[word]:
        raise Refused("says_too_little", word)
    codes = CODES.get(word) or (DECLINED if to == State.DECLINED else ENDED) if word != "appointment_on" else None
    if word and codes is not None and said[word] not in codes:
        raise Refused("unknown_code", word)
    if to == State.APPOINTMENT and said["appointment_on"] < day:  # type: ignore[operator]
        raise Refused("appointment_before", "appointment_on")


def _source(link: ProviderLink | None, follow_up: FollowUp | None) -> str:
    if link is not None:
        return ReferralStep.Source.LINK
    return ReferralStep.Source.FORM if follow_up is not None else ReferralStep.Source.PAGE


@transaction.atomic
def take_back_last(
    *, referral_id: int, by: int | None = None, follow_up: FollowUp | None = None, note: str = ""
) -> ReferralStep:
    """The last step was a mistake: another step puts the referral back to where it stood. Nothing is rubbed out."""
    referral = Referral.objects.select_for_update().get(pk=referral_id)
    wrong = standing_steps(referral_id)[-1]
    if not wrong.before or referral.later.exists():
        raise Refused("not_from_here")
    earlier = standing_steps(referral_id)[-2]
    back = _add(
        referral, referral.state, earlier.state, earlier.day, reason=earlier.reason, barrier=earlier.barrier,
        outcome=earlier.outcome, appointment_on=earlier.appointment_on, note=note.strip()[:500], by_id=by,
        follow_up=follow_up, source=_source(None, follow_up), takes_back=wrong,
    )  # fmt: skip
    _tell("referral.changed", referral, by)
    return back


def standing_steps(referral_id: int) -> list[ReferralStep]:
    """The steps that hold, oldest first: without those taken back and the steps that took them back."""
    rows = list(ReferralStep.objects.filter(referral_id=referral_id).order_by("number"))
    gone = {row.takes_back_id for row in rows if row.takes_back_id}
    return [row for row in rows if row.pk not in gone and not row.takes_back_id]


def _add(referral: Referral, before: str, to: str, day: date, **said: object) -> ReferralStep:
    number = (referral.steps.aggregate(last=Max("number"))["last"] or 0) + 1
    taken = ReferralStep.objects.create(
        referral=referral, number=number, before=before, state=to, day=day, at=timezone.now(), **said
    )
    for name, value in kept_columns(standing_steps(referral.pk)).items():
        setattr(referral, name, value)
    referral.save(update_fields=["state", "state_since", "appointment_on", "outcome"])
    return taken


def kept_columns(steps: list[ReferralStep]) -> dict[str, object]:
    """What the referral's own columns say, from the steps that hold."""
    last = steps[-1]
    outcomes = [row.outcome for row in steps if row.state == State.OUTCOME]
    return {
        "state": last.state,
        "state_since": last.day,
        "appointment_on": last.appointment_on if last.state == State.APPOINTMENT else None,
        "outcome": outcomes[-1] if outcomes and last.state in (State.OUTCOME, State.CLOSED) else "",
    }


@transaction.atomic
def hand_over(*, referral_id: int, to: int, by: int) -> None:
    """Somebody else sees to this referral from now on."""
    referral = Referral.objects.select_for_update().get(pk=referral_id)
    before = referral.owner_id
    if before != to:
        Referral.objects.filter(pk=referral_id).update(owner_id=to)
        happened(kind="referral.handed_over", subject=referral_id, facts={"from": before, "to": to}, by=by)


def _tell(kind: str, referral: Referral, by: int | None) -> None:
    helped = referral.outcome in ("done", "partly")  # plans ask: is the red cell answered?
    facts = {"case": referral.case_id, "domain": referral.domain, "state": str(referral.state), "helped": helped}
    happened(kind=kind, subject=referral.pk, facts=facts, by=by)


def _day(on: date | None) -> date:
    today = timezone.localdate()
    if on is not None and on > today:
        raise Refused("day_ahead", "on")
    return on or today


# What was delivered


@transaction.atomic
def log_contact(
    *,
    child_id: str,
    kind: str,
    by: int,
    on: date | None = None,
    minutes: int | None = None,
    outcome: str = "done",
    with_whom: str = "",
    domain: str = "",
    note: str = "",
) -> ServiceContact:
    """One service to one child, as somebody on the team writes it down."""
    contact = ServiceContact.objects.create(
        child_id=child_id, kind=kind, domain=domain or domain_of(kind), day=_day(on), minutes=minutes,
        outcome=outcome, with_whom=with_whom, note=note.strip(), by_id=by, at=timezone.now(),
    )  # fmt: skip
    tell_delivered(contact, by)
    return contact


@transaction.atomic
def hold_session(
    *,
    school: School,
    kind: str,
    came: Iterable[str],
    by: int,
    absent: Iterable[str] = (),
    on: date | None = None,
    minutes: int | None = None,
    title: str = "",
    domain: str = "",
    earlier_id: int | None = None,
) -> GroupSession:
    """A group met: one contact for each child, of those who were there and of those who were expected."""
    here, missing = dict.fromkeys(came), dict.fromkeys(absent)
    if not here:
        raise Refused("nobody_came", "came")
    known = set(Child.objects.filter(pk__in=[*here, *missing], school=school).values_list("pk", flat=True))
    if known != {*here, *missing}:
        raise Refused("not_of_this_school", "came")
    session = GroupSession.objects.create(
        school=school, kind=kind, domain=domain or domain_of(kind), day=_day(on), minutes=minutes,
        title=title.strip()[:120], earlier_id=earlier_id, by_id=by, at=timezone.now(),
    )  # fmt: skip
    for child_id, outcome in [
        *((one, "done") for one in here),
        *((one, "absent") for one in missing if one not in here),
    ]:
        contact = ServiceContact.objects.create(
            child_id=child_id, kind=kind, domain=session.domain, day=session.day, minutes=minutes, outcome=outcome,
            session=session, by_id=by, at=session.at,
        )  # fmt: skip
        tell_delivered(contact, by)
    return session


def tell_delivered(contact: ServiceContact, by: int | None) -> None:
    """What was only tried is no service."""
    if contact.outcome in DELIVERED:
        facts = {"case": _case_of(contact.child_id), "domain": contact.domain}
        happened(kind="service.delivered", subject=contact.pk, facts=facts, by=by)
