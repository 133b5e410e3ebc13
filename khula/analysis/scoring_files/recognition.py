"""Tables come in; what each of their columns is to a pack goes out, and which files are of one informant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from khula.analysis.answer_files import (
    DateOrder,
    FileUnreadable,
    Table,
    date_order,
    find_columns,
    plain_name,
)
from khula.analysis.packs.pack import Pack, Question

CHILD, WAVE = "child", "wave"
KEYS: Mapping[str, tuple[str, ...]] = {
    CHILD: ("child_id", "learner", "learner_id", "learner_number", "id"),
    WAVE: ("learner_wave", "wave_id", "round", "vague"),
}
FACTS: Mapping[str, tuple[str, ...]] = {
    "sex": ("learner_sex", "gender", "sexe", "geslag"),
    "birth_date": ("learner_birth_date", "dob", "date_of_birth", "birthdate", "date_de_naissance"),
    "date": (
        "measured_on",
        "measured_date",
        "today",
        "interview_date",
        "date_of_interview",
        "visit_date",
        "date_of_visit",
        "end",
        "submissiondate",
        "submission_date",
        "submission_time",
    ),
    "age_days": ("agedays", "age_in_days"),
    "age_months": ("agemonths", "agemons", "age_mo", "age_in_months"),
    "language": ("learner_language", "home_language", "langue"),
    "grade": ("learner_grade", "class_grade"),
}
MEASURED: Mapping[str, tuple[str, ...]] = {
    "weight_kg": ("weight", "wt", "wt_kg", "mass", "poids"),
    "height_cm": ("height", "ht", "ht_cm", "length", "stature", "taille"),
    "measured": ("measure", "position"),
    "oedema": ("edema", "oedeme"),
}
"""Headers of a table of measurements, for the health practitioner's questions that end in these names."""


_TAIL = re.compile(r"[/:]|(?<=\w)-(?=\w)")


@dataclass(frozen=True)
class AnswerFile:
    """One file with the columns that mean something to the pack. `facts` and `questions`: name -> column."""

    number: int
    table: Table
    child: str
    wave: str | None
    facts: Mapping[str, str]
    questions: Mapping[str, str]
    dates: Mapping[str, DateOrder]

    @property
    def name(self) -> str:
        return self.table.path.name

    @property
    def ignored(self) -> int:
        """Columns that mean nothing to the pack."""
        used = {self.child, self.wave, *self.facts.values(), *self.questions.values()}
        return len(set(self.table.columns) - used)


def recognise(
    pack: Pack, needed: Iterable[str], tables: Sequence[Table], told_order: str | None = None
) -> list[AnswerFile]:
    """Finds the child, the facts and the questions among `needed` in every file. Raises FileUnreadable."""
    questions = {name: pack.questions[name] for name in needed if name in pack.questions}
    files = [_recognised(questions, number, table, told_order) for number, table in enumerate(tables)]
    if len({file.wave is None for file in files}) > 1:
        without = ", ".join(file.name for file in files if file.wave is None)
        raise FileUnreadable("SCORE_003", files=without)
    return files


def _recognised(questions: Mapping[str, Question], number: int, table: Table, told_order: str | None) -> AnswerFile:
    keys = find_columns(table, KEYS)
    if CHILD not in keys:
        raise FileUnreadable("SCORE_001", file=table.path.name, columns=", ".join(table.columns[:12]))
    found = _questions_in(questions, table)
    facts = {name: column for name, column in _facts_in(table).items() if column not in found.values()}
    if not found and not facts:
        raise FileUnreadable("SCORE_002", file=table.path.name, columns=", ".join(table.columns[:12]))
    dates: dict[str, DateOrder] = {}
    for name in ("birth_date", "date"):
        if name in facts:
            dates[name] = date_order(table, facts[name], told_order)
    return AnswerFile(number, table, keys[CHILD], keys.get(WAVE), facts, found, dates)


def _facts_in(table: Table) -> dict[str, str]:
    """Several columns may be the date (start of the form, day of the visit): the best of them is taken."""
    others = find_columns(table, {name: words for name, words in FACTS.items() if name != "date"})
    plain = {plain_name(column): column for column in reversed(table.columns)}
    date = next((plain[word] for word in ("date", *FACTS["date"]) if word in plain), None)
    return others | ({"date": date} if date else {})


def _questions_in(questions: Mapping[str, Question], table: Table) -> dict[str, str]:
    """By name; then by the last part of a path, as exports write "food/c_supper"; then as a table of measurements."""
    found = {name: name for name in table.columns if name in questions}
    for column in table.columns:
        tail = _TAIL.split(column)[-1]
        if tail in questions and tail != column:
            if tail in found:
                raise FileUnreadable("FILE_007", file=table.path.name, meaning=tail, columns=f"{found[tail]}, {column}")
            found[tail] = column
    measured = find_columns(table, MEASURED)
    for meaning, column in measured.items():
        meant = [
            n for n, q in questions.items() if q.informant == "health" and (n == meaning or n.endswith(f"_{meaning}"))
        ]
        if len(meant) == 1 and meant[0] not in found and column not in found.values():
            found[meant[0]] = column
    return found


def groups_of(files: Sequence[AnswerFile]) -> list[list[AnswerFile]]:
    """Files that ask the same questions are one informant's, in parts: they are stacked. The others are merged."""
    groups: list[list[AnswerFile]] = []
    for file in files:
        alike = [group for group in groups if any(set(file.questions) & set(other.questions) for other in group)]
        groups = [group for group in groups if group not in alike] + [[*(x for group in alike for x in group), file]]
    return groups
