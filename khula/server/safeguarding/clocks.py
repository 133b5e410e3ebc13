"""How long something may wait: an urgency and a moment in, the moment by which somebody must have taken it up out.

The rule for alerts is Khula's own proposal, to be changed with the school: "now" two hours, "today" the next morning,
"this week" seven days. The law says of a report of concern only: without delay (Children's Act, section 110).
"""

from datetime import datetime, time, timedelta

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

MORNING = time(8)
NOW_HOURS = timedelta(hours=2)
REMINDED_AFTER = timedelta(hours=2)
LATE_AFTER = timedelta(hours=24)


def due_after(urgency: str, since: datetime) -> datetime:
    """An urgency nobody knows is the gravest."""
    if urgency == "today":
        return _morning_after(since, days=1)
    if urgency == "week":
        return _morning_after(since, days=7)
    return since + NOW_HOURS


def _morning_after(since: datetime, days: int) -> datetime:
    day = timezone.localtime(since).date() + timedelta(days=days)
    return timezone.make_aware(datetime.combine(day, MORNING))


#: How long a report of concern has waited: sign, words.
WAITS: dict[str, tuple[str, str | Promise]] = {
    "fresh": ("w", _("Report without delay")),
    "reminded": ("w", _("Started more than two hours ago and not yet reported")),
    "late": ("a", _("Started more than a day ago and not yet reported")),
    "done": ("o", _("Recorded")),
}


def waited(started_at: datetime, *, recorded: bool, now: datetime) -> str:
    """The key of `WAITS`."""
    if recorded:
        return "done"
    age = now - started_at
    return "late" if age >= LATE_AFTER else "reminded" if age >= REMINDED_AFTER else "fresh"
