"""A file that was carried by hand in; what became of each record in it out, in plain words for the page."""

import base64
from dataclasses import dataclass
from pathlib import Path

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from khula.server.collection.look_codes import LOOK_CODES
from khula.server.dashboard.fleet import Note
from khula.server.dashboard.status import DIFFER, HIGH, LOW, MEDIUM, Status
from khula.server.field.carry_codes import told
from khula.server.field.queries import receipt_file
from khula.server.field.sealed import Wrong
from khula.server.field.taking_in import Outcome, TakenIn, take_in
from khula.server.packs.models import Form

SHORT = 8  # letters of a record's id: enough to tell two apart


@dataclass(frozen=True)
class ShownRecord:
    form: str
    carrier: str
    record: str
    result: Note
    why: str


@dataclass(frozen=True)
class ShownProblem:
    code: str
    words: str


@dataclass(frozen=True)
class ShownFile:
    name: str
    result: Note
    sentence: str
    records: list[ShownRecord]
    problems: list[ShownProblem]
    receipts: str = ""  # address of the file the tablet reads its receipts from
    receipts_name: str = ""


def shown_file(name: str, content: bytes, *, by: int) -> ShownFile:
    language = translation.get_language()[:2]
    try:
        outcome = take_in(file=content, by=by)
    except Wrong as wrong:
        problem = ShownProblem(wrong.code, told(wrong.code, language, None))
        return ShownFile(name, Note(HIGH, _("not taken in")), "", [], [problem])
    titles = dict(Form.objects.order_by("pk").values_list("form_id", "title"))
    return ShownFile(
        name=name,
        result=_result(outcome),
        sentence=_sentence(outcome),
        records=[_shown(record, titles, language) for record in outcome.records],
        problems=[ShownProblem(each.code, told(each.code, language, each.place)) for each in outcome.problems],
        receipts=_receipts(outcome),
        receipts_name=f"{Path(name).stem[:60]}-receipts.json",
    )


def _receipts(outcome: Outcome) -> str:
    """It stands in the page itself: nothing is kept for it, and whoever may see the page may have it."""
    if not outcome.records:
        return ""
    content = receipt_file((record.owner, record.instance_id) for record in outcome.records)
    return f"data:application/json;base64,{base64.b64encode(content).decode()}"


def _result(outcome: Outcome) -> Note:
    if not outcome.problems:
        return Note(LOW, _("all taken in"))
    if outcome.records:
        return Note(MEDIUM, _("partly taken in"))
    return Note(HIGH, _("nothing taken in"))


def _sentence(outcome: Outcome) -> str:
    new = sum(record.new or record.conflict for record in outcome.records)
    before = len(outcome.records) - new
    said = [
        ngettext("%(n)s record came in.", "%(n)s records came in.", new) % {"n": new} if new or not before else "",
        ngettext("%(n)s was here already.", "%(n)s were here already.", before) % {"n": before} if before else "",
    ]
    return " ".join(each for each in said if each)


def _shown(record: TakenIn, titles: dict[str, str], language: str) -> ShownRecord:
    return ShownRecord(
        form=titles.get(record.form_id, record.form_id),
        carrier=record.owner_name,
        record=record.instance_id.removeprefix("uuid:")[:SHORT],
        result=_what_became(record),
        why=LOOK_CODES[record.look_code].told(language) if record.look_code else "",
    )


def _what_became(record: TakenIn) -> Note:
    if record.conflict:
        differs = Status("", MEDIUM.mark, DIFFER, "", MEDIUM.paper, MEDIUM.ink, MEDIUM.rank)
        return Note(differs, _("kept beside another version"))
    if record.look_code:
        return Note(MEDIUM, _("taken in; a person should look"))
    return Note(LOW, _("taken in") if record.new else _("was here already"))
