"""What somebody typed from a sheet in; answers as an instance holds them, and what is wrong or does not fit, out.

Wrong is what cannot be read: it is put right before anything is kept as finished. What does not fit (an answer to a
question that was not to be asked, beyond the form's own bounds, or left out) may stand so on the paper.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from khula.server.keyed.paper_form import (
    Item,
    asked_nodes,
    learner_nodes,
    path_of,
    questions_in,
    said,
)
from khula.server.keyed.reckoning import Reckoning, java_text

Json = Any
#: The day of the talk stands on the sheet like a question, and is keyed like one.
DAY = "/today"
MOST_LETTERS = 5000
_NOT_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class Problem:
    place: str  # of the question in the form
    number: int  # on the sheet; 0: the day of the talk
    words: str


class CannotRead(Exception):
    """The words say what to type instead."""


@dataclass
class Checked:
    answers: dict[str, str] = field(default_factory=dict)  # place -> answer; nothing for what is blank
    wrong: list[Problem] = field(default_factory=list)
    unfit: list[Problem] = field(default_factory=list)

    @property
    def on(self) -> date | None:
        return date.fromisoformat(self.answers[DAY]) if DAY in self.answers else None


def clean(typed: str) -> str:
    """Without what no text may hold; as typed otherwise."""
    return _NOT_TEXT.sub("", typed)[:MOST_LETTERS]


def check(
    plan: Json, items: Sequence[Item], facts: Mapping[str, str], typed: Mapping[str, str], *, today: date, language: str
) -> Checked:
    found = Checked()
    try:
        found.answers[DAY] = _day_of_talk(typed.get(DAY, ""), today)
    except CannotRead as problem:
        found.wrong.append(Problem(DAY, 0, str(problem)))
    for item in questions_in(items):
        try:
            answer = read(plan, item, typed.get(item.path, ""))
        except CannotRead as problem:
            found.wrong.append(Problem(item.path, item.number, str(problem)))
        else:
            if answer:
                found.answers[item.path] = answer
    if not found.wrong:
        found.unfit = unfit(plan, items, facts, found.answers, language)
    return found


def read(plan: Json, item: Item, typed: str) -> str:
    """One answer as an instance holds it; "" of a blank. Raises CannotRead."""
    text = " ".join(clean(typed).split())
    if not text:
        return ""
    if item.kind == "text":
        return text
    written = _type_of(plan, item)
    if item.kind == "range":
        return _in_range(item, _decimal(text) if written == "decimal" else _whole(text))
    readers: Mapping[str, Callable[[], str]] = {
        "select1": lambda: _chosen(item, text, most=1),
        "select": lambda: _chosen(item, text, most=len(item.choices)),
        "number": lambda: _whole(text),
        "decimal": lambda: _decimal(text),
        "date": lambda: _day(text).isoformat(),
        "trigger": lambda: "OK",
    }
    return readers[item.kind]()


def shown(item: Item, answer: str) -> str:
    """An answer in words a person compares with the paper."""
    if item.choices and answer:
        labels = {one.code: f"{one.mark} {one.label}" for one in item.choices}
        return ", ".join(labels.get(code, code) for code in answer.split())
    return answer


def _type_of(plan: Json, item: Item) -> str:
    more = plan["nodes"][item.node][2:]
    return str(more[0].get("t", "")) if more else ""


def _chosen(item: Item, text: str, most: int) -> str:
    marks = [one for one in re.split(r"[\s,;/+.]+", text.lower()) if one]
    by_mark = {one.mark: one for one in item.choices}
    if not all(one in by_mark for one in marks):
        raise CannotRead(_("Type what stands beside the ticked box: %(marks)s.") % {"marks": ", ".join(by_mark)})
    if len(set(marks)) > most:
        raise CannotRead(
            _("Only one box may be ticked here. If two are, ask who filled in the sheet, or leave it blank.")
        )
    return " ".join(one.code for one in item.choices if one.mark in marks)


def _whole(text: str) -> str:
    if not re.fullmatch(r"[-+]?[0-9]{1,10}", text) or not -(2**31) <= int(text) < 2**31:
        raise CannotRead(_("This is no whole number. Type digits only, such as 7."))
    return str(int(text))


def _decimal(text: str) -> str:
    if not re.fullmatch(r"[-+]?([0-9]{1,10}[.,]?[0-9]{0,10}|[.,][0-9]{1,10})", text):
        raise CannotRead(_("This is no number. Type digits, such as 7 or 7.5."))
    return java_text(float(text.replace(",", ".")))


def _in_range(item: Item, answer: str) -> str:
    if not float(item.least) <= float(answer) <= float(item.most):
        words = {"least": item.least, "most": item.most}
        raise CannotRead(_("Type a number from %(least)s to %(most)s.") % words)
    return answer


def _day(text: str) -> date:
    """2026-03-02, 2/3/2026 or 2.3.2026: the day before the month, as it is written here."""
    numbers = [int(one) for one in re.findall(r"[0-9]{1,4}", text)]
    tidy = re.fullmatch(r"[0-9]{1,4}([-/. ])[0-9]{1,2}\1[0-9]{1,4}", text) and len(numbers) == 3
    if tidy:
        year, month, day = numbers if numbers[0] > 31 else reversed(numbers)
        try:
            if year > 31:
                return date(year, month, day)
        except ValueError:
            pass
    raise CannotRead(_("There is no such day. Type day, month and year, such as 2/3/2026."))


def _day_of_talk(typed: str, today: date) -> str:
    text = " ".join(clean(typed).split())
    if not text:
        raise CannotRead(_("Type the day of the talk. If the sheet has none, ask who filled it in."))
    day = _day(text)
    if day > today:
        raise CannotRead(_("This day has not come yet. Look at the sheet again."))
    return day.isoformat()


# --- what does not fit ------------------------------------------------------------------------------------------------


def reckon(plan: Json, facts: Mapping[str, str], answers: Mapping[str, str]) -> Reckoning:
    """The form with these answers, as a tablet would have it."""
    given = {number: answers[path] for number in asked_nodes(plan) if (path := path_of(plan, number)) in answers}
    given |= dict.fromkeys(learner_nodes(plan), facts.get("name", ""))
    return Reckoning(plan, given, date.fromisoformat(answers[DAY]), [facts])


def unfit(
    plan: Json, items: Sequence[Item], facts: Mapping[str, str], answers: Mapping[str, str], language: str
) -> list[Problem]:
    """Each with what becomes of it, in the order of the sheet."""
    form = reckon(plan, facts, answers)
    return [
        Problem(item.path, item.number, words)
        for item in questions_in(items)
        if (words := _why_unfit(plan, form, item, answers.get(item.path, ""), language))
    ]


def _why_unfit(plan: Json, form: Reckoning, item: Item, answer: str, language: str) -> str:
    more = plan["nodes"][item.node][2] if len(plan["nodes"][item.node]) > 2 else {}
    on = form.is_on(item.node) is not False
    if not answer:
        required = on and "q" in more and form.holds(more["q"]) is True
        return said(plan, form, language, more.get("qm")) or _("The form wants an answer here.") if required else ""
    if not on:
        return _("This was not to be asked, going by the other answers. It will be left out.")
    if not _keeps_bounds(plan, form, item, answer):
        words = said(plan, form, language, more.get("cm")) or _("This answer does not keep to the rule of the form.")
        return f"{words} " + _("As it stands, it will be left out.")
    return ""


def _keeps_bounds(plan: Json, form: Reckoning, item: Item, answer: str) -> bool:
    more = plan["nodes"][item.node][2] if len(plan["nodes"][item.node]) > 2 else {}
    if "c" in more and form.holds(more["c"]) is False:
        return False
    return not item.choices or all(code in _offered(plan, form, item) for code in answer.split())


def _offered(plan: Json, form: Reckoning, item: Item) -> set[str]:
    ask = _ask_of(plan["asks"], item.node)
    rows = form.rows_of(ask["i"][0])
    return {one.code for one in item.choices} if rows is None else {str(row[ask["i"][1]]) for row in rows}


def _ask_of(asks: Iterable[Json], node: int) -> Json:
    for ask in asks:
        if "g" in ask:
            if (found := _ask_of(ask["g"], node)) is not None:
                return found
        elif ask["d"] == node:
            return ask
    return None


def fitting(
    plan: Json, items: Sequence[Item], facts: Mapping[str, str], answers: Mapping[str, str]
) -> tuple[dict[str, str], list[int]]:
    """The answers that a tablet would have kept, and the numbers of the questions whose answers are left out."""
    kept, out = dict(answers), []
    for _round in range(len(answers) + 1):  # leaving one out may make another one unfit
        form = reckon(plan, facts, kept)
        gone = [
            item
            for item in questions_in(items)
            if item.path in kept
            and (form.is_on(item.node) is False or not _keeps_bounds(plan, form, item, kept[item.path]))
        ]
        if not gone:
            break
        for item in gone:
            del kept[item.path]
            out.append(item.number)
    return kept, sorted(out)
