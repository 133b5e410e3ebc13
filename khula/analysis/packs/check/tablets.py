"""A form as ODK reads it in; what the field app could not ask or work out, by row and with the cure, out."""

from __future__ import annotations

from khula.analysis.packs.device import Refusal, refusals
from khula.analysis.packs.findings import finding
from khula.analysis.packs.pack import Place
from khula.analysis.packs.reader import FormSheets
from khula.analysis.packs.sheets import Report

_CODES = {
    "function": "PACK_640", "expression": "PACK_641", "path": "PACK_641", "date": "PACK_641", "type": "PACK_642",
    "appearance": "PACK_642", "action": "PACK_642", "list": "PACK_643", "circle": "PACK_644", "entities": "PACK_645",
}  # fmt: skip


def check_on_tablets(form: FormSheets, xml: bytes, report: Report) -> None:
    for refusal in refusals(xml):
        report(finding(_CODES[refusal.kind], _place(form, refusal), refusal.column, name=refusal.shown))


def _place(form: FormSheets, refusal: Refusal) -> Place:
    """The row of the question. A question that pyxform made itself is named after the one it belongs to."""
    if refusal.kind == "entities":
        return Place(form.form.workbook, "entities", 0)
    names = (refusal.question, refusal.question.removesuffix("_count"), refusal.question.removesuffix("_other"))
    for name in names:
        for row in form.rows:
            if row.name == name and name:
                return row.place
    return Place(form.form.workbook, "survey", 0)
