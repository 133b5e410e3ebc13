"""A pack that was read in; what is wrong with its reference tables and its dated parameters, out."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

from khula.analysis.growth import MEASURES, TableUnreadable, read_reference
from khula.analysis.packs.check.cutoffs import check_order
from khula.analysis.packs.check.vocabulary import ADJUSTMENTS, INDEX_UNITS, check_word, day_of
from khula.analysis.packs.findings import finding, nearest
from khula.analysis.packs.pack import Norm, Pack, Param, Scale
from khula.analysis.packs.reader import Reading, exact_number
from khula.analysis.packs.sheets import Report

BUILT_IN = tuple(f"who:{measure}" for measure in MEASURES)
_GROWTH_COLUMNS = ("sex", "index", "l", "m", "s")
_RASCH_COLUMNS = ("raw", "measure")


def check_norms(reading: Reading, report: Report) -> None:
    pack = reading.pack
    rasch = {scale.norm: scale for scale in pack.scales.values() if scale.method == "rasch"}
    for norm in pack.norms:
        if not norm.norm:
            report(finding("PACK_028", norm.place, "norm"))
        _check_row(norm, report)
        _check_file(pack, norm, rasch.get(norm.norm), report)
    for name in dict.fromkeys(norm.norm for norm in pack.norms):
        _check_ages([norm for norm in pack.norms if norm.norm == name and name not in rasch], report)


def _check_row(norm: Norm, report: Report) -> None:
    check_word(norm.adjust, ADJUSTMENTS, norm.place, "adjust", report)
    check_order(norm.place, "age_from", "age_to", norm.age_from, norm.age_to, report)
    check_order(
        norm.place, "implausible_below", "implausible_above", norm.implausible_below, norm.implausible_above, report
    )


def _check_file(pack: Pack, norm: Norm, rasch: Scale | None, report: Report) -> None:
    if not norm.file:
        report(finding("PACK_028", norm.place, "file", hint=", ".join(BUILT_IN)))
    elif norm.file in pack.tables:
        _check_table(pack, norm, rasch, report)
    elif norm.file not in BUILT_IN:
        near = nearest(norm.file, (*BUILT_IN, *pack.tables), 0.6)
        report(finding("PACK_230", norm.place, "file", name=norm.file, allowed=", ".join(BUILT_IN), near=near))
    if rasch is None:
        check_word(norm.index_unit, INDEX_UNITS, norm.place, "index_unit", report)


def _check_table(pack: Pack, norm: Norm, rasch: Scale | None, report: Report) -> None:
    text = pack.tables[norm.file]
    wanted = _RASCH_COLUMNS if rasch else _GROWTH_COLUMNS
    headings = [heading.strip().casefold() for heading in next(_rows(text), [])]
    missing = [column for column in wanted if column not in headings]
    for column in missing:
        report(finding("PACK_231", norm.place, "file", name=norm.file, missing=column))
    if missing:
        return
    if rasch:
        _check_rasch(text, norm, rasch, report)
        return
    try:
        read_reference(text, by_day=norm.index_unit == "days", extend=norm.adjust == "who3sd")
    except TableUnreadable as problem:
        report(finding("PACK_234", norm.place, "file", name=norm.file, detail=problem.told("en"),
                       detail_fr=problem.told("fr")))  # fmt: skip


def _rows(text: str) -> Iterator[list[str]]:
    return csv.reader(line for line in text.splitlines() if line.strip() and not line.startswith("#"))


def _check_rasch(text: str, norm: Norm, scale: Scale, report: Report) -> None:
    rows = _rows(text)
    headings = [heading.strip().casefold() for heading in next(rows)]
    raw, measure = headings.index("raw"), headings.index("measure")
    known: set[Fraction] = set()
    for number, cells in enumerate(rows, start=2):
        values = [exact_number(cells[at]) if at < len(cells) else None for at in (raw, measure)]
        if values[0] is None or values[1] is None:
            said = ", ".join(cells)
            report(finding("PACK_234", norm.place, "file", name=norm.file, detail=f"line {number}: {said}",
                           detail_fr=f"ligne {number} : {said}"))  # fmt: skip
            return
        known.add(values[0])
    if scale.item_min is None or scale.item_max is None:
        return
    lowest, highest = scale.item_min * len(scale.items), scale.item_max * len(scale.items)
    lacking = next((score for score in range(lowest, highest + 1) if score not in known), None)
    if lacking is not None:
        report(finding("PACK_235", norm.place, "file", name=norm.file, score=lacking, lowest=lowest, highest=highest))


def _check_ages(rows: list[Norm], report: Report) -> None:
    """The rows of one norm follow one another without a gap and without standing on each other."""
    by_age = sorted(rows, key=lambda norm: Fraction(norm.age_from or 0))
    for one, other in pairwise(by_age):
        if not one.age_to or Fraction(other.age_from or 0) < Fraction(one.age_to):
            report(finding("PACK_233", other.place, "age_from", name=other.norm, other=one.place and one.place.row))
        elif Fraction(other.age_from) > Fraction(one.age_to):
            report(finding("PACK_232", other.place, "age_from", name=other.norm, lowest=one.age_to,
                           highest=other.age_from))  # fmt: skip


# --- parameters ------------------------------------------------------------------------------------------------------


def check_parameters(reading: Reading, report: Report) -> None:
    taken: dict[tuple[str, str], Param] = {}
    for param in reading.pack.params:
        for column, value in (("param", param.param), ("valid_from", param.valid_from), ("value", param.value)):
            if not value:
                report(finding("PACK_028", param.place, column, hint="2026-01-31" if column == "valid_from" else ""))
        if param.valid_from and day_of(param.valid_from) is None:
            report(finding("PACK_236", param.place, "valid_from", value=param.valid_from))
        other = taken.setdefault((param.param, param.valid_from), param)
        if other is not param and other.place:
            report(finding("PACK_237", param.place, "valid_from", name=param.param, value=param.valid_from,
                           other=other.place.row))  # fmt: skip
