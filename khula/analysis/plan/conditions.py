"""A syntax tree and what its names stand for come in; the same meaning in the typed core goes out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from khula.analysis.expressions import (
    And,
    Arithmetic,
    Call,
    Compare,
    ExpressionError,
    Kind,
    Minus,
    Name,
    Node,
    Not,
    Number,
    Or,
    Words,
    children,
    literal_as,
    widest,
)
from khula.analysis.plan import terms as t
from khula.analysis.plan.scales import Banded
from khula.analysis.plan.terms import Layers, Term
from khula.analysis.plan.values import ONE, Value, as_number, chosen, compared, decimal, exact, unified

LEVELS_TOGETHER = 12
"""So many levels of a tree become one expression: no evaluator likes one that is hundreds deep."""


@cache
def _height(node: Node) -> int:
    return 1 + max(map(_height, children(node)), default=0)


@dataclass(frozen=True, slots=True)
class Meanings:
    """What `${name}` and `band(${name})` stand for, and where shared parts are bound."""

    layers: Layers
    names: Mapping[str, Value]
    bands: Mapping[str, Banded]

    def condition(self, node: Node) -> Term:
        """A tree that `expressions.is_condition` has accepted, as a three-valued condition."""
        return self.value(node).term

    def value(self, node: Node) -> Value:
        """A tree that `expressions.infer` has accepted. Raises `ExpressionError` when numbers may grow too large."""
        try:
            value = self._value(node)
            return value if _height(node) % LEVELS_TOGETHER else self.bound(value)
        except t.TooLarge:
            cure = "Divide it into derived values, or give the questions narrower choices."
            raise ExpressionError("The numbers may become too large to stay exact.", node.column, cure) from None

    def bound(self, value: Value) -> Value:
        """The value with names of its own."""
        return Value(value.kind, self.layers.share(value.term), self.layers.share(value.per), value.names)

    def _value(self, node: Node) -> Value:
        match node:
            case Number():
                return exact(node.value)
            case Words():
                return Value(Kind.TEXT, t.constant(node.value))
            case Name():
                return self.names[node.name]
            case Not():
                return _truth(t.negate(self.condition(node.of)))
            case And():
                return _truth(self.every(node))
            case Or():
                return _truth(self.any(node))
            case Compare():
                return _truth(self.comparison(node))
            case Minus():
                return self.arithmetic("-", exact_zero(), self.value(node.of))
            case Arithmetic():
                return self.arithmetic(node.op, self.value(node.left), self.value(node.right))
            case Call():
                return self.call(node)

    def any(self, node: Or) -> Term:
        """Several bands of one scale are asked together: a score that is certainly in one of them is enough."""
        parts = tuple(_flat(node, Or))
        together = _bands_together(parts, "=")
        asked = [self.bands[scale].is_among(frozenset(names)) for scale, names in together.items()]
        return t.either(*asked, *(self.condition(part) for part in parts if _band_asked(part, "=") is None))

    def every(self, node: And) -> Term:
        """Likewise that a score is in none of several bands."""
        parts = tuple(_flat(node, And))
        together = _bands_together(parts, "!=")
        asked = [t.negate(self.bands[scale].is_among(frozenset(names))) for scale, names in together.items()]
        return t.both(*asked, *(self.condition(part) for part in parts if _band_asked(part, "!=") is None))

    def comparison(self, node: Compare) -> Term:
        if (asked := _band_asked(node, node.op)) is not None:
            scale, name = asked
            among = self.bands[scale].is_among(frozenset({name}))
            return among if node.op == "=" else t.negate(among)
        left, right = self.value(node.left), self.value(node.right)
        return compared(node.op, _settled(node.left, left, right), _settled(node.right, right, left))

    def arithmetic(self, op: str, left: Value, right: Value) -> Value:
        if Kind.DATE in (left.kind, right.kind):
            return self.days(op, left, right)
        left, right = as_number(left), as_number(right)
        if op == "mod":
            return Value(Kind.WHOLE, t.remainder(left.term, right.term))
        if Kind.DECIMAL in (left.kind, right.kind):
            return Value(Kind.DECIMAL, _DECIMALS[op](decimal(left), decimal(right)))
        return self.exact_arithmetic(op, left, right)

    def days(self, op: str, left: Value, right: Value) -> Value:
        moved = t.add(left.term, right.term) if op == "+" else t.subtract(left.term, right.term)
        return Value(Kind.WHOLE if left.kind is right.kind else Kind.DATE, moved)

    def exact_arithmetic(self, op: str, left: Value, right: Value) -> Value:
        kind = widest(left.kind, right.kind)
        if op in ("+", "-"):
            one, two, per = left.term, right.term, left.per
            if left.per != right.per:
                one, two = t.multiply(one, right.per), t.multiply(two, left.per)
                per = t.multiply(left.per, right.per)
            return Value(kind, t.add(one, two) if op == "+" else t.subtract(one, two), per)
        if op == "*":
            return Value(kind, t.multiply(left.term, right.term), t.multiply(left.per, right.per))
        return self.quotient(left, right)

    def quotient(self, left: Value, right: Value) -> Value:
        """The sign moves above the line, so that what is below stays above 0."""
        above, below = self.layers.share(t.multiply(left.term, right.per)), self.layers.share(right.term)
        zero = t.constant(0)
        if t.is_constant(below) and isinstance(below.value, int) and below.value > 0:
            return Value(Kind.EXACT, above, t.multiply(left.per, below))
        positive, negative = self.layers.share(t.less(zero, below)), self.layers.share(t.less(below, zero))
        none = t.missing(t.whole(0, 0))
        term = t.choose(positive, above, t.choose(negative, t.subtract(zero, above), none))
        size = t.choose(positive, below, t.choose(negative, t.subtract(zero, below), ONE))
        return Value(Kind.EXACT, term, t.multiply(left.per, size))

    def call(self, node: Call) -> Value:
        args = node.args
        match node.function:
            case "band":
                assert isinstance(args[0], Name)
                return self.bands[args[0].name].band
            case "missing":
                return _truth(t.is_missing(self.value(args[0]).term))
            case "answered":
                return _truth(t.is_known(self.value(args[0]).term))
            case "coalesce":
                return self.first([self.value(arg) for arg in args])
            case "at-least":
                return _truth(self.at_least(args))
            case "selected":
                return _truth(self.selected(self.value(args[0]), args[1]))
            case _:
                return self.either_of(self.condition(args[0]), self.value(args[1]), self.value(args[2]))

    def first(self, values: list[Value]) -> Value:
        result, *others = reversed(unified(values))
        for value in others:
            term = self.layers.share(value.term)
            known = t.is_known(term)
            per = t.choose(known, value.per, result.per)
            result = Value(value.kind, t.first_known(term, result.term), per)
        return result

    def at_least(self, args: tuple[Node, ...]) -> Term:
        assert isinstance(args[0], Number)
        wanted = t.constant(int(args[0].value))
        conditions = [self.layers.share(self.condition(arg)) for arg in args[1:]]
        true = self.layers.share(t.sum_known(map(t.as_whole, conditions)))
        unknown = t.subtract(t.constant(len(conditions)), t.count_known(conditions))
        possible = t.at_least(t.add(true, unknown), wanted)
        maybe = t.choose(possible, t.missing(t.CONDITION), t.constant(False))
        return t.choose(t.at_least(true, wanted), t.constant(True), maybe)

    def selected(self, question: Value, code: Node) -> Term:
        if question.kind is Kind.CODES:
            assert isinstance(code, Words)
            return t.has_code(question.plain, code.value)
        return compared("=", question, _settled(code, self.value(code), question))

    def either_of(self, condition: Term, one: Value, two: Value) -> Value:
        """`if()`: an unknown condition does not matter where both answers are the same."""
        one, two = unified([one, two])
        condition = self.layers.share(condition)
        if condition.known:
            return chosen(condition, one, two)
        one, two = self.bound(one), self.bound(two)
        same = chosen(compared("=", one, two), one, Value(one.kind, t.missing(one.term.sort), one.per))
        return chosen(condition, one, chosen(t.negate(condition), two, same))


_DECIMALS: Mapping[str, Callable[[Term, Term], Term]] = {"+": t.add, "-": t.subtract, "*": t.multiply, "div": t.divide}


def _flat(node: Node, sort: type[And | Or]) -> Iterator[Node]:
    """The parts of an `and` or `or`, and of those of the same sort directly inside it."""
    for part in children(node):
        if isinstance(part, sort):
            yield from _flat(part, sort)
        else:
            yield part


def _band_asked(node: Node, op: str) -> tuple[str, str] | None:
    """(scale, band) of `band(${scale}) op 'band'`, either way round; None for anything else."""
    if not isinstance(node, Compare) or node.op != op or op not in ("=", "!="):
        return None
    for asked, name in ((node.left, node.right), (node.right, node.left)):
        if isinstance(asked, Call) and asked.function == "band" and isinstance(name, Words):
            assert isinstance(asked.args[0], Name)
            return asked.args[0].name, name.value
    return None


def _bands_together(parts: Iterable[Node], op: str) -> dict[str, set[str]]:
    together: dict[str, set[str]] = {}
    for part in parts:
        if (asked := _band_asked(part, op)) is not None:
            together.setdefault(asked[0], set()).add(asked[1])
    return together


def exact_zero() -> Value:
    return Value(Kind.WHOLE, t.constant(0))


def _truth(term: Term) -> Value:
    return Value(Kind.CONDITION, term)


def _settled(node: Node, value: Value, other: Value) -> Value:
    """A written number or text beside an answer is read as the answer's kind: '3' beside a whole number is 3."""
    if not isinstance(node, (Number, Words)):
        return value
    settled = literal_as(node, other.kind)
    if isinstance(settled, str):
        return Value(Kind.TEXT, t.constant(settled))
    if isinstance(settled, int):
        return Value(other.kind, t.constant(settled))
    return value if settled is None else exact(settled)
