"""Derived values and scales of a pack come in; the order in which each finds what it needs, and every kind, go out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction

from khula.analysis.answers import kind_of
from khula.analysis.expressions import ExpressionError, Kind, Node, infer, is_condition, names_in, parse, widest
from khula.analysis.expressions.in_french import in_french, kind_in_french
from khula.analysis.packs.pack import Derive, Pack, Param, Place, Scale
from khula.analysis.plan.problems import PlanError

CONTEXT_KINDS: Mapping[str, Kind] = {
    "sex": Kind.TEXT,
    "age_days": Kind.WHOLE,
    "age_months": Kind.DECIMAL,
    "language": Kind.TEXT,
    "grade": Kind.TEXT,
}
ASSESSED_ON = "assessed_on"
"""The day an assessment is of (days since 1970-01-01): which row of a dated parameter holds. Unknown: the newest."""


@contextmanager
def located(place: Place | None, column: str) -> Iterator[None]:
    """Turns an `ExpressionError` into a `PlanError` that says in which row it was."""
    try:
        yield
    except ExpressionError as error:
        raise PlanError(
            "expression", place, column, said=str(error), said_fr=in_french(str(error)), at=error.column
        ) from None


def parsed(text: str, place: Place | None, column: str) -> Node:
    with located(place, column):
        return parse(text)


def needs_of_derive(lines: Iterable[Derive]) -> set[str]:
    """Every name the lines of one derived value mention."""
    texts = [(line, line.when, "when") for line in lines if line.when]
    texts += [(line, line.value, "value") for line in lines if line.value != "missing"]
    return {name for line, text, column in texts for name in names_in(parsed(text, line.place, column))}


def needs_of_scale(pack: Pack, scale: Scale) -> set[str]:
    """Every name a scale is computed from."""
    if scale.method == "expression":
        return set(names_in(parsed(scale.expression, scale.place, "expression")))
    conditions = [(norm.not_if, norm.place) for norm in pack.norms if norm.norm == scale.norm and norm.not_if]
    return set(scale.items).union(*(names_in(parsed(text, place, "not_if")) for text, place in conditions))


def in_order(pack: Pack) -> tuple[str, ...]:
    """Names of derived values and scales, each after those it needs. Raises `PlanError` for a circle."""
    needs = {name: needs_of_derive(lines) for name, lines in pack.derive.items()}
    needs |= {name: needs_of_scale(pack, scale) for name, scale in pack.scales.items()}
    order: dict[str, None] = {}
    open_names: list[str] = []

    def visit(name: str) -> None:
        if name in order or name not in needs:
            return
        if name in open_names:
            circle = " → ".join([*open_names[open_names.index(name) :], name])
            raise PlanError("circle", _place(pack, name), circle=circle)
        open_names.append(name)
        for each in sorted(needs[name]):
            visit(each)
        open_names.pop()
        order[name] = None

    for name in needs:
        visit(name)
    return tuple(order)


def _place(pack: Pack, name: str) -> Place | None:
    return pack.scales[name].place if name in pack.scales else pack.derive[name][0].place


# -- kinds --------------------------------------------------------------------------------------------------------


def kinds_of(pack: Pack) -> dict[str, Kind]:
    """The kind of every name a condition may mention: facts, questions, parameters, derived values, scales.

    Raises `PlanError` at the first expression whose kinds do not fit.
    """
    kinds = {**CONTEXT_KINDS, ASSESSED_ON: Kind.DATE}
    kinds |= {name: kind_of(question) for name, question in pack.questions.items()}
    kinds |= {param: kind_of_param(rows) for param, rows in params_of(pack).items()}
    scales = frozenset(pack.scales)
    for name in in_order(pack):
        if name in pack.scales:
            kinds[name] = kind_of_scale(pack.scales[name], kinds, scales)
        else:
            kinds[name] = kind_of_derive(pack.derive[name], kinds, scales)
    return kinds


def params_of(pack: Pack) -> dict[str, list[Param]]:
    """The rows of each dated parameter, the oldest first."""
    params: dict[str, list[Param]] = {}
    for row in sorted(pack.params, key=lambda row: row.valid_from):
        params.setdefault(row.param, []).append(row)
    return params


def kind_of_param(rows: Iterable[Param]) -> Kind:
    numbers = [_number(row.value) for row in rows]
    if None in numbers:
        return Kind.TEXT
    return Kind.WHOLE if all(number is not None and number.denominator == 1 for number in numbers) else Kind.EXACT


def _number(text: str) -> Fraction | None:
    try:
        return Fraction(text)
    except ValueError:
        return None


def kind_of_scale(scale: Scale, kinds: Mapping[str, Kind], scales: frozenset[str]) -> Kind:
    """The kind of a scale's score, given the kinds of what it needs."""
    if scale.method == "any":
        return Kind.WHOLE
    if scale.method in ("zscore", "rasch"):
        return Kind.EXACT
    if scale.method == "expression":
        kind = _number_kind(scale, kinds, scales)
    else:
        prorated = scale.method == "mean" or scale.missing == "prorate"
        kind = Kind.EXACT if prorated else Kind.WHOLE
    if scale.round is None or kind is Kind.WHOLE:
        return kind
    return Kind.WHOLE if scale.round == 0 else Kind.EXACT


def _number_kind(scale: Scale, kinds: Mapping[str, Kind], scales: frozenset[str]) -> Kind:
    node = parsed(scale.expression, scale.place, "expression")
    with located(scale.place, "expression"):
        kind = infer(node, kinds, scales)
    if kind is Kind.CONDITION:
        return Kind.WHOLE
    if not kind.is_number:
        raise PlanError("no number", scale.place, "expression", said=kind.value, said_fr=kind_in_french(kind))
    return kind


def kind_of_derive(lines: Iterable[Derive], kinds: Mapping[str, Kind], scales: frozenset[str]) -> Kind:
    """The kind that holds every line's value. Conditions become 0 and 1."""
    result: Kind | None = None
    for line in lines:
        if line.when:
            with located(line.place, "when"):
                is_condition(parse(line.when), kinds, scales)
        if line.value == "missing":
            continue
        kind = _line_kind(line, kinds, scales)
        result = kind if result is None else _wider(result, kind, line)
    return result or Kind.WHOLE


def _line_kind(line: Derive, kinds: Mapping[str, Kind], scales: frozenset[str]) -> Kind:
    node = parsed(line.value, line.place, "value")
    with located(line.place, "value"):
        kind = infer(node, kinds, scales)
    return Kind.WHOLE if kind is Kind.CONDITION else kind


def _wider(one: Kind, two: Kind, line: Derive) -> Kind:
    if one.is_number and two.is_number:
        return widest(one, two)
    texts = (Kind.TEXT, Kind.CODES)
    if one in texts and two in texts:
        return one if one is two else Kind.TEXT
    if one is not two:
        raise PlanError(
            "two kinds", line.place, "value", name=line.name, said=two.value, said_fr=kind_in_french(two),
            other=one.value, other_fr=kind_in_french(one),
        )  # fmt: skip
    return one
