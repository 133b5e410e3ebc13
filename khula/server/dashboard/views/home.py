"""The first page after sign-in: whom do I see next and why, then the classes and how far each of them is."""

from dataclasses import dataclass
from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation

from khula.server.consent.access import can
from khula.server.consent.needs import needs
from khula.server.dashboard import queries
from khula.server.dashboard.child_address import short
from khula.server.dashboard.child_story import ShownAlert, alerts_for
from khula.server.dashboard.fleet import stuck_line
from khula.server.dashboard.page_number import page_asked
from khula.server.dashboard.queries import FirstChild, OpenAlert
from khula.server.dashboard.status import DOMAINS, HIGH, DomainLook, in_order, look_of
from khula.server.people.declared import ANYONE, SIGNED_IN, declares
from khula.server.plans.queries import SOON, Due, due, takes_up_any
from khula.server.safeguarding.queries import own_unrecorded, waiting_for

MOST_ALERTS = 7
MOST_NEXT = 7
MOST_RED = 5000  # children with *Act now* that are looked through for those of the reader's own domains


@declares(ANYONE)
def landing(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect("home")
    return render(request, "dashboard/landing.html", {"looks": DOMAINS})


@needs(SIGNED_IN)
def home(request: HttpRequest) -> HttpResponse:
    """For the team the children; for everyone else the one page their work begins with."""
    reader = request.reader
    if can(reader, "see board"):
        return _team_home(request)
    for action, place in (("see counts", "counts"), ("see packs", "packs"), ("see ledger", "ledger")):
        if can(reader, action):
            return redirect(place)
    return render(request, "dashboard/no_post.html")


def _team_home(request: HttpRequest) -> HttpResponse:
    page = page_asked(request)
    earlier = request.GET.get("years") == "earlier"
    classes, further = queries.classes_page(request.reader, page, earlier=earlier)
    waves = queries.current_waves(request.reader, timezone.localdate())
    alerts, in_all = _told(request, waves) if page == 1 and not earlier else ([], 0)
    nexts, waiting = _who_next(request, waves) if page == 1 and not earlier else ([], 0)
    rows = queries.class_rows(request.reader, classes, waves)
    shown = {
        "stuck": stuck_line(request.reader) if can(request.reader, "see devices") else None,
        "alerts_wait": waiting_for(request.reader),
        "own_reports": len(own_unrecorded(request.reader)),
        "alerts": alerts,
        "alerts_in_all": in_all,
        "all_heard": not further and all(row.children == row.by_voices[4] for row in rows),
        "nexts": nexts,
        "waiting": waiting,
        "schools": _by_school(rows, waves),
        "page": page,
        "earlier": earlier,
        "further": further,
        "act": HIGH,
    }
    return render(request, "dashboard/home.html", shown)


def _told(
    request: HttpRequest, waves: dict[int, queries.WaveOfSchool]
) -> tuple[list[tuple[OpenAlert, ShownAlert]], int]:
    """The critical answers this reader is to be told of, the most urgent first; and how many there are."""
    language = translation.get_language()[:2]
    found, in_all = queries.open_alerts(request.reader, waves, MOST_ALERTS)
    told = []
    for one in found:
        pack = queries.pack_of(one.pack_hash)
        told += [(one, shown) for shown in alerts_for(request.reader, one, pack, [one.alert], language)]
    return told, in_all


@dataclass(frozen=True)
class Next:
    """A child to be seen, and why: what the order of the list goes by stands in its row."""

    address: str
    name: str
    acute: list[DomainLook]  # *Act now* in the reader's own domains
    undecided: bool
    overdue: int
    due_on: date | None  # the earliest of the reader's own tasks
    watch: int

    @property
    def rank(self) -> tuple[object, ...]:
        """Overdue first, then more *Act now*, then the earlier day."""
        return not self.overdue, -len(self.acute), -self.watch, self.due_on or date.max, self.name


def _who_next(request: HttpRequest, waves: dict[int, queries.WaveOfSchool]) -> tuple[list[Next], int]:
    """Whom this reader sees next: by own tasks that are due, and by *Act now* in the domains of the reader's roles."""
    today = timezone.localdate()
    red = {child.id: child for child in queries.who_first(request.reader, waves, MOST_RED)}
    tasks: dict[str, list[Due]] = {}
    for row in due(request.reader):
        if row.due_on <= today + SOON or row.kind == "decide":
            tasks.setdefault(row.child_id, []).append(row)
    found = [_next(request, child_id, red.get(child_id), tasks.get(child_id, []), today) for child_id in red | tasks]
    nexts = sorted((one for one in found if one.acute or one.due_on), key=lambda one: one.rank)
    return nexts[:MOST_NEXT], len(nexts)


def _next(request: HttpRequest, child_id: str, red: FirstChild | None, tasks: list[Due], today: date) -> Next:
    acute = {domain for domain, level in (red.levels if red else {}).items() if level == HIGH.level}
    own = {domain for domain in acute if takes_up_any(request.reader, domain)}
    own |= {row.domain for row in tasks if row.kind == "decide"}
    return Next(
        address=short(child_id),
        name=red.name if red else tasks[0].name,
        acute=[look_of(domain) for domain in in_order(tuple(sorted(own)))],
        undecided=any(row.kind == "decide" for row in tasks),
        overdue=sum(row.due_on < today for row in tasks),
        due_on=min((row.due_on for row in tasks), default=None),
        watch=red.watch if red else 0,
    )


def _by_school(rows: list[queries.ClassRow], waves: dict[int, queries.WaveOfSchool]) -> list[tuple]:
    schools: dict[int, tuple] = {}
    for row in rows:
        schools.setdefault(row.school_id, (row.school, waves.get(row.school_id), []))[2].append(row)
    return list(schools.values())
