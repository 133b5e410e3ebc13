"""A pack that was read in; names that are impossible, taken, reserved or too alike, out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from khula.analysis.packs.findings import finding
from khula.analysis.packs.pack import CONTEXT, Pack, Place
from khula.analysis.packs.reader import ABOUT_THE_LEARNER, METADATA, FormSheets, Reading
from khula.analysis.packs.sheets import Report

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_\-]*\Z")

_MEANING = {
    "sex": "male or female",
    "age_days": "age in days",
    "age_months": "age in months",
    "language": "home language",
    "grade": "grade at school",
}


def check_names(reading: Reading, report: Report) -> None:
    everything = list(pack_names(reading.pack))
    for name, place, column in everything:
        _check_one(name, place, column, report)
        if name in CONTEXT:
            report(finding("PACK_105", place, column, name=name, context=_MEANING[name]))
    _check_taken(everything, report)
    for form in reading.forms:
        _check_form_names(form, report)


def pack_names(pack: Pack) -> Iterator[tuple[str, Place | None, str]]:
    """(name, place, column) of everything in a pack that has a name of its own, in the order of the sheets."""
    for question in pack.questions.values():
        yield question.name, question.place, "name"
    for lines in pack.derive.values():
        yield lines[0].name, lines[0].place, "name"
    rows = (
        ("scale", pack.scales.values()),
        ("flag", pack.flags.values()),
        ("strength", pack.strengths.values()),
        ("domain", pack.domains.values()),
        ("alert", pack.alerts.values()),
    )
    for column, named in rows:
        for row in named:
            yield row.name, row.place, column
    seen: set[str] = set()
    for param in pack.params:
        if param.param and param.param not in seen:
            seen.add(param.param)
            yield param.param, param.place, "param"


def _check_one(name: str, place: Place | None, column: str, report: Report) -> None:
    if not _NAME.match(name):
        report(finding("PACK_102", place, column, name=name))
    elif "__" in name:
        report(finding("PACK_104", place, column, name=name))


def _check_taken(everything: list[tuple[str, Place | None, str]], report: Report) -> None:
    taken: dict[str, tuple[str, Place | None]] = {}
    for name, place, column in everything:
        other = taken.setdefault(name.casefold(), (name, place))
        if other[1] == place:
            continue
        if other[0] == name:
            report(finding("PACK_101", place, column, name=name, first=where(other[1])))
        else:
            report(finding("PACK_103", place, column, name=name, other=other[0], first=where(other[1])))


def _check_form_names(form: FormSheets, report: Report) -> None:
    """What the pack's own names do not cover: groups, notes, metadata, and a form that enrols."""
    scored = form.form.informant not in ("register", "")
    taken: dict[str, tuple[str, Place]] = {}
    for row in form.rows:
        if not row.name or row.kind.startswith("end_"):
            continue
        ours = scored and row.kind not in METADATA and not row.kind.startswith("begin_")
        if not ours or ABOUT_THE_LEARNER.fullmatch(row.name):
            _check_one(row.name, row.place, "name", report)
        other = taken.setdefault(row.name.casefold(), (row.name, row.place))
        if other[1] == row.place:
            continue
        if other[0] != row.name and not ours:
            report(finding("PACK_103", row.place, "name", name=row.name, other=other[0], first=where(other[1])))
        elif other[0] == row.name and (not ours or ABOUT_THE_LEARNER.fullmatch(row.name)):
            report(finding("PACK_100", row.place, "name", name=row.name, first=where(other[1])))
    for line in chain(form.choices or (), form.entities or ()):
        name = line["list_name"]
        if name and not _NAME.match(name):
            report(finding("PACK_102", line.place, "list_name", name=name))


def where(place: Place | None) -> str:
    """ "pack.xlsx, scales, 4", the same in every language."""
    return f"{place.file}, {place.sheet}, {place.row}" if place else "?"
