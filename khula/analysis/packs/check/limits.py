"""A pack in; for each of its names the kind of its values, which values it can have and between which numbers, out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from khula.analysis.answers import codes_of, kind_of, whole_codes
from khula.analysis.expressions import ExpressionError, Kind, Number, Words
from khula.analysis.packs.check.leaves import in_order, readable
from khula.analysis.packs.check.vocabulary import SEXES
from khula.analysis.packs.pack import Derive, Pack, Question, Scale
from khula.analysis.packs.reader import REGISTER, Reading
from khula.analysis.plan.order import CONTEXT_KINDS, kind_of_derive, kind_of_param, kind_of_scale, params_of
from khula.analysis.plan.problems import PlanError

_CHOSEN = ("select_one", "select_multiple", "rank")


@dataclass(frozen=True)
class Limits:
    """Lowest and highest possible value, both included."""

    lowest: Fraction
    highest: Fraction


def kinds(pack: Pack) -> dict[str, Kind]:
    """The kind of every name whose own row can be understood; the others are left out."""
    found = dict(CONTEXT_KINDS)
    found |= {name: kind_of(question) for name, question in pack.questions.items()}
    found |= {name: kind_of_param(rows) for name, rows in params_of(pack).items()}
    scales = frozenset(pack.scales)
    for name in in_order(pack):
        try:
            if name in pack.scales:
                found[name] = kind_of_scale(pack.scales[name], found, scales)
            else:
                found[name] = kind_of_derive(pack.derive[name], found, scales)
        except (PlanError, ExpressionError):
            continue
    return found


#: property of a learner in the list -> the fact it becomes
_FACTS = {"home_language": "language", "language": "language", "grade": "grade"}


def codes_of_facts(reading: Reading) -> dict[str, tuple[str, ...]]:
    """The codes of facts about the child, from the choices of the form that enrols one. Sex is always the same two."""
    found: dict[str, tuple[str, ...]] = {"sex": SEXES}
    for form in reading.forms:
        if form.form.informant != REGISTER or form.choices is None:
            continue
        for row in form.rows:
            fact = _FACTS.get(row.line["save_to"].rpartition("#")[2])
            listed = [line["name"] for line in form.choices if line["list_name"] == row.argument]
            if fact and listed:
                found[fact] = tuple(dict.fromkeys(listed))
    return found


def codes(pack: Pack, name: str) -> tuple[str, ...]:
    """The codes a question or derived value can be compared with; empty when it may be anything."""
    question = pack.questions.get(name)
    if question is not None:
        return codes_of(question) if question.type in _CHOSEN else ()
    texts = [_written_text(line) for line in pack.derive.get(name, ()) if line.value != "missing"]
    return tuple(dict.fromkeys(text for text in texts if text)) if texts and all(texts) else ()


def _written_text(line: Derive) -> str:
    node = readable(line.value)
    return node.value if isinstance(node, Words) else ""


def limits(pack: Pack, name: str) -> Limits | None:
    """Between which numbers the name lies, or None when nothing limits it."""
    if question := pack.questions.get(name):
        return _of_codes(question)
    if scale := pack.scales.get(name):
        return scale_limits(scale)
    numbers = [_written_number(line) for line in pack.derive.get(name, ()) if line.value != "missing"]
    known = [number for number in numbers if number is not None]
    return Limits(min(known), max(known)) if known and len(known) == len(numbers) else None


def _of_codes(question: Question) -> Limits | None:
    whole = whole_codes(question) if question.type == "select_one" else ()
    return Limits(Fraction(whole[0]), Fraction(whole[-1])) if whole else None


def _written_number(line: Derive) -> Fraction | None:
    node = readable(line.value)
    return node.value if isinstance(node, Number) else None


def scale_limits(scale: Scale) -> Limits | None:
    """The lowest and the highest score, from the limits of the items."""
    if not scale.items:
        return None
    if scale.method == "any":
        return Limits(Fraction(0), Fraction(1))
    if scale.method == "count":
        return Limits(Fraction(0), Fraction(len(scale.items)))
    if scale.item_min is None or scale.item_max is None or scale.item_min > scale.item_max:
        return None
    if scale.method == "mean":
        return Limits(Fraction(scale.item_min), Fraction(scale.item_max))
    if scale.method == "sum":
        lowest = min(0, scale.item_min) if scale.missing == "zero" else scale.item_min
        return Limits(Fraction(lowest * len(scale.items)), Fraction(scale.item_max * len(scale.items)))
    return None


def step(scale: Scale, kinds_of_names: Mapping[str, Kind]) -> Fraction | None:
    """The distance between two neighbouring scores, or None when scores may lie anywhere."""
    if scale.method in ("zscore", "rasch"):
        return Fraction(1, 100)
    if scale.round is not None:
        return Fraction(1, 10**scale.round)
    return Fraction(1) if kinds_of_names.get(scale.name) is Kind.WHOLE else None
