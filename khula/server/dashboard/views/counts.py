"""Counts for those who may see no child: levels per domain and wave, every number rounded to five."""

from collections import Counter
from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from khula.server.consent.needs import needs
from khula.server.dashboard import queries
from khula.server.dashboard.queries import LevelCount
from khula.server.dashboard.status import STATUSES, DomainLook, Status, in_order, look_of, status_of

BASE = 5
FEWEST = 30  # below this many assessed children no count is shown


@dataclass(frozen=True)
class CountRow:
    look: DomainLook
    cells: list[tuple[Status, int]]
    of: int


@dataclass(frozen=True)
class WaveCounts:
    name: str
    rows: list[CountRow]
    of: int
    too_few: bool


@needs("see counts")
def counts(request: HttpRequest) -> HttpResponse:
    asked = request.GET.get("school", "")
    allowed = queries.schools_counted(request.reader, None)
    chosen = [school for school in allowed if asked in ("", str(school.pk))]
    if asked and not chosen:
        raise Http404
    ids = [school.pk for school in chosen]
    counted = queries.level_counts(ids)
    page = {
        "statuses": STATUSES,
        "waves": [_of_wave(wave, name, counted) for wave, _number, name in reversed(queries.waves_counted(ids))],
        "schools": [(school, asked == str(school.pk)) for school in allowed],
        "everywhere": not asked,
        "chosen": chosen[0] if asked else None,
        "base": BASE,
        "fewest": FEWEST,
    }
    return render(request, "dashboard/counts.html", page)


def rounded(count: int) -> int:
    """To the nearest five, halves up; each number for itself, so that no difference gives a child away."""
    return (count + BASE // 2) // BASE * BASE


def _of_wave(wave_id: str, name: str, counted: list[LevelCount]) -> WaveCounts:
    domains: dict[str, Counter[str]] = {}
    for one in counted:
        if one.wave_id == wave_id:
            domains.setdefault(one.domain, Counter())[status_of(one.level).level] += one.children
    of = max((sum(levels.values()) for levels in domains.values()), default=0)
    rows = [_row(domain, domains[domain]) for domain in in_order(tuple(domains))]
    return WaveCounts(name, rows if of >= FEWEST else [], rounded(of), of < FEWEST)


def _row(domain: str, levels: Counter[str]) -> CountRow:
    cells = [(status, rounded(levels[status.level])) for status in STATUSES]
    return CountRow(look_of(domain), cells, rounded(sum(levels.values())))
