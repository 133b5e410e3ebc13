"""The first page after sign-in: who first, then the classes and how far each of them is."""

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
from khula.server.dashboard.status import DOMAINS, HIGH, in_order, look_of
from khula.server.people.declared import ANYONE, SIGNED_IN, declares

MOST_ALERTS = 7


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
    first = queries.who_first(request.reader, waves) if page == 1 and not earlier else []
    rows = queries.class_rows(request.reader, classes, waves)
    shown = {
        "stuck": stuck_line(request.reader) if can(request.reader, "see devices") else None,
        "alerts": alerts,
        "alerts_in_all": in_all,
        "all_heard": not further and all(row.children == row.by_voices[4] for row in rows),
        "first": [(short(child.id), child, _urgent(child)) for child in first],
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


def _urgent(child: FirstChild) -> list[object]:
    acute = [domain for domain, level in child.levels.items() if level == HIGH.level]
    return [look_of(domain) for domain in in_order(tuple(acute))]


def _by_school(rows: list[queries.ClassRow], waves: dict[int, queries.WaveOfSchool]) -> list[tuple]:
    schools: dict[int, tuple] = {}
    for row in rows:
        schools.setdefault(row.school_id, (row.school, waves.get(row.school_id), []))[2].append(row)
    return list(schools.values())
