"""A pack that was read in; texts a reader would miss, missing sources and licences, and plug-ins without words, out."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from khula.analysis.packs.check.leaves import questions_behind
from khula.analysis.packs.findings import finding
from khula.analysis.packs.pack import Instrument, Pack, Question
from khula.analysis.packs.reader import FormSheets, Reading
from khula.analysis.packs.sheets import FORM, SCORING, Line, Report, Table

PLUG_IN = "plug-in"
_WORDS_FOR_PEOPLE = {
    "instruments": ("label",), "scales": ("label",), "bands": ("label",), "domains": ("label",), "flags": ("say",),
    "strengths": ("say",), "alerts": ("say",),
}  # fmt: skip
_SOURCED = ("instruments", "scales", "bands", "norms", "params")
_NAME_COLUMN = {"instruments": "instrument", "scales": "scale", "bands": "band", "domains": "domain",
                "flags": "flag", "strengths": "strength", "alerts": "alert"}  # fmt: skip


def check_wording(reading: Reading, report: Report) -> None:
    languages = pack_languages(reading)
    plug_ins = plug_in_questions(reading.pack)
    for form in reading.forms:
        own = tuple(dict.fromkeys((*languages, *form.form.languages)))
        for table in (form.survey, form.choices):
            if table is not None:
                _check_form_texts(form, table, own, set(plug_ins), report)
    for name, table in reading.tables.items():
        _check_texts(table, SCORING[name].texts, languages, report)
        _check_words_for_people(name, table, report)
    _check_sources(reading, report)
    for instrument in reading.pack.instruments.values():
        _check_plug_in(reading, instrument, plug_ins, report)


def pack_languages(reading: Reading) -> tuple[str, ...]:
    """The languages every text must have: those the sheet `pack` names, else those of its title and of its sheets."""
    table = reading.tables.get("pack")
    for line in table or ():
        if line["key"].strip().casefold() == "languages" and line["value"]:
            return tuple(line["value"].replace(",", " ").split())
    sheets = reading.tables.values()
    named = [*reading.pack.title, *(code for table in sheets for code in table.languages())]
    return tuple(dict.fromkeys(named))


# --- translations ----------------------------------------------------------------------------------------------------


def _check_form_texts(
    form: FormSheets, table: Table, languages: tuple[str, ...], plug_ins: set[str], report: Report
) -> None:
    carried = any(one.language for one in table.headings)
    for one in table.headings:
        if carried and one.language == "" and one.name in FORM[table.sheet].texts:
            report(finding("PACK_622", table.top, one.written))
    if carried or languages != (form.default_language,):
        _check_texts(table, FORM[table.sheet].texts, languages, report, spare=plug_ins)


def _check_texts(
    table: Table,
    columns: tuple[str, ...],
    languages: tuple[str, ...],
    report: Report,
    spare: Collection[str] = (),
) -> None:
    """Every text that is there in one language is there in all. Rows named in `spare` belong to a plug-in."""
    for column in columns:
        used = [line for line in table if line.text(column)]
        if not used:
            continue
        there = {one.language or _only(line := used[0], column) for one in table.headings if one.name == column}
        for language in languages:
            if language not in there:
                report(finding("PACK_501", table.top, heading_for(table, column, language), language=language))
                continue
            for line in used:
                if not line.text(column).get(language) and line["name"] not in spare:
                    original = next(iter(line.text(column).values()))
                    report(finding("PACK_500", line.place, heading_for(table, column, language), language=language,
                                   original=original))  # fmt: skip


def _only(line: Line, column: str) -> str:
    return next(iter(line.texts.get(column, {"": ""})))


def heading_for(table: Table, column: str, language: str) -> str:
    """The heading of a text column in a language as this workbook writes it, or would."""
    for one in table.headings:
        if one.name == column and one.language == language:
            return one.written
    for one in table.headings:
        if one.language == language:
            return f"{column}::{one.written.rpartition('::')[2].strip()}"
    return f"{column}::{ {'en': 'English (en)', 'fr': 'French (fr)'}.get(language, language) }"


def _check_words_for_people(name: str, table: Table, report: Report) -> None:
    for column in _WORDS_FOR_PEOPLE.get(name, ()):
        for line in table:
            if line[_NAME_COLUMN[name]] and not line.text(column):
                report(finding("PACK_506", line.place, column, name=line[_NAME_COLUMN[name]]))


# --- sources and licences --------------------------------------------------------------------------------------------


def _check_sources(reading: Reading, report: Report) -> None:
    for name in _SOURCED:
        table = reading.tables.get(name)
        if table is None or (name in ("bands", "norms") and not table.has("source")):
            continue
        for line in table:
            if not line["source"]:
                report(finding("PACK_502", line.place, "source"))
            if name == "instruments" and not line["licence"]:
                report(finding("PACK_503", line.place, "licence"))
    settings = reading.tables.get("pack")
    if settings is not None and not any(line["key"].casefold() in ("licence", "license") and line["value"]
                                        for line in settings):  # fmt: skip
        report(finding("PACK_503", settings.top, "key"))


# --- plug-ins --------------------------------------------------------------------------------------------------------


def plug_in_questions(pack: Pack) -> dict[str, str]:
    """Question -> the plug-in instrument whose wording it has."""
    found: dict[str, str] = {}
    for scale in pack.scales.values():
        instrument = pack.instruments.get(scale.instrument)
        if instrument is not None and instrument.may_ship_wording == PLUG_IN:
            asked = questions_behind(pack, {scale.name})
            found |= {name: instrument.name for name in pack.questions if name in asked}
    return found


def _check_plug_in(reading: Reading, instrument: Instrument, plug_ins: dict[str, str], report: Report) -> None:
    if instrument.may_ship_wording != PLUG_IN:
        return
    asked = [reading.pack.questions[name] for name, owner in plug_ins.items() if owner == instrument.name]
    silent = [question for question in asked if not question.label]
    if silent:
        report(finding("PACK_504", instrument.place, "may_ship_wording", name=instrument.name, count=len(silent),
                       first=silent[0].name))  # fmt: skip
    elif asked and not _has_licence_holder(reading, instrument):
        report(finding("PACK_505", instrument.place, "licence_holder", name=instrument.name))


def _has_licence_holder(reading: Reading, instrument: Instrument) -> bool:
    lines = (line for line in reading.tables["instruments"] if line["instrument"] == instrument.name)
    return all(line["licence_holder"] and line["licence_number"] for line in lines)


def questions_without_words(pack: Pack) -> Iterator[Question]:
    """Plug-in questions still waiting for their licensed wording."""
    for name in plug_in_questions(pack):
        if not pack.questions[name].label:
            yield pack.questions[name]
