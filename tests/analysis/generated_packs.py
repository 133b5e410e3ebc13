"""Hypothesis strategies for whole packs, and children with answers to them: missing, extreme and implausible ones too.

A pack is small but may hold anything the language and the sheets can say. Its children are drawn in bulk from one
seed: Hypothesis shrinks the pack, and a failing child is printed.
"""

from __future__ import annotations

import random
from copy import copy
from dataclasses import dataclass, field

from hypothesis import strategies as st

from khula.analysis.answers import codes_of, kind_of
from khula.analysis.expressions import ExpressionError, Kind, is_condition, parse
from khula.analysis.packs.pack import (
    Alert,
    Band,
    Choice,
    Derive,
    Domain,
    Flag,
    Instrument,
    Norm,
    Pack,
    Param,
    Question,
    Scale,
    Strength,
)
from khula.analysis.plan import PlanError
from khula.analysis.plan.order import CONTEXT_KINDS, kind_of_derive, kind_of_scale

INFORMANTS = ("child", "caregiver", "teacher", "health")
TOPICS = ("hunger", "hunger", "hunger", "fear", "")
NAMES = {"en": "x"}
CODE_LISTS = (("0", "1", "2"), ("0", "1", "2", "3"), ("1", "2", "3", "4", "5"), ("-1", "0", "1", "dk"), ("0", "1"))
WORD_LISTS = (("yes", "no", "dk"), ("often", "rarely", "never"), ("1", "2", "other"))
LITERALS = ("0", "1", "2", "3", "5", "-1", "-2", "0.5", "1.25", "7.5", "12")
NORM_TABLE = "sex,index,l,m,s\n" + "\n".join(
    f"{sex},{month},{-1.5 + month / 200},{14 + month / 60 + (sex == 'male') / 7},{0.08 + month / 9000}"
    for sex in ("male", "female")
    for month in range(40, 140)
)
ZERO_TABLE = "sex,index,l,m,s\n" + "\n".join(
    f"{sex},{day},{0 if day % 3 else 1},{16.5 + day / 5000},{0.11}"
    for sex in ("male", "female")
    for day in range(1300, 3200)
)


@dataclass
class Sheets:
    """A pack while it is drawn: what exists so far, and of which kind."""

    draw: object
    plain: bool = False  # nothing a blank answer decides
    questions: dict = field(default_factory=dict)
    kinds: dict = field(default_factory=lambda: {**CONTEXT_KINDS, "assessed_on": Kind.DATE})
    derive: dict = field(default_factory=dict)
    scales: dict = field(default_factory=dict)
    bands: list = field(default_factory=list)
    norms: list = field(default_factory=list)
    params: list = field(default_factory=list)
    tables: dict = field(default_factory=dict)
    band_names: dict = field(default_factory=dict)

    def one_of(self, options):
        return self.draw(st.sampled_from(list(options)))

    def some(self, options, least: int, most: int) -> list:
        options = list(options)
        most = min(most, len(options))
        return self.draw(st.lists(st.sampled_from(options), min_size=min(least, most), max_size=most, unique=True))

    def chance(self, one_in: int) -> bool:
        return self.draw(st.integers(1, one_in)) == one_in

    def number(self, low: int, high: int) -> int:
        return self.draw(st.integers(low, high))

    def of_kind(self, *kinds: Kind) -> list[str]:
        return [name for name, kind in self.kinds.items() if kind in kinds]

    # -- questions

    def ask(self, name: str, type_: str, codes=()) -> None:
        who = self.one_of(INFORMANTS)
        choices = tuple(Choice(code, NAMES) for code in codes)
        self.questions[name] = Question(name, f"kh_{who}", who, type_, NAMES, choices)
        self.kinds[name] = kind_of(self.questions[name])

    def all_questions(self) -> None:
        for at in range(self.number(3, 9)):
            self.ask(f"q{at}", "select_one", self.one_of(CODE_LISTS))
        for at in range(self.number(0, 2)):
            self.ask(f"n{at}", "integer")
        for at in range(self.number(1, 2)):
            self.ask(f"w{at}", "select_one", self.one_of(WORD_LISTS))
        self.ask("several", "select_multiple", ("a", "b", "bb"))
        self.ask("weight", "decimal")
        self.ask("height", self.one_of(("decimal", "decimal", "integer")))
        if self.chance(2):
            self.ask("moved_on", "date")
            self.ask("born_on", "date")

    # -- expressions, as text

    def sound_condition(self, depth: int = 2) -> str:
        """One whose kinds fit together."""
        for _ in range(3):
            text = self.condition(depth)
            try:
                is_condition(parse(text), self.kinds, set(self.scales))
            except ExpressionError:
                continue
            return text
        return "${sex} = 'male'"

    def condition(self, depth: int = 2) -> str:
        ways = ["number", "word", "number"]
        if depth > 0:
            ways += ["and", "or", "not", "at-least", "if", "and", "or"]
            ways += [] if self.plain else ["missing"]
        if self.band_names:
            ways += ["band", "band"]
        if "moved_on" in self.questions:
            ways.append("date")
        ways.append("several")
        return getattr(self, f"condition_{self.one_of(ways).replace('-', '_')}")(depth)

    def condition_number(self, depth: int) -> str:
        op = self.one_of(("=", "!=", "<", "<=", ">", ">="))
        whole = self.of_kind(Kind.WHOLE)
        if self.chance(8):
            return f"${{{self.one_of(whole)}}} {op} '{self.number(-1, 3)}'"
        left = self.amount(depth) if depth > 1 else self.known()
        left = self.known() if left in LITERALS else left
        return f"{left} {op} {self.amount(depth) if depth > 1 else self.literal()}"

    def condition_word(self, depth: int) -> str:
        name = self.one_of(self.of_kind(Kind.TEXT))
        word = self.one_of(("yes", "no", "often", "male", "female", "en", "1", "two", "nothing like it"))
        if self.chance(6):
            return f"selected(${{{name}}}, '{word}')"
        if self.chance(8):
            return f"${{{name}}} = ${{{self.one_of(self.of_kind(Kind.TEXT))}}}"
        return f"${{{name}}} {self.one_of(('=', '!='))} " + (word if word == "1" else f"'{word}'")

    def condition_several(self, depth: int) -> str:
        return f"selected(${{several}}, '{self.one_of(('a', 'b', 'bb', 'c'))}')"

    def condition_and(self, depth: int) -> str:
        return f"({self.condition(depth - 1)} and {self.condition(depth - 1)})"

    def condition_or(self, depth: int) -> str:
        return f"({self.condition(depth - 1)} or {self.condition(depth - 1)})"

    def condition_not(self, depth: int) -> str:
        return f"not({self.condition(depth - 1)})"

    def condition_at_least(self, depth: int) -> str:
        conditions = [self.condition(depth - 1) for _ in range(self.number(2, 4))]
        return f"at-least({self.number(1, len(conditions))}, {', '.join(conditions)})"

    def condition_missing(self, depth: int) -> str:
        inner = f"${{{self.one_of(self.kinds)}}}" if self.chance(2) else self.condition(depth - 1)
        return f"{self.one_of(('missing', 'answered'))}({inner})"

    def condition_if(self, depth: int) -> str:
        return f"if({', '.join(self.condition(depth - 1) for _ in range(3))})"

    def condition_band(self, depth: int) -> str:
        scale = self.one_of(self.band_names)
        if self.chance(6):
            return f"band(${{{scale}}}) = band(${{{self.one_of(self.band_names)}}})"
        band = self.one_of((*self.band_names[scale], "no such band"))
        if self.chance(3):
            other = self.one_of(self.band_names[scale])
            op, joint = self.one_of((("=", "or"), ("!=", "and"), ("=", "and"), ("!=", "or")))
            return f"(band(${{{scale}}}) {op} '{band}' {joint} '{other}' {op} band(${{{scale}}}))"
        return f"band(${{{scale}}}) {self.one_of(('=', '=', '!='))} '{band}'"

    def condition_date(self, depth: int) -> str:
        if self.chance(2):
            return f"${{moved_on}} {self.one_of(('<', '>=', '='))} '2024-02-29'"
        return f"${{moved_on}} - ${{born_on}} > {self.number(0, 3000)}"

    def literal(self) -> str:
        return self.one_of(LITERALS)

    def known(self) -> str:
        return f"${{{self.one_of(self.of_kind(Kind.WHOLE, Kind.EXACT, Kind.DECIMAL))}}}"

    def amount(self, depth: int) -> str:
        ways = ["known", "known", "literal"]
        if depth > 0:
            ways += ["+", "-", "*", "div", "if", "minus", "mod", "condition"]
            ways += [] if self.plain else ["coalesce"]
        way = self.one_of(ways)
        if way in ("known", "literal"):
            return self.known() if way == "known" else self.literal()
        if way == "coalesce":
            return f"coalesce({', '.join(self.amount(depth - 1) for _ in range(self.number(2, 3)))})"
        if way == "if":
            return f"if({self.condition(depth - 1)}, {self.amount(depth - 1)}, {self.amount(depth - 1)})"
        if way == "minus":
            return f"-({self.amount(depth - 1)})"
        if way == "mod":
            whole = self.of_kind(Kind.WHOLE)
            return f"${{{self.one_of(whole)}}} mod ${{{self.one_of(whole)}}}"
        if way == "condition":
            return f"(({self.condition(depth - 1)}) + {self.amount(depth - 1)})"
        return f"({self.amount(depth - 1)} {way} {self.amount(depth - 1)})"

    # -- derived values, parameters

    def add_parameter(self) -> None:
        for day in self.some(("2020-01-01", "2023-07-01", "2025-04-01"), 1, 3):
            self.params.append(Param("limit", day, self.one_of(("2", "3.5", "530")), "made up"))
        self.kinds["limit"] = Kind.EXACT if any("." in row.value for row in self.params) else Kind.WHOLE

    def add_derived(self, name: str) -> None:
        numeric = self.chance(4) is False
        lines = []
        for at in range(self.number(1, 3)):
            when = "" if at and self.chance(3) else self.sound_condition()
            value = self.one_of(("1", "2", "0", "missing")) if self.chance(2) else self.amount(1)
            if not numeric:
                value = self.one_of(("'yes'", "'no'", "missing", "${w0}", "'two'"))
            lines.append(Derive(name, when, value, self.one_of(("", "", "" if self.plain else "next"))))
        if numeric and all(line.value == "missing" for line in lines):
            lines.append(Derive(name, "", "1"))
        self.derive[name] = tuple(lines)
        self.kinds[name] = kind_of_derive(lines, self.kinds, frozenset(self.scales))

    # -- scales

    def add_scale(self, name: str) -> None:
        method = self.one_of(("sum", "sum", "sum", "mean", "mean", "count", "any", "zscore", "expression", "rasch"))
        places = self.one_of((None, None, 0, 1, 2))
        if method == "zscore":
            scale = self.growth_scale(name)
        elif method == "expression":
            scale = Scale(name, "tool", NAMES, method, (), self.amount(2), round=places)
        else:
            scale = self.item_scale(name, method, places)
        self.kinds[name] = kind_of_scale(scale, self.kinds, frozenset(self.scales))
        self.scales[name] = scale
        if not self.chance(6):
            self.band_names[name] = self.add_bands(name, scale)

    def item_scale(self, name: str, method: str, places) -> Scale:
        items = tuple(self.some(self.of_kind(Kind.WHOLE), 1, 6))
        low, high = (None, None) if self.chance(6) else self.one_of(((0, 2), (0, 3), (1, 3), (0, 1), (-1, 4), (1, 2)))
        reverse = () if low is None else tuple(self.some(items, 0, 2))
        missing = self.one_of(("none", "") if self.plain else ("none", "zero", "prorate", "prorate", "zero", ""))
        least = None if self.chance(8) else self.number(0, len(items))
        norm = ""
        if method == "rasch":
            norm = f"table_{name}"
            self.tables[f"{norm}.csv"] = "raw,measure\n" + "\n".join(
                f"{raw},{raw * 0.37 - 1.005}" for raw in range(-3, 9)
            )
            self.norms.append(Norm(norm, f"{norm}.csv", "", "", ""))
        return Scale(name, "tool", NAMES, method, items, "", reverse, low, high, missing, least, places, norm)

    def growth_scale(self, name: str) -> Scale:
        norm = f"norm_{name}"
        measure = self.one_of(("bmi_for_age", "height_for_age", "weight_for_age"))
        items = {"bmi_for_age": ("weight", "height"), "height_for_age": ("height",), "weight_for_age": ("weight",)}
        edges = self.one_of((("", ""), ("48", "228"), ("60", "120.5")))
        file = f"who:{measure}"
        if measure == "bmi_for_age" and self.chance(2):
            file = self.one_of(("own.csv", "zero.csv"))
            self.tables |= {"own.csv": NORM_TABLE, "zero.csv": ZERO_TABLE}
        limits = self.one_of((("-5", "5"), ("", ""), ("-1.5", "2")))
        not_if = self.sound_condition(1) if self.chance(2) and not self.plain else ""
        unit = "days" if file == "zero.csv" else "months"
        extend = self.one_of(("none", "who3sd"))
        self.norms.append(Norm(norm, file, unit, *edges, extend, *limits, not_if))
        if edges[0] and self.chance(2):
            self.norms.append(Norm(norm, f"who:{measure}", "months", "", edges[0], "who3sd", "-6", "6"))
        return Scale(name, "tool", NAMES, "zscore", items[measure], norm=norm)

    # -- bands

    def add_bands(self, name: str, scale: Scale) -> tuple[str, ...]:
        names = ("ok", "some", "much")
        for facts in self.groups():
            cuts = sorted(self.some(self.possible_cuts(scale), 1, 3), key=float)
            edges = [None, *cuts, None]
            for at in range(len(edges) - 1):
                if not self.chance(8):
                    band = names[at % 3] if self.chance(3) is False else self.one_of(names)
                    self.bands.append(Band(name, band, NAMES, edges[at], edges[at + 1], **facts))
        return names

    def possible_cuts(self, scale: Scale) -> list[str]:
        cuts = ["1", "2", "3", "5", "7"]
        if scale.method in ("mean", "zscore", "expression", "rasch", "sum"):
            cuts += ["-2", "-1", "0.5", "1.4", "1.25", "2.01", "14.5"]
        return cuts

    def groups(self) -> list[dict]:
        groups: list[dict] = [{}] if not self.chance(4) else []
        for _ in range(self.one_of((0, 0, 1, 1, 2, 3))):
            facts = {}
            if self.chance(2):
                facts["sex"] = self.one_of(("male", "female"))
            if self.chance(3):
                facts["language"] = self.one_of(("en", "zu"))
            if self.chance(4):
                facts["grade"] = self.one_of(("1", "R"))
            if self.chance(2):
                facts["age_from"] = self.one_of(("60", "72.5"))
            if self.chance(3):
                facts["age_to"] = self.one_of(("84", "96"))
            if self.chance(6):
                facts["informant"] = self.one_of(("caregiver", "teacher"))
            groups.append(facts)
        return groups or [{}]

    # -- judgement

    def judged(self) -> dict:
        domains = ("health", "school")[: self.number(1, 2)]
        flags = {
            f"f{at}": Flag(f"f{at}", self.one_of(domains), self.one_of(("high", "medium", "medium", "watch")), self.one_of((*INFORMANTS, "")), self.sound_condition(), NAMES, about=self.one_of(TOPICS))
            for at in range(self.number(1, 8))
        }  # fmt: skip
        strengths = {"s0": Strength("s0", domains[0], "child", self.sound_condition(), NAMES)} if self.chance(2) else {}
        alerts = {"a0": Alert("a0", self.sound_condition(), "now", (), NAMES)} if self.chance(2) else {}
        needs = {name: Domain(name, NAMES, tuple(self.some(self.kinds, 1, 4)), self.number(0, 3)) for name in domains}
        return {"flags": flags, "strengths": strengths, "alerts": alerts, "domains": needs}


@st.composite
def packs(draw, plain: bool = False) -> Pack:
    """A pack that may say anything the sheets allow, though not always anything sensible.

    `plain` leaves out every rule by which a blank decides something.
    """
    sheets = Sheets(draw, plain)
    sheets.all_questions()
    if sheets.chance(4):
        sheets.add_parameter()
    for at in range(sheets.number(1, 7)):
        if sheets.chance(3):
            _if_it_fits(sheets, lambda at=at: sheets.add_derived(f"d{at}"))
        else:
            _if_it_fits(sheets, lambda at=at: sheets.add_scale(f"s{at}"))
    judged = sheets.judged()
    instruments = {"tool": Instrument("tool", NAMES, "caregiver", "kh_caregiver", "", "yes", "", "")}
    return Pack(
        "generated", "1", NAMES, ("en",), (), sheets.questions, instruments, sheets.derive, sheets.scales,
        tuple(sheets.bands), tuple(sheets.norms), **judged, examples=(), params=tuple(sheets.params), tables=sheets.tables,
        content_hash="0" * 64,
    )  # fmt: skip


def _if_it_fits(sheets: Sheets, add) -> None:
    """Kinds that do not go together (a text where numbers were drawn) leave the pack as it was."""
    before = {
        each: copy(getattr(sheets, each)) for each in ("kinds", "derive", "scales", "bands", "norms", "band_names")
    }
    try:
        add()
    except (ExpressionError, PlanError):
        for each, content in before.items():
            setattr(sheets, each, content)


# -- children -----------------------------------------------------------------------------------------------------


def children(pack: Pack, seed: int, count: int) -> list[dict]:
    """Typed answers and facts, as `read_answers` would give them, for `count` invented children."""
    chance = random.Random(seed)
    return [_child(pack, chance) for _ in range(count)]


def _child(pack: Pack, chance: random.Random) -> dict:
    blank = chance.choice((0.0, 0.05, 0.3, 0.8, 1.0))
    values = {name: _answer(question, chance) for name, question in pack.questions.items() if chance.random() >= blank}
    facts = {
        "sex": chance.choice(("male", "female", "male", "female", "unstated", None)),
        "age_days": chance.choice((None, chance.randint(1300, 3400), chance.randint(-5, 8000), 1826, 1827)),
        "age_months": chance.choice((None, chance.uniform(36, 130), 60.0, 72.5, 84.0, 227.9)),
        "language": chance.choice(("en", "zu", "xh", None)),
        "grade": chance.choice(("R", "1", "2", None)),
        "assessed_on": chance.choice((None, chance.randint(18000, 21000))),
    }
    return {name: value for name, value in (values | facts).items() if value is not None}


def _answer(question: Question, chance: random.Random):
    codes = codes_of(question)
    if question.type == "select_multiple":
        return " ".join(chance.sample(codes, chance.randint(1, len(codes))))
    if codes:
        code = chance.choice(codes)
        return int(code) if kind_of(question) is Kind.WHOLE else code
    if question.type == "date":
        return chance.choice((chance.randint(15000, 21000), 19782, 0))
    if question.type == "integer":
        usual = chance.randint(90, 140) if question.name == "height" else chance.randint(-1, 6)
        return chance.choice((usual, usual, usual, 0, 999_999_999, -999_999_999))
    usual = round(
        chance.uniform(10, 40) if question.name == "weight" else chance.uniform(80, 140), chance.randint(0, 3)
    )
    return chance.choice((usual, usual, usual, usual, 0.0, -1.5, 999_999_999.25, 0.000001, 1e-300))
