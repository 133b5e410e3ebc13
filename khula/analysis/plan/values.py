"""What a name or an expression stands for while a plan is made: an exact ratio, a measured number, a text, a condition.

Exact numbers stay two columns of whole numbers, `term` over `per`, so that no cut-off is ever decided by a rounded
quotient. A text with few possible values, such as a band, is the number of its name in `names`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from khula.analysis.expressions import Kind, widest
from khula.analysis.plan import terms as t
from khula.analysis.plan.terms import Term

ONE = t.constant(1)

EXACT_IN_A_DOUBLE = 2**53
"""Up to here the quotient of two whole numbers is rounded once, and so the same everywhere."""


@dataclass(frozen=True, slots=True)
class Value:
    """A number is `term / per`; it is missing exactly when `term` is. `per` is above 0 wherever `term` is known."""

    kind: Kind
    term: Term
    per: Term = ONE
    names: tuple[str, ...] | None = None

    @property
    def plain(self) -> Term:
        """A text as text; anything else as its term."""
        return self.term if self.names is None else t.named(self.term, self.names)


def exact(number: Fraction) -> Value:
    kind = Kind.WHOLE if number.denominator == 1 else Kind.EXACT
    return Value(kind, t.constant(number.numerator), t.constant(number.denominator))


def nothing(kind: Kind) -> Value:
    if (kind.is_number and kind is not Kind.DECIMAL) or kind is Kind.DATE:
        return Value(kind, t.missing(t.whole(0, 0)))
    return Value(kind, t.missing({Kind.DECIMAL: t.DECIMAL, Kind.CONDITION: t.CONDITION}.get(kind, t.TEXT)))


def as_kind(value: Value, kind: Kind) -> Value:
    """The same value held as a wider kind."""
    if kind is Kind.DECIMAL and value.kind is not Kind.DECIMAL:
        return Value(kind, decimal(as_number(value)))
    if kind in (Kind.TEXT, Kind.CODES):
        return Value(kind, value.plain)
    if value.kind is Kind.CONDITION and kind is not Kind.CONDITION:
        return Value(kind, t.as_whole(value.term))
    return Value(kind, value.term, value.per)


def as_number(value: Value) -> Value:
    return Value(Kind.WHOLE, t.as_whole(value.term)) if value.kind is Kind.CONDITION else value


def decimal(value: Value) -> Term:
    """A number as one decimal column: the quotient is taken here, once, at the very end."""
    if value.kind is Kind.DECIMAL:
        return value.term
    if (term := _whole_constant(value.term)) is not None and (per := _whole_constant(value.per)) is not None:
        return t.constant(float(Fraction(term, per)))
    if value.per == ONE:
        return t.as_decimal(value.term)
    sorts = value.term.sort, value.per.sort
    if any(max(-sort.low, sort.high) > EXACT_IN_A_DOUBLE for sort in sorts):
        raise t.TooLarge
    return t.divide(value.term, value.per)


def crossed(left: Value, right: Value) -> tuple[Term, Term]:
    """Two whole terms that stand to each other as the two numbers do."""
    factor, other = left.per, right.per
    if (one := _whole_constant(left.per)) is not None and (two := _whole_constant(right.per)) is not None:
        common = Fraction(one, two)
        factor, other = t.constant(common.numerator), t.constant(common.denominator)
    return t.multiply(left.term, other), t.multiply(right.term, factor)


def _whole_constant(term: Term) -> int | None:
    return term.value if term.operator == "constant" and isinstance(term.value, int) else None


def compared(operator: str, left: Value, right: Value) -> Term:
    """`left operator right` for two numbers, dates, texts or conditions; unknown if either is missing."""
    one, two = _comparable(left, right)
    match operator:
        case "=":
            return t.equals(one, two)
        case "!=":
            return t.negate(t.equals(one, two))
        case "<":
            return t.less(one, two)
        case ">":
            return t.less(two, one)
        case ">=":
            return t.at_least(one, two)
        case _:
            return t.at_least(two, one)


def _comparable(left: Value, right: Value) -> tuple[Term, Term]:
    if left.kind.is_number and right.kind.is_number:
        if Kind.DECIMAL in (left.kind, right.kind):
            return decimal(left), decimal(right)
        return crossed(left, right)
    for text, literal, swap in ((left, right, False), (right, left, True)):
        if text.names is not None and t.is_constant(literal.term) and literal.names is None:
            assert isinstance(literal.term.value, str)
            index = text.names.index(literal.term.value) if literal.term.value in text.names else -1
            pair = (text.term, t.constant(index))
            return (pair[1], pair[0]) if swap else pair
    return left.plain, right.plain


def chosen(
    condition: Term, value: Value, otherwise: Value, pick: Callable[[Term, Term, Term], Term] = t.choose
) -> Value:
    """`value` where the condition is true, else `otherwise`; both of one kind."""
    return Value(value.kind, pick(condition, value.term, otherwise.term), pick(condition, value.per, otherwise.per))


def unified(values: list[Value]) -> list[Value]:
    """Values that may stand for each other, held as one kind."""
    kind = values[0].kind
    for value in values[1:]:
        if value.kind.is_number and kind.is_number:
            kind = widest(kind, value.kind)
        elif value.kind is not kind:
            kind = Kind.TEXT
    return [as_kind(value, kind) for value in values]
