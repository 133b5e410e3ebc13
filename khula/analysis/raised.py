"""Scored rows in; for each domain a column of text out that names the true flags and the values that made them true.

`n_thin(baz=-2.31, band thin: -3 to -2)`. Where a condition has several ways to be true, only the ways that are true are
shown. The text explains what has been decided elsewhere; it decides nothing.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

import polars as pl

from khula.analysis.expressions import And, Call, Compare, Name, Node, Not, Number, Or, Words, names_in, parse, walk
from khula.analysis.packs.pack import Band, Flag, Pack

_COMPARE: Mapping[str, Callable[[pl.Expr, pl.Expr], pl.Expr]] = {
    "=": pl.Expr.eq,
    "!=": pl.Expr.ne,
    "<": pl.Expr.lt,
    "<=": pl.Expr.le,
    ">": pl.Expr.gt,
    ">=": pl.Expr.ge,
}
_ROW = "__reason_row"
_LEVEL_ORDER = {"high": 0, "medium": 1, "watch": 2}


@dataclass(frozen=True)
class Reasons:
    """Adds `D__reasons` for every domain: the true flags, the highest level first; with their values where wanted.

    `columns`: what the rows hold, answers by question beside the results of `score_population`.
    """

    texts: Mapping[str, Sequence[tuple[str, pl.Expr]]]  # domain -> (column of the flag, what to say)

    @staticmethod
    def of(pack: Pack, columns: Mapping[str, pl.DataType], *, values: bool) -> Reasons:
        writer = _Writer(pack, columns)
        flags = sorted(pack.flags.values(), key=lambda flag: _LEVEL_ORDER.get(flag.level, 3))
        texts = {
            domain: [(f"flag__{flag.name}", writer.flag(flag, values)) for flag in flags if flag.domain == domain]
            for domain in pack.domains
        }
        return Reasons(texts)

    @property
    def names(self) -> list[str]:
        return [f"{domain}__reasons" for domain in self.texts]

    def add(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Few flags are true, so each text is written only for the rows whose flag is, from the columns it needs."""
        numbers = pl.DataFrame({_ROW: pl.int_range(rows.height, dtype=pl.UInt32, eager=True)})
        columns = []
        for domain, flags in self.texts.items():
            said = [_said(rows, flag, text) for flag, text in flags if rows[flag].any()]
            together = pl.concat([pl.DataFrame(schema={_ROW: pl.UInt32, "text": pl.String}), *said])
            texts = together.group_by(_ROW, maintain_order=True).agg(pl.col("text").str.join("; "))
            found = numbers.join(texts, on=_ROW, how="left", maintain_order="left")
            columns.append(found["text"].alias(f"{domain}__reasons"))
        return rows.hstack(columns)


def _said(rows: pl.DataFrame, flag: str, text: pl.Expr) -> pl.DataFrame:
    needed = sorted({*text.meta.root_names(), flag})
    true = rows.select(needed).with_row_index(_ROW).filter(flag)
    return true.select(_ROW, text.alias("text"))


@dataclass(frozen=True)
class _Writer:
    pack: Pack
    columns: Mapping[str, pl.DataType]

    def flag(self, flag: Flag, values: bool) -> pl.Expr:
        """What is said where the flag is true."""
        text = pl.lit(flag.name)
        if values and (said := self.values(parse(flag.when))):
            inside = pl.concat_str(said, separator=", ", ignore_nulls=True)
            text = pl.concat_str(pl.lit(f"{flag.name}("), inside, pl.lit(")"))
        return text

    def values(self, node: Node) -> list[pl.Expr]:
        """One text for each name that may have mattered, shown where a way it stands in is true."""
        ways: dict[tuple[str, bool], list[pl.Expr | None]] = {}
        for way, name, as_band in self.leaves(node, None):
            ways.setdefault((name, as_band), []).append(way)
        said = []
        for (name, as_band), conditions in ways.items():
            text = self.band(name) if as_band else self.value(name)
            known = [condition for condition in conditions if condition is not None]
            always = len(known) < len(conditions)
            said.append(text if always else pl.when(reduce(operator.or_, known)).then(text))
        return said

    def leaves(self, node: Node, way: pl.Expr | None) -> Iterator[tuple[pl.Expr | None, str, bool]]:
        """(when to show it, name, whether its band is meant). Below an `or` only what is true is shown."""
        if isinstance(node, Or) or (isinstance(node, Call) and node.function == "at-least"):
            for part in node.parts if isinstance(node, Or) else node.args[1:]:
                truth = self.truth(part)
                yield from self.leaves(part, _both(way, truth))
        elif isinstance(node, And):
            for part in node.parts:
                yield from self.leaves(part, way)
        else:
            banded = {name for call in _bands_in(node) for name in names_in(call)}
            for name in sorted(names_in(node)):
                if name in self.columns:
                    yield way, name, name in banded

    # -- texts

    def value(self, name: str) -> pl.Expr:
        return pl.concat_str(pl.lit(f"{name}="), self.shown(name))

    def shown(self, name: str) -> pl.Expr:
        column = pl.col(name)
        number = column.round(4) if self.columns[name].is_float() else column
        return number.cast(pl.String).fill_null("missing")

    def band(self, scale: str) -> pl.Expr:
        """`baz=-2.31, band thin: -3 to -2`; without the limits where they differ between children."""
        column = f"{scale}__band"
        if column not in self.columns:
            return self.value(scale)
        limits = {
            band: _limits([row for row in self.pack.bands if row.scale == scale and row.band == band])
            for band in self.bands(scale)
        }
        name = pl.col(column).cast(pl.String)
        told = name.replace_strict(
            list(limits), [f"{b}{limit}" for b, limit in limits.items()], default=None, return_dtype=pl.String
        )
        return pl.concat_str(self.value(scale), pl.lit(", band "), told.fill_null("missing"))

    def bands(self, scale: str) -> list[str]:
        return list(dict.fromkeys(row.band for row in self.pack.bands if row.scale == scale))

    # -- truths, good enough to choose what to show

    def truth(self, node: Node) -> pl.Expr | None:
        """Whether a part of a condition is true; None where that cannot be said in few words."""
        if isinstance(node, (And, Or)):
            parts = [self.truth(part) for part in node.parts]
            known = [part for part in parts if part is not None]
            if len(known) < len(parts):
                return None
            return reduce(operator.and_ if isinstance(node, And) else operator.or_, known)
        if isinstance(node, Not):
            inner = self.truth(node.of)
            return None if inner is None else ~inner
        if isinstance(node, Compare):
            return self.comparison(node)
        if isinstance(node, Call) and node.function == "selected":
            return self.selected(node)
        return None

    def comparison(self, node: Compare) -> pl.Expr | None:
        left, right = node.left, node.right
        column = self.compared(left)
        if column is None:
            return None
        compare = _COMPARE[node.op]
        if isinstance(right, Words):
            return compare(column.cast(pl.String), pl.lit(right.value)).fill_null(False)
        if isinstance(right, Number):
            return compare(column.cast(pl.Float64, strict=False), pl.lit(float(right.value))).fill_null(False)
        return None

    def compared(self, node: Node) -> pl.Expr | None:
        if isinstance(node, Name) and node.name in self.columns:
            return pl.col(node.name)
        if isinstance(node, Call) and node.function == "band" and isinstance(node.args[0], Name):
            column = f"{node.args[0].name}__band"
            return pl.col(column) if column in self.columns else None
        return None

    def selected(self, node: Call) -> pl.Expr | None:
        question, code = node.args
        if not isinstance(question, Name) or question.name not in self.columns or not isinstance(code, Words):
            return None
        spaced = pl.concat_str(pl.lit(" "), pl.col(question.name).cast(pl.String), pl.lit(" "))
        return spaced.str.contains(f" {code.value} ", literal=True).fill_null(False)


def _both(way: pl.Expr | None, truth: pl.Expr | None) -> pl.Expr | None:
    if way is None or truth is None:
        return truth if way is None else way
    return way & truth


def _bands_in(node: Node) -> Iterator[Call]:
    return (each for each in walk(node) if isinstance(each, Call) and each.function == "band")


def _limits(rows: list[Band]) -> str:
    """ ": -3 to -2", ": from 15", ": below 2"; nothing where the rows of one band differ."""
    limits = {(row.start, row.below) for row in rows}
    if len(limits) != 1:
        return ""
    start, below = limits.pop()
    if start is None or below is None:
        return f": from {start}" if start is not None else f": below {below}" if below is not None else ""
    return f": {start} to {below}"
