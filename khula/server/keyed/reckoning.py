"""The plan of a form and the answers known so far in; relevance and calculations out, "not known" where they are not.

It is the field app's evaluator (field/src/forms) in small, for forms that fit on paper: no repeats, no clock, no
chance. What it has no function for is refused before anything is printed (`paper_form.py`), not guessed.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

Json = Any
EPOCH = date(1970, 1, 1)


class _NotKnown:
    """What an answer that is still to come will decide. It is neither true nor false."""

    def __bool__(self) -> bool:
        raise TypeError("not known is neither true nor false")

    def __repr__(self) -> str:
        return "NOT_KNOWN"


NOT_KNOWN: Final = _NotKnown()
Value = str | float | int | bool | date | _NotKnown


@dataclass
class Reckoning:
    """One form, its answers, and what follows from them."""

    plan: Json
    given: Mapping[int, str]  # node -> text as an instance holds it
    on: date  # the day of the talk
    rows: Sequence[Mapping[str, str]]  # of the list of learners: the child's own
    still_open: frozenset[int] = frozenset()  # nodes whose answers are not known yet
    relevant: dict[int, bool | _NotKnown] = field(default_factory=dict)
    values: dict[int, Value] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for number, node in enumerate(self.plan["nodes"]):
            self.values[number] = self._opens_with(number, node[2] if len(node) > 2 else {})
        for number, runs, *_ in self.plan["sets"]:
            self.values[number] = self.value(runs)
        for kind, number, runs, _ in self.plan["order"]:
            if kind:
                self.relevant[number] = truth(self.value(runs))
            else:
                self.values[number] = self.value(runs)

    def _opens_with(self, number: int, more: Mapping[str, Json]) -> Value:
        if number in self.still_open:
            return NOT_KNOWN
        if more.get("p") == "date today":
            return self.on
        return typed(self.given.get(number, more.get("v", "")), more.get("t", ""))

    def is_on(self, number: int) -> bool | _NotKnown:
        """Relevant, and so is all it stands in."""
        found: bool | _NotKnown = True
        while number >= 0:
            here = self.relevant.get(number, True)
            if here is False:
                return False
            found = here if here is NOT_KNOWN else found
            number = self.plan["nodes"][number][1]
        return found

    def text(self, number: int) -> str:
        """What the instance holds of a node; nothing where it is not known."""
        value, more = self.values[number], self.plan["nodes"][number][2:]
        return "" if value is NOT_KNOWN else kept(value, more[0].get("t", "") if more else "")

    def holds(self, runs: Json) -> bool | _NotKnown:
        return truth(self.value(runs))

    def value(self, runs: Json, row: Mapping[str, str] | None = None) -> Value:
        if not isinstance(runs, list):
            return runs
        name, *given = runs
        if name in ("@", "^"):
            return self._node(given)
        if name == "#":
            return self._cell(given)
        if name in ("$", "=="):
            return self._of_row(name, given, row)
        if name in _LAZY:
            return _LAZY[name](self, given, row)
        if name == "today":
            return self.on
        if name not in _STRICT:
            return NOT_KNOWN
        values = [self.value(one, row) for one in given]
        return NOT_KNOWN if any(one is NOT_KNOWN for one in values) else _STRICT[name](*values)

    def _node(self, given: Sequence[Json]) -> Value:
        if len(given) > 1:
            return NOT_KNOWN
        on = self.is_on(given[0])
        if on is False:
            return ""
        return self.values[given[0]] if on is True or self.values[given[0]] == "" else NOT_KNOWN

    def _cell(self, given: Sequence[Json]) -> Value:
        found = self.rows_of(["#", *given])
        return NOT_KNOWN if found is None else str(found[0].get(given[1], "") or "") if found else ""

    def rows_of(self, runs: Json) -> list[Mapping[str, Any]] | None:
        """Rows of a list that meet its conditions; None while that is not known."""
        if runs[0] == "randomize":
            runs = runs[1]
        which = self.plan["lists"][runs[1]]
        rows = [dict(zip(which["c"], cells, strict=True)) for cells in which["w"]] if "c" in which else list(self.rows)
        for condition in (one for group in (runs[3] if len(runs) > 3 else []) for one in group):
            met = [truth(self.value(condition, row)) for row in rows]
            if any(one is NOT_KNOWN for one in met):
                return None
            rows = [row for row, one in zip(rows, met, strict=True) if one]
        return rows

    def _of_row(self, name: str, given: Sequence[Json], row: Mapping[str, str] | None) -> Value:
        cell = str((row or {}).get(given[0], "") or "")
        if name == "$":
            return cell
        other = self.value(given[1], row)
        return NOT_KNOWN if other is NOT_KNOWN else _equal(cell, other)

    def _and(self, given: Sequence[Json], row: Mapping[str, str] | None) -> Value:
        return _all([truth(self.value(one, row)) for one in given])

    def _or(self, given: Sequence[Json], row: Mapping[str, str] | None) -> Value:
        nor = _all([_not(truth(self.value(one, row))) for one in given])
        return _not(nor)

    def _if(self, given: Sequence[Json], row: Mapping[str, str] | None) -> Value:
        decides = truth(self.value(given[0], row))
        return NOT_KNOWN if decides is NOT_KNOWN else self.value(given[1 if decides else 2], row)

    def _coalesce(self, given: Sequence[Json], row: Mapping[str, str] | None) -> Value:
        first = self.value(given[0], row)
        if first is NOT_KNOWN:
            return NOT_KNOWN
        return self.value(given[1], row) if first == "" or first != first else first


# --- values -----------------------------------------------------------------------------------------------------------


def typed(text: str, kind: str) -> Value:
    """A text as a node of this type has it; times are not reckoned with."""
    text = text.strip() if kind else text
    if not text:
        return ""
    if kind in ("int", "decimal"):
        return _number(text)
    if kind == "boolean":
        return text in ("1", "true")
    if kind == "date":
        return as_day(text) or ""
    return NOT_KNOWN if kind in ("time", "dateTime") else text


def kept(value: Value, kind: str) -> str:
    """A value as the instance holds it (JavaRosa's text of it)."""
    if value == "" or value != value:
        return ""
    if isinstance(value, bool) or kind == "boolean":
        return "1" if truth(value) else "0"
    if isinstance(value, int | float):
        if kind == "decimal":
            return java_text(float(value))
        whole = math.trunc(value)
        return str(whole) if kind == "int" or abs(value - whole) < 1e-9 else java_text(value)
    return value.isoformat() if isinstance(value, date) else str(value)


def java_text(value: float) -> str:
    """A double as Java writes it where forms meet it: 23.0, 0.5, 1.0E7."""
    size = abs(value)
    if not size or 1e-3 <= size < 1e7:
        return repr(float(value))
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    first, *rest = map(str, digits)
    return f"{'-' * sign}{first}.{''.join(rest) or '0'}E{int(exponent) + len(rest)}"


def as_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip()[:10])
    except ValueError:
        return None


def truth(value: Value) -> bool | _NotKnown:
    if value is NOT_KNOWN:
        return NOT_KNOWN
    if isinstance(value, float | int) and not isinstance(value, bool):
        return abs(value) > 1e-12
    return isinstance(value, date) or bool(value)


def _not(value: bool | _NotKnown) -> bool | _NotKnown:
    return NOT_KNOWN if value is NOT_KNOWN else not value


def _all(values: Sequence[bool | _NotKnown]) -> bool | _NotKnown:
    if any(one is False for one in values):
        return False
    return NOT_KNOWN if any(one is NOT_KNOWN for one in values) else True


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        whole = math.trunc(value) if math.isfinite(value) else 0
        return str(whole) if math.isfinite(value) and abs(value - whole) < 1e-12 else java_text(value)
    return value.isoformat() if isinstance(value, date) else str(value)


def _number(value: Value) -> float:
    if isinstance(value, date):
        return (value - EPOCH).days
    if not isinstance(value, str):
        return float(value)
    text = value.replace(",", ".").strip()
    try:
        return float(text) if re.fullmatch(r"[-.\d]+", text) else math.nan
    except ValueError:
        return math.nan


def _equal(one: Value, other: Value) -> bool:
    if isinstance(one, bool) or isinstance(other, bool):
        return truth(one) == truth(other)
    if isinstance(one, int | float) or isinstance(other, int | float):
        return abs(_number(one) - _number(other)) < 1e-12
    return _text(one) == _text(other)


def _date(value: Value) -> Value:
    if isinstance(value, date):
        return value
    if isinstance(value, str):
        return as_day(value) or ""
    return EPOCH + timedelta(days=math.trunc(value)) if value == value else value


def _divided(one: Value, other: Value) -> float:
    above, below = _number(one), _number(other)
    if below:
        return above / below
    return math.nan if not above or above != above else math.copysign(math.inf, above)


def _rounded(value: Value, places: Value = 0) -> float:
    number, to = _number(value), 10 ** int(_number(places))
    return math.floor(number * to + 0.5) / to if math.isfinite(number) else number


def _chosen(value: Value) -> list[str]:
    return _text(value).split()


def _matches(text: Value, pattern: Value) -> Value:
    try:
        return re.fullmatch(_text(pattern), _text(text)) is not None
    except re.error:
        return NOT_KNOWN


_LAZY: Mapping[str, Callable[[Reckoning, Sequence[Json], Mapping[str, str] | None], Value]] = {
    "and": Reckoning._and,
    "or": Reckoning._or,
    "if": Reckoning._if,
    "coalesce": Reckoning._coalesce,
}
_STRICT: Mapping[str, Callable[..., Value]] = {
    "=": _equal,
    "!=": lambda a, b: not _equal(a, b),
    "<": lambda a, b: _number(a) < _number(b),
    "<=": lambda a, b: _number(a) <= _number(b),
    ">": lambda a, b: _number(a) > _number(b),
    ">=": lambda a, b: _number(a) >= _number(b),
    "+": lambda a, b: _number(a) + _number(b),
    "-": lambda a, b: _number(a) - _number(b),
    "*": lambda a, b: _number(a) * _number(b),
    "div": _divided,
    "neg": lambda a: -_number(a),
    "not": lambda a: not truth(a),
    "boolean": lambda a: truth(a),
    "number": _number,
    "int": lambda a: math.trunc(_number(a)) if math.isfinite(_number(a)) else _number(a),
    "round": _rounded,
    "string": _text,
    "date": _date,
    "decimal-date-time": lambda a: _number(_date(a)) if _date(a) != "" else "",
    "selected": lambda a, b: _text(b).strip() in _chosen(a),
    "is-selected": lambda a, b: _text(b).strip() in _chosen(a),
    "count-selected": lambda a: len(_chosen(a)),
    "concat": lambda *all_: "".join(map(_text, all_)),
    "contains": lambda a, b: _text(b) in _text(a),
    "starts-with": lambda a, b: _text(a).startswith(_text(b)),
    "ends-with": lambda a, b: _text(a).endswith(_text(b)),
    "string-length": lambda a: len(_text(a)),
    "normalize-space": lambda a: " ".join(_text(a).split()),
    "regex": _matches,
}
#: What an expression may be made of; a form with anything else is not printed.
KNOWN: Final = frozenset(("@", "^", "#", "==", "$", "today", "randomize")) | _LAZY.keys() | _STRICT.keys()


def unknown_in(runs: Json) -> set[str]:
    """Names of functions in an expression that this reckoning has not."""
    if not isinstance(runs, list) or not runs:
        return set()
    if runs[0] in ("@", "^"):
        return set() if len(runs) == 2 else {"[…]"}
    if runs[0] == "#":
        return {name for group in (runs[3] if len(runs) > 3 else []) for one in group for name in unknown_in(one)}
    if runs[0] == "==":
        return unknown_in(runs[2])
    if runs[0] == "$":
        return set()
    own = {runs[0]} - KNOWN if isinstance(runs[0], str) else set()
    return own.union(*(unknown_in(one) for one in runs[1:]))
