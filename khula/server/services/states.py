"""What may follow what in the life of a referral, what each step must say, and when it has waited too long.

The one table. Pages offer what it allows, actions refuse what it does not, and `docs/referrals.md` is written from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.db import models
from django.utils.translation import gettext_lazy as _


class State(models.TextChoices):
    SENT = "sent", _("Sent")
    ACCEPTED = "accepted", _("Accepted")
    DECLINED = "declined", _("Declined")
    APPOINTMENT = "appointment", _("Appointment")
    ATTENDED = "attended", _("Attended")
    NOT_ATTENDED = "not_attended", _("Did not attend")
    OUTCOME = "outcome", _("Outcome known")
    CLOSED = "closed", _("Closed")
    WITHDRAWN = "withdrawn", _("Withdrawn")


S = State
_VISIT = (S.APPOINTMENT, S.ATTENDED, S.NOT_ATTENDED)

#: state -> the states that may come next. "" is before the referral is sent. Nothing follows the last two.
NEXT: Mapping[str, tuple[State, ...]] = {
    "": (S.SENT,),
    # Who answers with the visit itself has accepted.
    S.SENT: (S.ACCEPTED, S.DECLINED, *_VISIT, S.WITHDRAWN),
    S.ACCEPTED: (*_VISIT, S.DECLINED, S.WITHDRAWN),
    S.DECLINED: (S.ACCEPTED, *_VISIT, S.CLOSED, S.WITHDRAWN),
    S.APPOINTMENT: (S.ATTENDED, S.NOT_ATTENDED, S.APPOINTMENT, S.DECLINED, S.WITHDRAWN),
    S.NOT_ATTENDED: (S.APPOINTMENT, S.ATTENDED, S.NOT_ATTENDED, S.CLOSED, S.WITHDRAWN),
    S.ATTENDED: (S.OUTCOME, S.APPOINTMENT),
    S.OUTCOME: (S.CLOSED, S.OUTCOME, S.APPOINTMENT),
    S.CLOSED: (),
    S.WITHDRAWN: (),
}
ENDS = (S.CLOSED, S.WITHDRAWN)
OPEN = tuple(state for state in State if state not in ENDS)
#: What a provider may record through a link; sending, closing and withdrawing stay with the team.
PROVIDERS_STEPS = frozenset({S.ACCEPTED, S.DECLINED, S.APPOINTMENT, S.ATTENDED, S.NOT_ATTENDED, S.OUTCOME})

#: state -> the word a step into it must bring along.
MUST_SAY: Mapping[str, str] = {
    S.DECLINED: "reason",
    S.WITHDRAWN: "reason",
    S.APPOINTMENT: "appointment_on",
    S.NOT_ATTENDED: "barrier",
    S.OUTCOME: "outcome",
}
#: Days a referral may stay in a state; an appointment may stay until its day.
MOST_DAYS: Mapping[str, int] = {
    S.SENT: 7,
    S.ACCEPTED: 14,
    S.DECLINED: 3,
    S.NOT_ATTENDED: 7,
    S.ATTENDED: 14,
    S.OUTCOME: 14,
}


@dataclass(frozen=True)
class Standing:
    """How long a referral has stood where it stands, on a day."""

    days: int
    overdue: bool


def must_say(before: str, to: str) -> str:
    """What a step must bring along: "reason", "barrier", "outcome", "appointment_on", or "" for nothing.

    Closing after an outcome says nothing more; closing without help says why.
    """
    if to == S.CLOSED:
        return "" if before == S.OUTCOME else "reason"
    return MUST_SAY.get(to, "")


def standing(state: str, since: date, appointment_on: date | None, on: date) -> Standing:
    """The age in the state, and whether it is overdue."""
    days = max((on - since).days, 0)
    if state in ENDS:
        return Standing(days, False)
    if state == S.APPOINTMENT and appointment_on is not None:
        return Standing(days, on > appointment_on)
    return Standing(days, days > MOST_DAYS.get(state, 0))
