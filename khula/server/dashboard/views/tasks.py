"""What waits for whom: overdue, due, later; each group in the order of its days, as many of how many."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from khula.server.consent.needs import needs
from khula.server.dashboard.status import DomainLook, look_of
from khula.server.plans.queries import SOON, Due, due

FIRST = 7  # of each group at first sight
MOST = 200  # of one group on a page of its own


@dataclass(frozen=True)
class ShownDue:
    href: str
    name: str
    look: DomainLook | None
    act: bool  # the domain says *Act now* and nothing is decided
    what: str
    owner: str
    due_on: date
    left: bool


@dataclass(frozen=True)
class Group:
    name: str
    words: str
    rows: Sequence[ShownDue]
    of: int
    more: str  # the address of all of them, "" where all are shown


@needs("see tasks")
def tasks(request: HttpRequest) -> HttpResponse:
    own = request.GET.get("whose") != "all"
    only = request.GET.get("show", "")
    today = timezone.localdate()
    rows = due(request.reader, own=own)
    groups = [
        _group(name, words, [row for row in rows if belongs(row.due_on, today)], own, only)
        for name, words, belongs in _groups()
        if only in ("", name) or only not in [one for one, *_rest in _groups()]
    ]
    page = {
        "groups": groups,
        "views": [(_("Mine"), "/tasks", own), (_("Everybody’s"), "/tasks?whose=all", not own)],
    }
    return render(request, "dashboard/tasks.html", page)


def _groups() -> list[tuple[str, str, Callable[[date, date], bool]]]:
    return [
        ("overdue", _("Overdue"), lambda day, today: day < today),
        ("due", _("Due in the next seven days"), lambda day, today: today <= day <= today + SOON),
        ("later", _("Later"), lambda day, today: day > today + SOON),
    ]


def _group(name: str, words: str, rows: Sequence[Due], own: bool, only: str) -> Group:
    shown = rows[: MOST if only == name else FIRST]
    more = "?" + urlencode(({} if own else {"whose": "all"}) | {"show": name}) if len(shown) < len(rows) else ""
    return Group(name, words, [shown_due(row) for row in shown], len(rows), "" if only == name else more)


def shown_due(row: Due) -> ShownDue:
    look = look_of(row.domain) if row.domain else None
    return ShownDue(address(row), row.name, look, row.kind == "decide", what(row), row.owner, row.due_on, row.left)


def address(row: Due) -> str:
    """Where this is dealt with."""
    if row.action_id is not None:
        return reverse("action", args=[row.action_id])
    if row.domain:
        return reverse("plan_domain", args=[row.child_id, row.domain])
    return reverse("plan", args=[row.child_id])


def what(row: Due) -> str:
    if row.kind == "decide":
        return _("Decide what to do.")
    if row.kind == "no action":
        return _("Nothing was decided for now. Look at it again.")
    if row.kind == "recheck":
        return _("The plan was closed. Look whether all is still well.")
    return row.what or _("Something was agreed. Ask who does it.")
