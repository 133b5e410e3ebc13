"""A folder of workbooks (or its files by name) in; the `Pack` they describe, row by row with places, out.

What a cell cannot mean becomes a finding kept for `check.py`; reading stops only when there is nothing to read.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path, PurePosixPath
from typing import TypeVar

from khula.analysis.packs import sheets
from khula.analysis.packs.findings import Finding, PackUnreadable, finding, nearest
from khula.analysis.packs.pack import (
    Alert,
    Band,
    Choice,
    Derive,
    Domain,
    Example,
    Flag,
    Form,
    Instrument,
    Norm,
    Pack,
    Param,
    Place,
    Question,
    Scale,
    Strength,
    Text,
)
from khula.analysis.packs.sheets import Line, Report, Table
from khula.analysis.packs.workbook import Grid, WorkbookUnreadable, read_workbook

__all__ = ["PackUnreadable", "Reading", "files_of", "names_in", "read", "read_pack"]

INFORMANTS = ("child", "caregiver", "teacher", "health")
REGISTER = "register"
SAFETY = "safety"
#: Forms about a child that are no voice: kept with the child, counted nowhere, and no level rests on them. They are a
#: class at a glance, a task with the child, a service contact, a follow-up of a referral and a note about safety.
BESIDE = ("teacher_class", "reading", "service", "followup", SAFETY)

SENSITIVITY = "khula::sensitivity"
"""Column of the survey: who may read the answers, S0 (public) … S4 (sealed)."""

#: Who may be told, or kept from knowing: the people of Khula and those outside it whom a team calls.
ROLES = (
    "teacher", "nurse", "social_worker", "psychologist", "coordinator", "fieldworker", "district", "researcher",
    "administrator", "case_manager", "principal", "school", "sbst", "clinic", "doctor", "emergency", "police",
    "caregiver", "child",
)  # fmt: skip

#: XLSForm types that answer nothing about the child: the device fills them in, or nobody does.
METADATA = frozenset(
    {
        "start", "end", "today", "deviceid", "username", "phonenumber", "phone_number", "email", "audit",
        "simserial", "subscriberid", "start-geopoint", "background-audio", "note", "xml-external", "csv-external",
    }
)  # fmt: skip
#: Names every informant's form has, for the child it is about; they may stand in several forms.
ABOUT_THE_LEARNER = re.compile(r"learner(_\w+)?$")

_TYPE_ALSO = {"select one": "select_one", "select1": "select_one", "select multiple": "select_multiple",
              "select all that apply": "select_multiple", "select_one_external": "select_one",
              "select one from": "select_one", "select all that apply from": "select_multiple",
              "select one from file": "select_one_from_file", "int": "integer", "string": "text",
              "select multiple from file": "select_multiple_from_file"}  # fmt: skip
_TWO_WORDS = re.compile(
    r"(select one from file|select multiple from file|select all that apply from|select all that apply|"
    r"select one from|select one|select multiple)\b"
)

_REASONS = {"locked": "PACK_003", "old": "PACK_004", "not_a_workbook": "PACK_002", "too_large": "PACK_005",
            "damaged": "PACK_006"}  # fmt: skip


@dataclass(frozen=True)
class SurveyRow:
    """One row of a form's survey with the groups it stands in."""

    line: Line
    kind: str  # first word of the type, in XLSForm's modern spelling
    argument: str  # rest of the type: name of a list or file
    path: str
    in_repeat: bool

    @property
    def name(self) -> str:
        return self.line["name"]

    @property
    def place(self) -> Place:
        return self.line.place


@dataclass(frozen=True)
class FormSheets:
    """One form as its workbook has it."""

    form: Form
    survey: Table
    choices: Table | None
    settings: Table | None
    entities: Table | None
    rows: tuple[SurveyRow, ...]
    default_language: str


@dataclass(frozen=True)
class Reading:
    """The pack, everything it was read from, and what could not be read."""

    pack: Pack
    findings: tuple[Finding, ...]
    forms: tuple[FormSheets, ...]
    tables: Mapping[str, Table]  # scoring sheets by name
    files: Mapping[str, bytes]


def read_pack(source: Path | Mapping[str, bytes]) -> Pack:
    """The pack in a folder, or in files by name ("caregiver.xlsx", "media/bread.png"). Raises PackUnreadable."""
    return read(source).pack


def read(source: Path | Mapping[str, bytes]) -> Reading:
    """As `read_pack`, with the findings of reading and the tables. Raises PackUnreadable."""
    files = files_of(source)
    found: list[Finding] = []
    books = _workbooks(files, found.append)
    if not books:
        raise PackUnreadable(
            found or [finding("PACK_001", Place(str(source) if isinstance(source, Path) else "", "", 0))]
        )
    tables, survey_books = _tables(books, found.append)
    forms = tuple(_forms(survey_books, found.append))
    if not tables:
        found.append(finding("PACK_008", Place("pack.xlsx", "", 0)))
    if not forms:
        found.append(finding("PACK_009", Place(min(books), "", 0)))
    _report_files_nobody_reads(files, found.append)
    fallback = source.resolve().name if isinstance(source, Path) else ""
    pack = _pack(files, tables, forms, fallback, found.append)
    return Reading(pack, tuple(found), forms, tables, files)


# --- files -----------------------------------------------------------------------------------------------------------


def files_of(source: Path | Mapping[str, bytes]) -> dict[str, bytes]:
    """The pack's files by name; a single workbook is a pack of one file."""
    if not isinstance(source, Path):
        named = dict(source)
    elif source.is_dir():
        named = {
            path.relative_to(source).as_posix(): path.read_bytes()
            for path in sorted(source.rglob("*"))
            if path.is_file()
        }
    elif source.is_file():
        named = {source.name: source.read_bytes()}
    else:
        named = {}
    return {name: content for name, content in sorted(named.items()) if not _is_clutter(name)}


def _is_clutter(name: str) -> bool:
    """Lock files of a spreadsheet program, and what file managers leave behind."""
    return any(part.startswith((".", "~$", "__MACOSX")) or part == "Thumbs.db" for part in PurePosixPath(name).parts)


def content_hash(files: Mapping[str, bytes]) -> str:
    """sha256 over every file, in order of name."""
    digest = hashlib.sha256()
    for name, content in sorted(files.items()):
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def _workbooks(files: Mapping[str, bytes], report: Report) -> dict[str, tuple[Grid, ...]]:
    books: dict[str, tuple[Grid, ...]] = {}
    for name, content in files.items():
        if "/" in name or not name.casefold().endswith((".xlsx", ".xlsm", ".xls")):
            continue
        try:
            books[name] = read_workbook(content)
        except WorkbookUnreadable as problem:
            report(finding(_REASONS[problem.reason], Place(name, "", 0), detail=problem.detail))
    return books


def _report_files_nobody_reads(files: Mapping[str, bytes], report: Report) -> None:
    for name in files:
        suffix = PurePosixPath(name).suffix.casefold()
        if "/" in name or suffix in (".xlsx", ".xlsm", ".xls", ".csv", ".md", ".txt"):
            continue
        report(finding("PACK_011", Place(name, "", 0)))


def _csv_tables(files: Mapping[str, bytes], report: Report) -> dict[str, str]:
    found = {}
    for name, content in files.items():
        if not name.casefold().endswith(".csv") or name.startswith("media/"):
            continue
        try:
            found[name] = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            report(finding("PACK_010", Place(name, "", 0)))
            found[name] = content.decode("cp1252", errors="replace")
    return found


# --- sheets ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Book:
    """One workbook that has a survey, with its form sheets under their proper names."""

    file: str
    tables: Mapping[str, Table]
    default_language: str


def _tables(books: Mapping[str, tuple[Grid, ...]], report: Report) -> tuple[dict[str, Table], list[_Book]]:
    """Scoring sheets by name, from whichever workbook they are in, and the workbooks that are forms."""
    scoring: dict[str, Table] = {}
    form_books: list[_Book] = []
    for file in sorted(books, key=lambda name: (name != "pack.xlsx", name)):
        default = _default_language(books[file])
        form_tables: dict[str, Table] = {}
        for grid in books[file]:
            sheet = sheets.known_sheet(grid.name)
            if not sheet:
                _report_unknown_sheet(file, grid, report)
                continue
            target = scoring if sheet in sheets.SCORING else form_tables
            if sheet in target:
                report(finding("PACK_022", Place(file, grid.name, 0), name=grid.name, first=target[sheet].file))
                continue
            if sheet in sheets.FORM and grid.name.lower() != sheet:
                report(finding("PACK_020", Place(file, grid.name, 0), name=grid.name, near=sheet))
            target[sheet] = sheets.table_of(file, grid, sheet, default, report)
        if "survey" in form_tables:
            form_books.append(_Book(file, form_tables, default))
    return scoring, form_books


def _report_unknown_sheet(file: str, grid: Grid, report: Report) -> None:
    if sheets.is_for_people(grid.name) or (not grid.rows and re.fullmatch(r"\w+ ?\d", grid.name)):
        return  # notes, or the empty Sheet1 of a new workbook
    near = nearest(sheets.plain_name(grid.name), (*sheets.SCORING, *sheets.FORM))
    place = Place(file, grid.name, 0)
    report(finding("PACK_020" if near else "PACK_021", place, name=grid.name, near=near))


def _default_language(grids: Iterable[Grid]) -> str:
    """The language of a text column that names none: the form's default language, else English."""
    for grid in grids:
        if sheets.known_sheet(grid.name) == "settings" and len(grid.rows) > 1:
            headings = [sheets.plain_name(written) for written in grid.rows[0][1]]
            if "default_language" in headings:
                words = grid.rows[1][1][headings.index("default_language")]
                return sheets.language_code(words) if words else "en"
    return "en"


# --- forms -----------------------------------------------------------------------------------------------------------


def _forms(books: Iterable[_Book], report: Report) -> Iterable[FormSheets]:
    for book in books:
        settings = book.tables.get("settings")
        first = settings.lines[0] if settings and settings.lines else None
        informant = _informant(book.file, first, report)
        survey = book.tables["survey"]
        rows = tuple(_survey_rows(survey))
        stem = PurePosixPath(book.file).stem
        form = Form(
            form_id=(first["form_id"] if first else "") or stem,
            version=first["version"] if first else "",
            informant=informant,
            workbook=book.file,
            title=first.text("form_title") if first else {},
            languages=_languages([survey, *filter(None, [book.tables.get("choices")])]),
            media=_media(rows, book.tables.get("choices")),
        )
        yield FormSheets(
            form, survey, book.tables.get("choices"), settings, book.tables.get("entities"), rows, book.default_language
        )


def _informant(file: str, settings: Line | None, report: Report) -> str:
    known = (*INFORMANTS, REGISTER, *BESIDE)
    stem = PurePosixPath(file).stem.casefold()
    said = (settings["informant"].casefold() if settings else "") or stem
    if said in known:
        return said
    report(finding("PACK_007", Place(file, "", 0), near=nearest(said, known)))
    return ""


def _languages(tables: Iterable[Table]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(code for table in tables for code in table.languages()))


def _media(rows: Iterable[SurveyRow], choices: Table | None) -> tuple[str, ...]:
    lines = [row.line for row in rows] + list(choices or ())
    named = (
        words
        for line in lines
        for kind in ("image", "big-image", "audio", "video")
        for words in line.text(kind).values()
    )
    return tuple(dict.fromkeys(named))


def question_type(written: str) -> tuple[str, str]:
    """ "select one  grades or_other" -> ("select_one", "grades or_other")."""
    words = " ".join(written.replace("\u00a0", " ").split())
    if two := _TWO_WORDS.match(words):
        return _TYPE_ALSO[two.group(1)], words[two.end() :].strip()
    first, _, rest = words.partition(" ")
    return _TYPE_ALSO.get(first, first), rest


def _survey_rows(survey: Table) -> Iterable[SurveyRow]:
    groups: list[tuple[str, bool]] = []
    for line in survey:
        words = " ".join(line["type"].replace("_", " ").split())
        if words in ("end group", "end repeat", "end loop"):
            if groups:
                groups.pop()
            yield SurveyRow(line, words.replace(" ", "_"), "", "", any(repeats for _, repeats in groups))
            continue
        path = "/".join(["/data", *(name for name, _ in groups), line["name"]])
        if words in ("begin group", "begin repeat", "begin loop"):
            groups.append((line["name"], words == "begin repeat"))
            kind, argument = words.replace(" ", "_"), ""
        else:
            kind, argument = question_type(line["type"])
        yield SurveyRow(line, kind, argument, path, any(repeats for _, repeats in groups))


def answers_something(row: SurveyRow) -> bool:
    """Whether the row gives an answer that a pack may score: not metadata, not which child it is about."""
    return not (
        not row.name
        or not row.kind
        or row.kind in METADATA
        or row.kind.startswith(("begin_", "end_"))
        or ABOUT_THE_LEARNER.fullmatch(row.name)
    )


def _questions(forms: Iterable[FormSheets], report: Report) -> dict[str, Question]:
    found: dict[str, Question] = {}
    for sheet in forms:
        if sheet.form.informant == REGISTER:
            continue  # who the child is: an entity, not an answer to score
        lists = _choice_lists(sheet.choices)
        for row in sheet.rows:
            if not answers_something(row):
                continue
            if row.name in found:
                report(finding("PACK_100", row.place, "name", name=row.name, first=_where(found[row.name].place)))
                continue
            found[row.name] = Question(
                name=row.name,
                form=sheet.form.form_id,
                informant=sheet.form.informant,
                type=row.kind,
                label=row.line.text("label"),
                choices=lists.get(row.argument.removesuffix(" or_other").strip(), ())
                if row.kind in ("select_one", "select_multiple", "rank") else (),
                relevant=row.line["relevant"],
                path=row.path,
                place=row.place,
                sensitivity=row.line[SENSITIVITY].upper(),
            )  # fmt: skip
    return found


def _choice_lists(choices: Table | None) -> dict[str, tuple[Choice, ...]]:
    lists: dict[str, list[Choice]] = {}
    for line in choices or ():
        if line["list_name"] and line["name"]:
            lists.setdefault(line["list_name"], []).append(Choice(line["name"], line.text("label"), line.place))
    return {name: tuple(listed) for name, listed in lists.items()}


# --- cells -----------------------------------------------------------------------------------------------------------

_RANGE = re.compile(r"([A-Za-z_][\w\-]*?)(\d+)\.\.(?:\1)?(\d+)$")
_NAME = re.compile(r"[A-Za-z_][\w\-]*$")


class NotAList(ValueError):
    """A cell that should list names holds something else; the message is the part that is wrong."""


def names_in(cell: str) -> tuple[str, ...]:
    """ "psc_1..3 psc_9, psc_11" -> ("psc_1", "psc_2", "psc_3", "psc_9", "psc_11"). Raises NotAList."""
    names: list[str] = []
    for part in re.sub(r"\s*\.\.\s*", "..", cell.replace("…", "..")).replace(",", " ").replace(";", " ").split():
        spread = _RANGE.match(part)
        if spread:
            stem, first, last = spread.group(1), spread.group(2), spread.group(3)
            if not 0 <= int(last) - int(first) < 1000:
                raise NotAList(part)
            width = len(first) if first.startswith("0") else 0
            names += [f"{stem}{number:0{width}d}" for number in range(int(first), int(last) + 1)]
        elif _NAME.match(part):
            names.append(part)
        else:
            raise NotAList(part)
    return tuple(names)


def exact_number(text: str) -> Fraction | None:
    """ "2.5" -> 5/2; None when the text is no plain decimal number."""
    plain = text.strip().replace("−", "-")
    return Fraction(plain) if re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)", plain) else None


def _roles_in(words: list[str]) -> Iterable[str]:
    while words:
        take = 2 if "_".join(words[:2]) in ROLES else 1
        if take == 1 and words[0] not in ROLES:
            take = len(words)  # nothing known: told as it was written
        yield "_".join(words[:take])
        words = words[take:]


@dataclass(frozen=True)
class _Cells:
    """Reads the cells of one line, reporting what they cannot mean."""

    line: Line
    report: Report

    def word(self, column: str) -> str:
        return " ".join(self.line[column].casefold().split())

    def names(self, column: str) -> tuple[str, ...]:
        try:
            return names_in(self.line[column])
        except NotAList as problem:
            self.report(finding("PACK_035", self.line.place, column, value=problem))
            return ()

    def whole(self, column: str) -> int | None:
        text = self.line[column]
        if not text:
            return None
        value = exact_number(text)
        if value is None or value.denominator != 1:
            self.report(finding("PACK_032", self.line.place, column, value=text))
            return None
        return int(value)

    def number(self, column: str) -> str:
        text = self.line[column].replace("−", "-")
        if text and exact_number(text) is None:
            self.report(finding("PACK_033", self.line.place, column, value=text))
            return ""
        return text

    def yes(self, column: str) -> bool:
        word = self.word(column)
        if word in ("yes", "true", "true()", "1", "y", "x"):
            return True
        if word not in ("", "no", "false", "false()", "0", "n"):
            self.report(finding("PACK_034", self.line.place, column, value=word, allowed="yes, no"))
        return False

    def roles(self, column: str) -> tuple[str, ...]:
        """ "social worker, nurse" and "social_worker nurse" are the same two roles."""
        parts = re.split(r"[,;\n]", self.line[column].casefold())
        return tuple(role for part in parts for role in _roles_in(part.split()))

    def share_of(self, column: str, count: int) -> int | None:
        """ "80%" of the items, rounded up; or a number of items as it stands."""
        text = self.line[column]
        if not text.endswith("%"):
            return self.whole(column)
        share = exact_number(text.removesuffix("%"))
        if share is None or not 0 <= share <= 100:
            self.report(finding("PACK_033", self.line.place, column, value=text))
            return None
        return math.ceil(share / 100 * count)


# --- the scoring sheets ----------------------------------------------------------------------------------------------


def _where(place: Place | None) -> str:
    return f"{place.file}, {place.sheet}, {place.row}" if place else "?"


_Row = TypeVar("_Row")


def _named(table: Table | None, column: str, build: Callable[[Line, _Cells], _Row], report: Report) -> dict[str, _Row]:
    found: dict[str, _Row] = {}
    first: dict[str, Place] = {}
    for line in table or ():
        name = line[column]
        if not name:
            report(finding("PACK_028", line.place, column))
        elif name in found:
            report(finding("PACK_100", line.place, column, name=name, first=_where(first[name])))
        else:
            first[name] = line.place
            found[name] = build(line, _Cells(line, report))
    return found


def _instrument(line: Line, cells: _Cells) -> Instrument:
    return Instrument(
        name=line["instrument"],
        label=line.text("label"),
        informant=cells.word("informant"),
        form=line["form"],
        status=line["status"],
        may_ship_wording=cells.word("may_ship_wording").replace(" ", "-").replace("_", "-"),
        licence=line["licence"],
        source=line["source"],
        age_from=cells.number("age_from"),
        age_to=cells.number("age_to"),
        languages=line["languages"],
        place=line.place,
    )


def _derive(table: Table | None, report: Report) -> dict[str, tuple[Derive, ...]]:
    found: dict[str, list[Derive]] = {}
    for line in table or ():
        if not line["name"]:
            report(finding("PACK_028", line.place, "name"))
            continue
        cells = _Cells(line, report)
        if_unknown = cells.word("if_unknown")
        found.setdefault(line["name"], []).append(
            Derive(
                line["name"],
                line["when"],
                line["value"],
                "" if if_unknown in ("stop", "missing") else if_unknown,
                line.place,
            )
        )
    return {name: tuple(lines) for name, lines in found.items()}


def _scale(line: Line, cells: _Cells) -> Scale:
    method = cells.word("method")
    items = cells.names("items") if method != "expression" else ()
    return Scale(
        name=line["scale"],
        instrument=line["instrument"],
        label=line.text("label"),
        method=method,
        items=items,
        expression=line["expression"],
        reverse=cells.names("reverse"),
        item_min=cells.whole("item_min"),
        item_max=cells.whole("item_max"),
        missing=cells.word("missing") or "none",
        min_answered=cells.share_of("min_answered", len(items)),
        round=cells.whole("round"),
        norm=line["norm"],
        index=line["index"],
        strength=cells.yes("strength"),
        source=line["source"],
        place=line.place,
    )


def _band(line: Line, cells: _Cells) -> Band:
    return Band(
        scale=line["scale"],
        band=line["band"],
        label=line.text("label"),
        start=cells.number("from") or None,
        below=cells.number("below") or None,
        sex=cells.word("sex"),
        language=line["language"],
        grade=line["grade"],
        age_from=cells.number("age_from"),
        age_to=cells.number("age_to"),
        informant=cells.word("informant"),
        source=line["source"],
        place=line.place,
    )


def _norm(line: Line, cells: _Cells) -> Norm:
    return Norm(
        norm=line["norm"],
        file=line["file"],
        index_unit=cells.word("index_unit"),
        age_from=cells.number("age_from"),
        age_to=cells.number("age_to"),
        adjust=cells.word("adjust") or "none",
        implausible_below=cells.number("implausible_below"),
        implausible_above=cells.number("implausible_above"),
        not_if=line["not_if"],
        source=line["source"],
        place=line.place,
    )


def _flag(line: Line, cells: _Cells) -> Flag:
    return Flag(line["flag"], line["domain"], cells.word("level"), cells.word("informant"), line["when"],
                line.text("say"), line["suggest"], cells.word("about"), line.place)  # fmt: skip


def _strength(line: Line, cells: _Cells) -> Strength:
    return Strength(line["strength"], line["domain"], cells.word("informant"), line["when"], line.text("say"),
                    line.place)  # fmt: skip


def _domain(line: Line, cells: _Cells) -> Domain:
    return Domain(line["domain"], line.text("label"), cells.names("needs"), cells.whole("needs_at_least") or 0,
                  line.place)  # fmt: skip


def _alert(line: Line, cells: _Cells) -> Alert:
    return Alert(
        name=line["alert"],
        when=line["when"],
        urgency=cells.word("urgency"),
        tell=cells.roles("tell"),
        say_on_device=line.text("say_on_device"),
        say=line.text("say"),
        informant=cells.word("informant"),
        hide_from=cells.roles("hide_from"),
        law=line["law"],
        form=line["form"],
        place=line.place,
    )


PACK_KEYS = ("name", "version", "licence", "contact", "languages", "description", "source")


def _settings(table: Table | None, report: Report) -> tuple[dict[str, str], Text]:
    """Key → value of the sheet `pack`, and its title by language."""
    said: dict[str, str] = {}
    title: dict[str, str] = {}
    for line in table or ():
        base, _, language = (part.strip() for part in line["key"].partition("::"))
        key = sheets.plain_name(base)
        key = {"license": "licence", "id": "name"}.get(key, key)
        if key == "title":
            title[sheets.language_code(language) if language else "en"] = line["value"]
            continue
        if key not in PACK_KEYS:
            near = nearest(key, (*PACK_KEYS, "title"))
            report(finding("PACK_039", line.place, "key", key=line["key"], near=near))
        said[key] = line["value"]
    return said, title


def _pack(
    files: Mapping[str, bytes], tables: Mapping[str, Table], forms: tuple[FormSheets, ...], fallback: str,
    report: Report,
) -> Pack:  # fmt: skip
    said, title = _settings(tables.get("pack"), report)
    if tables:
        top = tables["pack"].top if "pack" in tables else Place("pack.xlsx", "pack", 0)
        for key in ("name", "version"):
            if not said.get(key):
                report(finding("PACK_038", top, "key", key=key))
    named = {name: tables.get(name) for name in sheets.SCORING}
    return Pack(
        name=said.get("name", "") or fallback,
        version=said.get("version", ""),
        title=title,
        languages=_languages([sheet.survey for sheet in forms] + list(tables.values())),
        forms=tuple(sheet.form for sheet in forms),
        questions=_questions(forms, report),
        instruments=_named(named["instruments"], "instrument", _instrument, report),
        derive=_derive(named["derive"], report),
        scales=_named(named["scales"], "scale", _scale, report),
        bands=tuple(_band(line, _Cells(line, report)) for line in named["bands"] or ()),
        norms=tuple(_norm(line, _Cells(line, report)) for line in named["norms"] or ()),
        flags=_named(named["flags"], "flag", _flag, report),
        strengths=_named(named["strengths"], "strength", _strength, report),
        domains=_named(named["domains"], "domain", _domain, report),
        alerts=_named(named["alerts"], "alert", _alert, report),
        examples=tuple(
            Example(line["test"], line["given"], line["expect"], line["source"], line.place)
            for line in named["tests"] or ()
        ),
        params=tuple(
            Param(line["param"], line["valid_from"], line["value"], line["source"], line.place)
            for line in named["params"] or ()
        ),
        tables=_csv_tables(files, report),
        content_hash=content_hash(files),
    )
