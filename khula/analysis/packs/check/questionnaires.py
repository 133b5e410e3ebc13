"""The forms of a pack that was read in; what form tools and devices would trip over, by row, out.

pyxform stops at its first error and names some of them without a row; so a form goes to it only when nothing of ours
stands against it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import PurePosixPath

from pyxform.question_type_dictionary import QUESTION_TYPE_DICT

from khula.analysis.answers import codes_of
from khula.analysis.packs import xpath
from khula.analysis.packs.check.tablets import check_on_tablets
from khula.analysis.packs.check.vocabulary import SENSITIVITIES, check_word
from khula.analysis.packs.check.wording import questions_without_words
from khula.analysis.packs.findings import Finding, finding, nearest
from khula.analysis.packs.forms import FormRefused, compile_form
from khula.analysis.packs.pack import Place
from khula.analysis.packs.reader import (
    BESIDE,
    INFORMANTS,
    METADATA,
    REGISTER,
    SENSITIVITY,
    FormSheets,
    Reading,
    SurveyRow,
)
from khula.analysis.packs.sheets import FORM, Line, Report, Table

_EXPRESSIONS = ("relevant", "constraint", "calculation", "choice_filter", "repeat_count", "default", "required",
                "read_only", "trigger")  # fmt: skip
_YES_NO = ("", "yes", "no", "true", "false", "true()", "false()")
_MEDIA = ("image", "big-image", "audio", "video")
_FROM_LIST = ("select_one", "select_multiple", "rank")
_FROM_FILE = ("select_one_from_file", "select_multiple_from_file")
_GROUPS = ("begin_group", "end_group", "begin_repeat", "end_repeat", "begin_loop", "end_loop")
_COMMON_TYPES = ("integer", "decimal", "text", "date", "time", "datetime", "note", "calculate", "hidden", "geopoint",
                 "image", "audio", "video", "barcode", "acknowledge", "range", *_FROM_LIST, *_FROM_FILE,
                 "begin_group", "end_group", "begin_repeat", "end_repeat", *METADATA)  # fmt: skip
_SAYS_NOTHING = METADATA - {"note"} | {"calculate", "hidden", "xml-external", "csv-external"}
_RECORDED = ("start", "end", "today", "deviceid", "username", "audit")
_MOST_BLANK_ROWS = 60

#: Entity lists that the server offers to devices, each person their own part of it.
SERVED_LISTS = ("learners", "caregivers", "households", "schools", "staff")


def check_forms(reading: Reading, report: Report) -> None:
    _check_form_ids(reading.forms, report)
    waiting = {question.name for question in questions_without_words(reading.pack)}
    for form in reading.forms:
        found: list[Finding] = []
        _check_form(form, reading, waiting, found.append)
        if not any(one.severity == "error" for one in (*found, *_about(form, reading.findings))):
            _check_by_pyxform(form, reading, waiting, found.append)
        for one in found:
            report(one)


def _about(form: FormSheets, findings: Iterable[Finding]) -> Iterator[Finding]:
    return (one for one in findings if one.file == form.form.workbook and one.sheet in ("", *FORM))


def _check_form_ids(forms: tuple[FormSheets, ...], report: Report) -> None:
    taken: dict[str, str] = {}
    for form in forms:
        other = taken.setdefault(form.form.form_id, form.form.workbook)
        if other != form.form.workbook:
            place = _settings_place(form)
            report(finding("PACK_621", place, "form_id", name=form.form.form_id, first=other))


def _check_form(form: FormSheets, reading: Reading, waiting: set[str], report: Report) -> None:
    _check_settings(form, report)
    _check_choices(form, report)
    _check_lists_from_files(form, reading, report)
    _check_groups(form.rows, report)
    _check_blank_rows(form.survey, report)
    asked = {row.name for row in form.rows if row.name}
    for row in form.rows:
        _check_type(form, row, report)
        _check_words(row, waiting, report)
        _check_cells(row, report)
        _check_expressions(form, row, asked, reading, report)
    _check_media(form, reading, report)
    _check_child(form, asked, report)


# --- settings --------------------------------------------------------------------------------------------------------


def _settings_place(form: FormSheets) -> Place:
    table = form.settings
    if table is None:
        return Place(form.form.workbook, "settings", 0)
    return table.lines[0].place if table.lines else table.top


def _check_settings(form: FormSheets, report: Report) -> None:
    line = form.settings.lines[0] if form.settings and form.settings.lines else None
    place = _settings_place(form)
    stem = PurePosixPath(form.form.workbook).stem
    if line is None or not line["form_id"]:
        report(finding("PACK_609", place, "form_id", hint=f"kh_{stem}"))
    if line is None or not line["version"]:
        report(finding("PACK_609", place, "version", hint="2026010101"))
    if line is not None:
        _check_where_answers_go(line, place, report)
    default = line["default_language"] if line else ""
    tables = [form.survey, *filter(None, [form.choices])]
    spoken = {one.written.rpartition("::")[2].strip() for table in tables for one in table.headings if one.language}
    if default and spoken and default not in spoken:
        report(finding("PACK_623", place, "default_language", value=default, near=nearest(default, spoken)))


def _check_where_answers_go(line: Line, place: Place, report: Report) -> None:
    if line["public_key"]:
        report(finding("PACK_630", place, "public_key"))
    if line["submission_url"]:
        report(finding("PACK_631", place, "submission_url", value=line["submission_url"]))
    if line["client_editable"].casefold() not in ("yes", "true", "true()"):
        report(finding("PACK_632", place, "client_editable"))


def _check_child(form: FormSheets, asked: set[str], report: Report) -> None:
    """Every informant's form says which child it is about; the form that enrols one saves it into a list."""
    if form.form.informant in (*INFORMANTS, *BESIDE):
        for name in ("learner", "learner_wave"):
            if name not in asked:
                report(finding("PACK_619", form.survey.top, "name", name=name))
        kinds = {row.kind for row in form.rows}
        for name in _RECORDED:
            if name not in kinds:
                report(finding("PACK_627", form.survey.top, "type", name=name))
    if form.form.informant == REGISTER and not (form.entities and form.entities.lines):
        report(finding("PACK_620", Place(form.form.workbook, "entities", 0)))


# --- choices ---------------------------------------------------------------------------------------------------------


def _check_choices(form: FormSheets, report: Report) -> None:
    lists = {line["list_name"] for line in form.choices or () if line["list_name"]}
    used = {_list_of(row) for row in form.rows if row.kind in _FROM_LIST}
    for row in form.rows:
        name = _list_of(row)
        if row.kind in _FROM_LIST and name not in lists:
            code = "PACK_612" if name else "PACK_613"
            report(finding(code, row.place, "type", name=name, value=row.line["type"], near=nearest(name, lists)))
    first: dict[tuple[str, str], Line] = {}
    unused: set[str] = set()
    for line in form.choices or ():
        name = line["list_name"]
        for column in ("list_name", "name"):
            if not line[column]:
                report(finding("PACK_028", line.place, column))
        other = first.setdefault((name, line["name"]), line)
        if other is not line and name and line["name"]:
            report(finding("PACK_617", line.place, "name", name=line["name"], list=name, first=other.place.row))
        if name and name not in used and name not in unused:
            unused.add(name)
            report(finding("PACK_618", line.place, "list_name", name=name, near=nearest(name, used - lists)))


def _check_lists_from_files(form: FormSheets, reading: Reading, report: Report) -> None:
    """A file of choices is in the pack, or a list that the server keeps for each person."""
    saved = (line["list_name"] for other in reading.forms for line in other.entities or ())
    lists = tuple(dict.fromkeys((*SERVED_LISTS, *saved)))
    there = {PurePosixPath(name).name for name in reading.files}
    for row in form.rows:
        if row.kind not in _FROM_FILE or row.argument.startswith("${"):
            continue
        name = row.argument.split(" ")[0]
        if name not in there and name.removesuffix(".csv") not in lists:
            known = [f"{each}.csv" for each in lists]
            report(finding("PACK_629", row.place, "type", name=name, allowed=", ".join(known),
                           near=nearest(name, (*known, *there))))  # fmt: skip


def _list_of(row: SurveyRow) -> str:
    return row.argument.removesuffix("or_other").strip().split(" ")[0]


# --- rows ------------------------------------------------------------------------------------------------------------


def _check_type(form: FormSheets, row: SurveyRow, report: Report) -> None:
    written = row.line["type"]
    if not written:
        report(finding("PACK_028", row.place, "type", hint="select_one yes_no, integer, note …"))
        return
    known = row.kind in (*_COMMON_TYPES, *_GROUPS) or written in QUESTION_TYPE_DICT or row.kind in QUESTION_TYPE_DICT
    if not known:
        report(finding("PACK_613", row.place, "type", value=written, near=nearest(row.kind, _COMMON_TYPES)))
    elif not row.name and not row.kind.startswith("end_") and row.kind != "note":
        report(finding("PACK_028", row.place, "name"))
    if row.kind == "calculate" and not row.line["calculation"]:
        report(finding("PACK_628", row.place, "calculation", name=row.name))


def _check_words(row: SurveyRow, waiting: set[str], report: Report) -> None:
    """Somebody must be able to see or hear a question."""
    silent = row.kind in _SAYS_NOTHING or row.kind in _GROUPS or not row.kind or row.name in waiting
    if not silent and not any(row.line.text(column) for column in ("label", "hint", *_MEDIA)):
        report(finding("PACK_608", row.place, "label", name=row.name))


def _check_cells(row: SurveyRow, report: Report) -> None:
    check_word(row.line[SENSITIVITY].upper(), SENSITIVITIES, row.place, SENSITIVITY, report, needed=False)
    if row.line["constraint"] and not row.line.text("constraint_message"):
        report(finding("PACK_606", row.place, "constraint_message"))
    required = row.line["required"].casefold() not in ("", "no", "false", "false()")
    if required and row.kind in ("calculate", "note", "hidden"):
        report(finding("PACK_607", row.place, "required", kind=row.kind))


def _check_groups(rows: tuple[SurveyRow, ...], report: Report) -> None:
    open_rows: list[SurveyRow] = []
    for row in rows:
        sort = row.kind.partition("_")[2]
        if row.kind.startswith("begin_"):
            open_rows.append(row)
        elif row.kind in _GROUPS:
            if open_rows and open_rows[-1].kind == f"begin_{sort}":
                open_rows.pop()
            else:
                report(finding("PACK_616", row.place, "type"))
    for row in open_rows:
        report(finding("PACK_615", row.place, "type", kind=row.kind.removeprefix("begin_"), name=row.name))


def _check_blank_rows(survey: Table, report: Report) -> None:
    for before, line in pairwise(survey):
        if line.place.row - before.place.row - 1 > _MOST_BLANK_ROWS:
            report(finding("PACK_625", line.place))


# --- expressions -----------------------------------------------------------------------------------------------------


def _check_expressions(form: FormSheets, row: SurveyRow, asked: set[str], reading: Reading, report: Report) -> None:
    for column in _EXPRESSIONS:
        text = row.line[column]
        if text.casefold() in _YES_NO or (column == "default" and "(" not in text and "$" not in text):
            continue
        if column != "trigger":
            _check_slips(row, column, text, report)
        _check_references(row, column, text, asked, report)
        _check_codes(row, column, text, form, reading, report)
    for column, texts in row.line.texts.items():
        for text in dict.fromkeys(texts.values()):
            _check_references(row, column, text, asked, report)
    _check_choice_filter(form, row, report)


def _check_slips(row: SurveyRow, column: str, text: str, report: Report) -> None:
    for slip in xpath.slips(text):
        if slip.kind == "curly":
            report(finding("PACK_626", row.place, column, shown=slip.name))
        elif slip.kind == "function":
            near = nearest(slip.name, xpath.FUNCTIONS)
            report(finding("PACK_602", row.place, column, name=slip.name, near=near))
        elif slip.kind == "arguments":
            report(finding("PACK_603", row.place, column, name=slip.name, given=slip.given, wanted=slip.wanted))
        elif slip.kind == "union":
            report(finding("PACK_605", row.place, column))
        else:
            report(finding("PACK_604", row.place, column, shown=slip.name))


def _check_references(row: SurveyRow, column: str, text: str, asked: set[str], report: Report) -> None:
    for name in xpath.references(text):
        if name not in asked:
            report(finding("PACK_614", row.place, column, name=name, near=nearest(name, asked)))


def _check_codes(row: SurveyRow, column: str, text: str, form: FormSheets, reading: Reading, report: Report) -> None:
    """`${q} = 'Yes'` where the choice is called yes."""
    for name, code in xpath.compared_codes(text):
        question = reading.pack.questions.get(name)
        if question is None or question.form != form.form.form_id or not question.choices or not code:
            continue
        names = [choice.name for choice in question.choices]
        if code not in names:
            report(finding("PACK_624", row.place, column, name=name, value=code, allowed=", ".join(codes_of(question)),
                           near=nearest(code, names)))  # fmt: skip


def _check_choice_filter(form: FormSheets, row: SurveyRow, report: Report) -> None:
    if row.kind not in _FROM_LIST or not row.line["choice_filter"] or form.choices is None:
        return
    columns = [heading.written for heading in form.choices.headings]
    for name in xpath.bare_names(row.line["choice_filter"]):
        if name not in columns:
            report(finding("PACK_610", row.place, "choice_filter", name=name, near=nearest(name, columns)))


# --- files -----------------------------------------------------------------------------------------------------------


def _check_media(form: FormSheets, reading: Reading, report: Report) -> None:
    there = {PurePosixPath(name).name for name in reading.files if name.startswith("media/")}
    for line in (*(row.line for row in form.rows), *(form.choices or ())):
        for column in _MEDIA:
            for name in dict.fromkeys(line.text(column).values()):
                if name not in there and not name.startswith("${"):
                    report(finding("PACK_611", line.place, column, name=name, near=nearest(name, there)))


# --- pyxform ---------------------------------------------------------------------------------------------------------


def _check_by_pyxform(form: FormSheets, reading: Reading, waiting: set[str], report: Report) -> None:
    if any(row.name in waiting for row in form.rows):
        return  # a plug-in without its wording is no form yet
    try:
        compiled = compile_form(reading.files[form.form.workbook], reading.files)
    except FormRefused as problem:
        place = Place(form.form.workbook, problem.sheet or "survey", problem.row)
        report(finding("PACK_600", place, problem.column, detail=problem.said))
    else:
        check_on_tablets(form, compiled.xml, report)
