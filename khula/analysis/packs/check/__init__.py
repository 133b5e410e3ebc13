"""A pack's workbooks in; everything that is wrong with them, each with place and cure, out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from khula.analysis.packs.check.conditions import check_conditions
from khula.analysis.packs.check.cutoffs import check_bands
from khula.analysis.packs.check.device_notes import check_device_notes
from khula.analysis.packs.check.domains import check_domains
from khula.analysis.packs.check.examples import check_examples
from khula.analysis.packs.check.licences import check_licences
from khula.analysis.packs.check.lower_bands import check_lower_bands
from khula.analysis.packs.check.names import check_names
from khula.analysis.packs.check.norms import check_norms, check_parameters
from khula.analysis.packs.check.questionnaires import check_forms
from khula.analysis.packs.check.scales import check_scales
from khula.analysis.packs.check.wording import check_wording
from khula.analysis.packs.findings import Finding, PackUnreadable
from khula.analysis.packs.reader import Reading, read

__all__ = ["Finding", "check_pack", "check_reading"]


def check_pack(source: Path | Mapping[str, bytes], *, on: date | None = None) -> list[Finding]:
    """Everything wrong with the pack in a folder (or in files by name), by file, sheet and row. Never raises.

    `on` is the day of the check, for licences that end; without it their days are only read.
    """
    try:
        return check_reading(read(source), on=on)
    except PackUnreadable as problem:
        return sorted(problem.findings)


def check_reading(reading: Reading, *, on: date | None = None) -> list[Finding]:
    """The same for a pack already read."""
    found = list(reading.findings)
    for check in (
        check_names,
        check_scales,
        check_bands,
        check_norms,
        check_parameters,
        check_domains,
        check_conditions,
        check_lower_bands,
        check_wording,
        check_forms,
        check_device_notes,
    ):
        check(reading, found.append)
    check_licences(reading, on, found.append)
    # An example is worked out only on sheets that say one thing: otherwise it would accuse the wrong row.
    check_examples(reading, found.append, sound=not any(_stops_scoring(one) for one in found))
    return sorted(_once(found))


def _stops_scoring(finding: Finding) -> bool:
    """Errors in a translation, a licence or a form's looks do not change what an answer means."""
    return finding.severity == "error" and not finding.code.startswith(("PACK_5", "PACK_6", "PACK_4"))


#: "It is empty" is no news about a cell that could not be read.
_EMPTY = frozenset({"PACK_028", "PACK_203", "PACK_206", "PACK_208", "PACK_303"})
_UNREAD = frozenset({"PACK_029", "PACK_030", "PACK_032", "PACK_033", "PACK_034", "PACK_035", "PACK_027"})


def _once(found: list[Finding]) -> list[Finding]:
    """Each finding once, and none that only follows from another about the same cell."""
    unread = {(one.file, one.sheet, one.row, one.column) for one in found if one.code in _UNREAD}
    whole_columns = {(one.file, one.sheet, 1, one.column) for one in found if one.code == "PACK_027"}
    kept: dict[tuple[object, ...], Finding] = {}
    for one in found:
        cells = {(one.file, one.sheet, row, one.column) for row in (one.row, 1)}
        if one.code in _EMPTY and cells & (unread | whole_columns):
            continue
        kept.setdefault((one, tuple(sorted(one.words.items()))), one)
    return list(kept.values())
