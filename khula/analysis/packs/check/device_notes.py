"""A pack that was read in; alerts whose words on the device stand on no note of their informant's form, out.

The words are on the sheet alerts for the reviewers and on a note of the form for the device: a note somebody forgot,
or changed on one side only, shows when a child needs help and nobody is told.
"""

from __future__ import annotations

from difflib import SequenceMatcher

from khula.analysis.packs.findings import finding
from khula.analysis.packs.pack import Alert, Text
from khula.analysis.packs.reader import INFORMANTS, SAFETY, Reading, SurveyRow
from khula.analysis.packs.sheets import Report

_CLOSE = 0.6


def check_device_notes(reading: Reading, report: Report) -> None:
    for alert in reading.pack.alerts.values():
        if not alert.say_on_device or alert.informant not in ("", *INFORMANTS, SAFETY):
            continue
        forms = [form for form in reading.forms if form.form.informant in _informants(alert)]
        notes = [row for form in forms for row in form.rows if row.kind == "note"]
        if forms and not any(_says(row, alert.say_on_device) for row in notes):
            report(finding("PACK_633", alert.place, "say_on_device", name=alert.name, near=_near(notes, alert),
                           informant=", ".join(_informants(alert))))  # fmt: skip


def _informants(alert: Alert) -> tuple[str, ...]:
    """Whose form shows it; anybody's where the alert names nobody."""
    return (alert.informant,) if alert.informant else INFORMANTS


def _says(row: SurveyRow, wanted: Text) -> bool:
    """Word for word, in every language of the alert; spaces and line breaks apart."""
    label = row.line.text("label")
    return all(_plain(_in(label, language)) == _plain(words) for language, words in wanted.items())


def _in(label: Text, language: str) -> str:
    return label.get(language, label.get("", ""))


def _plain(words: str) -> str:
    return " ".join(words.split())


def _near(notes: list[SurveyRow], alert: Alert) -> str:
    """The note somebody most likely meant, or ""."""
    language, wanted = next(iter(alert.say_on_device.items()))
    likeness = {row.name: _likeness(_in(row.line.text("label"), language), wanted) for row in notes}
    best = max(likeness, key=lambda name: likeness[name], default="")
    return best if best and likeness[best] >= _CLOSE else ""


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, _plain(one), _plain(other)).ratio()
