"""The small typed core all evaluators share: about twenty operators on columns, and the names bound to them.

Null is the only missing value. A whole number carries the limits it provably keeps to, so that a printer can choose
an integer width that cannot overflow. No operator divides a column by a literal.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from khula.analysis.growth import BEYOND_SENSE, Reference

Operator: TypeAlias = Literal[
    "column",  # value: its name
    "constant",  # value: int, float, str, bool or None
    "add",  # whole or decimal; null if any argument is
    "subtract",
    "multiply",
    "floor_divide",  # whole by whole; null when divided by 0
    "remainder",  # whole; the sign of the dividend, as XPath; null when divided by 0
    "divide",  # decimal by decimal; null when divided by 0
    "as_decimal",  # whole → decimal
    "as_whole",  # condition → 0 or 1
    "floor",  # decimal → whole
    "equals",
    "less",
    "at_least",  # ≥
    "and",  # three-valued
    "or",  # three-valued
    "not",
    "is_missing",  # never null
    "choose",  # (c, a, b): a if c is true, else b; an unknown c counts as not true
    "first_known",
    "sum_known",  # whole; null counts 0; never null
    "count_known",  # never null
    "has_code",  # (text of several codes, constant code)
    "lookup",  # value: ((key, value), …); null when the key is not among them
    "named",  # value: (name 0, name 1, …): whole number → text
    "finite",  # decimal → the same, null if infinite or not a number
    "growth",  # value: a growth Reference; (sex, age_days, age_months, measured value) → hundredths of z
]

SortName: TypeAlias = Literal["condition", "whole", "decimal", "text"]

#: Products in comparisons must stay within 64 bits.
GREATEST = 2**62


@dataclass(frozen=True, slots=True)
class Sort:
    """What values a term has; `low` and `high` are proven limits of whole numbers."""

    name: SortName
    low: int = 0
    high: int = 0


CONDITION, DECIMAL, TEXT = Sort("condition"), Sort("decimal"), Sort("text")


def whole(low: int, high: int) -> Sort:
    if low < -GREATEST or high > GREATEST:
        raise TooLarge
    return Sort("whole", low, high)


class TooLarge(ArithmeticError):
    """Whole numbers may become so large that 64 bits do not hold them."""


@dataclass(frozen=True, slots=True)
class Term:
    """One operator applied to its arguments."""

    operator: Operator
    args: tuple[Term, ...] = ()
    value: object = None
    sort: Sort = CONDITION
    known: bool = False  # proven never to be null


@dataclass(frozen=True, slots=True)
class Binding:
    """A name for a term; the term sees only names of earlier layers."""

    name: str
    term: Term


# -- making terms -------------------------------------------------------------------------------------------------


def column(name: str, sort: Sort, known: bool = False) -> Term:
    return Term("column", (), name, sort, known)


def constant(value: bool | int | float | str) -> Term:
    if isinstance(value, bool):
        return Term("constant", (), value, CONDITION, True)
    if isinstance(value, int):
        return Term("constant", (), value, whole(value, value), True)
    return Term("constant", (), value, DECIMAL if isinstance(value, float) else TEXT, True)


def missing(sort: Sort) -> Term:
    return Term("constant", (), None, sort, False)


def is_constant(term: Term, value: object = ...) -> bool:
    return term.operator == "constant" and term.value is not None and (value is ... or term.value == value)


def add(*terms: Term) -> Term:
    return _fold("add", terms)


def subtract(a: Term, b: Term) -> Term:
    if is_constant(b, 0) and b.sort.name == "whole":
        return a
    sort = DECIMAL if a.sort == DECIMAL else whole(a.sort.low - b.sort.high, a.sort.high - b.sort.low)
    return Term("subtract", (a, b), None, sort, a.known and b.known)


def multiply(a: Term, b: Term) -> Term:
    if a.sort == DECIMAL:
        return Term("multiply", (a, b), None, DECIMAL, a.known and b.known)
    if is_constant(a, 1):
        return b
    if is_constant(b, 1):
        return a
    corners = [x * y for x in (a.sort.low, a.sort.high) for y in (b.sort.low, b.sort.high)]
    return Term("multiply", (a, b), None, whole(min(corners), max(corners)), a.known and b.known)


def _fold(operator: Operator, terms: tuple[Term, ...]) -> Term:
    terms = tuple(term for term in terms if not (is_constant(term, 0) and term.sort.name == "whole"))
    if not terms:
        return constant(0)
    result = terms[0]
    for term in terms[1:]:
        decimal = result.sort == DECIMAL
        sort = DECIMAL if decimal else whole(result.sort.low + term.sort.low, result.sort.high + term.sort.high)
        result = Term(operator, (result, term), None, sort, result.known and term.known)
    return result


def floor_divide(a: Term, b: Term) -> Term:
    """a whole, b whole; limits assume |b| ≥ 1."""
    reach = max(abs(a.sort.low), abs(a.sort.high)) + 1
    nonzero = b.sort.low > 0 or b.sort.high < 0
    low = 0 if a.sort.low >= 0 and b.sort.low > 0 else -reach
    return Term("floor_divide", (a, b), None, whole(low, reach), a.known and b.known and nonzero)


def remainder(a: Term, b: Term) -> Term:
    reach = max(abs(b.sort.low), abs(b.sort.high))
    return Term("remainder", (a, b), None, whole(-reach, reach))


def divide(a: Term, b: Term) -> Term:
    nonzero = is_constant(b) or (b.sort.name == "whole" and b.sort.low > 0)
    return Term("divide", (as_decimal(a), as_decimal(b)), None, DECIMAL, a.known and b.known and nonzero)


def as_decimal(a: Term) -> Term:
    if a.sort == DECIMAL:
        return a
    if a.operator == "constant" and isinstance(a.value, int):
        return constant(float(a.value))
    return Term("as_decimal", (a,), None, DECIMAL, a.known)


def as_whole(a: Term) -> Term:
    return Term("as_whole", (a,), None, whole(0, 1), a.known)


def floor(a: Term, reach: int) -> Term:
    return Term("floor", (a,), None, whole(-reach, reach), a.known)


def equals(a: Term, b: Term) -> Term:
    if is_constant(a) and is_constant(b):
        return constant(a.value == b.value)
    return Term("equals", (a, b), None, CONDITION, a.known and b.known)


def less(a: Term, b: Term) -> Term:
    return Term("less", (a, b), None, CONDITION, a.known and b.known)


def at_least(a: Term, b: Term) -> Term:
    if a.sort.name == "whole" and a.known and b.known and a.sort.low >= b.sort.high:
        return constant(True)
    return Term("at_least", (a, b), None, CONDITION, a.known and b.known)


def both(*terms: Term) -> Term:
    """Three-valued and."""
    if any(is_constant(term, False) for term in terms):
        return constant(False)
    return _logic("and", tuple(term for term in terms if not is_constant(term, True)), True)


def either(*terms: Term) -> Term:
    """Three-valued or."""
    if any(is_constant(term, True) for term in terms):
        return constant(True)
    return _logic("or", tuple(term for term in terms if not is_constant(term, False)), False)


def _logic(operator: Operator, terms: tuple[Term, ...], empty: bool) -> Term:
    terms = tuple(dict.fromkeys(terms))
    if not terms:
        return constant(empty)
    if len(terms) == 1:
        return terms[0]
    return Term(operator, terms, None, CONDITION, all(term.known for term in terms))


def negate(a: Term) -> Term:
    if a.operator == "not":
        return a.args[0]
    if is_constant(a):
        return constant(not a.value)
    return Term("not", (a,), None, CONDITION, a.known)


def is_missing(a: Term) -> Term:
    if a.known:
        return constant(False)
    if a.operator == "constant":
        return constant(True)
    return Term("is_missing", (a,), None, CONDITION, True)


def is_known(a: Term) -> Term:
    return negate(is_missing(a))


def choose(condition: Term, a: Term, b: Term) -> Term:
    """a if the condition is true, else b (also when the condition is unknown)."""
    if condition.operator == "constant":
        return a if condition.value is True else b
    if a == b:
        return a
    return Term("choose", (condition, a, b), None, join(a, b), a.known and b.known)


def join(a: Term, b: Term) -> Sort:
    """The sort that holds both; a missing constant takes the other's."""
    if a.operator == "constant" and a.value is None:
        return b.sort
    if b.operator == "constant" and b.value is None:
        return a.sort
    if a.sort.name == "whole" == b.sort.name:
        return whole(min(a.sort.low, b.sort.low), max(a.sort.high, b.sort.high))
    assert a.sort == b.sort, (a.sort, b.sort)
    return a.sort


def first_known(*terms: Term) -> Term:
    """The first that is not null."""
    given = tuple(term for term in terms if term.operator != "constant" or term.value is not None)
    certain = next((at for at, term in enumerate(given) if term.known), len(given))
    terms = given[: certain + 1] or terms[:1]
    if len(terms) == 1:
        return terms[0]
    sort = terms[0].sort
    if sort.name == "whole":
        sort = whole(min(term.sort.low for term in terms), max(term.sort.high for term in terms))
    return Term("first_known", terms, None, sort, any(term.known for term in terms))


def sum_known(terms: Iterable[Term]) -> Term:
    args = tuple(terms)
    low = sum(term.sort.low if term.known else min(term.sort.low, 0) for term in args)
    high = sum(term.sort.high if term.known else max(term.sort.high, 0) for term in args)
    return Term("sum_known", args, None, whole(low, high), True) if args else constant(0)


def count_known(terms: Iterable[Term]) -> Term:
    args = tuple(terms)
    always = sum(term.known for term in args)
    sometimes = tuple(term for term in args if not term.known)
    if not sometimes:
        return constant(always)
    counted = Term("count_known", sometimes, None, whole(0, len(sometimes)), True)
    return add(counted, constant(always))


def has_code(a: Term, code: str) -> Term:
    return Term("has_code", (a,), code, CONDITION, a.known)


def lookup(a: Term, table: Iterable[tuple[int, int]]) -> Term:
    pairs = tuple(table)
    values = [value for _, value in pairs]
    complete = a.known and set(range(a.sort.low, a.sort.high + 1)) <= {key for key, _ in pairs}
    if complete and len(set(values)) == 1:
        return constant(values[0])
    return Term("lookup", (a,), pairs, whole(min(values), max(values)), complete)


def decimal_lookup(a: Term, table: Iterable[tuple[int, float]]) -> Term:
    """`lookup` with decimal values; `a` is known and every value of it is a key."""
    pairs = tuple(table)
    if len({value for _, value in pairs}) == 1:
        return constant(pairs[0][1])
    return Term("lookup", (a,), pairs, DECIMAL, a.known)


def named(a: Term, names: tuple[str, ...]) -> Term:
    return Term("named", (a,), names, TEXT, a.known)


def finite(a: Term) -> Term:
    if a.operator == "constant":
        return a
    return Term("finite", (a,), None, DECIMAL, False)


def growth(reference: Reference, sex: Term, age_days: Term, age_months: Term, measured: Term) -> Term:
    return Term("growth", (sex, age_days, age_months, measured), reference, whole(-BEYOND_SENSE, BEYOND_SENSE))


def within(a: Term, low: int, high: int) -> Term:
    """The whole number where it lies between the limits, both included; otherwise missing."""
    if low <= a.sort.low and a.sort.high <= high:
        return a
    if a.sort.high < low or high < a.sort.low:
        return missing(whole(low, low))
    sort = whole(max(low, a.sort.low), min(high, a.sort.high))
    inside = both(at_least(a, constant(low)), at_least(constant(high), a))
    return Term("choose", (inside, a, missing(sort)), None, sort)


# -- layers -------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Layers:
    """Collects bindings; each goes into the first layer that sees everything it needs.

    Names made here begin with a space, which no question's name can.
    """

    layers: list[list[Binding]] = field(default_factory=list)
    _layer_of: dict[str, int] = field(default_factory=dict)
    _shared: dict[Term, Term] = field(default_factory=dict)

    def let(self, name: str, term: Term) -> Term:
        """Binds a name and gives the column to use from now on."""
        layer = 1 + self.depth(term)
        while len(self.layers) < layer:
            self.layers.append([])
        self.layers[layer - 1].append(Binding(name, term))
        self._layer_of[name] = layer
        return column(name, term.sort, term.known)

    def share(self, term: Term) -> Term:
        """Binds a term that is used more than once to a name of its own; the same term gets the same name."""
        if term.operator in ("column", "constant"):
            return term
        if term not in self._shared:
            self._shared[term] = self.let(f" {len(self._shared)}", term)
        return self._shared[term]

    def depth(self, term: Term) -> int:
        if term.operator == "column":
            return self._layer_of.get(str(term.value), 0)
        return max((self.depth(arg) for arg in term.args), default=0)
