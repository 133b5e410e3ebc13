"""A seed in; out come an XLSForm workbook, its files, and sequences of what a person could do with it.

The same seed makes the same form and the same sequences. A form is put together from blocks, each a feature of XLSForm
as our packs and public forms use it: chains of calculations, nested relevance, cascades, long lists from a file,
repeats free and counted, defaults, triggers, entities. Expressions grow at random from what was asked before them.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pyxform.xls2xform import convert

ENGLISH, FRENCH = "English (en)", "French (fr)"

Row = dict[str, str]

WORDS = [
    "Nomvula",
    "Thabo Zulu",
    "",
    "12",
    "3.5",
    "Zoë & <Ana>",
    'say "ah"',
    "it's",
    "abc",
    "A1",
    "0",
    "x" * 40,
    "two  words",
    "a\nb",
    "🦒 ß",
]
DATES = ["2016-02-29", "2018-11-02", "2019-04-11", "2020-12-31", "2024-01-01", "2026-11-21", "1999-07-05", "2031-03-15"]
TIMES = ["00:00:00.000+02:00", "08:05:00.000+02:00", "13:45:30.000+02:00", "23:59:00.000+02:00"]
INTEGERS = ["0", "1", "2", "3", "5", "7", "10", "12", "18", "40", "99", "100", "-1", "-7", "12345", "999999999"]
DECIMALS = ["0", "0.5", "1.25", "2.5", "3.14159", "10.1", "22", "36.6", "99.99", "-0.5", "-12.75", "120000.5", "0.001"]


UPLOADS = ("image", "audio", "file", "geopoint")  # asked, but nothing a script could answer


@dataclass(frozen=True)
class Question:
    name: str
    kind: str
    path: str  # without positions
    repeats: tuple[str, ...] = ()  # paths of the repeats around it, outermost first
    offered: tuple[str, ...] = ()  # values a person could give

    @property
    def answerable(self) -> bool:
        return self.kind not in {"note", "calculate", "hidden", *UPLOADS}


@dataclass(frozen=True)
class Step:
    """What a person does: set, blank, add, remove, language, reopen (a draft). `at` carries positions."""

    do: str
    at: str = ""
    text: str = ""

    def as_json(self) -> dict[str, str]:
        return {"do": self.do, "at": self.at, "text": self.text}


@dataclass(frozen=True)
class Task:
    """One form as XForm, and what people do with it."""

    name: str
    xform: str
    files: Mapping[str, str]  # list -> CSV
    runs: Sequence[Sequence[Step]]
    language: str = ""
    as_it_is: bool = False  # JavaRosa with what it forgets to do until a form is opened again


@dataclass
class Form:
    seed: int
    sheets: dict[str, list[Row]]
    files: dict[str, str]
    questions: list[Question]
    free_repeats: list[tuple[str, ...]]  # paths, outermost first; the last is the repeat itself
    blocks: list[str]

    def as_xform(self) -> str:
        return xform_of(self.sheets)


def xform_of(sheets: Mapping[str, Sequence[Row]]) -> str:
    """What pyxform makes of a workbook."""
    given: dict[str, object] = {}
    for name, rows in sheets.items():
        given[name] = [dict(row) for row in rows]
        given[f"{name}_header"] = [dict.fromkeys(column for row in rows for column in row)]
    return convert(given, form_name="data").xform


def make_form(seed: int) -> Form:
    return _Maker(seed).make()


def make_steps(form: Form, number: int) -> list[Step]:
    """Through the form once, more or less; then back and forth in it."""
    chance = random.Random(f"steps {form.seed} {number}")
    asked = [each for each in form.questions if each.answerable]
    steps: list[Step] = []
    for question in asked:
        if question.repeats and chance.random() < 0.3:
            steps += _repeat_step(form, chance)
        if chance.random() < 0.75:
            steps.append(_answer(question, chance))
    for _ in range(8 + chance.randrange(8)):
        draw = chance.random()
        if draw < 0.05:
            steps.append(Step("reopen"))
        elif draw < 0.12:
            steps.append(Step("language", text=chance.choice([ENGLISH, FRENCH])))
        elif draw < 0.4 and form.free_repeats:
            steps += _repeat_step(form, chance)
        else:
            steps.append(_answer(chance.choice(asked), chance))
    return steps


def _answer(question: Question, chance: random.Random) -> Step:
    at = question.path
    for repeat in reversed(question.repeats):
        at = f"{repeat}[{chance.choice([1, 1, 1, 2, 2, 3])}]" + at.removeprefix(repeat)
    if chance.random() < 0.12:
        return Step("blank", at)
    text = _value(question, chance)
    return Step("set", at, text) if text else Step("blank", at)


def _value(question: Question, chance: random.Random) -> str:
    if question.kind == "many":
        chosen = [each for each in question.offered if chance.random() < 0.4]
        return " ".join(chosen)
    return chance.choice(question.offered)


def _repeat_step(form: Form, chance: random.Random) -> list[Step]:
    if not form.free_repeats:
        return []
    paths = chance.choice(form.free_repeats)
    at = paths[-1]
    for repeat in reversed(paths[:-1]):
        at = f"{repeat}[{chance.choice([1, 1, 2])}]" + at.removeprefix(repeat)
    if chance.random() < 0.6:
        return [Step("add", at)] * chance.choice([1, 1, 2])
    return [Step("remove", f"{at}[{chance.choice([1, 1, 2, 3])}]")]


# ---- files and choices

PROVINCES = {"gp": ["jhb", "tsh"], "wc": ["cpt"], "kzn": ["eth", "uthukela", "zululand"]}
WARDS = {each: [f"{each}_{ward}" for ward in ("a", "b")] for districts in PROVINCES.values() for each in districts}
SCHOOLS = [
    (f"{400000 + number}", f"School {number}", list(WARDS)[number % len(WARDS)], str(37 * number % 900))
    for number in range(200)
]
CHILDREN = [
    (f"0b8f4a52-7c1d-4e7b-9a44-6a1d0a0f3c{number:02d}", f"Child {number}", str(number % 4), str(number % 3 + 1))
    for number in range(9)
]
FIXED_CHOICES: list[Row] = [
    {"list_name": name, "name": value, f"label::{ENGLISH}": english, f"label::{FRENCH}": french}
    for name, values in {
        "yes_no": [("yes", "Yes", "Oui"), ("no", "No", "Non")],
        "scale": [("0", "Not true", "Pas vrai"), ("1", "A bit true", "Un peu vrai"), ("2", "True", "Vrai")],
        "signs": [(each, f"Sign {each}", f"Signe {each}") for each in ("cough", "fever", "rash", "none", "other")],
        "sex": [("female", "Girl", "Fille"), ("male", "Boy", "Garçon")],
    }.items()
    for value, english, french in values
]
LISTS = {
    name: tuple(row["name"] for row in FIXED_CHOICES if row["list_name"] == name)
    for name in ("yes_no", "scale", "signs", "sex")
}


def _csv(head: str, rows: Sequence[tuple[str, ...]]) -> str:
    return "\n".join([head, *(",".join(row) for row in rows)]) + "\n"


SCHOOLS_CSV = _csv("name,label,district,size", SCHOOLS)
CHILDREN_CSV = _csv("name,label,grade,__version", CHILDREN)


# ---- the maker


@dataclass
class _Maker:
    seed: int
    survey: list[Row] = field(default_factory=list)
    choices: list[Row] = field(default_factory=lambda: list(FIXED_CHOICES))
    entities: list[Row] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    questions: list[Question] = field(default_factory=list)
    free_repeats: list[tuple[str, ...]] = field(default_factory=list)
    blocks: list[str] = field(default_factory=list)
    folders: list[tuple[str, bool]] = field(default_factory=list)  # (name, does it repeat)
    named: int = 0

    def make(self) -> Form:
        self.chance = random.Random(f"form {self.seed}")
        for name in ("start", "end", "today", "username"):
            if self.maybe(0.3):
                self.survey.append({"type": name, "name": name})
        self.a("integer", plain=True)
        self.a(self.pick(["text", "one", "one", "date"]), plain=True)
        for _ in range(self.chance.randint(4, 8)):
            self.block()
        self.chain()
        self.a("note", outputs=1.0)
        settings = {
            "form_title": f"Generated {self.seed}",
            "form_id": f"generated_{self.seed}",
            "version": "1",
            "default_language": ENGLISH,
        }
        if self.maybe(0.3):
            settings["instance_name"] = f"concat('n-', {self.string(1)})"
        sheets = {"survey": self.survey, "choices": self.choices, "settings": [settings]}
        if self.entities:
            sheets["entities"] = self.entities
        return Form(self.seed, sheets, self.files, self.questions, self.free_repeats, self.blocks)

    def maybe(self, likelihood: float) -> bool:
        return self.chance.random() < likelihood

    def pick(self, these: Sequence):
        return self.chance.choice(these)

    def fresh(self, stem: str) -> str:
        self.named += 1
        return f"{stem}{self.named}"

    # -- where we are

    def path(self, *names: str) -> str:
        return "/".join(["/data", *(name for name, _ in self.folders), *names])

    def repeats(self) -> tuple[str, ...]:
        paths, path = [], "/data"
        for name, again in self.folders:
            path += f"/{name}"
            if again:
                paths.append(path)
        return tuple(paths)

    def seen(self, *kinds: str) -> list[Question]:
        """What may be referred to plainly from here."""
        here = self.repeats()
        return [each for each in self.questions if each.kind in kinds and each.repeats == here[: len(each.repeats)]]

    # -- rows

    def a(self, kind: str, *, plain: bool = False, outputs: float = 0.25, **columns: str) -> Question:
        stem, kind_in_sheet, offered = self.kind(kind)
        name = columns.pop("name", None) or self.fresh(stem)
        offered = tuple(columns.pop("offered", "").split()) or offered
        row = {"type": columns.pop("type", kind_in_sheet), "name": name}
        if kind not in {"calculate", "hidden"}:
            row |= self.label(name, outputs)
            if self.maybe(0.2):
                row |= {f"hint::{ENGLISH}": f"Hint of {name}", f"hint::{FRENCH}": f"Aide de {name}"}
            if self.maybe(0.1):
                row |= {
                    f"media::{kind}::{each}": f"{name}.{kind[:3]}"
                    for kind in ("image", "audio")
                    for each in (ENGLISH, FRENCH)
                }
            if self.maybe(0.04):
                row |= {f"guidance_hint::{ENGLISH}": "Only for you.", f"guidance_hint::{FRENCH}": "Pour vous."}
        if not plain:
            row |= self.conditions(kind)
        if kind == "range":
            row["parameters"] = self.pick(["start=1 end=5 step=1", "start=0 end=10 step=2"])
        elif kind == "range_decimal":
            row["parameters"] = "start=0 end=2 step=0.25"
        row |= columns
        self.survey.append(row)
        question = Question(name, kind, self.path(name), self.repeats(), offered)
        self.questions.append(question)
        return question

    def kind(self, kind: str) -> tuple[str, str, tuple[str, ...]]:
        if kind == "one":
            of = self.pick(["yes_no", "scale", "signs", "sex"])
            return "one", f"select_one {of}", LISTS[of]
        if kind == "rank":
            return "rank", "rank scale", ("0 1 2", "2 1 0", "1 0 2", "2 0 1")
        if kind == "many":
            of = self.pick(["signs", "scale"])
            return "many", f"select_multiple {of}", LISTS[of]
        offered = {
            "text": WORDS,
            "integer": INTEGERS,
            "decimal": DECIMALS,
            "date": DATES,
            "time": TIMES,
            "dateTime": [f"{day}T{time}" for day in DATES for time in TIMES],
            "range": ["2", "4"],
            "range_decimal": ["0", "0.25", "1.5", "2"],
            "acknowledge": ["OK"],
            "barcode": ["6001234567890", "A-1"],
        }.get(kind, ())
        return kind.lower()[:4], kind.removesuffix("_decimal"), tuple(offered)

    def label(self, name: str, outputs: float) -> Row:
        english, french = f"What of {name}?", f"Et {name} ?"
        shown = self.seen("text", "integer", "decimal", "calculate", "one", "date", "many")
        if shown and self.maybe(outputs):
            one = self.pick(shown).name
            english, french = f"{english} It was ${{{one}}}, **so**.", f"« ${{{one}}} » : {french}"
        return {f"label::{ENGLISH}": english, f"label::{FRENCH}": french}

    def conditions(self, kind: str) -> Row:
        row: Row = {}
        if self.maybe(0.3):
            row["relevant"] = self.truth(2)
        if kind in {"calculate", "hidden", "note"}:
            return row
        if self.maybe(0.25):
            row["required"] = self.pick(["yes", "true()", self.truth(1)])
            if self.maybe(0.5):
                row |= {f"required_message::{ENGLISH}": "Please answer.", f"required_message::{FRENCH}": "Répondez."}
        if self.maybe(0.3) and (rule := self.constraint(kind)):
            row["constraint"] = rule
            row |= {
                f"constraint_message::{ENGLISH}": f"Not so: {rule.split('$')[0]!r}",
                f"constraint_message::{FRENCH}": "Non.",
            }
        if kind in {"integer", "text", "one", "decimal"} and self.maybe(0.07):
            row["read_only"] = "yes"
        return row

    def constraint(self, kind: str) -> str:
        number = self.pick(["1", "5", "12", "100"])
        rules = {
            "integer": [f". > {number}", f". >= 0 and . <= {number}", f". < {self.number(1)}", ". mod 2 = 0"],
            "decimal": [f". > {number}", ". >= 0.5 and . < 40.25", f". <= {self.number(1)}"],
            "text": ["regex(., '^[A-Z][a-z]+$')", "string-length(.) < 9", "not(contains(., 'x'))", ". != 'abc'"],
            "date": [". <= today()", ". > date('2018-12-31')", ". < '2024-06-01'"],
            "one": [". != 'no'", f"{self.truth(1)}"],
            "many": ["count-selected(.) <= 2", "not(selected(., 'none') and count-selected(.) > 1)"],
            "range": [". > 1"],
        }.get(kind)
        return self.pick(rules) if rules else ""

    # -- expressions

    def number(self, depth: int) -> str:
        grow = depth > 0
        choices: list[Callable[[], str]] = [lambda: self.pick(["0", "1", "2", "3.5", "10", "100"])]
        for each in self.seen("integer", "decimal", "range"):
            choices += [lambda each=each: f"${{{each.name}}}"] * 2
        for each in self.seen("many"):
            choices.append(lambda each=each: f"count-selected(${{{each.name}}})")
        for each in self.seen("text"):
            choices.append(lambda each=each: f"string-length(${{{each.name}}})")
        if grow:
            choices += [
                lambda: f"({self.number(depth - 1)} {self.pick(['+', '-', '*'])} {self.number(depth - 1)})",
                lambda: f"({self.number(depth - 1)} {self.pick(['div', 'mod'])} {self.pick(['2', '3', '7'])})",
                lambda: f"if({self.truth(depth - 1)}, {self.number(depth - 1)}, {self.number(depth - 1)})",
                lambda: f"round({self.number(depth - 1)}, {self.pick('012')})",
                lambda: f"int({self.number(depth - 1)})",
                lambda: f"number({self.string(depth - 1)})",
                lambda: f"pow({self.number(depth - 1)}, 2)",
                lambda: f"abs({self.number(depth - 1)})",
                lambda: f"-{self.number(0)}",
                lambda: f"sqrt({self.number(depth - 1)})",
                lambda: f"max({self.number(depth - 1)}, {self.number(depth - 1)})",
                lambda: f"min({self.number(depth - 1)}, 5)",
            ]
            for each in self.seen("integer", "decimal"):
                choices.append(lambda each=each: f"coalesce(${{{each.name}}}, 0)")
            for each in self.seen("date"):
                choices += [
                    lambda each=each: f"int((today() - ${{{each.name}}}) div 365.25)",
                    lambda each=each: f"int((date('2026-01-01') - ${{{each.name}}}) div 30.4375)",
                    lambda each=each: f"number(format-date(${{{each.name}}}, '%Y'))",
                    lambda each=each: f"decimal-date-time(${{{each.name}}})",
                ]
            for each in self.seen("dateTime"):
                choices.append(lambda each=each: f"round(decimal-date-time(${{{each.name}}}), 2)")
            for each in self.seen("time"):
                choices.append(lambda each=each: f"round(decimal-time(${{{each.name}}}), 3)")
        return self.pick(choices)()

    def string(self, depth: int) -> str:
        choices: list[Callable[[], str]] = [lambda: self.pick(["'a'", "'Lerato'", "''", "'12'"])]
        for each in self.seen("text", "one", "calculate"):
            choices += [lambda each=each: f"${{{each.name}}}"] * 2
        if depth > 0:
            less = depth - 1
            choices += [
                lambda: f"concat({self.string(less)}, '-', {self.string(less)})",
                lambda: f"if({self.truth(less)}, {self.string(less)}, {self.string(less)})",
                lambda: f"coalesce({self.string(less)}, {self.string(less)})",
                lambda: f"string({self.number(less)})",
                lambda: f"substr({self.words(less)}, 0, 3)",
                lambda: f"substring-before({self.words(less)}, 'a')",
                lambda: f"substring-after({self.words(less)}, 'e')",
                lambda: f"translate({self.words(less)}, 'abc', 'AB')",
                lambda: f"normalize-space({self.words(less)})",
                lambda: f"join('; ', {self.string(less)}, {self.string(less)})",
                lambda: f"substr({self.words(less)}, {self.pick(['-2', '1', '9'])})",
                lambda: f"concat({self.truth(less)}, {self.number(less)})",
            ]
            for each in self.seen("date"):
                choices.append(
                    lambda each=each: (
                        f"format-date(${{{each.name}}}, '{self.pick(['%d/%m/%Y', '%e %b %y', '%Y-%n', '%a %h:%M'])}')"
                    )
                )
            for each in self.seen("dateTime"):
                choices.append(lambda each=each: f"format-date-time(${{{each.name}}}, '%Y-%m-%d %H:%M:%S %a')")
            for each in self.seen("many"):
                choices += [
                    lambda each=each: f"selected-at(${{{each.name}}}, {self.pick('01')})",
                    lambda each=each: f"${{{each.name}}}",
                ]
            for each in self.seen("one"):
                choices.append(lambda each=each: f"jr:choice-name(${{{each.name}}}, '${{{each.name}}}')")
        return self.pick(choices)()

    def words(self, depth: int) -> str:
        """An answer in words, if there is one to be had."""
        texts = [f"${{{each.name}}}" for each in self.seen("text")]
        return self.pick(texts) if texts and self.maybe(0.7) else self.string(depth)

    def band(self, depth: int) -> str:
        return f"if({self.truth(depth)}, 'high', if({self.truth(depth)}, 'middle', 'low'))"

    def truth(self, depth: int) -> str:
        choices: list[Callable[[], str]] = []
        for each in self.seen("integer", "decimal", "range"):
            choices += [
                lambda each=each: (
                    f"${{{each.name}}} {self.pick(['>', '<', '>=', '!=', '='])} {self.pick(['0', '2', '5', '10'])}"
                )
            ]
        for each in self.seen("one"):
            choices += [lambda each=each: f"${{{each.name}}} {self.pick(['=', '!='])} '{self.pick(each.offered)}'"] * 2
        for each in self.seen("many"):
            choices += [lambda each=each: f"selected(${{{each.name}}}, '{self.pick(each.offered)}')"] * 2
        for each in self.seen("text", "calculate", "date"):
            choices.append(lambda each=each: f"${{{each.name}}} != ''")
        for each in self.seen("date"):
            choices.append(lambda each=each: f"${{{each.name}}} {self.pick(['>', '<='])} date('2020-01-01')")
        for each in self.seen("text"):
            choices.append(lambda each=each: f"regex(${{{each.name}}}, '{self.pick(['[0-9]+', '^[A-Za-z ]+$'])}')")
        if depth > 0 or not choices:
            less = max(depth - 1, 0)
            choices += [
                lambda: f"{self.number(less)} {self.pick(['>', '<', '='])} {self.number(less)}",
                lambda: f"{self.string(less)} = {self.string(less)}",
            ]
        if depth > 0:
            choices += [
                lambda: f"({self.truth(less)} {self.pick(['and', 'or'])} {self.truth(less)})",
                lambda: f"not({self.truth(less)})",
                lambda: f"starts-with({self.string(less)}, 'a')",
                lambda: f"ends-with({self.string(less)}, 'a')",
                lambda: f"boolean-from-string({self.string(less)})",
                lambda: f"({self.truth(less)}) = ({self.truth(less)})",
                lambda: f"contains({self.string(less)}, '1')",
                lambda: f"not({self.number(less)} > 3)",
            ]
        return self.pick(choices)()

    # -- blocks

    def block(self) -> None:
        deep = len(self.folders)
        blocks: list[tuple[int, Callable[[], object]]] = [
            (6, self.basic),
            (3, self.chain),
            (2 if deep < 3 else 0, self.group),
            (2, self.cascade),
            (1, self.from_file),
            (1, self.once),
            (1, self.hidden),
            (2, self.default),
            (1, self.trigger),
            (1, self.filtered),
            (1, self.other),
            (1, self.ranked),
            (1, self.shuffled),
            (1 if not self.repeats() else 0, self.of_the_repeat),
            (3 if deep < 2 and len(self.repeats()) < 2 else 0, self.repeat),
            (1 if not self.entities and not self.repeats() else 0, self.entity),
        ]
        weights = [weight for weight, _ in blocks]
        chosen = self.chance.choices([make for _, make in blocks], weights)[0]
        self.blocks.append(chosen.__name__)
        chosen()

    def basic(self) -> None:
        kinds = "text integer integer decimal date one one many many range range_decimal time dateTime acknowledge note barcode"
        self.a(self.pick([*kinds.split(), self.pick(UPLOADS)]))

    def chain(self) -> None:
        """Each calculation of the one before it."""
        for _ in range(self.chance.randint(1, 3)):
            make = self.pick([self.number, self.number, self.number, self.string, self.string, self.band, self.truth])
            self.a("calculate", calculation=make(2))

    def group(self) -> None:
        name = self.fresh("group")
        row = {"type": "begin_group", "name": name} | self.label(name, 0.2)
        if self.maybe(0.6):
            row["relevant"] = self.truth(1)
        if self.maybe(0.4):
            row["appearance"] = "field-list"
        self.survey.append(row)
        self.folders.append((name, False))
        self.basic()
        for _ in range(self.chance.randint(0, 2)):
            self.block() if "appearance" not in row else self.basic()
        self.folders.pop()
        self.survey.append({"type": "end_group"})

    def cascade(self) -> None:
        """Two or three levels, each offering what the one above it leaves."""
        if not any(row["list_name"] == "province" for row in self.choices):
            for province, districts in PROVINCES.items():
                self.choice("province", province)
                for district in districts:
                    self.choice("district", district, province=province)
                    for ward in WARDS[district]:
                        self.choice("ward", ward, province=province, district=district)
        province = self.a("one", type="select_one province", offered=" ".join(PROVINCES))
        district = self.a(
            "one",
            type="select_one district",
            offered=" ".join(WARDS),
            choice_filter=f"province = ${{{province.name}}}",
        )
        if self.maybe(0.6):
            self.a(
                "one",
                type=self.pick(["select_one ward", "select_one ward"]),
                offered=" ".join(ward for wards in WARDS.values() for ward in wards),
                choice_filter=f"province = ${{{province.name}}} and district = ${{{district.name}}}",
            )

    def choice(self, of: str, value: str, **columns: str) -> None:
        labels = {f"label::{ENGLISH}": value.title(), f"label::{FRENCH}": f"le {value}"}
        self.choices.append({"list_name": of, "name": value} | labels | columns)

    def from_file(self) -> None:
        self.files["schools"] = SCHOOLS_CSV
        columns: Row = {}
        districts = [each for each in self.seen("one") if "cpt" in each.offered]
        if districts and self.maybe(0.7):
            columns["choice_filter"] = f"district = ${{{self.pick(districts).name}}}"
        some = [SCHOOLS[self.chance.randrange(200)][0] for _ in range(40)]
        school = self.a("one", type="select_one_from_file schools.csv", offered=" ".join(some), **columns)
        for _ in range(self.chance.randint(1, 2)):
            self.a(
                "calculate",
                calculation=self.pick(
                    [
                        f"pulldata('schools', 'size', 'name', ${{{school.name}}})",
                        f"pulldata('schools', 'label', 'name', ${{{school.name}}})",
                        f"instance('schools')/root/item[name = ${{{school.name}}}]/size",
                        f"instance('schools')/root/item[name = ${{{school.name}}}]/label",
                        f"count(instance('schools')/root/item[size > {self.pick(['100', '500'])}])",
                        f"if(pulldata('schools', 'size', 'name', ${{{school.name}}}) > 300, 'large', 'small')",
                    ]
                ),
            )

    def filtered(self) -> None:
        """A list that offers what was ticked before."""
        several = self.a("many")
        of = "signs" if "cough" in several.offered else "scale"
        self.a(
            self.pick(["one", "many"]),
            type=f"select_{self.pick(['one', 'multiple'])} {of}",
            offered=" ".join(several.offered),
            choice_filter=self.pick(
                [f"selected(${{{several.name}}}, name)", f"not(selected(${{{several.name}}}, name))"]
            ),
        )
        last = self.questions[-1]
        is_many = self.survey[-1]["type"].startswith("select_multiple")
        self.questions[-1] = Question(last.name, "many" if is_many else "one", last.path, last.repeats, last.offered)

    def other(self) -> None:
        """A list with one answer more than it has."""
        one = self.a("one", type="select_one sex or_other", offered="female male other")
        path = self.path(f"{one.name}_other")
        self.questions.append(Question(f"{one.name}_other", "other", path, self.repeats(), tuple(WORDS)))

    def ranked(self) -> None:
        self.a("rank", type="rank scale")

    def shuffled(self) -> None:
        """Choices in an order of chance, which a seed repeats."""
        seeds = [each.name for each in self.seen("integer")]
        seed = self.pick(["42", "7", *(f"${{{name}}}" for name in seeds)])
        self.a(
            "one", type="select_one signs", offered=" ".join(LISTS["signs"]), parameters=f"randomize=true, seed={seed}"
        )

    def of_the_repeat(self) -> None:
        """One of those told of before."""
        told = [each for each in self.questions if len(each.repeats) == 1 and each.kind == "text"]
        if told:
            source = self.pick(told)
            columns = {} if self.maybe(0.5) else {"choice_filter": f"${{{source.name}}} != ''"}
            self.a("one", type=f"select_one ${{{source.name}}}", offered="Nomvula 12 abc A1", **columns)

    def hidden(self) -> None:
        self.a("hidden", default=self.pick(["fixed", "concat('a', 1)"]))

    def once(self) -> None:
        self.a("calculate", calculation=f"once({self.pick([self.number, self.string])(1)})")

    def default(self) -> None:
        kind = self.pick(["text", "integer", "date", "one", "many"])
        question = self.a(kind)
        fixed = {
            "text": ["plain", "concat('a', 'b')", "'quoted'"],
            "integer": ["7", "3 + 4", "string-length('abc')"],
            "date": ["today()", "2020-05-06"],
            "one": [question.offered[-1:] and question.offered[-1]],
            "many": [" ".join(question.offered[:2])],
        }[kind]
        earlier = [each for each in self.seen(kind) if each.name != question.name and each.offered == question.offered]
        if earlier and kind != "many" and self.maybe(0.5):
            fixed = [f"${{{self.pick(earlier).name}}}"]
        self.survey[-1]["default"] = self.pick(fixed)

    def trigger(self) -> None:
        kinds = ("integer", "one", "text", "decimal", "date")
        # Of another folder of the same repeat, pyxform writes paths that lead nowhere.
        sources = [
            each
            for each in self.seen(*kinds)
            if each.repeats == self.repeats() and (not each.repeats or each.path == self.path(each.name))
        ]
        if not sources:
            return
        source = self.pick(sources)
        make = self.pick([self.number, self.string])
        if self.maybe(0.5):
            self.a("calculate", trigger=f"${{{source.name}}}", calculation=make(1))
        else:
            self.a("text", plain=True, trigger=f"${{{source.name}}}", calculation=self.string(1))

    def repeat(self) -> None:
        name = self.fresh("rep")
        row = {"type": "begin_repeat", "name": name} | self.label(name, 0)
        free = self.maybe(0.6)
        if not free:
            counts = [each for each in self.seen("integer") if each.name.startswith("few")]
            if counts and self.maybe(0.5):
                count = f"${{{self.pick(counts).name}}}"
            else:
                few = self.a("integer", plain=True, name=self.fresh("few"), offered="0 1 2 3 4")
                if self.maybe(0.6):
                    self.survey[-1]["default"] = self.pick("123")
                count = self.pick([f"${{{few.name}}}", f"${{{few.name}}} + 1", "2"])
            row["repeat_count"] = count
        if self.maybe(0.3):
            row["relevant"] = self.truth(1)
        self.survey.append(row)
        self.folders.append((name, True))
        if free:
            self.free_repeats.append(self.repeats())
        self.a("text", plain=True)
        self.a(self.pick(["integer", "decimal"]), plain=True)
        if self.maybe(0.6):
            self.a("calculate", calculation=self.pick(["position(..)", "concat('no ', position(..))"]))
        for _ in range(self.chance.randint(0, 3)):
            self.block()
        inside = [each for each in self.questions if each.repeats == self.repeats()]
        self.folders.pop()
        self.survey.append({"type": "end_repeat"})
        for _ in range(self.chance.randint(1, 3)):
            self.whole(name, inside)

    def whole(self, name: str, inside: Sequence[Question]) -> None:
        """One figure of all the times."""
        numbers = [each.name for each in inside if each.kind in {"integer", "decimal"}]
        texts = [each.name for each in inside if each.kind in {"text", "one"}]
        some_of_them = f"count(${{{name}}}[${{{numbers[0]}}} > 5])" if not self.repeats() else f"count(${{{name}}}) + 1"
        self.a(
            "calculate",
            calculation=self.pick(
                [
                    f"count(${{{name}}})",
                    f"sum(${{{self.pick(numbers)}}})",
                    f"max(${{{self.pick(numbers)}}})",
                    f"min(${{{self.pick(numbers)}}})",
                    f"join(', ', ${{{self.pick(texts)}}})",
                    f"count-non-empty(${{{self.pick(texts)}}})",
                    f"indexed-repeat(${{{self.pick(texts)}}}, ${{{name}}}, {self.pick('12')})",
                    some_of_them,
                ]
            ),
        )

    def entity(self) -> None:
        """A child made known, or one known already brought up to date."""
        label = self.a("text", plain=True)
        if self.maybe(0.5):
            row = {"list_name": "children", "label": f"concat({self.string(1)}, ${{{label.name}}})"}
            if self.maybe(0.6):
                row["create_if"] = self.truth(1)
            self.survey[-1]["save_to"] = "given_name"
        else:
            self.files["children"] = CHILDREN_CSV
            which = self.a(
                "one",
                plain=True,
                type="select_one_from_file children.csv",
                offered=" ".join(each[0] for each in CHILDREN),
            )
            grade = self.a("integer", plain=True)
            self.survey[-1]["save_to"] = "grade"
            row = {"list_name": "children", "entity_id": f"${{{which.name}}}", "label": f"${{{label.name}}}"}
            if self.maybe(0.5):
                row["update_if"] = f"${{{grade.name}}} > 2"
                if self.maybe(0.5):
                    row["create_if"] = f"${{{which.name}}} = ''"
        self.entities.append(row)
