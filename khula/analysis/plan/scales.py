"""Rows of the sheet `scales` come in; scores, bands and what a band could still be go out, in the typed core."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from khula.analysis.expressions import Kind
from khula.analysis.expressions.in_french import kind_in_french
from khula.analysis.packs.pack import Scale
from khula.analysis.plan import terms as t
from khula.analysis.plan.bands import Cuts
from khula.analysis.plan.problems import PlanError
from khula.analysis.plan.terms import Layers, Term
from khula.analysis.plan.values import Value

NO_PLACE = t.missing(t.whole(0, 0))

BEYOND_MEASURE = 1e12
"""A measured number this far out is not rounded but taken as missing."""


@dataclass(frozen=True, slots=True)
class Items:
    """The items of a scale after limits and reversal, with their number, how many are known, and their sum."""

    terms: tuple[Term, ...]
    answered: Term
    total: Term
    implausible: Term

    @property
    def of(self) -> int:
        return len(self.terms)


@dataclass(frozen=True, slots=True)
class Scored:
    """A score, and the lowest and highest it could be if every missing item were known (None: nothing is known)."""

    score: Value
    lowest: Value | None = None
    highest: Value | None = None
    complete_only: bool = False  # there is a score exactly when every item is known, or none of them matters
    lowest_is_score: bool = False  # wherever there is a score


def items_of(layers: Layers, scale: Scale, answers: Iterable[tuple[str, Value]]) -> Items:
    """Limits first: an answer outside them is implausible and counts as missing. Then reversal."""
    cleaned: list[Term] = []
    doubtful: list[Term] = []
    for name, value in answers:
        if value.kind is not Kind.WHOLE:
            raise PlanError(
                "item not whole", scale.place, "items", name=name, method=scale.method, said=value.kind.value,
                said_fr=kind_in_french(value.kind),
            )  # fmt: skip
        clean = layers.share(_plausible(scale, value.term))
        if clean is not value.term:
            doubtful.append(value.term)
        cleaned.append(layers.share(_reversed(scale, clean)) if name in scale.reverse else clean)
    if scale.method in ("any", "count"):
        cleaned = [layers.share(t.as_whole(t.negate(t.equals(term, t.constant(0))))) for term in cleaned]
    answered = layers.share(t.count_known(cleaned))
    given = t.count_known([value.term for _, value in answers])
    implausible = t.subtract(given, answered) if doubtful else t.constant(0)
    return Items(tuple(cleaned), answered, layers.share(t.sum_known(cleaned)), implausible)


def _plausible(scale: Scale, term: Term) -> Term:
    low = term.sort.low if scale.item_min is None else scale.item_min
    high = term.sort.high if scale.item_max is None else scale.item_max
    return t.within(term, low, high)


def _reversed(scale: Scale, term: Term) -> Term:
    if scale.item_min is None or scale.item_max is None:
        raise PlanError("no limits", scale.place, "reverse")
    return t.subtract(t.constant(scale.item_min + scale.item_max), term)


def scored(layers: Layers, scale: Scale, items: Items) -> Scored:
    """sum, mean, count and any."""
    if scale.method == "any":
        return _any(layers, items)
    enough = layers.share(_enough(scale, items))
    per = t.constant(items.of) if scale.method == "mean" else t.constant(1)
    total, kind = items.total, Kind.EXACT if scale.method == "mean" else Kind.WHOLE
    if scale.missing == "prorate":
        kind, per = Kind.EXACT, items.answered
        total = total if scale.method == "mean" else t.multiply(total, t.constant(items.of))
    score = Value(kind, t.choose(enough, total, t.missing(total.sort)), per)
    lowest, highest = _bounds(layers, scale, items)
    return Scored(
        rounded(layers, score, scale.round),
        lowest and rounded(layers, lowest, scale.round),
        highest and rounded(layers, highest, scale.round),
        complete_only=scale.missing in ("none", "") or _all_needed(scale, items),
        lowest_is_score=scale.missing == "zero" and _limits(scale)[0] == 0,
    )


def _all_needed(scale: Scale, items: Items) -> bool:
    return scale.min_answered is None or scale.min_answered >= items.of


def _enough(scale: Scale, items: Items) -> Term:
    """Without a stated minimum every item is needed; nothing answered is never enough."""
    if scale.missing in ("none", "") or _all_needed(scale, items):
        return t.at_least(items.answered, t.constant(items.of))
    return t.at_least(items.answered, t.constant(max(scale.min_answered or 1, 1)))


def _limits(scale: Scale) -> tuple[int | None, int | None]:
    return (0, 1) if scale.method == "count" else (scale.item_min, scale.item_max)


def _bounds(layers: Layers, scale: Scale, items: Items) -> tuple[Value | None, Value | None]:
    """The total if every missing item had its lowest, and its highest, value."""
    low, high = _limits(scale)
    if low is None or high is None:
        return None, None
    blank = layers.share(t.subtract(t.constant(items.of), items.answered))
    per = t.constant(items.of) if scale.method == "mean" else t.constant(1)
    kind = Kind.EXACT if scale.method == "mean" else Kind.WHOLE
    least, most = (
        Value(kind, t.add(items.total, t.multiply(blank, t.constant(limit)) if limit else t.constant(0)), per)
        for limit in (low, high)
    )
    return least, most


def _any(layers: Layers, items: Items) -> Scored:
    """1 if any item is true; missing if none is and any is missing; otherwise 0."""
    some = layers.share(t.at_least(items.total, t.constant(1)))
    complete = layers.share(t.at_least(items.answered, t.constant(items.of)))
    one, zero = t.constant(1), t.constant(0)
    score = t.choose(some, one, t.choose(complete, zero, t.missing(t.whole(0, 0))))
    lowest = Value(Kind.WHOLE, t.as_whole(some))
    highest = Value(Kind.WHOLE, t.as_whole(t.either(some, t.negate(complete))))
    return Scored(Value(Kind.WHOLE, score), lowest, highest, complete_only=True)


def rounded(layers: Layers, score: Value, places: int | None) -> Value:
    """floor(x · 10^places + 1/2), as a whole number of parts of 10^places. Whole numbers stay as they are."""
    if places is None or score.kind is Kind.WHOLE:
        return score
    power = 10**places
    kind = Kind.WHOLE if places == 0 else Kind.EXACT
    if score.kind is Kind.DECIMAL:
        return Value(kind, _rounded_decimal(layers, score.term, power), t.constant(power))
    doubled = t.add(t.multiply(score.term, t.constant(2 * power)), score.per)
    whole = t.floor_divide(doubled, t.multiply(score.per, t.constant(2)))
    return Value(kind, whole, t.constant(power))


def _rounded_decimal(layers: Layers, term: Term, power: int) -> Term:
    term = layers.share(term)
    sensible = t.both(t.less(t.constant(-BEYOND_MEASURE), term), t.less(term, t.constant(BEYOND_MEASURE)))
    kept = t.choose(sensible, term, t.missing(t.DECIMAL))
    moved = t.add(t.multiply(kept, t.constant(float(power))), t.constant(0.5))
    return t.floor(moved, int(BEYOND_MEASURE) * power + 1)


# -- bands --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Banded:
    """The band that holds, and that complete answers could still give, each the number of a name.

    `lowest` and `highest` are the places among the cut-offs between which the score lies; one place where there is a
    score; null where nothing is known.
    """

    band: Value
    could_be: Value
    cuts: Cuts | None = None
    lowest: Term = NO_PLACE
    highest: Term = NO_PLACE

    def is_among(self, names: frozenset[str]) -> Term:
        """Whether the band is one of these, three-valued: also without a score, as far as the bounds allow."""
        if self.cuts is None:
            return t.missing(t.CONDITION)
        return self.cuts.among(names, self.lowest, self.highest)


NO_BANDS = Banded(Value(Kind.TEXT, NO_PLACE, names=()), Value(Kind.TEXT, NO_PLACE, names=()))


def banded(layers: Layers, cuts: Cuts, result: Scored) -> Banded:
    """Without a score the band stands where the lowest and the highest possible total lie in one stretch of a band."""
    score = result.score
    if result.lowest is None or result.highest is None:
        place = cuts.place(score)
        band = layers.share(cuts.band_at(place))
        return Banded(_band(cuts, band), _no_band(cuts), cuts, place, place)
    lowest, highest = cuts.place(result.lowest), cuts.place(result.highest)
    if result.complete_only:
        return Banded(_band(cuts, _certain(layers, cuts, lowest, highest)), _no_band(cuts), cuts, lowest, highest)
    known = t.is_known(layers.share(score.term))
    place = lowest if result.lowest_is_score else cuts.place(score)
    from_ = lowest if result.lowest_is_score else layers.share(t.choose(known, place, lowest))
    to = layers.share(t.choose(known, place, highest))
    band = _certain(layers, cuts, from_, to)
    return Banded(
        _band(cuts, band), _band(cuts, _could_be(layers, cuts, band, known, lowest, highest)), cuts, from_, to
    )


def _certain(layers: Layers, cuts: Cuts, lowest: Term, highest: Term) -> Term:
    """The band where both places are one stretch."""
    place = layers.share(t.choose(t.equals(lowest, highest), lowest, t.missing(lowest.sort)))
    return layers.share(cuts.band_at(place))


def _could_be(layers: Layers, cuts: Cuts, band: Term, known: Term, lowest: Term, highest: Term) -> Term:
    result = t.missing(band.sort)
    for place in (lowest, highest):
        other = layers.share(cuts.band_at(place))
        result = t.choose(t.both(known, t.negate(t.equals(other, band))), other, result)
    return result


def _band(cuts: Cuts, term: Term) -> Value:
    return Value(Kind.TEXT, term, names=cuts.names)


def _no_band(cuts: Cuts) -> Value:
    return _band(cuts, t.missing(t.whole(0, 0)))
