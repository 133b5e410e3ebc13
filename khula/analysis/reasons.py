"""One child's typed answers and the name of a flag come in; why the flag is true goes out, in words a page can show.

The leaves are what somebody said or measured: a question with its answer and who gave it, a score with its band and
cut-off, a fact about the child. Only what made the condition true is named: of an `or` the parts that are true. The
truth of every part is computed by the same plan as the flag itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Literal

import msgspec

from khula.analysis.answers import Value
from khula.analysis.expressions import And, Call, Kind, Name, Node, Or, children, infer, parse
from khula.analysis.one_child import Result, compile_for_one_child
from khula.analysis.packs.pack import Alert, Band, Flag, Pack, Scale, Strength, Text
from khula.analysis.plan import kinds_of, plan_with_truths, specificity
from khula.analysis.plan.plan import bands_of

FACTS: Mapping[str, Text] = {
    "sex": {"en": "Sex", "fr": "Sexe"},
    "age_days": {"en": "Age in days", "fr": "Âge en jours"},
    "age_months": {"en": "Age in months", "fr": "Âge en mois"},
    "language": {"en": "Home language", "fr": "Langue de la maison"},
    "grade": {"en": "Grade", "fr": "Classe"},
    "assessed_on": {"en": "Day of the assessment", "fr": "Jour de l’évaluation"},
}


class Ground(msgspec.Struct, frozen=True):
    """One thing a flag rests on.

    `said`: the answer's label, the score or the fact, as text; "" when it is missing (a flag may rest on that).
    `band` and its label, `start` (from, inclusive) and `below`: the cut-offs of the row that holds for this child,
    as written in the pack; `holds_for` the children it is meant for ({"sex": "female", "age_from": "60"}); `norm` the
    norm set. `items`: what a score was made of; of "any" and "count" only what counted.
    """

    name: str
    sort: Literal["answer", "score", "fact", "derived", "parameter"]
    label: str
    said: str
    informant: str = ""
    band: str = ""
    band_label: str = ""
    start: str | None = None
    below: str | None = None
    holds_for: dict[str, str] = {}
    norm: str = ""
    source: str = ""
    items: tuple[Ground, ...] = ()


class Reason(msgspec.Struct, frozen=True):
    """Why a flag, a strength or an alert is as it is. Without truth there are no grounds."""

    name: str
    true: bool | None
    level: str  # watch, medium, high; "strength"; of an alert its urgency
    domain: str
    informant: str
    say: str
    suggest: str
    grounds: tuple[Ground, ...]


def why(pack: Pack, values: Mapping[str, Value], name: str, language: str = "en") -> Reason:
    """Why one flag, strength or alert is true for a child.

    `values`: typed answers by question (`answers.read_answers`) together with the facts sex, age_days or age_months,
    language, grade. For several names make an `Explainer` once. Raises `KeyError` for a name the pack does not have.
    """
    return explainer_for(pack).why(values, name, language)


def explainer_for(pack: Pack) -> Explainer:
    """An explainer, kept by the pack's content hash."""
    key = pack.content_hash
    if not key or key not in _kept:
        if len(_kept) > _MOST_KEPT:
            _kept.clear()
        _kept[key] = Explainer(pack)
    return _kept[key]


_MOST_KEPT = 16
_kept: dict[str, Explainer] = {}


class Explainer:
    """A pack made ready to be explained: made once (some tenths of a second)."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self.kinds = kinds_of(pack)
        plan, self.truths = plan_with_truths(pack)
        self._assess: Callable[[Mapping[str, object]], Result] = compile_for_one_child(plan, told=True)

    def why(self, values: Mapping[str, Value], name: str, language: str = "en") -> Reason:
        return self.child(values, language).why(name)

    def child(self, values: Mapping[str, Value], language: str = "en") -> ExplainedChild:
        """One child, computed once, to be asked about any number of flags."""
        return ExplainedChild(self, values, self._assess(values), language)

    def rule(self, name: str) -> Flag | Strength | Alert:
        for table in (self.pack.flags, self.pack.strengths, self.pack.alerts):
            if name in table:
                rule: Flag | Strength | Alert = table[name]
                return rule
        raise KeyError(name)


@dataclass(frozen=True)
class ExplainedChild:
    """One child's results with the truth of every part of every condition."""

    explainer: Explainer
    values: Mapping[str, Value]
    flat: Result
    language: str

    @property
    def pack(self) -> Pack:
        return self.explainer.pack

    def why(self, name: str) -> Reason:
        """The reason for one flag, strength or alert. Raises `KeyError` for an unknown name."""
        rule = self.explainer.rule(name)
        node = parse(rule.when)
        truth = self.truth(node)
        grounds = tuple(self.grounds(node)) if truth else ()
        level = rule.level if isinstance(rule, Flag) else rule.urgency if isinstance(rule, Alert) else "strength"
        domain = "" if isinstance(rule, Alert) else rule.domain
        suggest = rule.suggest if isinstance(rule, Flag) else ""
        return Reason(name, truth, level, domain, rule.informant, self.words(rule.say), suggest, grounds)

    def true_flags(self) -> tuple[Reason, ...]:
        """The reasons of all flags that are true, in the order of the sheet."""
        return tuple(self.why(name) for name in self.pack.flags if self.flat[f"flag__{name}"])

    def words(self, text: Text) -> str:
        return text.get(self.language) or text.get("en") or next(iter(text.values()), "")

    def truth(self, node: Node) -> bool | None:
        truth = self.flat[self.explainer.truths[node]]
        assert truth is None or isinstance(truth, bool)
        return truth

    # -- which leaves

    def grounds(self, node: Node) -> Iterator[Ground]:
        """What made a condition what it is, each name once."""
        seen: dict[str, Ground] = {}
        for name in self.leaves(node):
            for ground in self.behind(name):
                seen.setdefault(ground.name, ground)
        yield from seen.values()

    def leaves(self, node: Node) -> Iterator[str]:
        """The names that decided: of an `or` that is true the true parts, of an `and` that is false the false ones."""
        if isinstance(node, Name):
            yield node.name
            return
        for part in self.deciding(node):
            yield from self.leaves(part)

    def deciding(self, node: Node) -> tuple[Node, ...]:
        if isinstance(node, (And, Or)):
            return self.like(node, node.parts)
        if not isinstance(node, Call):
            return children(node)
        if node.function == "at-least":
            return self.like(node, node.args[1:])
        if node.function == "if":
            truth = self.truth(node.args[0])
            return node.args if truth is None else (node.args[0], node.args[1] if truth else node.args[2])
        if node.function == "coalesce" and infer(node, self.explainer.kinds) is not Kind.CONDITION:
            known = (arg for arg in node.args if self.truth(Call("answered", (arg,))))
            first = next(known, None)
            return node.args if first is None else (first,)
        return node.args

    def like(self, node: Node, parts: tuple[Node, ...]) -> tuple[Node, ...]:
        """The parts with the truth of the whole; all of them when none has it."""
        whole = self.truth(node)
        return tuple(part for part in parts if self.truth(part) is whole) or parts

    def behind(self, name: str) -> Iterator[Ground]:
        """A derived value is told by what it was derived from; everything else by itself."""
        if name in self.pack.derive:
            yield from self.derived(name)
        else:
            yield self.ground(name)

    def derived(self, name: str) -> Iterator[Ground]:
        """The line that won; where it has no condition of its own, what made the lines above it untrue."""
        rejected: list[Node] = []
        for line in self.pack.derive[name]:
            node = parse(line.when) if line.when else None
            truth = True if node is None else self.truth(node)
            if truth or (truth is None and line.if_unknown != "next"):
                decided = [node] if node is not None else rejected
                values = [] if line.value == "missing" else [parse(line.value)]
                for part in (*decided, *values):
                    yield from self.grounds(part)
                return
            if node is not None:
                rejected.append(node)
        yield from (ground for node in rejected for ground in self.grounds(node))

    # -- what is said of each

    def ground(self, name: str) -> Ground:
        pack = self.pack
        if name in pack.scales:
            return self.score(pack.scales[name])
        if name in pack.questions:
            return self.answer(name)
        value = self.flat.get(name, self.values.get(name))
        if name in FACTS:
            return Ground(name, "fact", self.words(FACTS[name]), self.shown(name, value))
        return self.parameter(name)

    def answer(self, name: str) -> Ground:
        question = self.pack.questions[name]
        value = self.values.get(name)
        labels = {choice.name: self.words(choice.label) or choice.name for choice in question.choices}
        said = self.shown(name, value)
        if value is not None and question.choices:
            codes = str(value).split() if self.explainer.kinds[name] is Kind.CODES else [str(value)]
            said = ", ".join(labels.get(code, code) for code in codes)
        return Ground(name, "answer", self.words(question.label) or name, said, question.informant)

    def parameter(self, name: str) -> Ground:
        """The newest row valid on the day of the assessment, as the plan takes it."""
        day = self.values.get("assessed_on")
        rows = [row for row in self.pack.params if row.param == name]
        valid = [row for row in rows if not isinstance(day, int) or _day(row.valid_from) <= day]
        row = max(valid, key=lambda row: row.valid_from, default=None)
        return Ground(name, "parameter", name, row.value if row else "", source=row.source if row else "")

    def score(self, scale: Scale) -> Ground:
        name = scale.name
        band = self.flat[f"{name}__band"]
        row = self.band_row(scale, str(band)) if band is not None else None
        instrument = self.pack.instruments.get(scale.instrument)
        norms = [norm for norm in self.pack.norms if norm.norm == scale.norm]
        sources = dict.fromkeys(text for text in (row.source if row else "", scale.source) if text)
        return Ground(
            name,
            "score",
            self.words(scale.label) or name,
            self.shown(name, self.flat[name]),
            instrument.informant if instrument else "",
            str(band or ""),
            (self.words(row.label) or row.band) if row else "",
            row.start if row else None,
            row.below if row else None,
            _facts_of(row) if row else {},
            (norms[0].source or norms[0].norm) if norms else "",
            "; ".join(sources or dict.fromkeys(norm.source for norm in norms if norm.source)),
            tuple(self.items(scale)),
        )

    def items(self, scale: Scale) -> Iterator[Ground]:
        told = scale.items
        if scale.method in ("any", "count"):
            told = tuple(name for name in told if self.flat.get(name, self.values.get(name)) not in (None, 0))
        for name in told:
            yield from self.behind(name)

    def band_row(self, scale: Scale, band: str) -> Band | None:
        """The row of the band that holds for this child: its facts first, then the score."""
        rows = [row for row in bands_of(self.pack, scale) if row.band == band and self.is_meant(row)]
        score = self.flat[scale.name]
        holding = [row for row in rows if not isinstance(score, (int, float)) or _holds(row, score)]
        return max(holding or rows, key=specificity, default=None)

    def is_meant(self, row: Band) -> bool:
        """Facts that are not known rule no row out."""
        flat = self.flat
        told = ((row.sex, flat["sex"]), (row.language, flat["language"]), (row.grade, flat["grade"]))
        if any(wanted and known is not None and wanted != known for wanted, known in told):
            return False
        age = flat["age_months"]
        if not isinstance(age, float):
            return True
        return not (row.age_from and age < float(row.age_from)) and not (row.age_to and age >= float(row.age_to))

    def shown(self, name: str, value: object) -> str:
        if value is None:
            return ""
        if self.explainer.kinds.get(name) is Kind.DATE and isinstance(value, int):
            return date.fromordinal(value + _EPOCH).isoformat()
        if isinstance(value, float):
            return f"{value:.2f}".rstrip("0").rstrip(".")
        return str(value)


_EPOCH = date(1970, 1, 1).toordinal()


def _day(text: str) -> int:
    return date.fromisoformat(text).toordinal() - _EPOCH


def _facts_of(row: Band) -> dict[str, str]:
    facts = {"sex": row.sex, "language": row.language, "grade": row.grade}
    facts |= {"age_from": row.age_from, "age_to": row.age_to}
    return {name: fact for name, fact in facts.items() if fact}


def _holds(row: Band, score: float) -> bool:
    """To nine digits: the row has been decided exactly before, here it is only found again."""
    near = Fraction(score).limit_denominator(10**9)
    return (row.start is None or near >= Fraction(row.start)) and (row.below is None or near < Fraction(row.below))
