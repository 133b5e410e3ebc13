"""The worked examples of a pack in; those that come out otherwise, and whatever no example shows at work, out.

The values shown in a finding are those of invented children.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from khula.analysis.answers import Value, codes_of, read_answers
from khula.analysis.assessment import Assessor, assessor_for
from khula.analysis.growth import day_of, months_of
from khula.analysis.packs.check.limits import codes_of_facts
from khula.analysis.packs.findings import finding, nearest
from khula.analysis.packs.pack import CONTEXT, NOT_ENOUGH, Band, Example, Pack
from khula.analysis.packs.reader import NotAList, Reading, exact_number, names_in
from khula.analysis.packs.sheets import Report
from khula.analysis.plan import ASSESSED_ON, PlanError
from khula.analysis.plan.bands import OTHER, BandRows, Cell, specificity

GIVEN_HINT = "psc_1..17=0;sex=female;age_months=90"
EXPECT_HINT = "psc_total=15;band(psc_total)=positive;flag(p_psc)=yes;domain(psychosocial)=medium"

#: What may be given besides answers: facts about the child, and the day of the assessment for dated parameters.
FACTS = (*CONTEXT, ASSESSED_ON)

Given = dict[str, object]
Codes = Mapping[str, tuple[str, ...]]
Flat = Mapping[str, object]


@dataclass(frozen=True)
class Expected:
    """`band(psc_total)=positive` is ("band", "psc_total", "positive"); a score has the function ""."""

    function: str
    name: str
    value: str
    written: str


@dataclass
class _Seen:
    """What the examples have shown so far."""

    true: set[str] = field(default_factory=set)  # flat keys
    bands: set[tuple[str, str]] = field(default_factory=set)
    rows: set[int] = field(default_factory=set)  # rows of the sheet bands
    levels: set[tuple[str, str]] = field(default_factory=set)


def check_examples(reading: Reading, report: Report, *, sound: bool) -> None:
    pack = reading.pack
    facts = codes_of_facts(reading)
    read = [(example, _read(pack, facts, example, report)) for example in pack.examples]
    if not sound:
        if pack.examples:
            report(finding("PACK_410", reading.tables["tests"].top))
        return
    try:
        assessor = assessor_for(pack)
    except PlanError as problem:
        report(
            finding(
                "PACK_412", problem.place, problem.column, detail=problem.problem("en"), detail_fr=problem.problem("fr")
            )
        )
        return
    seen = _Seen()
    for example, understood in read:
        if understood is not None:
            given, expected = understood
            _work_out(pack, assessor, example, given, expected, seen, report)
    if all(understood is not None for _, understood in read):
        _check_coverage(pack, seen, report)


# --- reading a row ---------------------------------------------------------------------------------------------------


def _read(pack: Pack, facts: Codes, example: Example, report: Report) -> tuple[Given, list[Expected]] | None:
    """What the row gives and expects, or None when the row cannot be read."""
    before: list[object] = []

    def note(found: object) -> None:
        before.append(found)
        report(found)  # type: ignore[arg-type]

    given = _given(pack, facts, example, note)
    expected = list(_expected(pack, example, note))
    if not example.expect.strip():
        note(finding("PACK_411", example.place, "expect", test=example.test, hint=EXPECT_HINT))
    return None if before else (given, expected)


def _parts(cell: str) -> Iterator[tuple[str, str, str]]:
    """(left, right, whole) of each `left=right`; right is "" where there is no =."""
    for part in re.split(r"[;\n]", cell):
        if part.strip():
            left, _, right = part.partition("=")
            yield left.strip(), right.strip(), part.strip()


def _given(pack: Pack, codes: Codes, example: Example, report: Report) -> Given:
    raw: dict[str, str] = {}
    facts: dict[str, str] = {}
    for left, right, whole in _parts(example.given):
        try:
            names = names_in(left)
        except NotAList:
            names = ()
        if not names or not right:
            report(finding("PACK_400", example.place, "given", part=whole, hint=GIVEN_HINT))
        for name in names:
            if name in pack.questions:
                raw[name] = right
            elif name in FACTS:
                facts[name] = right
            else:
                near = nearest(name, (*pack.questions, *FACTS))
                report(finding("PACK_401", example.place, "given", name=name, near=near))
    return {**_answers(pack, example, raw, report), **_facts(example, facts, codes, report)}


def _answers(pack: Pack, example: Example, raw: Mapping[str, str], report: Report) -> dict[str, Value]:
    answers = read_answers(pack, raw)
    for name in answers.unreadable:
        possible = ", ".join(codes_of(pack.questions[name]))
        report(finding("PACK_402", example.place, "given", name=name, value=raw[name], allowed=possible))
    return answers.values


def _facts(example: Example, facts: Mapping[str, str], codes: Codes, report: Report) -> Given:
    """Facts about the child; either age gives the other."""
    known: Given = {}
    for name in ("sex", "language", "grade"):
        possible = codes.get(name, ())
        if name in facts and possible and facts[name] not in possible:
            report(finding("PACK_402", example.place, "given", name=name, value=facts[name],
                           allowed=", ".join(possible)))  # fmt: skip
        elif name in facts:
            known[name] = facts[name]
    if ASSESSED_ON in facts:
        known[ASSESSED_ON] = _day(example, facts[ASSESSED_ON], report)
    for name in ("age_days", "age_months"):
        number = exact_number(facts[name]) if name in facts else None
        if name in facts and (number is None or (name == "age_days" and number.denominator != 1)):
            report(finding("PACK_402", example.place, "given", name=name, value=facts[name]))
        elif number is not None:
            known[name] = int(number) if name == "age_days" else float(number)
    if isinstance(days := known.get("age_days"), int) and "age_months" not in known:
        known["age_months"] = months_of(days)
    elif isinstance(months := known.get("age_months"), float) and "age_days" not in known:
        known["age_days"] = day_of(months)
    return known


def _day(example: Example, text: str, report: Report) -> int:
    try:
        return date.fromisoformat(text).toordinal() - date(1970, 1, 1).toordinal()
    except ValueError:
        report(finding("PACK_236", example.place, "given", value=text))
        return 0


_CALL = re.compile(r"(\w+)\(\s*([\w\-]+)\s*\)$")
_SAYINGS: dict[str, tuple[str, ...]] = {
    "flag": ("yes", "no", "unknown"),
    "strength": ("yes", "no", "unknown"),
    "alert": ("yes", "no", "unknown"),
    "domain": ("low", "medium", "high", NOT_ENOUGH),
    "disagree": ("yes", "no"),
}
_KEYS = {
    "": "{}", "band": "{}__band", "flag": "flag__{}", "strength": "strength__{}", "alert": "alert__{}",
    "domain": "{}__level", "could_be": "{}__could_be",
    "could_be_band": "{}__could_be", "disagree": "{}__differ", "have": "{}__have",
    "answered": "{}__answered",
}  # fmt: skip


def _known_to(pack: Pack, function: str) -> Iterable[str]:
    return {
        "": (*pack.scales, *pack.derive),
        "band": pack.scales,
        "answered": pack.scales,
        "could_be_band": pack.scales,
        "flag": pack.flags,
        "strength": pack.strengths,
        "alert": pack.alerts,
        "could_be": (*pack.domains, *pack.scales),
    }.get(function, pack.domains)


def _expected(pack: Pack, example: Example, report: Report) -> Iterator[Expected]:
    for left, right, whole in _parts(example.expect):
        call = _CALL.match(left)
        function, name = (call.group(1), call.group(2)) if call else ("", left)
        if not right or function not in _KEYS:
            report(finding("PACK_400", example.place, "expect", part=whole, hint=EXPECT_HINT))
            continue
        known = tuple(_known_to(pack, function))
        if name not in known:
            report(finding("PACK_401", example.place, "expect", name=name, near=nearest(name, known)))
            continue
        value = " ".join(right.split())
        if function in _SAYINGS and value not in _SAYINGS[function]:
            report(finding("PACK_402", example.place, "expect", name=left, value=value,
                           allowed=", ".join(_SAYINGS[function])))  # fmt: skip
            continue
        if function == "band" and not _is_band(pack, name, value):
            bands = dict.fromkeys(band.band for band in pack.bands if band.scale == name)
            report(finding("PACK_402", example.place, "expect", name=left, value=value, allowed=", ".join(bands)))
            continue
        yield Expected(function, name, value, left)


def _is_band(pack: Pack, scale: str, band: str) -> bool:
    return band.casefold() in ("missing", "none") or any(row.scale == scale and row.band == band for row in pack.bands)


# --- working a row out -----------------------------------------------------------------------------------------------


def _work_out(
    pack: Pack, assessor: Assessor, example: Example, given: Given, expected: list[Expected], seen: _Seen,
    report: Report,
) -> None:  # fmt: skip
    flat = assessor.assess_flat(given)
    for one in expected:
        got = flat.get(_KEYS[one.function].format(one.name))
        if not agrees(one, got):
            report(finding("PACK_403", example.place, "expect", test=example.test, name=one.written,
                           expected=one.value, got=shown(one.function, got)))  # fmt: skip
    _look(pack, flat, given, seen)


def agrees(expected: Expected, got: object) -> bool:
    """Whether a result is what the example says. A number agrees when it rounds to the digits that are written."""
    number = exact_number(expected.value)
    if isinstance(got, int | float) and not isinstance(got, bool) and number is not None:
        decimals = len(expected.value.partition(".")[2])
        return abs(Fraction(got) - number) <= Fraction(1, 2 * 10**decimals) + Fraction(1, 10**9) and (
            decimals > 0 or Fraction(got) == number
        )
    return _word(expected.function, expected.value) == _word(expected.function, shown(expected.function, got))


def _word(function: str, text: str) -> str:
    plain = text.casefold()
    return "missing" if plain in ("missing", "none", "unknown") and function not in ("flag", "alert") else plain


def shown(function: str, got: object) -> str:
    if function in ("flag", "strength", "alert", "disagree"):
        return "yes" if got is True else "no" if got is False else "unknown"
    if got is None:
        return NOT_ENOUGH if function == "domain" else "missing"
    return format(got, ".10g") if isinstance(got, float) else str(got)


# --- what the examples have shown ------------------------------------------------------------------------------------


def _look(pack: Pack, flat: Flat, given: Given, seen: _Seen) -> None:
    seen.true |= {key for key, value in flat.items() if value is True}
    for name in pack.scales:
        band = flat.get(f"{name}__band")
        if isinstance(band, str):
            seen.bands.add((name, band))
            seen.rows |= _rows_at_work(pack, name, flat.get(name), given)
    for name in pack.domains:
        level = flat.get(f"{name}__level")
        seen.levels.add((name, str(level) if level is not None else NOT_ENOUGH))


def _rows_at_work(pack: Pack, scale: str, score: object, given: Given) -> set[int]:
    """The row of the sheet bands that decided, where the score itself is known."""
    if not isinstance(score, int | float):
        return set()
    exact = Fraction(format(score, ".12g"))
    rows = [row for row in pack.bands if row.scale == scale]
    cell = _cell(BandRows(tuple(rows)), given)
    fitting = [row for row in rows if cell.admits(row) and _holds(row, exact)]
    best = max(fitting, key=specificity, default=None)
    return {best.place.row} if best and best.place else set()


def _cell(table: BandRows, given: Given) -> Cell:
    months = given.get("age_months")
    age = Fraction(months) if isinstance(months, float) else None
    reached = [limit for limit in table.ages if age is not None and limit <= age]
    return Cell(
        str(given.get("sex", OTHER)),
        str(given.get("language", OTHER)),
        str(given.get("grade", OTHER)),
        reached[-1] if reached else None,
    )


def _holds(row: Band, score: Fraction) -> bool:
    return (row.start is None or Fraction(row.start) <= score) and (row.below is None or score < Fraction(row.below))


def _check_coverage(pack: Pack, seen: _Seen, report: Report) -> None:
    for code, prefix, named, column in (
        ("PACK_404", "flag__", pack.flags.values(), "flag"),
        ("PACK_405", "alert__", pack.alerts.values(), "alert"),
        ("PACK_406", "strength__", pack.strengths.values(), "strength"),
    ):
        for row in named:
            if f"{prefix}{row.name}" not in seen.true:
                report(finding(code, row.place, column, name=row.name))
    _check_bands_reached(pack, seen, report)
    for domain in pack.domains.values():
        raised = {flag.level for flag in pack.flags.values() if flag.domain == domain.name}
        for level in ("low", "medium", "high", NOT_ENOUGH):
            possible = level in ("low", NOT_ENOUGH) or level in raised
            if possible and (domain.name, level) not in seen.levels:
                report(finding("PACK_409", domain.place, "domain", name=domain.name, value=level))


def _check_bands_reached(pack: Pack, seen: _Seen, report: Report) -> None:
    told: set[tuple[str, str]] = set()
    for band in pack.bands:
        key = (band.scale, band.band)
        if key not in seen.bands:
            if key not in told:
                report(finding("PACK_407", band.place, "band", scale=band.scale, band=band.band))
            told.add(key)
        elif band.place and band.place.row not in seen.rows:
            report(finding("PACK_408", band.place, "band", cell=_conditions(band)))


def _conditions(band: Band) -> str:
    said = [("sex", band.sex), ("language", band.language), ("grade", band.grade), ("age_from", band.age_from),
            ("age_to", band.age_to), ("informant", band.informant)]  # fmt: skip
    return ", ".join(f"{name}={value}" for name, value in said if value)
