"""CSV, XLSX and Parquet files in; frames of their rows out, with the row of the spreadsheet beside each, and columns of
text read as numbers, dates and codes, what cannot be read staying apart from what was left blank."""

from __future__ import annotations

import codecs
import csv
import io
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from polars._typing import EngineType

ROW = "__row"
"""Row as a spreadsheet counts: the header is row 1."""
BEYOND = "__beyond"
"""Text in a cell to the right of the last column: the row is out of step with the header."""

BLANK_WORDS = ("", ".", "-", "na", "n/a", "nan", "null", "none", "#n/a")
KINDS = (".csv", ".tsv", ".txt", ".xlsx", ".parquet")
_MALE, _FEMALE = "m male boy man 1 masculin masculine garcon garçon", "f female girl woman 2 feminin féminin fille"
SEXES = {**dict.fromkeys(_MALE.split(), "male"), **dict.fromkeys(_FEMALE.split(), "female")}
_LYING, _STANDING = "lying l lie recumbent length couché couche allongé allonge", "standing s stand h height debout"
POSITIONS = {
    **dict.fromkeys(_LYING.split(), "lying"),
    **dict.fromkeys(_STANDING.split(), "standing"),
}
_YES, _NO = "yes y true 1 oui o ja", "no n false 0 2 non nee"
YES_NO = {**dict.fromkeys(_YES.split(), "yes"), **dict.fromkeys(_NO.split(), "no")}
"""Words people write in such columns, in lower case, and what they mean."""

XLSX_ROWS = 1_048_575
STREAMING: EngineType = "streaming"


class FileUnreadable(Exception):
    """A file nothing can be read from. `code` is stable; the words are for people."""

    def __init__(self, code: str, **about: object) -> None:
        super().__init__(code, about)
        self.code = code
        self.about = about


@dataclass(frozen=True)
class Table:
    """One file: its rows as they stand, plus ROW and BEYOND. `notes` are codes of what was done to read it."""

    path: Path
    frame: pl.LazyFrame
    columns: tuple[str, ...]
    types: Mapping[str, pl.DataType]
    notes: tuple[str, ...] = ()


# --------------------------------------------------------------------------------------------------------- reading


def read_table(path: Path) -> Table:
    """Opens a file by its extension; CSV and Parquet are scanned, not loaded."""
    kind = path.suffix.lower()
    if kind not in KINDS:
        raise FileUnreadable("FILE_001", file=path.name, kinds=", ".join(KINDS))
    if not path.is_file():
        raise FileUnreadable("FILE_002", file=path.name)
    if path.stat().st_size == 0:
        raise FileUnreadable("FILE_003", file=path.name)
    try:
        if kind == ".parquet":
            return _parquet(path)
        return _workbook(path) if kind == ".xlsx" else _text(path)
    except (pl.exceptions.PolarsError, OSError, UnicodeError) as problem:
        raise FileUnreadable("FILE_004", file=path.name, kind=kind) from problem
    except Exception as problem:
        # fastexcel raises its own errors for damaged workbooks; a programming error of ours is not hidden.
        if type(problem).__module__.split(".")[0] in {"fastexcel", "_fastexcel"}:
            raise FileUnreadable("FILE_004", file=path.name, kind=kind) from problem
        raise


def _parquet(path: Path) -> Table:
    frame = pl.scan_parquet(path, glob=False)
    return _table(path, frame.with_row_index(ROW, offset=2), frame.collect_schema(), ())


def _workbook(path: Path) -> Table:
    import fastexcel

    notes = ("FILE_010",) if len(fastexcel.read_excel(path).sheet_names) > 1 else ()
    # Rows are numbered as in the sheet, so empty ones must stay.
    frame = pl.read_excel(path, sheet_id=1, drop_empty_rows=False, drop_empty_cols=False, raise_if_empty=False)
    if not frame.columns:
        raise FileUnreadable("FILE_003", file=path.name)
    return _table(path, frame.lazy().with_row_index(ROW, offset=2), frame.schema, notes)


def _text(path: Path) -> Table:
    source, notes = _as_utf8(path)
    first = _first_line(source)
    separator = _separator_of(first)
    header = [name.strip() for name in next(csv.reader([first], delimiter=separator), [])]
    names = header if header and header[-1] else header[:-1]
    _check_names(path, names)
    frame = pl.scan_csv(
        source,
        glob=False,
        separator=separator,
        has_header=False,
        skip_rows=1,
        schema={name: pl.String() for name in (*names, BEYOND)},
        missing_columns="insert",
        truncate_ragged_lines=True,
    )
    frame = frame.with_row_index(ROW, offset=2)
    return Table(path, frame, tuple(names), {name: pl.String() for name in names}, notes)


def _as_utf8(path: Path) -> tuple[Path | bytes, tuple[str, ...]]:
    """The file itself when it is UTF-8; else its text turned into UTF-8, in memory."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as source:
        start = source.read(4)
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return path.read_bytes().decode("utf-16").encode(), ("FILE_011",)
        try:
            decoder.decode(start)
            while block := source.read(1 << 22):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return path.read_bytes().decode("cp1252", errors="replace").encode(), ("FILE_011",)
    return path, ()


def _first_line(source: Path | bytes) -> str:
    with source.open("rb") if isinstance(source, Path) else io.BytesIO(source) as lines:
        return lines.readline().decode("utf-8-sig").rstrip("\r\n")


def _separator_of(header: str) -> str:
    return max(",;\t|", key=lambda mark: len(next(csv.reader([header], delimiter=mark), [])))


def _check_names(path: Path, names: Sequence[str]) -> None:
    if not any(names):
        raise FileUnreadable("FILE_003", file=path.name)
    for number, name in enumerate(names, start=1):
        if not name:
            raise FileUnreadable("FILE_005", file=path.name, column=number)
        if names.count(name) > 1:
            raise FileUnreadable("FILE_006", file=path.name, column=name)


def _table(path: Path, frame: pl.LazyFrame, schema: pl.Schema, notes: tuple[str, ...]) -> Table:
    frame = frame.with_columns(pl.lit(None, pl.String).alias(BEYOND))
    return Table(path, frame, tuple(schema.names()), dict(schema), notes)


# --------------------------------------------------------------------------------------------------------- columns


def plain_name(name: str) -> str:
    """A header as it is compared: lower case, no accents, words joined by "_", "Weight (kg)" as "weight_kg"."""
    bare = unicodedata.normalize("NFKD", name.replace("œ", "oe").replace("Œ", "OE"))
    letters = "".join(x if x.isalnum() else " " for x in bare if not unicodedata.combining(x))
    return "_".join(letters.lower().split())


def find_columns(table: Table, names: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Which column of the file holds which meaning. `names`: meaning -> headers also taken for it.

    A column with the very name of the meaning wins. Two others that do not say the same are an error, never a guess.
    """
    plain = {column: plain_name(column) for column in table.columns}
    found = {}
    for meaning, words in names.items():
        exact = [column for column, name in plain.items() if name == meaning]
        near = exact or [column for column, name in plain.items() if name in words]
        if len(near) > 1 and not _say_the_same(table, near):
            raise FileUnreadable("FILE_007", file=table.path.name, meaning=meaning, columns=", ".join(near))
        if near:
            found[meaning] = near[0]
    return found


def _say_the_same(table: Table, columns: Sequence[str]) -> bool:
    first, *others = (pl.col(column).cast(pl.String).str.strip_chars() for column in columns)
    differs = pl.any_horizontal(first.ne_missing(other) for other in others)
    return not table.frame.select(differs.any()).collect(engine=STREAMING).item()


def cell_of(column: str, kind: pl.DataType) -> pl.Expr:
    """The cells, text trimmed; what means "nothing" is missing. Read it into a column of its own, then use that."""
    cell = pl.col(column)
    if kind.is_float():
        return pl.when(cell.is_finite()).then(cell)
    if kind != pl.String:
        return cell
    trimmed = cell.str.strip_chars()
    # Almost no cell is as short as these words, so few are put into lower case.
    nothing = (trimmed.str.len_bytes() <= 4) & trimmed.str.to_lowercase().is_in(BLANK_WORDS)
    return pl.when(~nothing).then(trimmed)


def text_from(cell: pl.Expr, kind: pl.DataType) -> pl.Expr:
    """A cell as text: 1.0 as "1", true as "yes"."""
    if kind == pl.Boolean:
        return pl.when(cell).then(pl.lit("yes")).when(~cell).then(pl.lit("no"))
    if kind.is_float():
        whole = pl.when(cell == cell.round()).then(cell.cast(pl.Int64, strict=False))
        return pl.coalesce(whole.cast(pl.String), cell.cast(pl.String))
    return cell.cast(pl.String)


def code_from(cell: pl.Expr, kind: pl.DataType, words: Mapping[str, str]) -> pl.Expr:
    """One of the values of `words` (word in lower case -> value); missing where blank or not among them."""
    return text_from(cell, kind).str.to_lowercase().replace_strict(words, default=None, return_dtype=pl.String)


def number_from(cell: pl.Expr, kind: pl.DataType) -> pl.Expr:
    """Float64; "18,7" is read as 18.7; missing where blank or not a number."""
    text = cell.str.replace(",", ".", literal=True) if kind == pl.String else cell
    number = text.cast(pl.Float64, strict=False)
    return pl.when(number.is_finite()).then(number)


def has_comma(cell: pl.Expr, kind: pl.DataType) -> pl.Expr:
    """The cell has a comma; where a number could be read, it stood for the decimal point."""
    return cell.str.contains(",", literal=True).fill_null(False) if kind == pl.String else pl.lit(False)


# ----------------------------------------------------------------------------------------------------------- dates

_NUMERIC = r"^(\d{1,2})[./-](\d{1,2})[./-](\d{4})$"


@dataclass(frozen=True)
class DateOrder:
    """How the dates of one column are to be read. `shown_by`: row of a date that can be read in one way only."""

    order: str | None  # "day-first", "month-first", or None: such dates stay unread
    shown_by: int | None = None
    undecided: int = 0


def date_order(table: Table, column: str, told: str | None) -> DateOrder:
    """Whether 03/04/2018 is the third of April or the fourth of March: as told, or as other rows of the column show."""
    if told is not None or table.types[column] != pl.String:
        return DateOrder(told)
    first, second, _ = _numeric_parts(pl.col(column).str.strip_chars())
    row, doubtful = pl.col(ROW), (first <= 12) & (second <= 12) & (first != second)
    seen = (
        table.frame.select(
            row.filter(first > 12).min().alias("day"),
            row.filter((second > 12) & (first <= 12)).min().alias("month"),
            doubtful.sum().alias("doubtful"),
        )
        .collect(engine=STREAMING)
        .row(0, named=True)
    )
    if (seen["day"] is None) == (seen["month"] is None):
        return DateOrder(None, None, seen["doubtful"] or 0)
    day_first = seen["day"] is not None
    return DateOrder("day-first" if day_first else "month-first", seen["day"] if day_first else seen["month"])


def date_from(cell: pl.Expr, kind: pl.DataType, order: str | None) -> pl.Expr:
    """Date; 2018-04-03, 2018/04/03, 3-Apr-2018 and 03/04/2018 in the given order; missing where it cannot be read.

    Without an order, 25/04/2018 is still read (there is one way only), 03/04/2018 is not.
    """
    if kind == pl.Date or isinstance(kind, pl.Datetime):
        return cell.cast(pl.Date)
    text = text_from(cell, kind)
    iso = text.str.replace(r"[ T]\d{1,2}:\d{2}.*$", "").str.replace_all("/", "-", literal=True)
    named = text.str.replace_all(r"[ /.-]+", "-")
    day, month, year = _day_month_year(text, order)
    numeric = pl.format("{}-{}-{}", year, month, day)
    return pl.coalesce(
        pl.when(iso.str.contains(r"^\d{4}-\d{1,2}-\d{1,2}$")).then(iso.str.to_date("%Y-%m-%d", strict=False)),
        numeric.str.to_date("%Y-%m-%d", strict=False),
        pl.when(named.str.contains(r"^\d{1,2}-\p{L}+-\d{4}$")).then(named.str.to_date("%d-%b-%Y", strict=False)),
    )


def is_doubtful_date(cell: pl.Expr, kind: pl.DataType, order: str | None) -> pl.Expr:
    """A date that can be read in two ways, and nobody said which."""
    if kind != pl.String or order is not None:
        return pl.lit(False)
    first, second, _ = _numeric_parts(cell)
    return ((first <= 12) & (second <= 12) & (first != second)).fill_null(False)


def _numeric_parts(text: pl.Expr) -> tuple[pl.Expr, pl.Expr, pl.Expr]:
    return (
        text.str.extract(_NUMERIC, 1).cast(pl.Int32),
        text.str.extract(_NUMERIC, 2).cast(pl.Int32),
        text.str.extract(_NUMERIC, 3).cast(pl.Int32),
    )


def _day_month_year(text: pl.Expr, order: str | None) -> tuple[pl.Expr, pl.Expr, pl.Expr]:
    first, second, year = _numeric_parts(text)
    if order == "day-first":
        return first, second, year
    if order == "month-first":
        return second, first, year
    day_first = (first > 12) | (first == second)
    day = pl.when(day_first).then(first).when(second > 12).then(second)
    month = pl.when(day_first).then(second).when(second > 12).then(first)
    return day, month, year
