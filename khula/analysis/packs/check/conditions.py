"""A pack that was read in; every expression that cannot be read, does not fit or can never be true, out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from khula.analysis.expressions import (
    FUNCTIONS,
    And,
    Call,
    Compare,
    ExpressionError,
    Kind,
    Name,
    Node,
    Number,
    UnknownName,
    Words,
    infer,
    is_condition,
    names_in,
    parse,
    walk,
)
from khula.analysis.expressions.in_french import in_french
from khula.analysis.packs.check.leaves import circles, questions_behind
from khula.analysis.packs.check.limits import codes, codes_of_facts, kinds, limits
from khula.analysis.packs.findings import finding, nearest
from khula.analysis.packs.pack import CONTEXT, MISSING_CODES, Alert, Derive, Flag, Pack, Place, Strength
from khula.analysis.packs.reader import INFORMANTS, SAFETY, Reading
from khula.analysis.packs.sheets import Report
from khula.analysis.packs.xpath import CURLY


@dataclass(frozen=True)
class Written:
    """One expression of the pack. `sort`: condition, value or number; `informant` of a flag, strength or alert."""

    text: str
    place: Place | None
    column: str
    sort: str
    informant: str = ""


@dataclass(frozen=True)
class _Sense:
    """What the names of the pack mean, worked out once."""

    pack: Pack
    kinds: Mapping[str, Kind]
    repeated: frozenset[str]  # questions inside a repeat
    banded: frozenset[str]
    facts: Mapping[str, tuple[str, ...]]  # fact about the child -> its codes

    def codes(self, name: str) -> tuple[str, ...]:
        return self.facts.get(name, ()) if name in CONTEXT else codes(self.pack, name)

    def names(self) -> frozenset[str]:
        pack = self.pack
        params = (param.param for param in pack.params)
        return frozenset((*CONTEXT, *self.kinds, *pack.questions, *pack.derive, *pack.scales, *params))


def check_conditions(reading: Reading, report: Report) -> None:
    pack = reading.pack
    repeated = frozenset(row.name for form in reading.forms for row in form.rows if row.in_repeat)
    banded = frozenset(band.scale for band in pack.bands)
    sense = _Sense(pack, kinds(pack), repeated, banded, codes_of_facts(reading))
    for written in expressions(pack):
        _check(written, sense, report)
    for circle in circles(pack):
        report(finding("PACK_130", _place(pack, circle[0]), circle=" → ".join((*circle, circle[0]))))
    for lines in pack.derive.values():
        _check_lines(lines, sense, report)


def expressions(pack: Pack) -> Iterator[Written]:
    """Every expression of the scoring sheets. Those that may be empty are left out when they are."""
    for lines in pack.derive.values():
        for line in lines:
            if line.when:
                yield Written(line.when, line.place, "when", "condition")
            if line.value != "missing":
                yield Written(line.value, line.place, "value", "value")
    for scale in pack.scales.values():
        if scale.expression:
            yield Written(scale.expression, scale.place, "expression", "number")
    for norm in pack.norms:
        if norm.not_if:
            yield Written(norm.not_if, norm.place, "not_if", "condition")
    rows: tuple[Flag | Strength | Alert, ...] = (
        *pack.flags.values(),
        *pack.strengths.values(),
        *pack.alerts.values(),
    )
    for row in rows:
        yield Written(row.when, row.place, "when", "condition", row.informant)


def _place(pack: Pack, name: str) -> Place | None:
    return pack.scales[name].place if name in pack.scales else pack.derive[name][0].place


# --- one expression --------------------------------------------------------------------------------------------------


def _check(written: Written, sense: _Sense, report: Report) -> None:
    if not written.text.strip():
        report(finding("PACK_028", written.place, written.column))
        return
    node = _read(written, report)
    if node is None:
        return
    understood = all([
        _check_names(written, node, sense, report),
        _check_bands(written, node, sense, report),
        _check_codes(written, node, sense, report),
        _check_numbers(written, node, sense, report),
    ])  # fmt: skip
    if understood and _check_kinds(written, node, sense, report):
        _check_possible(written, node, report)
    _check_informant(written, node, sense, report)


_TEXTS = re.compile(r"'[^']*'|\"[^\"]*\"")
_CALLED = re.compile(r"([A-Za-z_][\w\-]*)\s*\(")
_NOT_CALLED = ("and", "or", "div", "mod")


def _read(written: Written, report: Report) -> Node | None:
    outside_texts = _TEXTS.sub("''", written.text)
    curly = next((sign for sign in outside_texts if sign in CURLY), "")
    if curly:
        report(finding("PACK_121", written.place, written.column, shown=curly))
        return None
    unknown = [name for name in _CALLED.findall(outside_texts) if name not in (*FUNCTIONS, *_NOT_CALLED)]
    for name in dict.fromkeys(unknown):
        allowed = ", ".join(FUNCTIONS)
        report(finding("PACK_122", written.place, written.column, name=name, allowed=allowed,
                       near=nearest(name, FUNCTIONS)))  # fmt: skip
    if unknown:
        return None
    try:
        return parse(written.text)
    except ExpressionError as problem:
        report(
            finding(
                "PACK_120",
                written.place,
                written.column,
                at=problem.column,
                detail=str(problem),
                detail_fr=in_french(str(problem)),
            )
        )
        return None


def _check_names(written: Written, node: Node, sense: _Sense, report: Report) -> bool:
    known = sense.names()
    fine = True
    for name in sorted(names_in(node)):
        if name not in known:
            report(finding("PACK_123", written.place, written.column, name=name, near=nearest(name, known)))
            fine = False
        elif name in sense.repeated:
            report(finding("PACK_131", written.place, written.column, name=name))
            fine = False
    return fine


def _check_bands(written: Written, node: Node, sense: _Sense, report: Report) -> bool:
    """band() names a scale that has bands."""
    fine = True
    for each in walk(node):
        if not (isinstance(each, Call) and each.function == "band" and isinstance(each.args[0], Name)):
            continue
        name = each.args[0].name
        if name in sense.pack.scales and name in sense.banded:
            continue
        if name in sense.names():
            banded = name in sense.pack.scales
            why = "has no row on the sheet bands" if banded else "is not a scale"
            why_fr = "n’a pas de ligne dans la feuille bands" if banded else "n’est pas une échelle"
            report(finding("PACK_128", written.place, written.column, name=name, why=why, why_fr=why_fr))
        fine = False
    return fine


def _check_codes(written: Written, node: Node, sense: _Sense, report: Report) -> bool:
    """A choice or a band is compared with one that exists."""
    found = [_check_code(written, asked, code, sense, report) for asked, code in _compared_texts(node)]
    return all(found)


def _compared_texts(node: Node) -> Iterator[tuple[Node, str]]:
    """(what is asked, the text or whole number it is compared with) of =, != and selected()."""
    for each in walk(node):
        if isinstance(each, Compare) and each.op in ("=", "!="):
            for asked, literal in ((each.left, each.right), (each.right, each.left)):
                if isinstance(literal, Words):
                    yield asked, literal.value
                elif isinstance(literal, Number) and literal.value.denominator == 1:
                    yield asked, str(literal.value)
        elif isinstance(each, Call) and each.function == "selected" and isinstance(each.args[1], Words):
            yield each.args[0], each.args[1].value


def _check_code(written: Written, asked: Node, code: str, sense: _Sense, report: Report) -> bool:
    if isinstance(asked, Call) and asked.function == "band" and isinstance(asked.args[0], Name):
        name = asked.args[0].name
        bands = tuple(dict.fromkeys(band.band for band in sense.pack.bands if band.scale == name))
        if not bands or code in bands:
            return True
        report(finding("PACK_126", written.place, written.column, name=name, value=code, allowed=", ".join(bands),
                       near=nearest(code, bands)))  # fmt: skip
        return False
    if not isinstance(asked, Name):
        return True
    possible = sense.codes(asked.name)
    question = sense.pack.questions.get(asked.name)
    if question is not None and code in MISSING_CODES and code not in possible and question.choices:
        report(finding("PACK_127", written.place, written.column, name=asked.name, value=code))
        return False
    if possible and code not in possible:
        report(finding("PACK_125", written.place, written.column, name=asked.name, value=code,
                       allowed=", ".join(possible), near=nearest(code, possible)))  # fmt: skip
        return False
    return True


def _check_numbers(written: Written, node: Node, sense: _Sense, report: Report) -> bool:
    """A number compared with something that can be on one side of it only decides nothing."""
    fine = True
    for each in walk(node):
        if not isinstance(each, Compare):
            continue
        asked, op, literal = each.left, each.op, each.right
        if isinstance(asked, Number):
            asked, op, literal = each.right, _TURNED.get(each.op, each.op), each.left
        if not (isinstance(asked, Name) and isinstance(literal, Number)):
            continue
        between = limits(sense.pack, asked.name)
        if between is None or (op in ("=", "!=") and sense.codes(asked.name)):
            continue
        outcome = {_holds(op, value, literal.value) for value in (between.lowest, between.highest)}
        if op in ("=", "!="):
            outcome = {op == "!="} if not between.lowest <= literal.value <= between.highest else {True, False}
        if len(outcome) == 1 and between.lowest < between.highest:
            always = "always" if outcome == {True} else "never"
            low, high = _number(between.lowest), _number(between.highest)
            report(finding("PACK_129", written.place, written.column, name=asked.name, value=_number(literal.value),
                           lowest=low, highest=high, always=always,
                           always_fr="toujours" if outcome == {True} else "jamais"))  # fmt: skip
            fine = False
    return fine


_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def _holds(op: str, left: Fraction, right: Fraction) -> bool:
    return {
        "=": left == right, "!=": left != right, "<": left < right, "<=": left <= right, ">": left > right,
        ">=": left >= right,
    }[op]  # fmt: skip


def _number(value: Fraction) -> str:
    return str(value) if value.denominator == 1 else format(float(value), ".15g")


def _check_kinds(written: Written, node: Node, sense: _Sense, report: Report) -> bool:
    if not names_in(node) <= set(sense.kinds):
        return False  # the row that gives the name is reported by itself
    scales = frozenset(sense.pack.scales)
    try:
        if written.sort == "condition":
            is_condition(node, sense.kinds, scales)
        else:
            kind = infer(node, sense.kinds, scales)
            if written.sort == "number" and not (kind.is_number or kind is Kind.CONDITION):
                raise ExpressionError(f"A score is a number, and this is {kind.value}.", node.column)
    except UnknownName:
        return False
    except ExpressionError as problem:
        report(
            finding(
                "PACK_124",
                written.place,
                written.column,
                at=problem.column,
                detail=str(problem),
                detail_fr=in_french(str(problem)),
            )
        )
        return False
    return True


# --- conditions nobody can meet --------------------------------------------------------------------------------------


def _check_possible(written: Written, node: Node, report: Report) -> None:
    if any(isinstance(each, And) and _contradicts(each) for each in walk(node)):
        report(finding("PACK_132", written.place, written.column))


def _contradicts(both: And) -> bool:
    """Whether one name would have to be two things, or lie between two numbers with nothing between them."""
    wanted: dict[Node, set[object]] = {}
    at_least: dict[Node, list[tuple[Fraction, bool]]] = {}
    at_most: dict[Node, list[tuple[Fraction, bool]]] = {}
    for part in _and_parts(both):
        if not (isinstance(part, Compare) and isinstance(part.right, (Words, Number))):
            continue
        value = part.right.value
        if part.op == "=":
            wanted.setdefault(part.left, set()).add(str(value))
        if isinstance(value, Fraction):
            if part.op in ("=", ">", ">="):
                at_least.setdefault(part.left, []).append((value, part.op == ">"))
            if part.op in ("=", "<", "<="):
                at_most.setdefault(part.left, []).append((value, part.op == "<"))
    if any(len(values) > 1 for values in wanted.values()):
        return True
    return any(
        low > high or (low == high and (open_low or open_high))
        for name, lows in at_least.items()
        for low, open_low in lows
        for high, open_high in at_most.get(name, ())
    )


def _and_parts(node: Node) -> Iterator[Node]:
    if isinstance(node, And):
        for part in node.parts:
            yield from _and_parts(part)
    else:
        yield node


# --- who speaks ------------------------------------------------------------------------------------------------------


def _check_informant(written: Written, node: Node, sense: _Sense, report: Report) -> None:
    """A flag is its informant's only if the informant answers something in it."""
    if written.informant not in (*INFORMANTS, SAFETY):
        return
    asked = questions_behind(sense.pack, names_in(node))
    speakers = {sense.pack.questions[name].informant for name in asked}
    if speakers and "" not in speakers and written.informant not in speakers:
        report(finding("PACK_304", written.place, "informant", informant=written.informant,
                       others=", ".join(sorted(speakers))))  # fmt: skip


# --- decision tables -------------------------------------------------------------------------------------------------


def _check_lines(lines: tuple[Derive, ...], sense: _Sense, report: Report) -> None:
    always: Derive | None = None
    for before, line in zip((None, *lines), lines, strict=False):
        if line.if_unknown not in ("", "next"):
            report(finding("PACK_034", line.place, "if_unknown", value=line.if_unknown, allowed="stop, next",
                           near=nearest(line.if_unknown, ("stop", "next"))))  # fmt: skip
        if always and always.place:
            report(finding("PACK_133", line.place, "when", name=line.name, earlier=always.place.row))
        if not line.when and always is None:
            always = line
        if before and before.place and line.place and not _follows(before.place, line.place, sense):
            report(finding("PACK_134", line.place, "name", name=line.name, first=before.place.row))
    if _mixed(lines, sense):
        report(finding("PACK_135", lines[0].place, "value", name=lines[0].name))


def _follows(before: Place, place: Place, sense: _Sense) -> bool:
    """No line of another name stands between the two."""
    others = (line.place for lines in sense.pack.derive.values() for line in lines)
    between = [other for other in others if other and other.sheet == place.sheet and before.row < other.row < place.row]
    return not between


def _mixed(lines: Iterable[Derive], sense: _Sense) -> bool:
    """Whether some lines give a number and others a text."""
    sorts = set()
    for line in lines:
        if line.value == "missing":
            continue
        try:
            kind = infer(parse(line.value), sense.kinds)
        except ExpressionError:
            return False
        sorts.add("number" if kind.is_number or kind is Kind.CONDITION else "other" if kind is Kind.DATE else "text")
    return len(sorts) > 1
