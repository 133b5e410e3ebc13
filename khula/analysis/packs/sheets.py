"""Grids of text cells in; tables whose columns have known names and whose rows know their place, out.

The sheets a pack may have, their columns, what else those columns may be called, and what is wrong with a heading.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from khula.analysis.packs.findings import Finding, finding, nearest
from khula.analysis.packs.pack import Place, Text
from khula.analysis.packs.workbook import Grid, column_letter

Report = Callable[[Finding], None]


@dataclass(frozen=True)
class Columns:
    """`texts` may carry a language (`label::French (fr)`); `also` maps other spellings to the name we use."""

    plain: tuple[str, ...]
    required: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    also: Mapping[str, str] = field(default_factory=dict)
    free: bool = False  # further columns are the author's business (choices, entities)


NOTES = ("notes", "note", "comment", "comments", "remarks", "todo")
"""Headings and sheet names for notes between authors; nothing reads them and nobody is told off for them."""

_SOURCE_ALSO = {"sources": "source", "reference": "source", "citation": "source"}

SCORING: dict[str, Columns] = {
    "pack": Columns(("key", "value"), required=("key", "value")),
    "instruments": Columns(
        (
            "instrument",
            "informant",
            "form",
            "status",
            "may_ship_wording",
            "licence",
            "source",
            "age_from",
            "age_to",
            "languages",
            "licence_holder",
            "licence_number",
            "licence_expires",
        ),
        required=("instrument", "informant", "may_ship_wording", "licence", "source"),
        texts=("label",),
        also={
            "name": "instrument",
            "license": "licence",
            "respondent": "informant",
            "language": "languages",
            "wording": "may_ship_wording",
            **_SOURCE_ALSO,
        },
    ),
    "derive": Columns(
        ("name", "when", "value", "if_unknown"),
        required=("name", "when", "value"),
        also={"condition": "when", "if": "when", "then": "value"},
    ),
    "scales": Columns(
        (
            "scale",
            "instrument",
            "method",
            "items",
            "expression",
            "reverse",
            "item_min",
            "item_max",
            "missing",
            "min_answered",
            "round",
            "norm",
            "index",
            "strength",
            "source",
        ),
        required=("scale", "instrument", "method", "items", "source"),
        texts=("label",),
        also={
            "name": "scale",
            "reversed": "reverse",
            "min": "item_min",
            "max": "item_max",
            "minimum_answered": "min_answered",
            "missing_rule": "missing",
            "norms": "norm",
            **_SOURCE_ALSO,
        },
    ),
    "bands": Columns(
        ("scale", "band", "from", "below", "sex", "language", "grade", "age_from", "age_to", "informant", "source"),
        required=("scale", "band", "from", "below"),
        texts=("label",),
        also={"start": "from", "at_least": "from", "less_than": "below", **_SOURCE_ALSO},
    ),
    "norms": Columns(
        (
            "norm",
            "file",
            "index_unit",
            "age_from",
            "age_to",
            "adjust",
            "implausible_below",
            "implausible_above",
            "not_if",
            "source",
        ),
        required=("norm", "file", "index_unit"),
        also={"name": "norm", "table": "file", "unit": "index_unit", **_SOURCE_ALSO},
    ),
    "flags": Columns(
        ("flag", "domain", "level", "informant", "when", "suggest", "about"),
        required=("flag", "domain", "level", "informant", "when"),
        texts=("say",),
        also={"name": "flag", "condition": "when", "service": "suggest", "topic": "about"},
    ),
    "strengths": Columns(
        ("strength", "domain", "informant", "when"),
        required=("strength", "domain", "informant", "when"),
        texts=("say",),
        also={"name": "strength", "condition": "when"},
    ),
    "domains": Columns(
        ("domain", "needs", "needs_at_least"),
        required=("domain", "needs", "needs_at_least"),
        texts=("label",),
        also={"name": "domain", "evidence": "needs", "at_least": "needs_at_least"},
    ),
    "alerts": Columns(
        ("alert", "informant", "when", "urgency", "tell", "hide_from", "law", "form"),
        required=("alert", "when", "urgency", "tell"),
        texts=("say", "say_on_device"),
        also={"name": "alert", "condition": "when"},
    ),
    "tests": Columns(
        ("test", "given", "expect", "source"),
        required=("test", "given", "expect"),
        also={"name": "test", "example": "test", "expected": "expect", **_SOURCE_ALSO},
    ),
    "params": Columns(
        ("param", "valid_from", "value", "source"),
        required=("param", "valid_from", "value", "source"),
        also={"name": "param", "parameter": "param", "from": "valid_from", "date": "valid_from", **_SOURCE_ALSO},
    ),
}

_MEDIA = ("image", "big-image", "audio", "video")

FORM: dict[str, Columns] = {
    "survey": Columns(
        (
            "type",
            "name",
            "relevant",
            "constraint",
            "required",
            "calculation",
            "default",
            "appearance",
            "read_only",
            "choice_filter",
            "parameters",
            "repeat_count",
            "trigger",
            "save_to",
            "autoplay",
            "instance",
            "bind",
            "body",
            "control",
            "disabled",
            "rows",
            "query",
        ),
        required=("type", "name"),
        texts=("label", "hint", "guidance_hint", "constraint_message", "required_message", *_MEDIA),
        also={
            "readonly": "read_only",
            "relevance": "relevant",
            "calculate": "calculation",
            "command": "type",
            "caption": "label",
            "constraining_message": "constraint_message",
            "jr:constraintmsg": "constraint_message",
            "requiredmsg": "required_message",
            "jr:requiredmsg": "required_message",
            "count": "repeat_count",
            "jr:count": "repeat_count",
            "big_image": "big-image",
            "saveto": "save_to",
            "media::image": "image",
            "media::audio": "audio",
            "media::video": "video",
        },
    ),
    "choices": Columns(
        ("list_name", "name", "geometry"),
        required=("list_name", "name"),
        texts=("label", *_MEDIA),
        also={
            "value": "name",
            "caption": "label",
            "listname": "list_name",
            "big_image": "big-image",
            "media::image": "image",
            "media::audio": "audio",
            "media::video": "video",
        },
        free=True,
    ),
    "settings": Columns(
        (
            "form_id",
            "version",
            "default_language",
            "instance_name",
            "style",
            "public_key",
            "submission_url",
            "auto_send",
            "auto_delete",
            "allow_choice_duplicates",
            "client_editable",
            "namespaces",
            "informant",
            "name",
            "clean_text_values",
            "omit_instanceid",
            "prefix",
            "delimiter",
            "sms_keyword",
            "sms_separator",
        ),
        texts=("form_title",),
        also={
            "title": "form_title",
            "id_string": "form_id",
            "set_form_id": "form_id",
            "set_form_title": "form_title",
            "formid": "form_id",
            "language": "default_language",
        },
    ),
    "entities": Columns(
        ("list_name", "entity_id", "create_if", "update_if", "label", "repeat"),
        also={"dataset": "list_name"},
    ),
    "external_choices": Columns(("list_name", "name"), texts=("label",), also={"value": "name"}, free=True),
    "osm": Columns(("list_name", "name"), texts=("label",), free=True),
}

_OUR_OWN = "khula::"  # columns of ours that form tools ignore
_OUR_OWN_COLUMNS = ("khula::sensitivity",)


@dataclass(frozen=True)
class Heading:
    written: str
    name: str  # as we call it
    language: str | None  # code, "" when the column carries no language
    index: int


@dataclass(frozen=True)
class Line:
    """One row: `line["items"]` is its text ("" when empty), `line.text("label")` its words by language."""

    place: Place
    cells: Mapping[str, str]
    texts: Mapping[str, Text]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")

    def text(self, column: str) -> dict[str, str]:
        return {language: words for language, words in self.texts.get(column, {}).items() if words}


@dataclass(frozen=True)
class Table:
    """One sheet of one workbook under its proper name."""

    file: str
    sheet: str
    written: str  # the sheet's name as the author wrote it
    headings: tuple[Heading, ...]
    lines: tuple[Line, ...]

    def __iter__(self) -> Iterator[Line]:
        return iter(self.lines)

    @property
    def top(self) -> Place:
        return Place(self.file, self.sheet, 1)

    def has(self, column: str) -> bool:
        return any(heading.name == column for heading in self.headings)

    def languages(self, column: str = "") -> tuple[str, ...]:
        """Language codes of the text columns (of one of them), in the order of the sheet."""
        found = [h.language for h in self.headings if h.language and column in ("", h.name)]
        return tuple(dict.fromkeys(found))


def plain_name(written: str) -> str:
    """ "  May ship Wording " -> "may_ship_wording"."""
    return re.sub(r"[\s_]+", "_", written.replace("\u00a0", " ").strip().casefold())


_CODE_IN_BRACKETS = re.compile(r"\(([A-Za-z]{2,3}(?:-[A-Za-z0-9]+)*)\)\s*$")
_BARE_CODE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]+)*$")


def language_code(written: str) -> str:
    """ "English (en)" -> "en"; "fr" -> "fr"; a language without a code is its own name in small letters."""
    words = written.replace("\u00a0", " ").strip()
    if in_brackets := _CODE_IN_BRACKETS.search(words):
        return in_brackets.group(1).lower()
    return words.lower()


def has_language_code(written: str) -> bool:
    words = written.strip()
    return bool(_CODE_IN_BRACKETS.search(words) or _BARE_CODE.match(words))


def heading(written: str, index: int, columns: Columns) -> Heading:
    whole = plain_name(written)
    if whole in columns.also and columns.also[whole] in (*columns.plain, *columns.texts):
        return Heading(written, columns.also[whole], "", index)
    base, _, language = (part.strip() for part in written.partition("::"))
    name = plain_name(base)
    if name == "media" and "::" in language:
        base, _, language = (part.strip() for part in language.partition("::"))
        name = plain_name(base)
    name = columns.also.get(name, name)
    if language and name in columns.texts:
        return Heading(written, name, language_code(language), index)
    return Heading(written, name if not language else whole, "", index)


def known_sheet(written: str) -> str:
    """The proper name of a sheet, whatever its capitals and spaces; "" if we know none like it."""
    name = plain_name(written)
    return name if name in SCORING or name in FORM else ""


def is_for_people(name: str) -> bool:
    plain = plain_name(name)
    return plain in NOTES or plain.startswith(("#", "readme", "read_me", "guide", "help", "lookup"))


def table_of(file: str, grid: Grid, sheet: str, default_language: str, report: Report) -> Table:
    """The sheet as a table; what is wrong with its headings and cells goes to `report`."""
    columns = SCORING.get(sheet) or FORM[sheet]
    fill_merged = sheet in SCORING
    top = Place(file, sheet, 1)
    if not grid.rows or grid.rows[0][0] != 1:
        if grid.rows:
            report(finding("PACK_023", top))
        return Table(file, sheet, grid.name, (), ())
    headings = _headings(grid, columns, top, report)
    _report_merged(grid, headings, file, sheet, fill_merged, report)
    _report_troubles(grid, headings, file, sheet, report)
    _report_lost_cells(grid, headings, file, sheet, report)
    rows = _with_merged_filled(grid) if fill_merged else grid.rows
    lines = tuple(
        line
        for number, cells in rows[1:]
        if (line := _line(Place(file, sheet, number), cells, headings, columns, default_language))
    )
    return Table(file, sheet, grid.name, headings, lines)


def _headings(grid: Grid, columns: Columns, top: Place, report: Report) -> tuple[Heading, ...]:
    found = [heading(written, i, columns) for i, written in enumerate(grid.rows[0][1]) if written]
    kept: list[Heading] = []
    for one in found:
        if any((one.name, one.language) == (other.name, other.language) for other in kept):
            report(finding("PACK_026", top, one.written))
            continue
        kept.append(one)
        _report_unknown_heading(one, columns, top, report)
    for required in columns.required:
        if not any(one.name == required for one in kept):
            report(finding("PACK_027", top, required))
    return tuple(kept)


def _report_unknown_heading(one: Heading, columns: Columns, top: Place, report: Report) -> None:
    known = (*columns.plain, *columns.texts)
    base, _, language = one.written.partition("::")
    if one.language and not has_language_code(language.rpartition("::")[2]):
        report(finding("PACK_036", top, one.written))
    if one.name in known or one.name in NOTES or one.written.startswith("#"):
        return
    if one.name.startswith(_OUR_OWN):
        if one.name not in _OUR_OWN_COLUMNS:
            report(finding("PACK_024", top, one.written, near=nearest(one.name, _OUR_OWN_COLUMNS, 0.0)))
        return
    if one.name.startswith(("bind::", "body::", "instance::", "control::")):
        return
    near = nearest(plain_name(base), known, cutoff=0.82 if columns.free else 0.7)
    if near:
        whole = f"{near}::{language.strip()}" if language else near
        report(finding("PACK_024", top, one.written, near=whole))
    elif not columns.free:
        report(finding("PACK_025", top, one.written))


def _report_merged(
    grid: Grid, headings: tuple[Heading, ...], file: str, sheet: str, filled: bool, report: Report
) -> None:
    for first, last, left, _right in grid.merged:
        if filled and first > 1:
            continue
        place = Place(file, sheet, first)
        report(finding("PACK_031", place, _column_at(headings, left), row_from=first, row_to=last))


def _report_troubles(grid: Grid, headings: tuple[Heading, ...], file: str, sheet: str, report: Report) -> None:
    codes = {"formula": "PACK_029", "error": "PACK_030"}
    for trouble in grid.troubles:
        place = Place(file, sheet, trouble.row)
        column = _column_at(headings, trouble.column) or column_letter(trouble.column)
        report(finding(codes[trouble.kind], place, column, shown=trouble.shown))


def _report_lost_cells(grid: Grid, headings: tuple[Heading, ...], file: str, sheet: str, report: Report) -> None:
    headed = {index for index, written in enumerate(grid.rows[0][1]) if written}
    for number, cells in grid.rows[1:]:
        for index, value in enumerate(cells):
            if value and index not in headed:
                cell = f"{column_letter(index)}{number}"
                report(finding("PACK_037", Place(file, sheet, number), column_letter(index), cell=cell, value=value))


def _column_at(headings: tuple[Heading, ...], index: int) -> str:
    return next((one.written for one in headings if one.index == index), "")


def _with_merged_filled(grid: Grid) -> tuple[tuple[int, tuple[str, ...]], ...]:
    """A value merged over several rows holds for each of them."""
    rows = {number: list(cells) for number, cells in grid.rows}
    for first, last, left, right in grid.merged:
        if first == 1 or left != right:
            continue
        for number in range(first, last + 1):
            if number in rows and first in rows:
                rows[number][left] = rows[first][left]
    return tuple((number, tuple(cells)) for number, cells in rows.items())


def _line(
    place: Place, cells: tuple[str, ...], headings: tuple[Heading, ...], columns: Columns, default_language: str
) -> Line | None:
    plain: dict[str, str] = {}
    texts: dict[str, dict[str, str]] = {}
    for one in headings:
        value = cells[one.index] if one.index < len(cells) else ""
        if one.name in columns.texts:
            texts.setdefault(one.name, {})[one.language or default_language] = value
        else:
            plain[one.name] = value.replace("\u00a0", " ")
    if not any(plain.values()) and not any(any(words.values()) for words in texts.values()):
        return None
    return Line(place, plain, texts)
