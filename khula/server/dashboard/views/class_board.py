"""The class board: children by number of *Act now*, six fixed columns, what has changed since the last wave."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from khula.server.consent.needs import needs
from khula.server.dashboard import queries
from khula.server.dashboard.child_address import short
from khula.server.dashboard.queries import BoardChild, WaveOfSchool
from khula.server.dashboard.status import DIFFER, DOMAINS, DomainLook, Status, in_order, look_of, status_of

Order = Callable[[BoardChild], tuple]
BY_NAME: Order = lambda child: (child.family_name, child.name, child.id)  # noqa: E731
FIRST: Order = lambda child: (-child.act_now, -child.watch, *BY_NAME(child))  # noqa: E731
FEWEST_VOICES: Order = lambda child: (child.voices, *FIRST(child))  # noqa: E731


@dataclass(frozen=True)
class Cell:
    status: Status
    domain: str
    differ: str


@dataclass(frozen=True)
class Row:
    address: str
    name: str
    cells: list[Cell]
    voices: int
    change: str


@needs("see board")
def class_board(request: HttpRequest, class_id: int) -> HttpResponse:
    school_class = queries.class_seen_by(request.reader, class_id)
    if school_class is None:
        raise Http404
    waves = queries.waves_of(school_class.school_id)
    wave, before = queries.pick_wave(waves, request.GET.get("wave", ""), timezone.localdate())
    children = queries.board(request.reader, class_id, wave and wave.id, before and before.id)
    looks = _columns(wave)
    sort, only = request.GET.get("sort", ""), request.GET.get("only", "")
    shown = [child for child in children if only != "act" or child.act_now]
    page = {
        "class": school_class,
        "wave": wave,
        "before": before,
        "looks": [(look, _link(request, sort=look.name), "descending" if sort == look.name else "") for look in looks],
        "rows": [_row(child, looks, before) for child in sorted(shown, key=_order(sort, looks))],
        "children": len(children),
        "in_need": sum(child.act_now > 0 for child in children),
        "heard": sum(child.voices for child in children),
        "asked": 4 * len(children),
        "waves": [(one, _link(request, wave=one.number), one == wave) for one in waves],
        "sorts": _sorts(request, sort),
        "only": only == "act",
        "only_link": _link(request, only="" if only == "act" else "act"),
        "differ": DIFFER,
    }
    return render(request, "dashboard/class_board.html", page)


def _columns(wave: WaveOfSchool | None) -> list[DomainLook]:
    """The six fixed columns, and after them what else the wave's pack brings."""
    domains = queries.pack_of(wave.pack_hash).domains if wave else {look.name: None for look in DOMAINS}
    more = [name for name in in_order(tuple(domains)) if name not in {look.name for look in DOMAINS}]
    return [*DOMAINS, *(look_of(name) for name in more)]


def _order(sort: str, looks: Sequence[DomainLook]) -> Order:
    if sort == "name":
        return BY_NAME
    if sort == "voices":
        return FEWEST_VOICES
    if any(look.name == sort for look in looks):
        return lambda child: (-status_of(child.levels.get(sort)).rank, *FIRST(child))
    return FIRST


def _row(child: BoardChild, looks: Sequence[DomainLook], before: WaveOfSchool | None) -> Row:
    cells = [
        Cell(status_of(child.levels.get(look.name)), look.anchor, f" {DIFFER}" if look.name in child.differ else "")
        for look in looks
    ]
    return Row(_address(child), child.name, cells, child.voices, _change(child) if before else "")


def _address(child: BoardChild) -> str:
    """The case's number, or the child where nothing has been heard yet: short, so that a class of 40 fits in 10 KB."""
    return f"/c/{child.case_id}" if child.case_id else "/c/" + quote(short(child.id), safe="")


def _change(child: BoardChild) -> str:
    """Whether domains are better or worse than in the wave before; only where both are known."""
    known = {d: status_of(level).rank for d, level in child.levels.items() if status_of(level).rank}
    before = {d: status_of(level).rank for d, level in child.levels_before.items() if status_of(level).rank}
    moves = [rank - before[domain] for domain, rank in known.items() if domain in before]
    if not moves:
        return "–"
    worse, better = any(move > 0 for move in moves), any(move < 0 for move in moves)
    if worse and better:
        return _("mixed")
    return _("worse") if worse else _("better") if better else _("same")


def _sorts(request: HttpRequest, sort: str) -> list[tuple[str, str, bool]]:
    choices = (("", _("Who first")), ("name", _("Name")), ("voices", _("Fewest voices")))
    return [(words, _link(request, sort=code), sort == code) for code, words in choices]


def _link(request: HttpRequest, **changed: object) -> str:
    """This page with one choice changed; the usual choice is left out of the address."""
    chosen = {key: request.GET[key] for key in ("wave", "only", "sort") if request.GET.get(key)} | changed
    kept = {key: value for key, value in chosen.items() if value != ""}
    return "?" + urlencode(kept) if kept else request.path
