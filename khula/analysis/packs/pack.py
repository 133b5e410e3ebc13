"""A pack in memory: what its workbooks say, row by row, with the place each row stands in.

Nothing here judges; `check.py` does. Texts are mappings from language code ("en", "fr") to words.
Numbers that decide a band are kept as the text of the sheet and as exact integers over a power of ten.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Text = Mapping[str, str]
"""Language code -> words."""

#: Facts about the child that every pack may name in a condition without asking for them.
#: sex: "male" or "female"; age_days: int; age_months: float (exact, age_days / 30.4375);
#: language and grade: text codes, as in the register.
CONTEXT = ("sex", "age_days", "age_months", "language", "grade")

LEVELS = ("low", "watch", "medium", "high")
NOT_ENOUGH = "not enough information"
MISSING_CODES = frozenset({"dk", "refused", "na"})


@dataclass(frozen=True)
class Place:
    """Where something stands: "caregiver.xlsx", sheet "survey", row 14 (as the spreadsheet counts)."""

    file: str
    sheet: str
    row: int


@dataclass(frozen=True)
class Choice:
    name: str
    label: Text = field(default_factory=dict)
    place: Place | None = None


@dataclass(frozen=True)
class Question:
    """One question or calculation of a form. Names are unique in the pack."""

    name: str
    form: str  # form_id
    informant: str  # child, caregiver, teacher, health
    type: str  # XLSForm's first word: select_one, select_multiple, integer, decimal, text, date, calculate …
    label: Text = field(default_factory=dict)
    choices: tuple[Choice, ...] = ()
    relevant: str = ""
    path: str = ""  # place in the XForm instance, e.g. "/data/food/c_supper"
    place: Place | None = None
    sensitivity: str = ""  # column khula::sensitivity, S0 (public) … S4 (sealed); who may read it is the server's


@dataclass(frozen=True)
class Form:
    """One XLSForm of the pack. `workbook` is its file name in the folder."""

    form_id: str
    version: str
    # child, caregiver, teacher, health; "register" enrols a child; the forms beside the voices: reader.BESIDE
    informant: str
    workbook: str
    title: Text = field(default_factory=dict)
    languages: tuple[str, ...] = ()
    media: tuple[str, ...] = ()


@dataclass(frozen=True)
class Instrument:
    name: str
    label: Text
    informant: str
    form: str
    status: str
    may_ship_wording: str  # yes | with-acknowledgement | plug-in
    licence: str
    source: str
    age_from: str = ""
    age_to: str = ""
    languages: str = ""
    place: Place | None = None


@dataclass(frozen=True)
class Derive:
    """One line of a decision table. First true line wins."""

    name: str
    when: str  # "" is always true
    value: str  # an expression, or "missing"
    if_unknown: str = ""  # "" = stop (missing); "next" = try the next line
    place: Place | None = None


@dataclass(frozen=True)
class Scale:
    name: str
    instrument: str
    label: Text
    method: str  # sum, mean, count, any, zscore, expression, rasch
    items: tuple[str, ...]  # ranges already written out; for "expression": empty
    expression: str = ""
    reverse: tuple[str, ...] = ()
    item_min: int | None = None
    item_max: int | None = None
    missing: str = "none"  # none, zero, prorate
    min_answered: int | None = None  # a percentage in the sheet is already a number of items here
    round: int | None = None
    norm: str = ""
    index: str = ""
    strength: bool = False  # a protective factor: shown among the strengths
    source: str = ""
    place: Place | None = None


@dataclass(frozen=True)
class Band:
    """Scores from `start` (inclusive) to `below` (exclusive); None is open. Exact decimals as text."""

    scale: str
    band: str
    label: Text
    start: str | None
    below: str | None
    sex: str = ""
    language: str = ""
    grade: str = ""
    age_from: str = ""  # months
    age_to: str = ""  # months, exclusive
    informant: str = ""
    source: str = ""
    place: Place | None = None


@dataclass(frozen=True)
class Norm:
    """A reference table for an age range. `file` is a built-in name ("who:bmi_for_age") or a CSV in the pack."""

    norm: str
    file: str
    index_unit: str  # days or months
    age_from: str
    age_to: str
    adjust: str = "none"  # none or who3sd
    implausible_below: str = ""
    implausible_above: str = ""
    not_if: str = ""
    source: str = ""
    place: Place | None = None


@dataclass(frozen=True)
class Flag:
    name: str
    domain: str
    level: str  # watch, medium, high
    informant: str
    when: str
    say: Text
    suggest: str = ""  # code of a kind of service
    about: str = ""  # topic; informants are compared only on flags about the same thing, "" with nobody
    place: Place | None = None


@dataclass(frozen=True)
class Strength:
    """Something that helps the child: shown beside the risks, never subtracted from them."""

    name: str
    domain: str
    informant: str
    when: str
    say: Text
    place: Place | None = None


@dataclass(frozen=True)
class Domain:
    name: str
    label: Text
    needs: tuple[str, ...]
    needs_at_least: int
    place: Place | None = None


@dataclass(frozen=True)
class Alert:
    name: str
    when: str
    urgency: str  # now, today, week
    tell: tuple[str, ...]
    say_on_device: Text
    say: Text = field(default_factory=dict)
    informant: str = ""
    hide_from: tuple[str, ...] = ()
    law: str = ""
    form: str = ""
    place: Place | None = None


@dataclass(frozen=True)
class Example:
    """One row of the sheet `tests`: answers in, scores and flags out."""

    test: str
    given: str
    expect: str
    source: str = ""
    place: Place | None = None


@dataclass(frozen=True)
class Param:
    param: str
    valid_from: str
    value: str
    source: str
    place: Place | None = None


@dataclass(frozen=True)
class Pack:
    name: str
    version: str
    title: Text
    languages: tuple[str, ...]
    forms: tuple[Form, ...]
    questions: Mapping[str, Question]
    instruments: Mapping[str, Instrument]
    derive: Mapping[str, tuple[Derive, ...]]  # in the order of the sheet
    scales: Mapping[str, Scale]
    bands: tuple[Band, ...]
    norms: tuple[Norm, ...]
    flags: Mapping[str, Flag]
    strengths: Mapping[str, Strength]
    domains: Mapping[str, Domain]
    alerts: Mapping[str, Alert]
    examples: tuple[Example, ...]
    params: tuple[Param, ...]
    tables: Mapping[str, str] = field(default_factory=dict)  # CSV files of the pack, name -> text
    content_hash: str = ""  # sha256 over every file of the folder, in order of name
