"""A column of cells and its question come in; typed answers go out, as `answers.read_answer` reads each cell.

Plain cells are read by Polars; each different cell that is not plain by that very function.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import polars as pl

from khula.analysis.answer_files import (
    BLANK_WORDS,
    text_from,
)
from khula.analysis.answers import (
    BLANK,
    GREATEST_DECIMAL,
    GREATEST_WHOLE,
    UNREADABLE,
    codes_of,
    kind_of,
    read_answer,
    whole_codes,
)
from khula.analysis.expressions import Kind
from khula.analysis.packs.pack import MISSING_CODES, Question

_READ_BY: Mapping[Kind, pl.DataType] = {
    Kind.WHOLE: pl.Int32(),
    Kind.DATE: pl.Int32(),
    Kind.DECIMAL: pl.Float64(),
}


def type_of_answers(question: Question) -> pl.DataType:
    """The type of a question's column, the narrowest where it has a list of whole numbers."""
    numbers = whole_codes(question) if kind_of(question) is Kind.WHOLE and question.choices else ()
    if numbers and numbers[0] >= -128 and numbers[-1] <= 127:
        return pl.Int8()
    return _READ_BY.get(kind_of(question), pl.String())


def read_series(question: Question, cells: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Typed answers (missing where there is none), and a mask of the cells that hold something unreadable.

    Equal to `read_answer` cell by cell, except that a measured number may have a decimal comma.
    """
    frame = cells.to_frame("cell").lazy()
    for step in plain_steps(question, "cell", cells.dtype, "answer"):
        frame = frame.with_columns(step)
    read = frame.collect()
    return read_the_rest(question, read["answer"], read["answer left"])


def plain_steps(question: Question, column: str, dtype: pl.DataType, into: str) -> tuple[list[pl.Expr], list[pl.Expr]]:
    """Two steps that read all plain cells at once into `into`, and leave the text of all others in `into left`."""
    kind, wanted, cell = kind_of(question), type_of_answers(question), pl.col(column)
    text = _as_text(column, dtype)
    if question.choices and kind in (Kind.WHOLE, Kind.TEXT):
        return _plain_choice(question, kind, text, into)
    first, nothing = text, pl.lit(None, wanted)
    if kind is Kind.WHOLE:
        typed = pl.when(text.str.len_bytes() <= len(str(GREATEST_WHOLE))).then(text.cast(wanted, strict=False))
    elif kind is Kind.DECIMAL:
        number = (cell if dtype.is_numeric() else text).cast(pl.Float64, strict=False)
        typed = pl.when(number.is_finite() & (number.abs() < GREATEST_DECIMAL)).then(number)
    elif kind is Kind.DATE:
        day = text.str.to_date("%Y-%m-%d", strict=False).to_physical()
        typed = pl.when(text.str.len_bytes() == 10).then(day)
    elif kind is Kind.TEXT:
        first = text.str.strip_chars()
        # Python trims a few control characters that Polars does not: such a text is left to read_answer.
        odd = first.str.contains(r"[\x1c-\x1f]") | first.is_in(sorted(MISSING_CODES))
        typed = pl.when((first != "") & ~odd).then(first)
    else:
        return [nothing.alias(into), text.alias(f"{into} left")], []
    left = pl.when(pl.col(into).is_null()).then(pl.col(f"{into} left"))
    return [typed.alias(into), first.alias(f"{into} left")], [left.alias(f"{into} left")]


def _as_text(column: str, dtype: pl.DataType) -> pl.Expr:
    """A date is written as read_answer reads it."""
    if dtype == pl.Date or isinstance(dtype, pl.Datetime):
        return pl.col(column).cast(pl.Date).cast(pl.String)
    return text_from(pl.col(column), dtype)


def _plain_choice(question: Question, kind: Kind, text: pl.Expr, into: str) -> tuple[list[pl.Expr], list[pl.Expr]]:
    """By their place in the list of codes, the codes for "missing" at its end."""
    numbers, wanted = whole_codes(question), type_of_answers(question)
    codes = [str(number) for number in numbers] if kind is Kind.WHOLE else sorted(set(codes_of(question)))
    left = f"{into} left"
    first = [text.cast(pl.Enum([*codes, *sorted(MISSING_CODES)]), strict=False).alias(into), text.alias(left)]
    place = pl.col(into).to_physical()
    if kind is Kind.TEXT:
        typed = pl.col(into).cast(pl.String)
    elif numbers == tuple(range(numbers[0], numbers[0] + len(numbers))):
        typed = place.cast(wanted) + pl.lit(numbers[0], wanted)
    else:
        typed = place.replace_strict(list(range(len(numbers))), list(numbers), default=None, return_dtype=wanted)
    second = [
        pl.when(place < len(codes)).then(typed).alias(into),
        pl.when(place.is_null()).then(pl.col(left)).alias(left),
    ]
    return first, second


def read_the_rest(question: Question, typed: pl.Series, left: pl.Series) -> tuple[pl.Series, pl.Series]:
    """The cells left over are read as `read_answer` reads them, each different one once."""
    kind = kind_of(question)
    texts = left.drop_nulls().unique().to_list()
    known = {text: _read(question, kind, text) for text in texts}
    unreadable = [text for text, (_, reason) in known.items() if reason == UNREADABLE]
    answers = {text: value for text, (value, _) in known.items() if value is not None}
    if answers:
        slow = left.replace_strict(list(answers), list(answers.values()), default=None, return_dtype=typed.dtype)
        typed = typed.zip_with(left.is_null(), slow)
    return typed, left.is_in(unreadable).fill_null(False)


def _read(question: Question, kind: Kind, cell: object) -> tuple[object, str]:
    text = str(cell)
    if kind is Kind.DECIMAL and re.fullmatch(r"\s*[+-]?\d*,\d+\s*", text):
        text = text.replace(",", ".")
    value, reason = read_answer(question, text)
    # What other programs write for an empty cell; where it is one of the codes, it has been read as that.
    return value, BLANK if value is None and text.strip().lower() in BLANK_WORDS else reason
