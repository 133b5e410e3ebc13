"""A pack that was read in and the day; licences that have ended, and last days that are no day, out."""

from __future__ import annotations

from datetime import date

from khula.analysis.packs.check.vocabulary import day_of
from khula.analysis.packs.findings import finding
from khula.analysis.packs.reader import Reading
from khula.analysis.packs.sheets import Report

COLUMN = "licence_expires"


def check_licences(reading: Reading, on: date | None, report: Report) -> None:
    """On its last day a licence still holds. Without the day of the check nothing has ended."""
    for line in reading.tables.get("instruments") or ():
        written = line[COLUMN]
        if not written:
            continue
        last = day_of(written)
        if last is None:
            report(finding("PACK_236", line.place, COLUMN, value=written))
        elif on is not None and last < on:
            report(finding("PACK_507", line.place, COLUMN, name=line["instrument"], value=written))
