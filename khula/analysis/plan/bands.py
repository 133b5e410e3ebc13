"""The rows of the sheet `bands` come in; the place of a score among its cut-offs goes out, for every sort of child.

Which row holds depends on the score and on facts about the child (sex, language, grade, age). The facts are divided
into cells within which the same rows apply; where a fact is unknown, only a band every possibility agrees on holds.
In each cell the line of scores is cut into stretches of one band. All cells share one sequence of stretches, so that a
score's place is the number of cut-offs it reaches, and the cut-offs alone depend on the cell.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import product
from typing import TypeAlias

from khula.analysis.expressions import Kind
from khula.analysis.packs.pack import Band
from khula.analysis.plan import terms as t
from khula.analysis.plan.terms import Layers, Term
from khula.analysis.plan.values import Value

Start: TypeAlias = Fraction | float | None
"""Where something begins; None: below everything, inf: nowhere."""

Stretch: TypeAlias = tuple[Fraction | None, str | None]
"""Where a stretch begins (None: from below everything) and its band (None: no band, or not the same for all)."""

OTHER = "\0other"
"""A language or grade no row names."""


def specificity(band: Band) -> int:
    """How many conditions a row has: among rows that hold, the one with most wins, then the upper one."""
    return sum(bool(each) for each in (band.sex, band.language, band.grade, band.age_from, band.age_to, band.informant))


@dataclass(frozen=True, slots=True)
class Cell:
    """One sort of child: None stands for every value."""

    sex: str
    language: str
    grade: str
    age: Fraction | None  # the youngest age, in months, of the cell; None below all

    def admits(self, band: Band) -> bool:
        if (band.sex and band.sex != self.sex) or (band.language and band.language != self.language):
            return False
        if band.grade and band.grade != self.grade:
            return False
        if band.age_from and (self.age is None or self.age < Fraction(band.age_from)):
            return False
        return not band.age_to or self.age is None or self.age < Fraction(band.age_to)


@dataclass(frozen=True)
class BandRows:
    """The rows of one scale, without those meant for another informant."""

    rows: tuple[Band, ...]

    @cached_property
    def sexes(self) -> tuple[str, ...]:
        return ("female", "male") if any(row.sex for row in self.rows) else (OTHER,)

    @cached_property
    def languages(self) -> tuple[str, ...]:
        return (*_named(row.language for row in self.rows), OTHER)

    @cached_property
    def grades(self) -> tuple[str, ...]:
        return (*_named(row.grade for row in self.rows), OTHER)

    @cached_property
    def ages(self) -> tuple[Fraction, ...]:
        return tuple(sorted({Fraction(age) for row in self.rows for age in (row.age_from, row.age_to) if age}))

    @cached_property
    def cuts(self) -> tuple[Fraction, ...]:
        return tuple(sorted({Fraction(cut) for row in self.rows for cut in (row.start, row.below) if cut is not None}))

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(row.band for row in self.rows))

    def stretches(self, cells: Iterable[Cell]) -> tuple[Stretch, ...]:
        """The line of scores for children who may belong to any of the cells."""
        cells = tuple(cells)
        found: list[Stretch] = []
        for start in (None, *self.cuts):
            bands = {self._band_at(cell, start) for cell in cells}
            band = bands.pop() if len(bands) == 1 else None
            if not found or found[-1][1] != band:
                found.append((start, band))
        return tuple(found)

    def _band_at(self, cell: Cell, start: Fraction | None) -> str | None:
        """The band from one cut-off up to the next: no row begins or ends between them."""
        fitting = [row for row in self.rows if cell.admits(row) and _covers(row, start)]
        return max(fitting, key=specificity).band if fitting else None


def _named(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({name for name in names if name}))


def _covers(row: Band, start: Fraction | None) -> bool:
    if start is None:
        return row.start is None
    return (row.start is None or Fraction(row.start) <= start) and (row.below is None or start < Fraction(row.below))


def shared_sequence(lines: Iterable[Sequence[str | None]]) -> tuple[str | None, ...]:
    """A short sequence of bands that holds every line's bands in order."""
    merged: tuple[str | None, ...] = ()
    for line in lines:
        merged = _merge(merged, tuple(line))
    return merged


def _merge(a: tuple[str | None, ...], b: tuple[str | None, ...]) -> tuple[str | None, ...]:
    """The shortest common supersequence of two, by the textbook table."""
    best: list[list[tuple[str | None, ...]]] = [[()] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i in range(len(a) + 1):
        for j in range(len(b) + 1):
            if i and j and a[i - 1] == b[j - 1]:
                best[i][j] = (*best[i - 1][j - 1], a[i - 1])
            elif i or j:
                ways = []
                if i:
                    ways.append((*best[i - 1][j], a[i - 1]))
                if j:
                    ways.append((*best[i][j - 1], b[j - 1]))
                best[i][j] = min(ways, key=len)
    return best[-1][-1]


def starts_in(sequence: Sequence[str | None], line: Sequence[Stretch]) -> list[Start]:
    """For each place of the sequence but the first, where it begins for this line.

    A place the line does not have is empty: it begins where the next one does (`inf` when none follows), and one
    before the line's first begins below everything (None).
    """
    places: dict[int, Fraction | None] = {}
    at = 0
    for start, band in line:
        while sequence[at] != band:
            at += 1
        places[at] = start
        at += 1
    starts: list[Start] = [math.inf] * len(sequence)
    following: Start = math.inf
    for place in reversed(range(len(sequence))):
        following = places.get(place, following)
        starts[place] = following
    return starts[1:]


# -- in the typed core --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Facts:
    """The columns the cells depend on. `age_months` is a decimal."""

    sex: Term
    language: Term
    grade: Term
    age_months: Term


@dataclass(frozen=True, slots=True)
class Cuts:
    """The sequence of bands of a scale, and the child's cell."""

    layers: Layers
    names: tuple[str, ...]
    sequence: tuple[str | None, ...]
    starts: tuple[tuple[Start, ...], ...]  # for each cell, for each place but the first
    cell: Term

    def place(self, score: Value) -> Term:
        """The place of a score in the sequence; null for a missing score."""
        score = Value(score.kind, self.layers.share(score.term), self.layers.share(score.per))
        place = t.choose(t.is_missing(score.term), t.missing(t.whole(0, 0)), t.constant(0))
        for at, starts in enumerate(zip(*self.starts, strict=True), start=1):
            place = t.choose(self._reaches(score, starts), t.constant(at), place)
        return self.layers.share(place)

    def band_at(self, place: Term) -> Term:
        """The number of the band's name at a place; null where there is no band."""
        table = [(at, self.names.index(band)) for at, band in enumerate(self.sequence) if band is not None]
        return t.lookup(place, table) if table else t.missing(t.whole(0, 0))

    def among(self, names: frozenset[str], lowest: Term, highest: Term) -> Term:
        """Whether a score between two places has one of these bands: yes if every stretch from the one to the other
        has, no if none has and in none the band is open, otherwise unknown."""
        inside = [at for at, band in enumerate(self.sequence) if band in names]
        outside = [at for at, band in enumerate(self.sequence) if band not in names]
        doubtful = [at for at, band in enumerate(self.sequence) if band is None or band in names]
        always = t.both(t.is_known(lowest), *(self._avoids(at, lowest, highest) for at in outside))
        never = t.both(t.is_known(lowest), *(self._avoids(at, lowest, highest) for at in doubtful))
        if not inside:
            always = t.constant(False)
        unknown = t.choose(never, t.constant(False), t.missing(t.CONDITION))
        return self.layers.share(t.choose(always, t.constant(True), unknown))

    def _avoids(self, at: int, lowest: Term, highest: Term) -> Term:
        """Whether a stretch is not between two places: it lies below, above, or this sort of child has none of it."""
        place = t.constant(at)
        return self.layers.share(t.either(t.less(highest, place), t.less(place, lowest), self._is_empty(at)))

    def _is_empty(self, at: int) -> Term:
        edges = [(None, *starts, math.inf) for starts in self.starts]
        empty = [int(edge[at] == edge[at + 1]) for edge in edges]
        return t.equals(self._by_cell(empty), t.constant(1))

    def _reaches(self, score: Value, starts: tuple[Start, ...]) -> Term:
        if score.kind is Kind.DECIMAL:
            return t.at_least(score.term, t.decimal_lookup(self.cell, list(enumerate(map(_as_float, starts)))))
        return self._reaches_exactly(score, starts)

    def _reaches_exactly(self, score: Value, starts: tuple[Start, ...]) -> Term:
        """score ≥ start as whole numbers: term × common ≥ (start × common) × per."""
        finite = [start for start in starts if isinstance(start, Fraction)]
        if score.per.operator == "constant":
            assert isinstance(score.per.value, int)
            limits = score.term.sort
            wanted = [_threshold(start, score.per.value, limits.low, limits.high) for start in starts]
            return t.at_least(score.term, self._by_cell(wanted))
        common = math.lcm(*(start.denominator for start in finite))
        lowest, highest = self._limits(score)
        wanted = [_threshold(start, common, lowest * common, highest * common) for start in starts]
        return t.at_least(t.multiply(score.term, t.constant(common)), t.multiply(self._by_cell(wanted), score.per))

    def _limits(self, score: Value) -> tuple[int, int]:
        """Whole numbers the score lies between, whatever stands below the line (at least 1)."""
        return min(score.term.sort.low, 0), max(score.term.sort.high, 0)

    def _by_cell(self, values: list[int]) -> Term:
        return self.layers.share(t.lookup(self.cell, list(enumerate(values))))


def _as_float(start: Start) -> float:
    return -math.inf if start is None else float(start)


def _threshold(start: Start, scale: int, low: int, high: int) -> int:
    """The least whole number that reaches `start` in parts of `scale`; outside the limits it is always or never."""
    if start is None:
        return low
    if not isinstance(start, Fraction):
        return high + 1
    return min(max(math.ceil(start * scale), low), high + 1)


def cuts_of(layers: Layers, rows: BandRows, facts: Facts) -> Cuts:
    """The cut-offs of one scale for every cell of children, unknown facts included."""
    axes = (rows.sexes, rows.languages, rows.grades, (None, *rows.ages))
    options = [[*((value,) for value in axis), axis] if len(axis) > 1 else [axis] for axis in axes]
    lines = [
        rows.stretches(Cell(*values) for values in product(*possible))  # type: ignore[arg-type]
        for possible in product(*options)
    ]
    sequence = shared_sequence(dict.fromkeys(tuple(band for _, band in line) for line in lines))
    starts = tuple(tuple(starts_in(sequence, line)) for line in lines)
    return Cuts(layers, rows.names, sequence, starts, _cell(layers, rows, facts))


def _cell(layers: Layers, rows: BandRows, facts: Facts) -> Term:
    """The number of the child's cell: each fact has a digit, its last value meaning unknown."""
    digits = [
        (_text_digit(facts.sex, rows.sexes, closed=True), len(rows.sexes)),
        (_text_digit(facts.language, rows.languages), len(rows.languages)),
        (_text_digit(facts.grade, rows.grades), len(rows.grades)),
        (_age_digit(facts.age_months, rows.ages), len(rows.ages) + 1),
    ]
    cell = t.constant(0)
    for digit, size in digits:
        if size > 1:
            higher = t.constant(0) if t.is_constant(cell) else t.multiply(cell, t.constant(size + 1))
            cell = t.add(higher, layers.share(digit))
    return layers.share(cell)


def _text_digit(fact: Term, values: tuple[str, ...], closed: bool = False) -> Term:
    if len(values) == 1:
        return t.constant(0)
    unknown = t.constant(len(values))
    digit = unknown if closed else t.constant(len(values) - 1)
    for at, value in enumerate(values):
        if value != OTHER:
            digit = t.choose(t.equals(fact, t.constant(value)), t.constant(at), digit)
    return t.choose(t.is_missing(fact), unknown, digit)


def _age_digit(age_months: Term, ages: tuple[Fraction, ...]) -> Term:
    if not ages:
        return t.constant(0)
    reached = t.add(*(t.as_whole(t.at_least(age_months, t.constant(float(age)))) for age in ages))
    return t.first_known(reached, t.constant(len(ages) + 1))
