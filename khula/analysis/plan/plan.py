"""A pack comes in; every score, band, flag and level goes out as named terms in layers, ready for any evaluator."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from khula.analysis.answers import GREATEST_WHOLE, kind_of, whole_codes
from khula.analysis.expressions import Call, Kind, Node, infer, is_condition, names_in, walk
from khula.analysis.packs.pack import (
    CONTEXT,
    Alert,
    Band,
    Derive,
    Flag,
    Norm,
    Pack,
    Param,
    Place,
    Question,
    Scale,
    Strength,
)
from khula.analysis.plan import terms as t
from khula.analysis.plan.bands import BandRows, Facts, cuts_of
from khula.analysis.plan.conditions import Meanings
from khula.analysis.plan.domains import LEVEL_NAMES, levelled
from khula.analysis.plan.norms import grown, rasch
from khula.analysis.plan.order import ASSESSED_ON, CONTEXT_KINDS, in_order, kinds_of, located, params_of, parsed
from khula.analysis.plan.problems import PlanError
from khula.analysis.plan.scales import NO_BANDS, Banded, Scored, banded, items_of, rounded, scored
from khula.analysis.plan.terms import Binding, Layers, Sort, Term
from khula.analysis.plan.values import Value, as_kind, as_number, chosen, decimal, exact, nothing

LINES_TOGETHER = 8
"""So many lines of a decision table become one expression."""


@dataclass(frozen=True)
class Output:
    """One column of the result. `term` sees every layer."""

    name: str
    term: Term


@dataclass(frozen=True)
class Plan:
    """Inputs with their sorts, layers of bindings, and the outputs under the keys all evaluators share.

    `told` are further columns that only the telling why needs: `S__implausible`,
    `S__excluded` (a `not_if` held).
    """

    inputs: dict[str, Sort]
    layers: tuple[tuple[Binding, ...], ...]
    outputs: tuple[Output, ...]
    told: tuple[Output, ...]


def plan_of(pack: Pack) -> Plan:
    """Lowers every sheet. Raises `PlanError` at the first thing that has no meaning; `check_pack` finds them all."""
    return _Planner(pack).plan()


def plan_with_truths(pack: Pack) -> tuple[Plan, dict[Node, str]]:
    """The plan, and under which further output stands the truth of each condition, and of each part of one."""
    planner = _Planner(pack)
    planner.plan()
    nodes = dict.fromkeys(part for node in planner.every_expression() for part in _conditions_in(node, planner.kinds))
    names = {node: f" truth {at}" for at, node in enumerate(nodes)}
    planner.told += [Output(name, planner.meanings.condition(node)) for node, name in names.items()]
    return planner.made(), names


def _conditions_in(node: Node, kinds: Mapping[str, Kind]) -> Iterator[Node]:
    """Every part that is a condition; of a choice among values, whether each is known."""
    for part in walk(node):
        if infer(part, kinds) is Kind.CONDITION:
            yield part
        elif isinstance(part, Call) and part.function == "coalesce":
            yield from (Call("answered", (arg,)) for arg in part.args)


@dataclass
class _Planner:
    pack: Pack
    layers: Layers = field(default_factory=Layers)
    names: dict[str, Value] = field(default_factory=dict)
    bands: dict[str, Banded] = field(default_factory=dict)
    outputs: list[Output] = field(default_factory=list)
    told: list[Output] = field(default_factory=list)
    inputs: dict[str, Sort] = field(default_factory=dict)

    def plan(self) -> Plan:
        self.kinds = kinds_of(self.pack)
        self.scales = frozenset(self.pack.scales)
        self.meanings = Meanings(self.layers, self.names, self.bands)
        self.read_facts()
        self.read_questions()
        self.read_params()
        for name in in_order(self.pack):
            if name in self.pack.scales:
                self.scale(self.pack.scales[name])
            else:
                self.derive(name, self.pack.derive[name])
        self.judge()
        return self.made()

    def made(self) -> Plan:
        layers = tuple(tuple(layer) for layer in self.layers.layers)
        return Plan(self.inputs, layers, tuple(self.outputs), tuple(self.told))

    # -- what is given

    def given(self, name: str, sort: Sort) -> Term:
        self.inputs[name] = sort
        return t.column(name, sort)

    def read_facts(self) -> None:
        sorts = {Kind.TEXT: t.TEXT, Kind.WHOLE: t.whole(-GREATEST_WHOLE, GREATEST_WHOLE), Kind.DECIMAL: t.DECIMAL}
        given = {name: self.given(name, sorts[CONTEXT_KINDS[name]]) for name in CONTEXT}
        days = given["age_days"]
        # 30.4375 days to a month; where the age in days is known it decides
        months = self.layers.let(" age_months", t.first_known(t.divide(days, t.constant(30.4375)), given["age_months"]))
        given["age_months"] = months
        for name in CONTEXT:
            self.names[name] = Value(CONTEXT_KINDS[name], given[name])
            self.outputs.append(Output(name, given[name]))
        self.facts = Facts(given["sex"], given["language"], given["grade"], months)

    def read_questions(self) -> None:
        """Only questions that something depends on are read."""
        needed = self.needed_names()
        for name, question in self.pack.questions.items():
            if name in needed:
                self.names[name] = Value(self.kinds[name], self.given(name, _sort_of(question)))

    def needed_names(self) -> set[str]:
        pack = self.pack
        needed = {name for scale in pack.scales.values() for name in scale.items}
        needed.update(name for domain in pack.domains.values() for name in domain.needs)
        for node in self.every_expression():
            needed |= names_in(node)
        return needed

    def every_expression(self) -> Iterable[Node]:
        pack = self.pack
        for lines in pack.derive.values():
            for line in lines:
                yield from _trees(line.place, when=line.when, value="" if line.value == "missing" else line.value)
        for scale in pack.scales.values():
            yield from _trees(scale.place, expression=scale.expression if scale.method == "expression" else "")
        for norm in pack.norms:
            yield from _trees(norm.place, not_if=norm.not_if)
        judged: list[Flag | Strength | Alert] = [
            *pack.flags.values(),
            *pack.strengths.values(),
            *pack.alerts.values(),
        ]
        for row in judged:
            yield from _trees(row.place, when=row.when)

    def read_params(self) -> None:
        """The newest row that is valid on the day of the assessment; without a day, the newest row."""
        if not self.pack.params and ASSESSED_ON not in self.needed_names():
            return
        day = self.given(ASSESSED_ON, t.whole(-GREATEST_WHOLE, GREATEST_WHOLE))
        self.names[ASSESSED_ON] = Value(Kind.DATE, day)
        for name, rows in params_of(self.pack).items():
            kind = self.kinds[name]
            value = nothing(kind)
            for row in rows:
                started = t.choose(t.is_missing(day), t.constant(True), t.at_least(day, t.constant(_day(row))))
                value = chosen(started, _param_value(row, kind), value)
            self.names[name] = self.bound(name, value)

    # -- what follows

    def bound(self, name: str, value: Value) -> Value:
        """Gives a value its own columns."""
        if value.kind is Kind.DECIMAL:
            return Value(value.kind, self.layers.share(value.term))
        return Value(value.kind, self.layers.share(value.term), self.layers.share(value.per), value.names)

    def output(self, name: str, value: Value) -> None:
        """Whole numbers, days and texts as they are; a ratio as its quotient."""
        term = decimal(value) if value.kind is Kind.EXACT else value.plain
        self.outputs.append(Output(name, term))

    def derive(self, name: str, lines: tuple[Derive, ...]) -> None:
        value = nothing(self.kinds[name])
        for at, line in enumerate(reversed(lines), start=1):
            value = self.line(line, value)
            if at % LINES_TOGETHER == 0:  # a table of hundreds of lines is no expression hundreds deep
                value = self.bound(name, value)
        self.names[name] = self.bound(name, value)
        try:
            self.output(name, self.names[name])
        except t.TooLarge:
            raise PlanError("value too large", lines[0].place, "value") from None

    def line(self, line: Derive, rest: Value) -> Value:
        """The line's value where its `when` is true; where that is unknown, nothing, or the rest with `next`."""
        kind = rest.kind
        with located(line.place, "value"):
            value = nothing(kind) if line.value == "missing" else as_kind(self.value(line, line.value, "value"), kind)
        if kind is Kind.DECIMAL:
            value = Value(kind, t.finite(value.term))
        if not line.when:
            return value
        condition = self.layers.share(self.condition(line.when, line.place))
        if not condition.known and line.if_unknown != "next":
            rest = chosen(t.is_missing(condition), nothing(kind), rest)
        return chosen(condition, value, rest)

    def value(self, row: Derive | Scale, text: str, column: str) -> Value:
        with located(row.place, column):
            node = parsed(text, row.place, column)
            infer(node, self.kinds, self.scales)
            return as_number(self.meanings.value(node))

    def condition(self, text: str, place: Place | None, column: str = "when") -> Term:
        with located(place, column):
            node = parsed(text, place, column)
            is_condition(node, self.kinds, self.scales)
            return self.meanings.condition(node)

    def scale(self, scale: Scale) -> None:
        try:
            result, answered = self.scored(scale)
            score = self.bound(scale.name, result.score)
            result = Scored(score, result.lowest, result.highest, result.complete_only, result.lowest_is_score)
            band = self.banded(scale, result)
            self.output(scale.name, score)
        except t.TooLarge:
            raise PlanError("score too large", scale.place) from None
        self.names[scale.name], self.bands[scale.name] = score, band
        self.output(f"{scale.name}__band", band.band)
        self.output(f"{scale.name}__could_be", band.could_be)
        self.outputs.append(Output(f"{scale.name}__answered", answered))

    def scored(self, scale: Scale) -> tuple[Scored, Term]:
        if scale.method == "expression":
            return self.expression_scale(scale)
        answers = [(name, self.item(scale, name)) for name in scale.items]
        if scale.method == "zscore":
            return self.growth_scale(scale, [value for _, value in answers])
        items = items_of(self.layers, scale, answers)
        self.told.append(Output(f"{scale.name}__implausible", items.implausible))
        if scale.method == "rasch":
            return Scored(rasch(self.pack, scale, items)), items.answered
        return scored(self.layers, scale, items), items.answered

    def item(self, scale: Scale, name: str) -> Value:
        if name not in self.names:
            raise PlanError("no item", scale.place, "items", name=name)
        return self.names[name]

    def expression_scale(self, scale: Scale) -> tuple[Scored, Term]:
        value = self.value(scale, scale.expression, "expression")
        if value.kind is Kind.DECIMAL:
            value = Value(value.kind, t.finite(value.term))
        else:
            value = Value(value.kind, self.layers.share(value.term), self.layers.share(value.per))
        score = rounded(self.layers, value, scale.round)
        used = [self.names[name] for name in sorted(names_in(parsed(scale.expression, scale.place, "expression")))]
        return Scored(score), t.count_known([each.term for each in used])

    def growth_scale(self, scale: Scale, answers: list[Value]) -> tuple[Scored, Term]:
        def not_if(norm: Norm) -> Term:
            return self.condition(norm.not_if, norm.place, "not_if")

        age_days = self.names["age_days"].term
        result = grown(self.pack, self.layers, scale, answers, self.facts, age_days, not_if)
        self.told.append(Output(f"{scale.name}__excluded", result.excluded))
        return Scored(result.score), t.count_known([value.term for value in answers])

    def banded(self, scale: Scale, result: Scored) -> Banded:
        rows = BandRows(bands_of(self.pack, scale))
        return banded(self.layers, cuts_of(self.layers, rows, self.facts), result) if rows.rows else NO_BANDS

    # -- what it means

    def judge(self) -> None:
        pack = self.pack
        flags = {flag.name: self.layers.share(self.condition(flag.when, flag.place)) for flag in pack.flags.values()}
        self.outputs += [Output(f"flag__{name}", term) for name, term in flags.items()]
        for strength in pack.strengths.values():
            self.outputs.append(Output(f"strength__{strength.name}", self.condition(strength.when, strength.place)))
        for alert in pack.alerts.values():
            self.outputs.append(Output(f"alert__{alert.name}", self.condition(alert.when, alert.place)))
        for domain in pack.domains.values():
            known = [self.known(name, domain.place) for name in domain.needs]
            result = levelled(self.layers, pack, domain, flags, known)
            self.outputs += [
                Output(f"{domain.name}__level", t.named(result.level, LEVEL_NAMES)),
                Output(f"{domain.name}__have", result.have),
                Output(f"{domain.name}__could_be", t.named(result.could_be, LEVEL_NAMES)),
                Output(f"{domain.name}__differ", result.differ),
            ]

    def known(self, name: str, place: Place | None) -> Term:
        """An answer or derived value that is there; a scale with a score, or with a band that stands without one."""
        if name not in self.names:
            raise PlanError("no need", place, "needs", name=name)
        known = t.is_known(self.names[name].term)
        return t.either(known, t.is_known(self.bands[name].band.term)) if name in self.bands else known


def bands_of(pack: Pack, scale: Scale) -> tuple[Band, ...]:
    """The rows of a scale; a row for another informant than the scale's instrument has is not among them."""
    instrument = pack.instruments.get(scale.instrument)
    informant = instrument.informant if instrument else ""
    return tuple(row for row in pack.bands if row.scale == scale.name and row.informant in ("", informant))


def _trees(place: Place | None, **columns: str) -> list[Node]:
    return [parsed(text, place, column) for column, text in columns.items() if text]


def _sort_of(question: Question) -> Sort:
    kind = kind_of(question)
    if kind is Kind.WHOLE and (codes := whole_codes(question)):
        return t.whole(codes[0], codes[-1])
    if kind in (Kind.WHOLE, Kind.DATE):
        return t.whole(-GREATEST_WHOLE, GREATEST_WHOLE)
    return t.DECIMAL if kind is Kind.DECIMAL else t.TEXT


def _day(row: Param) -> int:
    try:
        return date.fromisoformat(row.valid_from).toordinal() - date(1970, 1, 1).toordinal()
    except ValueError:
        raise PlanError("no day", row.place, "valid_from") from None


def _param_value(row: Param, kind: Kind) -> Value:
    if kind is Kind.TEXT:
        return Value(kind, t.constant(row.value))
    value = exact(Fraction(row.value))
    return Value(kind, value.term, value.per)
