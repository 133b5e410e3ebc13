"""A pack that was read in; holes, overlaps and impossible rows of its sheet bands, out.

Children are sorted into cells (sex × language × grade × age) within which the same rows hold, and scores into
stretches between two cut-offs: in every cell every score must lie in exactly one row of the most precise ones.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise, product

from khula.analysis.expressions import Kind
from khula.analysis.packs.check.limits import codes_of_facts, kinds, scale_limits, step
from khula.analysis.packs.check.vocabulary import SEXES, check_word
from khula.analysis.packs.findings import finding, nearest
from khula.analysis.packs.pack import Band, Pack, Place, Scale
from khula.analysis.packs.reader import INFORMANTS, Reading
from khula.analysis.packs.sheets import Report
from khula.analysis.plan.bands import OTHER, BandRows, Cell, specificity


def check_bands(reading: Reading, report: Report) -> None:
    pack = reading.pack
    facts = codes_of_facts(reading)
    for band in pack.bands:
        _check_row(pack, band, report)
        _check_facts(band, facts, report)
    kind_of_name = kinds(pack)
    unread = {one.row for one in reading.findings if one.sheet == "bands" and one.severity == "error"}
    for name, scale in pack.scales.items():
        rows = [band for band in pack.bands if band.scale == name and not _is_empty(band)]
        whole = all(row.place is None or row.place.row not in unread for row in rows)
        if rows and whole:  # a limit that could not be read would look like no limit
            _check_table(pack, scale, rows, kind_of_name, report)


def _check_row(pack: Pack, band: Band, report: Report) -> None:
    if band.scale not in pack.scales:
        code = "PACK_111" if band.scale else "PACK_028"
        report(finding(code, band.place, "scale", name=band.scale, near=nearest(band.scale, pack.scales)))
    if not band.band:
        report(finding("PACK_028", band.place, "band"))
    check_word(band.sex, SEXES, band.place, "sex", report, needed=False)
    check_word(band.informant, INFORMANTS, band.place, "informant", report, needed=False)
    for column_from, column_to, low, high in (
        ("from", "below", band.start, band.below),
        ("age_from", "age_to", band.age_from, band.age_to),
    ):
        check_order(band.place, column_from, column_to, low or "", high or "", report)


def _check_facts(band: Band, facts: Mapping[str, tuple[str, ...]], report: Report) -> None:
    for column, code in (("language", band.language), ("grade", band.grade)):
        known = facts.get(column, ())
        if code and known and code not in known:
            report(finding("PACK_225", band.place, column, value=code, allowed=", ".join(known),
                           near=nearest(code, known)))  # fmt: skip


def check_order(place: Place | None, column_from: str, column_to: str, low: str, high: str, report: Report) -> None:
    """The first number of a pair lies below the second, where both are given."""
    if low and high and Fraction(low) >= Fraction(high):
        report(finding("PACK_220", place, column_from, column_from=column_from, column_to=column_to, lowest=low,
                       highest=high))  # fmt: skip


def _is_empty(band: Band) -> bool:
    """A row that nothing can be in is reported by itself and covers nothing."""
    pairs = ((band.start, band.below), (band.age_from, band.age_to))
    return any(low and high and Fraction(low) >= Fraction(high) for low, high in pairs)


# --- one scale -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Stretch:
    """Scores from one cut-off up to the next; `score` is one that the scale can take."""

    start: Fraction | None
    score: Fraction


def _check_table(pack: Pack, scale: Scale, rows: list[Band], kinds_: Mapping[str, Kind], report: Report) -> None:
    table = BandRows(tuple(rows))
    stretches = tuple(_stretches(table, scale, step(scale, kinds_)))
    told_holes: set[Fraction | None] = set()
    told_overlaps: set[tuple[int, int]] = set()
    silent = False
    for cell in _cells(pack, scale, table):
        admitted = [row for row in rows if cell.admits(row)]
        if not admitted and (table.languages != (OTHER,) or table.grades != (OTHER,)):
            if not silent:
                report(finding("PACK_223", rows[0].place, "scale", scale=scale.name, cell=told(cell, table)))
            silent = True
            continue
        for stretch in stretches:
            fitting = [row for row in admitted if _holds(row, stretch.score)]
            if not fitting and stretch.start not in told_holes:
                told_holes.add(stretch.start)
                report(finding("PACK_221", _row_before(rows, admitted, stretch), "below", scale=scale.name,
                               cell=told(cell, table), score=shown(stretch.score)))  # fmt: skip
            _check_overlap(scale, fitting, stretch, told(cell, table), told_overlaps, report)
    _check_reach(scale, rows, stretches, report)


def _stretches(table: BandRows, scale: Scale, apart: Fraction | None) -> Iterator[_Stretch]:
    """Each stretch between two cut-offs that the scale can reach, with a score in it."""
    between = scale_limits(scale)
    for start, following in pairwise((None, *table.cuts, None)):
        low = start if start is not None else (between.lowest if between else _below(table.cuts, apart))
        if between:
            low = max(low, between.lowest)
        score = low if apart is None else math.ceil(low / apart) * apart
        below_following = following is None or score < following
        if below_following and (between is None or score <= between.highest):
            yield _Stretch(start, score)


def _below(cuts: tuple[Fraction, ...], apart: Fraction | None) -> Fraction:
    return (cuts[0] if cuts else Fraction(0)) - (apart or 1)


def _cells(pack: Pack, scale: Scale, table: BandRows) -> Iterator[Cell]:
    """The sorts of children the scale is for."""
    youngest, oldest = _ages(pack, scale)
    ages: list[Fraction | None] = []
    for age, following in zip((None, *table.ages), (*table.ages, None), strict=True):
        starts_too_late = age is not None and oldest is not None and age >= oldest
        ends_too_early = following is not None and following <= youngest
        if not (starts_too_late or ends_too_early):
            ages.append(age)
    for sex, language, grade, age in product(table.sexes, table.languages, table.grades, ages):
        yield Cell(sex, language, grade, age)


def _ages(pack: Pack, scale: Scale) -> tuple[Fraction, Fraction | None]:
    """Ages in months the scale is for: those of its norm, else those of its instrument."""
    norms = [norm for norm in pack.norms if norm.norm == scale.norm] if scale.norm else []
    instrument = pack.instruments.get(scale.instrument)
    limits = [(norm.age_from, norm.age_to) for norm in norms]
    if not limits and instrument is not None:
        limits = [(instrument.age_from, instrument.age_to)]
    if not limits:
        return Fraction(0), None
    youngest = min(Fraction(low or 0) for low, _ in limits)
    open_ended = any(not high for _, high in limits)
    return youngest, None if open_ended else max(Fraction(high) for _, high in limits)


def _holds(row: Band, score: Fraction) -> bool:
    return (row.start is None or Fraction(row.start) <= score) and (row.below is None or score < Fraction(row.below))


def _check_overlap(
    scale: Scale, fitting: list[Band], stretch: _Stretch, cell: str, told_already: set[tuple[int, int]], report: Report
) -> None:
    most = max((specificity(row) for row in fitting), default=0)
    best = [row for row in fitting if specificity(row) == most]
    for one, other in pairwise(best):
        if not (one.place and other.place) or (one.place.row, other.place.row) in told_already:
            continue
        told_already.add((one.place.row, other.place.row))
        report(finding("PACK_222", other.place, "from", scale=scale.name, cell=cell, score=shown(stretch.score),
                       other=one.place.row))  # fmt: skip


def _row_before(rows: list[Band], admitted: list[Band], stretch: _Stretch) -> Place | None:
    """The row after which the hole opens."""
    for row in (*admitted, *rows):
        if row.below is not None and stretch.start is not None and Fraction(row.below) == stretch.start:
            return row.place
    return (admitted or rows)[0].place


def _check_reach(scale: Scale, rows: list[Band], stretches: tuple[_Stretch, ...], report: Report) -> None:
    between = scale_limits(scale)
    for row in rows:
        if between and not any(_holds(row, stretch.score) for stretch in stretches):
            report(finding("PACK_224", row.place, "from", scale=scale.name, lowest=shown(between.lowest),
                           highest=shown(between.highest)))  # fmt: skip


def shown(number: Fraction) -> str:
    return str(number) if number.denominator == 1 else format(float(number), ".6g")


def told(cell: Cell, table: BandRows) -> str:
    """ "sex=female, age_months≥60"; only the facts that matter to the scale. The same words in every language."""
    parts = []
    if table.sexes != (OTHER,):
        parts.append(f"sex={cell.sex}")
    if table.languages != (OTHER,):
        parts.append(f"language={'*' if cell.language == OTHER else cell.language}")
    if table.grades != (OTHER,):
        parts.append(f"grade={'*' if cell.grade == OTHER else cell.grade}")
    if table.ages:
        parts.append(f"age_months≥{shown(cell.age)}" if cell.age is not None else f"age_months<{shown(table.ages[0])}")
    return ", ".join(parts)
