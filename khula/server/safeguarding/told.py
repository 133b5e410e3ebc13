"""Who may be told of an alert: the policy of `consent.access`, and what the school has named beside it."""

from khula.server.consent.access import ChildPlace, Reader, can
from khula.server.safeguarding.kinds import AlertRule
from khula.server.safeguarding.models import Designation, Urgency

_GRAVEST_FIRST = (Urgency.NOW, Urgency.TODAY, Urgency.WEEK)


def covers(one: Designation, urgency: str) -> bool:
    """Is this person named for alerts as urgent as this one? An urgency nobody knows is the gravest."""
    if urgency not in Urgency:
        return True
    return _GRAVEST_FIRST.index(Urgency(urgency)) <= _GRAVEST_FIRST.index(Urgency(one.least_urgent))


def may_be_told(reader: Reader, child: ChildPlace, rule: AlertRule, *, named: bool = False) -> bool:
    """By role, or because the school has named this person."""
    about = {"child": child, "tell": rule.tell, "hide_from": rule.hide_from}
    return bool(can(reader, "see alert", **about)) or (named and bool(can(reader, "see alert", **about, named=True)))
