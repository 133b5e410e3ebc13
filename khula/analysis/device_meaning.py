"""A pack comes in; the plan by which a device assesses one child itself goes out, as compact JSON (the fourth emitter).

The same typed core the other evaluators print: `field/src/meaning/` reads it. A term is written as a run of whole
numbers, operator first: below 0 an operator (-1 is the first of OPERATORS), from 0 on a slot. Slots are the inputs,
then the constants, then the bindings in order. Nothing in it is about any child.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import TypeAlias

import msgspec

from khula.analysis.answers import codes_of, kind_of
from khula.analysis.expressions import Kind, names_in, parse
from khula.analysis.growth import Reference
from khula.analysis.packs.pack import CONTEXT, Norm, Pack, Scale
from khula.analysis.plan import Plan, plan_of
from khula.analysis.plan.domains import informants_of, raising_flags
from khula.analysis.plan.norms import norms_of, reference_of
from khula.analysis.plan.terms import DECIMAL, Term
from khula.analysis.plan.values import EXACT_IN_A_DOUBLE

Json: TypeAlias = object

OPERATORS = (
    # two arguments; missing exactly when one is, or when divided by 0. `meaning/terms.js` holds the same order
    "add", "subtract", "multiply", "floor_divide", "remainder", "divide", "equals", "less", "at_least", "has_code",
    "lookup",
    # one argument; missing exactly when it is; `big` makes a whole number fit to compute beyond 2^53
    "as_decimal", "as_whole", "floor", "not", "finite", "big",
    # any number of arguments, written before them
    "and", "or", "first_known", "sum_known", "count_known",
    # one, three and five arguments
    "is_missing", "choose", "growth",
)  # fmt: skip
_COUNTED = frozenset({"and", "or", "first_known", "sum_known", "count_known"})
_ARITHMETIC = frozenset({"add", "subtract", "multiply", "floor_divide", "remainder", "sum_known"})
_PASSED_ON = frozenset({"choose", "first_known", "floor_divide", "remainder"})
_BESIDE: Mapping[str, str] = {"has_code": "has_code", "lookup": "lookup", "named": "lookup", "growth": "growth"}
"""Operators whose value stands beside the arguments, as one more, and how the device knows them."""

_KINDS: Mapping[Kind, str] = {Kind.WHOLE: "w", Kind.DECIMAL: "d", Kind.DATE: "D", Kind.CODES: "c", Kind.TEXT: "t"}
_LEVEL_ORDER = {"high": 0, "medium": 1}

APART: Mapping[str, float] = {"weight": 0.35, "height": 0.75}
"""Kilograms or centimetres. Two readings this far apart ask for a third, as the health form does."""


def device_plan(pack: Pack) -> bytes:
    """The plan with everything a device needs to read answers, assess, and say what must be said at once."""
    return _Emitter(pack, plan_of(pack)).emit()


@dataclass
class _Emitter:
    pack: Pack
    plan: Plan
    slots: dict[str, int] = field(default_factory=dict)
    constants: list[Json] = field(default_factory=list)
    _places: dict[tuple[str, object], int] = field(default_factory=dict)

    def emit(self) -> bytes:
        pack, plan = self.pack, self.plan
        inputs = sorted(plan.inputs)
        bindings = [binding for layer in plan.layers for binding in layer]
        outputs = (*plan.outputs, *plan.told)
        terms = [*(binding.term for binding in bindings), *(output.term for output in outputs)]
        self.slots = {name: at for at, name in enumerate(inputs)}
        for term in terms:
            self.collect(term)
        first = len(inputs) + len(self.constants)
        self.slots |= {binding.name: first + at for at, binding in enumerate(bindings)}
        written: list[int] = []
        for term in terms:
            self.write(term, written)
        content = {
            "pack": pack.name,
            "version": pack.version,
            "hash": pack.content_hash,
            "inputs": [self.input(name) for name in inputs],
            "constants": self.constants,
            "bound": len(bindings),
            "terms": written,
            "named": self.named(),
            "told": [output.name for output in plan.told],
            "scales": [self.scale(scale) for scale in pack.scales.values()],
            "flags": [[flag.name, flag.level] for flag in pack.flags.values()],
            "strengths": [[name] for name in pack.strengths],
            "domains": [self.domain(name) for name in pack.domains],
            "alerts": [[alert.name, alert.urgency, alert.informant] for alert in pack.alerts.values()],
            "words": self.words(),
            "measures": self.measures(),
        }
        assert first == len(inputs) + len(self.constants), "a constant came after the slots were given"
        return msgspec.json.encode(content)

    # -- terms

    def collect(self, term: Term) -> None:
        """Gives every constant a slot, before the bindings get theirs."""
        if term.operator in _BESIDE or term.operator == "constant":
            self.constant(term.value)
        for arg in term.args:
            self.collect(arg)

    def constant(self, value: object) -> int:
        """Its slot; equal ones share it."""
        key = (type(value).__name__, value)
        if key not in self._places:
            self._places[key] = len(self.plan.inputs) + len(self.constants)
            self.constants.append(_constant(value))
        return self._places[key]

    def write(self, term: Term, into: list[int]) -> None:
        if term.operator == "column":
            into.append(self.slots[str(term.value)])
            return
        if term.operator == "constant":
            into.append(self.constant(term.value))
            return
        widest = any(map(_is_beyond, term.args))
        if term.operator in _PASSED_ON and widest and not _is_beyond(term):
            into.append(_code("as_decimal"))  # small again, whatever it was made of
        into.append(_code(_BESIDE.get(term.operator, term.operator)))
        if term.operator in _COUNTED:
            into.append(len(term.args))
        if term.operator == "growth":
            into.append(self.constant(term.value))
        for arg in term.args:
            if term.operator in _ARITHMETIC and (widest or _is_beyond(term)):
                into.append(_code("big"))
            self.write(arg, into)
        if term.operator in ("has_code", "lookup", "named"):
            into.append(self.constant(term.value))

    # -- what surrounds them

    def named(self) -> list[str]:
        """Derived values and scales in the order of the outputs; the device makes the names of all columns of them."""
        pack = self.pack
        named = [
            output.name for output in self.plan.outputs if output.name in pack.derive or output.name in pack.scales
        ]
        names = list(CONTEXT)
        for name in named:
            names += [name, *(f"{name}__{part}" for part in ("band", "could_be", "answered") if name in pack.scales)]
        for sheet, rows in (("flag", pack.flags), ("strength", pack.strengths), ("alert", pack.alerts)):
            names += [f"{sheet}__{name}" for name in rows]
        for name in pack.domains:
            names += [f"{name}__{part}" for part in ("level", "have", "could_be", "differ")]
        assert names == [output.name for output in self.plan.outputs]
        return named

    def input(self, name: str) -> list[Json]:
        """[name, how it is read, codes]; of a fact, which is told, [name, how it is written, nothing, 1]."""
        question = self.pack.questions.get(name)
        if question is None:
            return [name, "d" if self.plan.inputs[name] == DECIMAL else "t", None, 1]
        read: list[Json] = [name, _KINDS[kind_of(question)]]
        return [*read, codes_of(question)] if question.choices else read

    def scale(self, scale: Scale) -> list[Json]:
        """[name, number of items, whether its score is a measured number or a quotient, norm rows of a z-score]."""
        items = names_in(parse(scale.expression)) if scale.method == "expression" else scale.items
        output = next(output for output in self.plan.outputs if output.name == scale.name)
        told: list[Json] = [scale.name, len(items), int(output.term.sort == DECIMAL)]
        if scale.method != "zscore":
            return told
        return [*told, [self.norm(norm) for norm in norms_of(self.pack, scale)]]

    def norm(self, norm: Norm) -> list[Json]:
        """[from how many months, below how many, which constant is its table]."""
        table = self.constant(reference_of(self.pack, norm)) - len(self.plan.inputs)
        return [_months(norm.age_from), _months(norm.age_to), table]

    def domain(self, name: str) -> list[Json]:
        """[name, needs, how many at least, places of its flags, the highest level first, places for each informant]."""
        domain = self.pack.domains[name]
        places = {flag: at for at, flag in enumerate(self.pack.flags)}
        flags = [flag for flag in self.pack.flags.values() if flag.domain == name]
        voices = {
            who: [places[flag.name] for flag in raising_flags(self.pack, name) if flag.informant == who]
            for who in informants_of(self.pack, name)
        }
        highest_first = sorted(flags, key=lambda flag: _LEVEL_ORDER.get(flag.level, 2))
        return [name, domain.needs, domain.needs_at_least, [places[flag.name] for flag in highest_first], voices]

    def words(self) -> Json:
        """Language → what is named or said: domains, alerts on the device, why."""
        pack = self.pack
        texts = {
            "domains": {name: domain.label for name, domain in pack.domains.items()},
            "alerts": {name: alert.say_on_device for name, alert in pack.alerts.items()},
            "flags": {name: flag.say for name, flag in pack.flags.items()},
            "strengths": {name: strength.say for name, strength in pack.strengths.items()},
        }
        return {
            language: {
                sheet: {name: text[language] for name, text in rows.items() if text.get(language)}
                for sheet, rows in texts.items()
            }
            for language in pack.languages
        }

    def measures(self) -> dict[str, Json]:
        """weight and height → the question, how far apart two readings may be, the z-scores that need it."""
        found: dict[str, tuple[str, list[str]]] = {}
        for scale in self.pack.scales.values():
            if scale.method == "zscore":
                for kind, item in self.measured(scale):
                    question = self.asked(item)
                    if question and found.setdefault(kind, (question, []))[0] == question:
                        found[kind][1].append(scale.name)
        return {kind: [question, APART[kind], scales] for kind, (question, scales) in found.items()}

    def measured(self, scale: Scale) -> Iterable[tuple[str, str]]:
        if len(scale.items) == 2:
            return zip(("weight", "height"), scale.items, strict=True)
        files = {norm.file for norm in norms_of(self.pack, scale)}
        return [(kind, scale.items[0]) for kind in APART if files == {f"who:{kind}_for_age"}]

    def asked(self, name: str) -> str | None:
        """The measured question behind a name, through derived values."""
        if name in self.pack.questions:
            return name if kind_of(self.pack.questions[name]) in (Kind.DECIMAL, Kind.WHOLE) else None
        lines = self.pack.derive.get(name, ())
        names = [each for line in lines if line.value != "missing" for each in sorted(names_in(parse(line.value)))]
        return next((found for each in names if (found := self.asked(each))), None)


@cache
def _code(operator: str) -> int:
    return -1 - OPERATORS.index(operator)


def _is_beyond(term: Term) -> bool:
    """A whole number that a double may not hold exactly."""
    return term.sort.name == "whole" and max(-term.sort.low, term.sort.high) > EXACT_IN_A_DOUBLE


def _constant(value: object) -> Json:
    """As JSON can say it: what a double does not hold, and infinity, as a text in a list; a lookup as its rows."""
    if isinstance(value, float) and math.isinf(value):
        return ["Infinity" if value > 0 else "-Infinity"]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > EXACT_IN_A_DOUBLE:
        return [str(value)]
    if isinstance(value, Reference):
        return _written_reference(value)
    if isinstance(value, tuple):
        pairs = enumerate(value) if all(isinstance(each, str) for each in value) else value
        return {"rows": [[key, _constant(each)] for key, each in pairs]}
    return value


def _months(text: str) -> float | None:
    return float(Fraction(text)) if text else None


# -- growth tables ------------------------------------------------------------------------------------------------


def _written_reference(reference: Reference) -> Json:
    return {
        "seam": reference.seam_months if math.isfinite(reference.seam_months) else None,
        "extend": int(reference.extend),
        "byDay": _runs(reference.by_day),
        "byMonth": _runs(reference.by_month),
    }


def _runs(rows: Mapping[tuple[str, int], Sequence[float]]) -> list[Json]:
    """[sex, first index, number of rows, goes on past the last row, l, m, s] for each run without a gap."""
    written: list[Json] = []
    for sex in ("male", "female"):
        run: list[int] = []
        for index in sorted(index for each, index in rows if each == sex):
            if run and index != run[-1] + 1:
                written.append(_run(rows, sex, run))
                run = []
            run.append(index)
        if run:
            written.append(_run(rows, sex, run))
    return written


def _run(rows: Mapping[tuple[str, int], Sequence[float]], sex: str, run: Sequence[int]) -> list[Json]:
    columns = [_column([rows[sex, index][at] for index in run]) for at in range(3)]
    return [sex, run[0], len(run), int(not math.isnan(rows[sex, run[-1]][3])), *columns]


def _column(numbers: Sequence[float]) -> list[Json]:
    """[decimals, second differences of the numbers as whole ones]; smooth tables become small and alike.

    A whole number below 2^53 over a power of ten, divided once, is the number as it was read. Where they are too
    fine for that: [-1, the numbers].
    """
    exact = [Decimal(repr(number)) for number in numbers]
    decimals = max(0, *(-int(number.as_tuple().exponent) for number in exact))
    whole = [int(number * 10**decimals) for number in exact] if decimals <= 22 else []
    if not whole or max(map(abs, whole)) * 4 > EXACT_IN_A_DOUBLE:
        return [-1, *numbers]
    for _ in range(2):
        whole = [here - before for here, before in zip(whole, [0, *whole], strict=False)]
    while len(whole) > 1 and whole[-1] == 0:  # a constant column needs no rows
        whole.pop()
    return [decimals, *whole]
