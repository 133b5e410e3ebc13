"""The words a cell may hold where only some words have a meaning; a cell with another word in, a finding out."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from khula.analysis.packs.findings import finding, nearest
from khula.analysis.packs.pack import Place
from khula.analysis.packs.reader import ROLES
from khula.analysis.packs.sheets import Report

METHODS = ("sum", "mean", "count", "any", "zscore", "expression", "rasch")
MISSING_RULES = ("none", "zero", "prorate")
FLAG_LEVELS = ("watch", "medium", "high")
URGENCIES = ("now", "today", "week")
WORDING = ("yes", "with-acknowledgement", "plug-in")
INDEX_UNITS = ("days", "months")
INDEXES = ("age_days", "age_months")
ADJUSTMENTS = ("none", "who3sd")
SENSITIVITIES = ("S0", "S1", "S2", "S3", "S4")
SEXES = ("male", "female")


def check_word(
    word: str, allowed: Collection[str], place: Place | None, column: str, report: Report, *, needed: bool = True
) -> bool:
    """Whether `word` is one of `allowed`; reports it when not. An empty cell is reported only when `needed`."""
    if word in allowed:
        return True
    if word:
        words = ", ".join(allowed)
        report(finding("PACK_034", place, column, value=word, allowed=words, near=nearest(word, allowed, 0.6)))
    elif needed:
        report(finding("PACK_028", place, column, hint=", ".join(allowed)))
    return False


def day_of(text: str) -> date | None:
    """The day a cell names as 2026-01-31; None when it names none."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.isoformat() == text else None


def check_roles(roles: Collection[str], place: Place | None, column: str, report: Report) -> None:
    for role in roles:
        if role not in ROLES:
            words = ", ".join(ROLES).replace("_", " ")
            near = nearest(role, ROLES, 0.6).replace("_", " ")
            report(finding("PACK_305", place, column, value=role.replace("_", " "), allowed=words, near=near))
