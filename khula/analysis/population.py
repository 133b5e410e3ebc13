"""A plan and a frame with one row per child come in; the same flat result as for one child goes out, row by row.

Polars expressions, made for its streaming engine: nothing is collected here, and a population larger than memory
passes through in pieces. Every row equals what `one_child` gives for it, to the last digit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import Any, TypeAlias

import polars as pl

from khula.analysis.growth import Reference, with_z
from khula.analysis.plan import Output, Plan
from khula.analysis.plan.terms import Binding, Sort, Term

Type: TypeAlias = pl.DataType | type[pl.DataType]

#: Looking for shared parts among thousands of expressions costs more than it saves: the plan has shared them already.
OPTIMIZATIONS = pl.QueryOptFlags(comm_subexpr_elim=False, comm_subplan_elim=False)

_WIDTHS: tuple[tuple[Type, int], ...] = ((pl.Int8, 2**7), (pl.Int16, 2**15), (pl.Int32, 2**31), (pl.Int64, 2**63))
_TYPES: Mapping[str, Type] = {"condition": pl.Boolean, "decimal": pl.Float64, "text": pl.String}


def score_population(plan: Plan, answers: pl.LazyFrame, *, keep: Sequence[str] = ()) -> pl.LazyFrame:
    """Scores every row.

    `answers`: typed columns as `scoring_files.Merge` gives them, with the values of `answers.read_answers`, named after
    questions and facts (sex, age_days, age_months, language, grade); a column that is not there is missing for every
    child. `keep`: columns to carry into the result, a learner's number for instance. Collect with
    `collect_population`, or sink it.

    Result: scores as whole numbers or Float64, bands and levels as Enum, flags and alerts as Boolean.
    """
    schema = answers.collect_schema()
    kept = [pl.col(name).alias(_kept(name)) for name in keep]
    frame = answers.select(*kept, *(_input(name, sort, schema.get(name)) for name, sort in plan.inputs.items()))
    present = set(plan.inputs)
    for layer, needed in zip(plan.layers, _needed_after(plan), strict=True):
        growth = [binding for binding in layer if binding.term.operator == "growth"]
        frame = _with_growth(frame, growth)
        present = {name for name in present | {binding.name for binding in growth} if name in needed}
        made = [_typed(each.term).alias(each.name) for each in layer if each.name in needed and each not in growth]
        frame = frame.select(*map(_kept, keep), *sorted(present), *made)
        present |= {each.name for each in layer if each.name in needed}
    outputs = [_output(output) for output in plan.outputs]
    names = {output.name for output in plan.outputs}
    return frame.select(*(pl.col(_kept(name)).alias(name) for name in keep if name not in names), *outputs)


def collect_population(scored: pl.LazyFrame) -> pl.DataFrame:
    """Runs it on the streaming engine and holds the result in memory."""
    return scored.collect(engine="streaming", optimizations=OPTIMIZATIONS)


def sink_population(scored: pl.LazyFrame, path: Path) -> None:
    """Runs it piece by piece into a Parquet file; a population larger than memory passes through."""
    scored.sink_parquet(path, engine="streaming", optimizations=OPTIMIZATIONS)


def _kept(name: str) -> str:
    return f" kept {name}"


def _needed_after(plan: Plan) -> list[set[str]]:
    """For each layer the columns looked at after it: all others are let go, or memory fills with them."""
    needed = set().union(*(_columns(output.term) for output in plan.outputs))
    after: list[set[str]] = []
    for layer in reversed(plan.layers):
        after.append(set(needed))
        needed = needed.union(*(_columns(binding.term) for binding in layer))
    return after[::-1]


def _columns(term: Term) -> set[str]:
    if term.operator == "column":
        return {str(term.value)}
    return set().union(*map(_columns, term.args))


def _with_growth(frame: pl.LazyFrame, bindings: Iterable[Binding]) -> pl.LazyFrame:
    """Adds the z-scores of one layer: one join for all that look up the same ages."""
    alike: dict[tuple[str, str, str], dict[str, tuple[Reference, str]]] = {}
    for binding in bindings:
        sex, age_days, age_months, measured = (str(arg.value) for arg in binding.term.args)
        assert isinstance(binding.term.value, Reference)
        alike.setdefault((sex, age_days, age_months), {})[binding.name] = (binding.term.value, measured)
    for (sex, age_days, age_months), wanted in alike.items():
        frame = with_z(frame, wanted, sex=sex, age_days=age_days, age_months=age_months)
    return frame


# -- columns in, columns out --------------------------------------------------------------------------------------


def fitting(low: int, high: int) -> Type:
    """The narrowest integer type that holds both: Polars wraps round in silence where a type is too narrow."""
    return next(width for width, limit in _WIDTHS if -limit <= low and high < limit)


def type_of(sort: Sort) -> Type:
    return fitting(sort.low, sort.high) if sort.name == "whole" else _TYPES[sort.name]


def _input(name: str, sort: Sort, given: pl.DataType | None) -> pl.Expr:
    wanted = type_of(sort)
    if given is None:
        return pl.lit(None, dtype=wanted).alias(name)
    column = pl.col(name)
    if sort.name == "decimal" and given.is_float():
        column = pl.when(column.is_finite()).then(column)
    return (column if given == wanted else column.cast(wanted, strict=False)).alias(name)


def _output(output: Output) -> pl.Expr:
    term = output.term
    if term.operator != "named":
        return _typed(term).alias(output.name)
    assert isinstance(term.value, tuple)
    return _names(term, pl.Enum(term.value)).alias(output.name)


# -- terms as expressions -----------------------------------------------------------------------------------------


def _typed(term: Term) -> pl.Expr:
    """A term as a column of its own type."""
    return _expr(term, type_of(term.sort))


def _expr(term: Term, wanted: Type) -> pl.Expr:
    """A term as a column of the wanted type, which holds every value it can have."""
    if term.operator == "constant":
        return pl.lit(term.value, dtype=wanted)
    own = type_of(term.sort)
    printed = _PRINTERS[term.operator](term)
    return printed if own == wanted else printed.cast(wanted, strict=False)


def _args(term: Term) -> list[pl.Expr]:
    return [_typed(arg) for arg in term.args]


def _union(*terms: Term) -> Type:
    """One type for terms that meet each other."""
    sorts = [term.sort for term in terms]
    if sorts[0].name != "whole":
        return type_of(sorts[0])
    return fitting(min(sort.low for sort in sorts), max(sort.high for sort in sorts))


def _met(term: Term) -> tuple[pl.Expr, pl.Expr]:
    """Two arguments in one type."""
    wanted = _union(*term.args)
    left, right = (_expr(arg, wanted) for arg in term.args)
    return left, right


def _column(term: Term) -> pl.Expr:
    return pl.col(str(term.value))


def _arithmetic(term: Term) -> pl.Expr:
    """Computed in a type that holds the arguments and the result."""
    working = _union(*term.args, term)
    left, right = (_expr(arg, working) for arg in term.args)
    result = {"add": left + right, "subtract": left - right, "multiply": left * right}[term.operator]
    return result if working == type_of(term.sort) else result.cast(type_of(term.sort), strict=False)


def _floor_divide(term: Term) -> pl.Expr:
    left, right = (_expr(arg, _union(*term.args, term)) for arg in term.args)
    return pl.when(right != 0).then(left // right).cast(type_of(term.sort), strict=False)


def _remainder(term: Term) -> pl.Expr:
    left, right = (_expr(arg, _union(*term.args, term)) for arg in term.args)
    size = left.abs() % right.abs()
    signed = pl.when(left < 0).then(-size).otherwise(size)
    return pl.when(right != 0).then(signed).cast(type_of(term.sort), strict=False)


def _divide(term: Term) -> pl.Expr:
    """Polars multiplies a column by the reciprocal of a literal, and of a column it knows to hold one value only
    (a `when` that is true throughout a morsel): 23 / 10 gave 2.3000000000000003. So the divisor is made a column as
    long and as real as the dividend.
    """
    left, right = _args(term)
    divisor = term.args[1]
    if divisor.operator == "constant" and not divisor.value:
        return pl.lit(None, dtype=pl.Float64)
    quotient = left / (right + left * 0.0)
    return quotient if divisor.operator == "constant" else pl.when(right != 0).then(quotient)


def _equals(term: Term) -> pl.Expr:
    left, right = _met(term)
    return left == right


def _less(term: Term) -> pl.Expr:
    left, right = _met(term)
    return left < right


def _at_least(term: Term) -> pl.Expr:
    left, right = _met(term)
    return left >= right


def _and(term: Term) -> pl.Expr:
    return reduce(lambda a, b: a & b, _args(term))


def _or(term: Term) -> pl.Expr:
    return reduce(lambda a, b: a | b, _args(term))


def _not(term: Term) -> pl.Expr:
    return ~_typed(term.args[0])


def _is_missing(term: Term) -> pl.Expr:
    return _typed(term.args[0]).is_null()


def _as_whole(term: Term) -> pl.Expr:
    condition = _typed(term.args[0])
    one, zero, nothing = (pl.lit(value, dtype=pl.Int8) for value in (1, 0, None))
    if term.known:
        return pl.when(condition).then(one).otherwise(zero)
    return pl.when(condition).then(one).when(condition.is_null()).then(nothing).otherwise(zero)


def _as_decimal(term: Term) -> pl.Expr:
    return _typed(term.args[0]).cast(pl.Float64)


def _floor(term: Term) -> pl.Expr:
    return _typed(term.args[0]).floor().cast(type_of(term.sort), strict=False)


def _choose(term: Term) -> pl.Expr:
    """A chain of choices, flat; computed in a type that holds every branch."""
    branches: list[tuple[Term, Term]] = []
    rest = term
    while rest.operator == "choose":
        condition, value, otherwise = rest.args
        branches.append((condition, value))
        rest = otherwise
    working = _union(term, *(value for _, value in branches), rest)
    pairs = [(_typed(condition), _expr(value, working)) for condition, value in branches]
    chosen = _first_true(pairs, _expr(rest, working))
    return chosen if working == type_of(term.sort) else chosen.cast(type_of(term.sort), strict=False)


def _first_known(term: Term) -> pl.Expr:
    return pl.coalesce([_expr(arg, type_of(term.sort)) for arg in term.args])


def _sum_known(term: Term) -> pl.Expr:
    """`fill_null` and + are many times faster than `sum_horizontal`."""
    low, high = min(term.sort.low, 0), max(term.sort.high, 0)
    working = fitting(min(low, *(arg.sort.low for arg in term.args)), max(high, *(arg.sort.high for arg in term.args)))
    zero = pl.lit(0, dtype=working)
    parts = [_expr(arg, working) if arg.known else _expr(arg, working).fill_null(zero) for arg in term.args]
    total = reduce(lambda a, b: a + b, parts)
    return total if working == type_of(term.sort) else total.cast(type_of(term.sort), strict=False)


def _count_known(term: Term) -> pl.Expr:
    counted = type_of(term.sort)
    one, zero = pl.lit(1, dtype=counted), pl.lit(0, dtype=counted)
    return reduce(lambda a, b: a + b, (pl.when(arg.is_null()).then(zero).otherwise(one) for arg in _args(term)))


def _has_code(term: Term) -> pl.Expr:
    spaced = pl.concat_str(pl.lit(" "), _typed(term.args[0]), pl.lit(" "))
    return spaced.str.contains(f" {term.value} ", literal=True)


def _lookup(term: Term) -> pl.Expr:
    """A chain of comparisons: faster than any other way for tables this small."""
    assert isinstance(term.value, tuple)
    key, wanted = term.args[0], type_of(term.sort)
    usual = Counter(value for _, value in term.value).most_common(1)[0][0] if term.known else None
    column, key_type = _typed(key), type_of(key.sort)
    pairs = [
        (column == pl.lit(at, dtype=key_type), pl.lit(value, dtype=wanted))
        for at, value in term.value
        if value != usual and key.sort.low <= at <= key.sort.high
    ]
    return _first_true(pairs, pl.lit(usual, dtype=wanted))


def _first_true(pairs: list[tuple[pl.Expr, pl.Expr]], rest: pl.Expr) -> pl.Expr:
    """The value of the first condition that is true; an unknown one counts as not true."""
    if not pairs:
        return rest
    chain: Any = pl
    for condition, value in pairs:
        chain = chain.when(condition).then(value)
    result: pl.Expr = chain.otherwise(rest)
    return result


def _names(term: Term, wanted: Type) -> pl.Expr:
    assert isinstance(term.value, tuple)
    index = term.args[0]
    column, index_type = _typed(index), type_of(index.sort)
    pairs = [
        (column == pl.lit(at, dtype=index_type), pl.lit(name, dtype=wanted))
        for at, name in enumerate(term.value)
        if index.sort.low <= at <= index.sort.high
    ]
    return _first_true(pairs, pl.lit(None, dtype=wanted))


def _named(term: Term) -> pl.Expr:
    return _names(term, pl.String)


def _finite(term: Term) -> pl.Expr:
    value = _typed(term.args[0])
    return pl.when(value.is_finite()).then(value)


_PRINTERS = {
    "column": _column,
    "add": _arithmetic,
    "subtract": _arithmetic,
    "multiply": _arithmetic,
    "floor_divide": _floor_divide,
    "remainder": _remainder,
    "divide": _divide,
    "as_decimal": _as_decimal,
    "as_whole": _as_whole,
    "floor": _floor,
    "equals": _equals,
    "less": _less,
    "at_least": _at_least,
    "and": _and,
    "or": _or,
    "not": _not,
    "is_missing": _is_missing,
    "choose": _choose,
    "first_known": _first_known,
    "sum_known": _sum_known,
    "count_known": _count_known,
    "has_code": _has_code,
    "lookup": _lookup,
    "named": _named,
    "finite": _finite,
}
