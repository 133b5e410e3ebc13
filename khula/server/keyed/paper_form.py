"""The plan of a form and a child in; what a sheet of paper asks, numbered, part by part, out; or why paper cannot.

Each question carries its number on the sheet, the same for every child. What is not to be asked of this child (Grade R
is asked no marks) is left out; what depends on an answer carries the condition that is left.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from khula.server.keyed.reckoning import NOT_KNOWN, Reckoning, Value, _NotKnown, unknown_in

Json = Any
LEARNER = "learner"
LETTERS = "abcdefghijklmnopqrstuvwxyz"
#: What can be written by hand and typed from it.
KINDS = frozenset(("note", "text", "number", "decimal", "date", "select1", "select", "trigger", "range"))


@dataclass(frozen=True)
class Choice:
    mark: str  # what stands on paper beside the box to tick, and is typed: 1, 2 …, or a, b …
    code: str
    label: str


@dataclass(frozen=True)
class Item:
    """A question, a note or a part of the form, in the order of the sheet."""

    node: int
    path: str
    kind: str  # of KINDS, or "part"
    number: int  # 0 of what is not answered
    label: str
    hint: str
    choices: tuple[Choice, ...]
    when: Json  # True, or the condition that is left
    inside: "tuple[Item, ...]"
    least: str = ""  # of a range
    most: str = ""

    @property
    def answered(self) -> bool:
        return self.number > 0


def language_number(plan: Json, language: str) -> int:
    return plan["langs"].index(language) if language in plan["langs"] else 0


def refusals(plan: Json) -> list[str]:
    """Names of questions that paper cannot ask, of functions it cannot work out; none of a form that can be printed."""
    found = [_name(plan, ask["d"]) for ask in _asks(plan["asks"]) if not _can_be_asked(plan, ask)]
    found += [_name(plan, number) for number, node in enumerate(plan["nodes"]) if len(node) > 2 and node[2].get("r")]
    found += [node[0] for node in plan["nodes"] if node[0] == "entity"]
    for _, _, runs, _ in plan["order"]:
        found += [f"{name}()" for name in sorted(unknown_in(runs))]
    for _, runs, *_ in plan["sets"]:
        found += [f"{name}()" for name in sorted(unknown_in(runs))]
    return list(dict.fromkeys(found))


def _can_be_asked(plan: Json, ask: Json) -> bool:
    if _is_learner(plan, ask):
        return True
    if ask["k"] not in KINDS or ask.get("x"):
        return False
    if "i" not in ask:
        return True
    rows = ask["i"][0]
    rows = rows[1] if rows and rows[0] == "randomize" else rows
    return bool(rows) and rows[0] == "#" and "c" in plan["lists"][rows[1]] and not unknown_in(rows)


def _is_learner(plan: Json, ask: Json) -> bool:
    return _name(plan, ask["d"]) == LEARNER


def _name(plan: Json, number: int) -> str:
    return plan["nodes"][number][0]


def _asks(asks: Sequence[Json]) -> Iterator[Json]:
    for ask in asks:
        if "g" in ask:
            yield from _asks(ask["g"])
        else:
            yield ask


def asked_nodes(plan: Json) -> frozenset[int]:
    """The nodes whose answers come from the paper."""
    return frozenset(ask["d"] for ask in _asks(plan["asks"]) if ask["k"] != "note" and not _is_learner(plan, ask))


def learner_nodes(plan: Json) -> frozenset[int]:
    return frozenset(number for number, node in enumerate(plan["nodes"]) if node[0] == LEARNER)


def path_of(plan: Json, number: int) -> str:
    """Below the root, as the door says it: "/group/question"."""
    names = []
    while plan["nodes"][number][1] >= 0:
        names.append(plan["nodes"][number][0])
        number = plan["nodes"][number][1]
    return "".join(f"/{name}" for name in reversed(names))


def blank(plan: Json, facts: Mapping[str, str], on: date) -> Reckoning:
    """The form before anything is answered, about this child."""
    given = dict.fromkeys(learner_nodes(plan), facts.get("name", ""))
    days = frozenset(n for n, node in enumerate(plan["nodes"]) if len(node) > 2 and node[2].get("p") == "date today")
    return Reckoning(plan, given, on, [facts], still_open=asked_nodes(plan) | days)


def sheet_of(plan: Json, facts: Mapping[str, str], on: date, language: str) -> tuple[Item, ...]:
    """What is asked about this child, in a language of the form (its first where it has not this one)."""
    return _Sheet(plan, facts, on, language).items


def questions_in(items: Sequence[Item]) -> Iterator[Item]:
    for item in items:
        if item.answered:
            yield item
        yield from questions_in(item.inside)


def said(plan: Json, reckoning: Reckoning, language: str, number: int | None) -> str:
    """A text of the form; where an answer would stand in it that is not known, a gap."""
    if number is None:
        return ""
    words = plan["words"][language_number(plan, language)][number]
    words = words.get("", "") if isinstance(words, dict) else words
    pieces = words if isinstance(words, list) else [words]
    return "".join(one if isinstance(one, str) else _in_text(reckoning, one) for one in pieces).strip()


def _in_text(reckoning: Reckoning, runs: Json) -> str:
    value = reckoning.value(["string", runs])
    return "…" if value is NOT_KNOWN else str(value)


class _Sheet:
    def __init__(self, plan: Json, facts: Mapping[str, str], on: date, language: str) -> None:
        self._plan = plan
        self._before = blank(plan, facts, on)
        self._language = language
        self._calculated = {number: runs for kind, number, runs, _ in plan["order"] if not kind}
        self._relevance = {number: runs for kind, number, runs, _ in plan["order"] if kind}
        self._next = 0
        self.items = tuple(self._read(plan["asks"], True))

    def _read(self, asks: Sequence[Json], on_sheet: bool) -> Iterator[Item]:
        for ask in asks:
            node = ask.get("d", -1)
            shown = on_sheet and (node < 0 or self._before.is_on(node) is not False)
            if "g" in ask:
                inside = tuple(self._read(ask["g"], shown))
                if shown and inside:
                    yield self._item(ask, node, "part", 0, inside)
            elif not _is_learner(self._plan, ask):
                note = ask["k"] == "note"
                self._next += not note
                if shown:
                    yield self._item(ask, node, ask["k"], 0 if note else self._next, ())

    def _item(self, ask: Json, node: int, kind: str, number: int, inside: tuple[Item, ...]) -> Item:
        least, most = (ask["s"][0], ask["s"][1]) if "s" in ask else ("", "")
        return Item(
            node=node,
            path=path_of(self._plan, node) if node >= 0 else "",
            kind=kind,
            number=number,
            label=self.said(ask.get("l")),
            hint=self.said(ask.get("h")),
            choices=tuple(self._choices(ask)) if "i" in ask else (),
            when=self._left_of(self._relevance.get(node, True)),
            inside=inside,
            least=least,
            most=most,
        )

    def _choices(self, ask: Json) -> Iterator[Choice]:
        """All that could be offered: which of them are is only known with the answers."""
        rows, code, label, _ = ask["i"]
        which = self._plan["lists"][(rows[1] if rows[0] == "randomize" else rows)[1]]
        met = self._before.rows_of(rows)
        every = [dict(zip(which["c"], cells, strict=True)) for cells in which["w"]]
        signs = LETTERS if any(self._opens_with_a_digit(row, label) for row in every) else None
        for place, row in enumerate(every):
            if met is None or row in met:
                mark = signs[place] if signs and place < len(signs) else str(place + 1)
                yield Choice(mark, str(row[code]), self._label(row, label))

    def _label(self, row: Mapping[str, Any], label: str) -> str:
        return self.said(row.get("#")) if label == "#" else str(row.get(label, ""))

    def _opens_with_a_digit(self, row: Mapping[str, Any], label: str) -> bool:
        """ "7 – Outstanding" beside a 1 would be typed as 7. In any language: a sheet is keyed in another one, too."""
        texts = [self._label(row, label)]
        if label == "#" and row.get("#") is not None:
            texts = [said(self._plan, self._before, language, row["#"]) for language in self._plan["langs"]]
        return any(text[:1].isdigit() for text in texts)

    def said(self, number: int | None) -> str:
        return said(self._plan, self._before, self._language, number)

    def _left_of(self, runs: Json) -> Json:
        """A condition without what is known already; True when nothing is left."""
        known: bool | _NotKnown | Value = self._before.holds(runs) if isinstance(runs, list) else runs
        if known is not NOT_KNOWN:
            return bool(known)
        if runs[0] in ("and", "or"):
            parts = [self._left_of(one) for one in runs[1:]]
            left = [one for one in parts if not isinstance(one, bool)]
            return left[0] if len(left) == 1 else [runs[0], *left]
        if (inner := self._behind(runs)) is not None:
            return self._left_of(inner)
        return runs

    def _behind(self, runs: Json) -> Json:
        """Of `${due} = 1`, where `due` is `if(condition, 1, 0)`: the condition."""
        if runs[0] != "=" or runs[2] != 1 or not isinstance(runs[1], list) or runs[1][0] != "@":
            return None
        calculation = self._calculated.get(runs[1][1])
        known = isinstance(calculation, list) and calculation[0] == "if" and calculation[2:] == [1, 0]
        return calculation[1] if known else None
