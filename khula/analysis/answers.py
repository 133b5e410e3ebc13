"""The raw texts of one child's submissions come in; typed answers go out, and why each other one is missing."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TypeAlias

from khula.analysis.expressions import Kind
from khula.analysis.packs.pack import MISSING_CODES, Pack, Question

Value: TypeAlias = int | float | str
"""An answer: whole numbers int, measured ones float, choices and texts str, dates int (days since 1970-01-01)."""

#: A whole number has at most nine digits, as in ODK Collect; a measured one stays below the same limit.
GREATEST_WHOLE = 999_999_999
GREATEST_DECIMAL = 1_000_000_000.0

BLANK, UNREADABLE = "blank", "unreadable"

_WHOLE = re.compile(r"[+-]?[0-9]{1,9}(?:\.0*)?")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_CODE_AS_NUMBER = re.compile(r"(-?[0-9]+)\.0+")
_WHOLE_CODE = re.compile(r"-?(?:0|[1-9][0-9]{0,8})")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_EPOCH = date(1970, 1, 1).toordinal()

_KINDS = {
    "integer": Kind.WHOLE,
    "decimal": Kind.DECIMAL,
    "range": Kind.DECIMAL,
    "date": Kind.DATE,
    "today": Kind.DATE,
    "select_multiple": Kind.CODES,
    "select_multiple_from_file": Kind.CODES,
    "rank": Kind.CODES,
}


@dataclass(frozen=True)
class Answers:
    """What was answered, and for every other question why not: blank, dk, refused, na or unreadable."""

    values: dict[str, Value] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    @property
    def unreadable(self) -> tuple[str, ...]:
        """Questions whose answer could not be read: to be shown to somebody, never guessed."""
        return tuple(name for name, reason in self.missing.items() if reason == UNREADABLE)


def kind_of(question: Question) -> Kind:
    """The kind of a question's answers. A select_one is a whole number when all its codes but dk, refused, na are."""
    if question.type in ("select_one", "select one") and question.choices:
        return Kind.WHOLE if whole_codes(question) else Kind.TEXT
    return _KINDS.get(question.type, Kind.TEXT)


def whole_codes(question: Question) -> tuple[int, ...]:
    """The codes of a question as whole numbers, ascending; empty when one of them is not a whole number."""
    codes = codes_of(question)
    return tuple(sorted(map(int, codes))) if codes and all(map(_WHOLE_CODE.fullmatch, codes)) else ()


def codes_of(question: Question) -> tuple[str, ...]:
    """The codes a question offers, without dk, refused and na."""
    return tuple(choice.name for choice in question.choices if choice.name not in MISSING_CODES)


def read_answers(pack: Pack, raw: Mapping[str, str]) -> Answers:
    """Reads one child's texts, by question name, as the types of the pack's questions.

    Names the pack does not know are left out. Never raises for an answer: what cannot be read becomes missing with
    the reason "unreadable", and a code that is not in the question's list counts as unreadable.
    """
    answers = Answers()
    for name, question in pack.questions.items():
        value, reason = read_answer(question, raw.get(name, ""))
        if value is None:
            answers.missing[name] = reason
        else:
            answers.values[name] = value
    return answers


def read_answer(question: Question, text: str) -> tuple[Value | None, str]:
    """One answer: (value, "") or (None, reason)."""
    text = text.strip()
    if not text:
        return None, BLANK
    if text in MISSING_CODES:
        return None, text
    kind = kind_of(question)
    if kind is Kind.CODES:
        return _several(question, text)
    if question.choices:
        return _chosen(question, text, kind)
    return _typed(kind, text)


def _several(question: Question, text: str) -> tuple[Value | None, str]:
    """Of "a dk" the choice stays and the doubt goes: an alert may hang on the choice."""
    codes = text.split()
    chosen = [code for code in codes if code not in MISSING_CODES]
    if not chosen:
        return None, codes[0]
    if question.choices and not set(chosen) <= set(codes_of(question)):
        return None, UNREADABLE
    return " ".join(chosen), ""


def _chosen(question: Question, text: str, kind: Kind) -> tuple[Value | None, str]:
    codes = codes_of(question)
    if text not in codes and (spreadsheet := _CODE_AS_NUMBER.fullmatch(text)):
        text = spreadsheet[1]  # a spreadsheet has made 1 into 1.0
    if text not in codes:
        return None, UNREADABLE
    return (int(text) if kind is Kind.WHOLE else text), ""


def _typed(kind: Kind, text: str) -> tuple[Value | None, str]:
    value: Value | None = None
    if kind is Kind.WHOLE:
        value = int(text.partition(".")[0]) if _WHOLE.fullmatch(text) else None
    elif kind is Kind.DECIMAL:
        value = _decimal(text)
    elif kind is Kind.DATE:
        value = _days(text)
    else:
        value = text
    return (value, "") if value is not None else (None, UNREADABLE)


def _decimal(text: str) -> float | None:
    if not _DECIMAL.fullmatch(text):
        return None
    value = float(text)
    return value if math.isfinite(value) and abs(value) < GREATEST_DECIMAL else None


def _days(text: str) -> int | None:
    """Days since 1970-01-01; of a date with a time only the date counts."""
    day = text[:10]
    if not _DATE.fullmatch(day) or (len(text) > 10 and text[10] not in "T "):
        return None
    try:
        return date.fromisoformat(day).toordinal() - _EPOCH
    except ValueError:
        return None
