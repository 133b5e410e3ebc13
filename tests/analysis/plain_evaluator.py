"""The oracle: a slow, plain reading of a pack's own sheets for one child. It shares no plan with the evaluators.

Exact numbers are fractions, measured ones floats, missing is None, conditions are True, False or None. Everything is
written as the sheets and GLOSSARY say it, never for speed. `assess_plainly(pack, values)` gives the flat result.
"""

from __future__ import annotations

import csv
import functools
import itertools
import math
import re
from datetime import date
from fractions import Fraction

from khula.analysis.expressions import (
    And,
    Arithmetic,
    Call,
    Compare,
    Kind,
    Minus,
    Name,
    Not,
    Number,
    Or,
    Words,
    infer,
    names_in,
)
from khula.analysis.expressions import (
    parse as parse_once,
)
from khula.analysis.growth import read_reference, who_reference, z_from
from khula.analysis.packs.pack import CONTEXT, NOT_ENOUGH, Pack
from khula.analysis.plan import kinds_of

LEVELS = ("high", "medium")
parse = functools.cache(parse_once)


def assess_plainly(pack: Pack, values: dict, kinds: dict | None = None) -> dict:
    return _Child(pack, values, kinds if kinds is not None else kinds_of(pack)).result()


class _Child:
    def __init__(self, pack: Pack, values: dict, kinds: dict) -> None:
        self.pack, self.kinds = pack, kinds
        self.given = {name: _exact(value) for name, value in values.items() if value is not None}
        days = values.get("age_days")
        if days is not None:
            self.given["age_months"] = days / 30.4375
        self.memory: dict = {}

    def result(self) -> dict:
        pack = self.pack
        flat = {name: _out(self.given.get(name)) for name in CONTEXT}
        flat |= {name: _out(self.named(name)) for name in pack.derive}
        for name in pack.scales:
            scale = self.scale(name)
            flat |= {name: _out(scale["score"]), f"{name}__band": scale["band"], f"{name}__could_be": scale["could_be"]}
            flat[f"{name}__answered"] = scale["answered"]
        flags = {name: self.true(parse(flag.when)) for name, flag in pack.flags.items()}
        flat |= {f"flag__{name}": truth for name, truth in flags.items()}
        flat |= {f"strength__{name}": self.true(parse(row.when)) for name, row in pack.strengths.items()}
        flat |= {f"alert__{name}": self.true(parse(row.when)) for name, row in pack.alerts.items()}
        for name, domain in pack.domains.items():
            flat |= self.domain(name, domain, flags)
        return flat

    # -- names

    def named(self, name: str):
        if name not in self.memory:
            self.memory[name] = self.look_up(name)
        return self.memory[name]

    def look_up(self, name: str):
        pack = self.pack
        if name in pack.scales:
            return self.scale(name)["score"]
        if name in pack.derive:
            return self.derived(name)
        if any(row.param == name for row in pack.params):
            return self.parameter(name)
        return self.given.get(name)

    def derived(self, name: str):
        """The first line that is true; an unknown one stops, unless it says `next`."""
        for line in self.pack.derive[name]:
            truth = self.true(parse(line.when)) if line.when else True
            if truth is None and line.if_unknown != "next":
                return None
            if truth:
                if line.value == "missing":
                    return None
                value = self.value(parse(line.value))
                value = Fraction(value) if isinstance(value, bool) else value
                if value is not None and self.kinds[name] is Kind.DECIMAL:
                    value = float(value)
                    return value if math.isfinite(value) else None
                return value
        return None

    def parameter(self, name: str):
        day = self.given.get("assessed_on")
        rows = sorted((row for row in self.pack.params if row.param == name), key=lambda row: row.valid_from)
        if day is not None:
            rows = [row for row in rows if _days(row.valid_from) <= day]
        if not rows:
            return None
        return rows[-1].value if self.kinds[name] is Kind.TEXT else Fraction(rows[-1].value)

    # -- expressions

    def true(self, node):
        truth = self.value(node)
        assert truth is None or isinstance(truth, bool)
        return truth

    def value(self, node):
        match node:
            case Number():
                return node.value
            case Words():
                return node.value
            case Name():
                return self.named(node.name)
            case Not():
                truth = self.true(node.of)
                return None if truth is None else not truth
            case And():
                truths = self.truths(node, And, "!=")
                return False if False in truths else None if None in truths else True
            case Or():
                truths = self.truths(node, Or, "=")
                return True if True in truths else None if None in truths else False
            case Compare():
                if asked := _band_asked(node):
                    return self.is_among(asked[0], {asked[1]}, node.op == "=")
                return _compare(node.op, self.value(node.left), self.value(node.right))
            case Minus():
                return _arithmetic("-", Fraction(0), self.value(node.of))
            case Arithmetic():
                return _arithmetic(node.op, self.value(node.left), self.value(node.right))
            case Call():
                return self.call(node)
        raise AssertionError(node)

    def truths(self, node, sort, op: str) -> list:
        """The parts' truths; all bands of one scale that an `or` asks for (an `and` excludes) are one part."""
        parts = _flat(node, sort)
        bands: dict[str, set[str]] = {}
        truths = []
        for part in parts:
            asked = _band_asked(part)
            if asked and part.op == op:
                bands.setdefault(asked[0], set()).add(asked[1])
            else:
                truths.append(self.true(part))
        return truths + [self.is_among(scale, names, op == "=") for scale, names in bands.items()]

    def is_among(self, scale: str, names: set[str], wanted: bool):
        """Whether the band is one of these (`wanted`), or none of them, in view of every band it may have."""
        possible = self.scale(scale)["possible"]
        if possible and possible <= names:
            return wanted
        if possible and None not in possible and not possible & names:
            return not wanted
        return None

    def call(self, node: Call):
        if node.function == "band":
            return self.scale(node.args[0].name)["band"]
        if node.function == "missing":
            return self.value(node.args[0]) is None
        if node.function == "answered":
            return self.value(node.args[0]) is not None
        if node.function == "at-least":
            truths = [self.true(arg) for arg in node.args[1:]]
            wanted = node.args[0].value
            if truths.count(True) >= wanted:
                return True
            return False if truths.count(True) + truths.count(None) < wanted else None
        if node.function == "selected":
            answer = self.value(node.args[0])
            if isinstance(answer, str):
                codes = answer.split() if self.kinds[node.args[0].name] is Kind.CODES else [answer]
                return node.args[1].value in codes
            return _compare("=", answer, node.args[1].value)
        return self.of_one_kind(node)

    def of_one_kind(self, node: Call):
        """coalesce and if: the result has the kind that holds every argument."""
        kind = infer(node, self.kinds)
        if node.function == "coalesce":
            known = [value for value in map(self.value, node.args) if value is not None]
            return _as_kind(known[0], kind) if known else None
        condition = self.true(node.args[0])
        one, two = (_as_kind(self.value(arg), kind) for arg in node.args[1:])
        if condition is None:
            return one if one is not None and two is not None and one == two else None
        return one if condition else two

    # -- scales

    def scale(self, name: str) -> dict:
        key = ("scale", name)
        if key not in self.memory:
            self.memory[key] = self.scored(self.pack.scales[name])
        return self.memory[key]

    def scored(self, scale) -> dict:
        if scale.method == "expression":
            names = names_in(parse(scale.expression))
            value = self.value(parse(scale.expression))
            value = Fraction(value) if isinstance(value, bool) else value
            if isinstance(value, float) and not math.isfinite(value):
                value = None
            score = _round(value, scale.round)
            return self.plain_score(scale, score, sum(self.named(each) is not None for each in names))
        if scale.method == "zscore":
            values = [self.named(item) for item in scale.items]
            return self.plain_score(scale, self.growth(scale, values), sum(value is not None for value in values))
        items = [self.item(scale, item) for item in scale.items]
        answered = sum(item is not None for item in items)
        if scale.method == "rasch":
            return self.plain_score(scale, self.rasch(scale, items), answered)
        return self.totalled(scale, items, answered)

    def plain_score(self, scale, score, answered: int) -> dict:
        band = self.band(scale, [score]) if score is not None else None
        possible = {band} if score is not None else set()
        return {"score": score, "band": band, "could_be": None, "answered": answered, "possible": possible}

    def item(self, scale, name: str):
        value = self.named(name)
        if value is None:
            return None
        if scale.item_min is not None and value < scale.item_min:
            return None
        if scale.item_max is not None and value > scale.item_max:
            return None
        if name in scale.reverse:
            value = scale.item_min + scale.item_max - value
        if scale.method in ("any", "count"):
            value = Fraction(value != 0)
        return value

    def totalled(self, scale, items: list, answered: int) -> dict:
        score = self.total(scale, items, answered)
        band = self.band(scale, [score]) if score is not None else None
        could_be, possible = None, {band} if score is not None else set()
        low, high = (0, 1) if scale.method in ("any", "count") else (scale.item_min, scale.item_max)
        if low is not None and high is not None:
            complete = [[item if item is not None else limit for item in items] for limit in (low, high)]
            lowest, highest = (self.total(scale, every, len(items)) for every in complete)
            if score is None:
                between = [cut for cut in self.cuts(scale) if lowest < cut <= highest]
                band = self.band(scale, [lowest, *between])
                possible = {self.band(scale, [each]) for each in (lowest, *between)}
            elif band is not None:
                bands = [self.band(scale, [each]) for each in (highest, lowest)]
                could_be = next((other for other in bands if other is not None and other != band), None)
        return {"score": score, "band": band, "could_be": could_be, "answered": answered, "possible": possible}

    def total(self, scale, items: list, answered: int):
        known = [item for item in items if item is not None]
        n = len(items)
        if scale.method == "any":
            return Fraction(1) if any(known) else None if len(known) < n else Fraction(0)
        rule = scale.missing or "none"
        least = n if rule == "none" or scale.min_answered is None else max(1, scale.min_answered)
        if answered < min(least, n):
            return None
        total = Fraction(sum(known))
        if scale.method == "mean":
            score = total / (len(known) if rule == "prorate" else n)
        else:
            score = total * n / len(known) if rule == "prorate" else total
        if scale.method != "mean" and rule != "prorate":
            return score
        return _round(score, scale.round)

    def rasch(self, scale, items: list):
        if None in items:
            return None
        norm = next(norm for norm in self.pack.norms if norm.norm == scale.norm)
        for row in csv.DictReader(self.pack.tables[norm.file].splitlines()):
            if int(row["raw"]) == sum(items):
                return Fraction(math.floor(Fraction(row["measure"]) * 100 + Fraction(1, 2)), 100)
        return None

    def growth(self, scale, values: list):
        months, sex, days = self.given.get("age_months"), self.given.get("sex"), self.given.get("age_days")
        if months is None or None in values or not all(value > 0 for value in values):
            return None
        values = [float(value) for value in values]
        if len(values) == 2 and values[1] * values[1] == 0:
            return None
        measured = values[0] if len(values) == 1 else values[0] * 10_000.0 / (values[1] * values[1])
        for norm in self.pack.norms:
            if norm.norm != scale.norm:
                continue
            if (norm.age_from and months < float(norm.age_from)) or (norm.age_to and months >= float(norm.age_to)):
                continue
            if norm.not_if and self.true(parse(norm.not_if)):
                return None
            z = z_from(
                _reference(self.pack, norm), sex if sex in ("male", "female") else None,
                None if days is None else int(days), months, measured,
            )  # fmt: skip
            if z is None:
                return None
            z = Fraction(z, 100)
            if norm.implausible_below and z < Fraction(norm.implausible_below):
                return None
            return None if norm.implausible_above and z > Fraction(norm.implausible_above) else z
        return None

    # -- bands

    def rows(self, scale) -> list:
        instrument = self.pack.instruments.get(scale.instrument)
        who = instrument.informant if instrument else ""
        return [
            row for row in self.pack.bands if row.scale == scale.name and (not row.informant or row.informant == who)
        ]

    def cuts(self, scale) -> list[Fraction]:
        return [Fraction(cut) for row in self.rows(scale) for cut in (row.start, row.below) if cut is not None]

    def band(self, scale, scores: list) -> str | None:
        """The band, if every sort of child this one may be has the same one at every score."""
        rows = self.rows(scale)
        found = {_band_of(rows, child, score) for child in self.possible_children(rows) for score in scores}
        return found.pop() if len(found) == 1 else None

    def possible_children(self, rows: list) -> list[dict]:
        ages = sorted({float(Fraction(age)) for row in rows for age in (row.age_from, row.age_to) if age})
        sex = self.given.get("sex")
        known = {
            "sex": [sex] if sex in ("male", "female") else ["male", "female"],
            "language": self.or_all("language", [*{row.language for row in rows if row.language}, "another"]),
            "grade": self.or_all("grade", [*{row.grade for row in rows if row.grade}, "another"]),
            "age": self.or_all("age_months", [-1.0, *ages]),
        }
        return [dict(zip(known, child, strict=True)) for child in itertools.product(*known.values())]

    def or_all(self, fact: str, every: list) -> list:
        return [self.given[fact]] if self.given.get(fact) is not None else every

    # -- domains

    def domain(self, name: str, domain, flags: dict) -> dict:
        mine = [flag for flag in self.pack.flags.values() if flag.domain == name and flag.level in LEVELS]
        have = sum(self.is_known(need) for need in domain.needs)
        true = [flag.level for flag in mine if flags[flag.name] is True]
        unknown = [flag.level for flag in mine if flags[flag.name] is None]
        level = next((level for level in LEVELS if level in true), None)
        could_be = next(
            (each for each in LEVELS if each in unknown and (level is None or each == "high" != level)), None
        )
        if level is None:
            level = "low" if have >= domain.needs_at_least else NOT_ENOUGH
        return {
            f"{name}__level": level,
            f"{name}__have": have,
            f"{name}__could_be": could_be,
            f"{name}__differ": self.differ(name, mine, flags),
        }

    def differ(self, domain: str, mine: list, flags: dict) -> bool:
        """For any two flags about the same thing by two informants: one true, and all the other has to say false."""
        noticed = [flag for flag in self.pack.flags.values() if flag.domain == domain]
        for one in mine:
            for other in mine:
                if not one.about or one.about != other.about or not (one.informant and other.informant):
                    continue
                theirs = [each for each in noticed if (each.about, each.informant) == (other.about, other.informant)]
                if flags[one.name] is True and all(flags[each.name] is False for each in theirs):
                    return True
        return False

    def is_known(self, name: str) -> bool:
        if name in self.pack.scales and self.scale(name)["band"] is not None:
            return True
        return self.named(name) is not None


def _flat(node, sort) -> list:
    """The parts, and those of an `or` directly inside an `or`, of an `and` directly inside an `and`."""
    return [each for part in node.parts for each in (_flat(part, sort) if isinstance(part, sort) else [part])]


def _band_asked(node):
    """(scale, band) of a comparison of a band with a name, else None."""
    if isinstance(node, Compare):
        for asked, name in ((node.left, node.right), (node.right, node.left)):
            if isinstance(asked, Call) and asked.function == "band" and isinstance(name, Words):
                return asked.args[0].name, name.value
    return None


def _exact(value):
    return Fraction(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _out(value):
    if isinstance(value, Fraction):
        return int(value) if value.denominator == 1 else float(value)
    return value


def _as_kind(value, kind: Kind):
    if value is not None and kind is Kind.DECIMAL:
        return float(value)
    return value


def _days(text: str) -> int:
    return date.fromisoformat(text).toordinal() - date(1970, 1, 1).toordinal()


def _reference(pack: Pack, norm):
    if norm.file.startswith("who:"):
        return who_reference(norm.file[4:])
    return read_reference(pack.tables[norm.file], by_day=norm.index_unit == "days", extend=norm.adjust == "who3sd")


def _compare(op: str, left, right):
    if left is None or right is None:
        return None
    if isinstance(left, str) != isinstance(right, str):
        left, right = _alike(left, right)
    if isinstance(left, float) or isinstance(right, float):
        left, right = float(left), float(right)
    return {
        "=": left == right, "!=": left != right,
        "<": not isinstance(left, str) and left < right, "<=": not isinstance(left, str) and left <= right,
        ">": not isinstance(left, str) and left > right, ">=": not isinstance(left, str) and left >= right,
    }[op]  # fmt: skip


def _alike(left, right):
    """A written '3' beside a number is 3, a written date beside a day its day, a written 3 beside a text is '3'."""
    text = left if isinstance(left, str) else right
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        number = Fraction(_days(text))
    elif re.fullmatch(r"-?\d+", text):
        number = Fraction(text)
    else:
        return (str(left), str(right))
    return (number, right) if isinstance(left, str) else (left, number)


def _arithmetic(op: str, left, right):
    if left is None or right is None:
        return None
    left, right = (Fraction(each) if isinstance(each, bool) else each for each in (left, right))
    if isinstance(left, float) or isinstance(right, float):
        left, right = float(left), float(right)
    if op == "+":
        return left + right
    if op == "-":
        return left - right
    if op == "*":
        return left * right
    if right == 0:
        return None
    if op == "div":
        return left / right
    return left - right * math.trunc(left / right)


def _round(score, places: int | None):
    if score is None or places is None or (isinstance(score, Fraction) and score.denominator == 1):
        return score
    if isinstance(score, float):
        return Fraction(math.floor(score * 10.0**places + 0.5), 10**places) if abs(score) < 1e12 else None
    return Fraction(math.floor(score * 10**places + Fraction(1, 2)), 10**places)


def _band_of(rows: list, child: dict, score) -> str | None:
    fitting = [row for row in rows if _is_meant(row, child) and _contains(row, score)]
    if not fitting:
        return None
    most = max(_conditions(row) for row in fitting)
    return next(row.band for row in fitting if _conditions(row) == most)


def _is_meant(row, child: dict) -> bool:
    return (
        row.sex in ("", child["sex"])
        and row.language in ("", child["language"])
        and row.grade in ("", child["grade"])
        and (not row.age_from or child["age"] >= float(Fraction(row.age_from)))
        and (not row.age_to or child["age"] < float(Fraction(row.age_to)))
    )


def _contains(row, score) -> bool:
    start, below = (None if cut is None else Fraction(cut) for cut in (row.start, row.below))
    if isinstance(score, float):
        start, below = (None if cut is None else float(cut) for cut in (start, below))
    return (start is None or score >= start) and (below is None or score < below)


def _conditions(row) -> int:
    return sum(1 for each in (row.sex, row.language, row.grade, row.age_from, row.age_to, row.informant) if each)
