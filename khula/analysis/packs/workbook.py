"""Bytes of one .xlsx file in; its sheets as plain text, cell by cell, and the cells that could not be read, out.

Nothing in here knows what a pack is. Numbers come out as people wrote them (1.0 as "1", a percentage as "80%"), dates
as ISO days, formulas as the value the spreadsheet last showed.
"""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from dataclasses import dataclass

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

# A questionnaire of a thousand rows in eleven languages stays under 5 MB unpacked.
MOST_UNPACKED_BYTES = 64 * 1024 * 1024
MOST_PARTS = 2_000
MOST_ROWS = 20_000
MOST_COLUMNS = 400

_OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # old .xls files, and every password-protected .xlsx
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u2060\ufeff"))


class WorkbookUnreadable(Exception):
    """`reason` is one of: locked, old, not_a_workbook, too_large, damaged."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True)
class Trouble:
    """A cell that holds something other than what its author sees. `kind`: formula, error or merged."""

    kind: str
    row: int
    column: int  # 0 is column A
    shown: str


@dataclass(frozen=True)
class Grid:
    """One sheet: `rows` are (row number as the spreadsheet counts, cells as text); blank rows are left out."""

    name: str
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    troubles: tuple[Trouble, ...] = ()
    merged: tuple[tuple[int, int, int, int], ...] = ()  # first row, last row, first column, last column (0-based)


def read_workbook(content: bytes) -> tuple[Grid, ...]:
    """Every sheet of the workbook in its order. Raises WorkbookUnreadable."""
    try:
        _refuse_what_is_not_a_safe_workbook(content)
        return _grids(content)
    except WorkbookUnreadable:
        raise
    except Exception as problem:  # a damaged file ends in zlib.error, KeyError, ParseError, ValueError …
        raise WorkbookUnreadable("damaged", type(problem).__name__) from problem


def _grids(content: bytes) -> tuple[Grid, ...]:
    shown = _open(content, values=True)
    written = _open(content, values=False) if _has_formulas(content) else None
    return tuple(
        _grid(shown[name], _formulas(written[name]) if written else {})
        for name in shown.sheetnames
        if isinstance(shown[name], Worksheet)
    )


def column_letter(index: int) -> str:
    return str(get_column_letter(index + 1))


def _refuse_what_is_not_a_safe_workbook(content: bytes) -> None:
    if content.startswith(_OLE2):
        locked = "EncryptedPackage".encode("utf-16-le") in content
        raise WorkbookUnreadable("locked" if locked else "old")
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError) as problem:
        raise WorkbookUnreadable("not_a_workbook") from problem
    with archive:
        parts = archive.infolist()
        if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED_BYTES:
            raise WorkbookUnreadable("too_large")
        if "[Content_Types].xml" not in archive.namelist():
            raise WorkbookUnreadable("not_a_workbook")
        for part in parts:
            _refuse_entities(archive, part)


def _refuse_entities(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """No spreadsheet program writes a document type; only an attack does."""
    if not part.filename.endswith((".xml", ".rels")):
        return
    with archive.open(part) as stream:
        start = stream.read(4096)
    if b"<!DOCTYPE" in start or b"<!ENTITY" in start:
        raise WorkbookUnreadable("damaged", part.filename)


def _open(content: bytes, *, values: bool) -> Workbook:
    return load_workbook(io.BytesIO(content), data_only=values, keep_links=False)


def _has_formulas(content: bytes) -> bool:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return any(
            b"<f>" in (sheet := archive.read(name)) or b"<f " in sheet or b"<f/>" in sheet
            for name in archive.namelist()
            if name.startswith("xl/worksheets/")
        )


def _formulas(written: Worksheet) -> dict[tuple[int, int], str]:
    """(row, column) of every formula; the column of A is 0."""
    return {
        (cell.row, cell.column - 1): str(cell.value)
        for cells in written.iter_rows()
        for cell in cells
        if cell.data_type == "f"
    }


def _grid(shown: Worksheet, formulas: dict[tuple[int, int], str]) -> Grid:
    if shown.max_row > MOST_ROWS or shown.max_column > MOST_COLUMNS:
        raise WorkbookUnreadable("too_large", shown.title)
    rows: list[tuple[int, tuple[str, ...]]] = []
    troubles: list[Trouble] = []
    for number, cells in enumerate(shown.iter_rows(), start=1):
        texts = []
        for column, cell in enumerate(cells):
            if cell.data_type == "e":
                troubles.append(Trouble("error", number, column, str(cell.value)))
                texts.append("")
                continue
            if cell.value is None and (number, column) in formulas:
                troubles.append(Trouble("formula", number, column, formulas[number, column]))
            texts.append(cell_text(cell))
        if any(texts):
            rows.append((number, tuple(texts)))
    merged = tuple(sorted((r.min_row, r.max_row, r.min_col - 1, r.max_col - 1) for r in shown.merged_cells.ranges))
    return Grid(shown.title, tuple(rows), tuple(troubles), merged)


def cell_text(cell: Cell | MergedCell) -> str:
    """What a person reads in the cell, without spaces round it. Spaces inside stay (French wants some of them)."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        if "%" in (cell.number_format or ""):
            return f"{_number(round(value * 100, 9))}%"
        return _number(value)
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(sep=" ")
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return str(value).translate(_INVISIBLE).strip()


def _number(value: float) -> str:
    """Fifteen digits, as the spreadsheet shows them: 0.1+0.2 is "0.3", 1.0 is "1"."""
    if isinstance(value, int) or (value.is_integer() and abs(value) < 1e15):
        return str(int(value))
    return format(value, ".15g")
