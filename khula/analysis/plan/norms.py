"""Scales read from reference tables: growth (z-scores) and Rasch measures, in the typed core."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import cache

from khula.analysis.expressions import Kind
from khula.analysis.growth import MEASURES, Reference, TableUnreadable, read_reference, who_reference
from khula.analysis.packs.pack import Norm, Pack, Scale
from khula.analysis.plan import terms as t
from khula.analysis.plan.bands import Facts
from khula.analysis.plan.problems import PlanError
from khula.analysis.plan.scales import Items
from khula.analysis.plan.terms import Layers, Term
from khula.analysis.plan.values import Value, decimal

WHO = "who:"


@dataclass(frozen=True, slots=True)
class Grown:
    """A z-score, and for the telling why there is none: whether a `not_if` held."""

    score: Value
    excluded: Term


@cache
def _own_reference(text: str, by_day: bool, extend: bool) -> Reference:
    return read_reference(text, by_day=by_day, extend=extend)


def reference_of(pack: Pack, norm: Norm) -> Reference:
    """WHO's table, or the pack's own CSV. Raises `PlanError` when there is none or it cannot be read."""
    if norm.file.startswith(WHO):
        measure = norm.file.removeprefix(WHO)
        if measure not in MEASURES:
            raise PlanError("no built-in table", norm.place, "file", name=norm.file)
        return who_reference(measure)
    try:
        return _own_reference(_table(pack, norm), norm.index_unit == "days", norm.adjust == "who3sd")
    except TableUnreadable as problem:
        raise PlanError(
            "table", norm.place, "file", name=norm.file, said=problem.told("en"), said_fr=problem.told("fr")
        ) from None


def _table(pack: Pack, norm: Norm) -> str:
    if norm.file not in pack.tables:
        raise PlanError("no file", norm.place, "file", name=norm.file)
    return pack.tables[norm.file]


def norms_of(pack: Pack, scale: Scale) -> list[Norm]:
    """The rows of the norm a scale names. Raises `PlanError` when there are none."""
    rows = [norm for norm in pack.norms if norm.norm == scale.norm]
    if not rows:
        raise PlanError("no norm", scale.place, "norm", name=scale.norm)
    return rows


def grown(
    pack: Pack,
    layers: Layers,
    scale: Scale,
    answers: list[Value],
    facts: Facts,
    age_days: Term,
    condition: Callable[[Norm], Term],
) -> Grown:
    """The z-score from the first norm row whose ages hold the child. `condition` lowers a row's `not_if`."""
    measured = layers.share(_measured(scale, answers))
    score, excluded = t.missing(t.whole(0, 0)), t.constant(False)
    for norm in reversed(norms_of(pack, scale)):
        # bound by themselves: a population looks its tables up by a join, between two layers
        z = layers.share(t.growth(reference_of(pack, norm), facts.sex, age_days, facts.age_months, measured))
        here = layers.share(_ages_hold(norm, facts.age_months))
        barred = layers.share(condition(norm)) if norm.not_if else t.constant(False)
        kept = t.choose(barred, t.missing(t.whole(0, 0)), t.within(z, *_plausible(norm, z)))
        score = t.choose(here, kept, score)
        excluded = t.choose(here, t.choose(barred, t.constant(True), t.constant(False)), excluded)
    return Grown(Value(Kind.EXACT, score, t.constant(100)), excluded)


def _measured(scale: Scale, answers: list[Value]) -> Term:
    """One item stands for itself; two are weight (kg) and height (cm), and their index is kg/m²."""
    if len(answers) not in (1, 2) or not all(value.kind.is_number for value in answers):
        raise PlanError("not measured", scale.place, "items")
    above_zero = [_above_zero(decimal(value)) for value in answers]
    if len(above_zero) == 1:
        return above_zero[0]
    weight, height = above_zero
    return t.divide(t.multiply(weight, t.constant(10_000.0)), t.multiply(height, height))


def _above_zero(term: Term) -> Term:
    return t.choose(t.less(t.constant(0.0), term), term, t.missing(t.DECIMAL))


def _ages_hold(norm: Norm, age_months: Term) -> Term:
    limits = []
    if norm.age_from:
        limits.append(t.at_least(age_months, t.constant(float(Fraction(norm.age_from)))))
    if norm.age_to:
        limits.append(t.less(age_months, t.constant(float(Fraction(norm.age_to)))))
    return t.both(*limits)


def _plausible(norm: Norm, z: Term) -> tuple[int, int]:
    """In hundredths; a z-score on the limit itself is still believed."""
    low = math.ceil(Fraction(norm.implausible_below) * 100) if norm.implausible_below else z.sort.low
    high = math.floor(Fraction(norm.implausible_above) * 100) if norm.implausible_above else z.sort.high
    return low, high


# -- Rasch --------------------------------------------------------------------------------------------------------


def rasch(pack: Pack, scale: Scale, items: Items) -> Value:
    """The measure, in hundredths, that the table gives for the raw sum of complete items."""
    complete = t.at_least(items.answered, t.constant(items.of))
    raw = t.choose(complete, items.total, t.missing(items.total.sort))
    return Value(Kind.EXACT, t.lookup(raw, rasch_table(pack, scale)), t.constant(100))


def rasch_table(pack: Pack, scale: Scale) -> list[tuple[int, int]]:
    """Raw sum → measure in hundredths, from a CSV with the columns raw and measure."""
    norm = norms_of(pack, scale)[0]
    rows = csv.DictReader(_lines(_table(pack, norm)))
    try:
        table = {int(row["raw"]): _hundredths(row["measure"]) for row in rows}
    except (KeyError, TypeError, ValueError, InvalidOperation):
        raise PlanError("no raw measure", norm.place, "file", name=norm.file) from None
    if not table:
        raise PlanError("empty table", norm.place, "file", name=norm.file)
    return sorted(table.items())


def _lines(text: str) -> Iterable[str]:
    return (line for line in text.splitlines() if line.strip() and not line.startswith("#"))


def _hundredths(text: str) -> int:
    return math.floor(Fraction(Decimal(text)) * 100 + Fraction(1, 2))
