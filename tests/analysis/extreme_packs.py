"""Packs at the edges, with children to them: numbers as large as may be, and growth tables of every sort."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

from khula.analysis.packs.pack import Band, Derive, Domain, Flag, Norm, Pack, Question, Scale
from khula.analysis.packs.reader import read_pack
from tests.analysis.generated_packs import NORM_TABLE, ZERO_TABLE

SHIPPED = Path(__file__).parents[2] / "packs/foundation_phase"
NOTHING = {
    "derive": {}, "scales": {}, "bands": (), "norms": (), "flags": {}, "strengths": {}, "domains": {}, "alerts": {},
    "params": (), "tables": {},
}  # fmt: skip

WHOLE = (
    "${n0} * ${n1}", "${n2} * ${n3}", "${n0} * ${n1} - ${n2} * ${n3}", "(${n0} * ${n1}) + ${n2}", "${n0} * 999999937 + 1",
    "(${p0}) mod ${n2}", "(${p2}) mod 97", "if(${n0} > 0, ${p0}, ${n1})", "coalesce(${n3}, ${p1})", "${p5} + ${n0}",
)  # fmt: skip
TRUTHS = (
    "${p0} = ${p1}", "${p0} < ${p1}", "${p0} >= ${p1}", "${p0} != 999999937", "${p2} > 0", "${p3} >= ${n2}",
    "${n0} div ${n1} < ${n2} div ${n3}", "${n0} div ${n1} = ${n2} div ${n3}", "selected(${n0}, '97')", "${p5} < 1000",
    "${p6} = 0", "${s0} >= ${p0}", "${s1} < ${n0}",
)  # fmt: skip
EXPRESSIONS = (
    ("${p0}", None), ("${p0} div 2", 0), ("${n2} div ${n3}", None), ("${n0} div ${n1}", 2), ("(${n0} mod ${n1}) div 4", None),
    ("${m0} * ${m1}", None), ("${m0} div ${m1}", None), ("${m0} div ${m1}", 1), ("${m0} * 0.000001", None),
)  # fmt: skip


def _asked(kind: str, *names: str) -> dict[str, Question]:
    return {name: Question(name, "form", "child", kind, {}) for name in names}


def large_pack() -> Pack:
    """One whose whole numbers pass 2^53, and whose measured ones pass everything, wherever they can."""
    scales = {
        f"s{at}": Scale(f"s{at}", "", {}, "expression", (), text, round=places)
        for at, (text, places) in enumerate(EXPRESSIONS)
    }
    scales["total"] = Scale("total", "", {}, "sum", ("p0", "n2", "p1"), missing="zero", min_answered=1)
    scales["table"] = Scale("table", "", {}, "rasch", ("p0",), norm="table")
    limits = (("low", None, "0.5"), ("middle", "0.5", "900719925.5"), ("high", "900719925.5", None))
    return replace(
        read_pack(SHIPPED), **NOTHING | {
            "questions": _asked("integer", "n0", "n1", "n2", "n3") | _asked("decimal", "m0", "m1"),
            "derive": {f"p{at}": (Derive(f"p{at}", "", text),) for at, text in enumerate(WHOLE)},
            "scales": scales,
            "bands": tuple(Band(name, band, {}, start, below) for name in scales for band, start, below in limits),
            "flags": {f"f{at}": Flag(f"f{at}", "one", "high", "child", text, {}) for at, text in enumerate(TRUTHS)},
            "domains": {"one": Domain("one", {}, ("p0", "s0"), 1)},
            "norms": (Norm("table", "table.csv", "", "", ""),),
            "tables": {"table.csv": "raw,measure\n" + "\n".join(f"{raw},{raw * 0.37}" for raw in range(-3, 9))},
        }
    )  # fmt: skip


def large_children(count: int) -> list[dict]:
    chance = random.Random(8)
    measured = (0.0, -0.0, 1.5, -1.5, 1e-6, 2.5e-5, 1e-300, 5e-324, 999_999_999.25, -999_999_999.25)
    found = []
    for _ in range(count):
        edges = (0, 1, -1, 2, -4, 97, 94906267, 999_999_999, -999_999_999, chance.randint(-999_999_999, 999_999_999))
        one, two = chance.choice(edges), chance.choice(edges)
        others = (two, one) if chance.random() < 0.4 else (chance.choice(edges), chance.choice(edges))
        child = {"n0": one, "n1": two, "n2": others[0], "n3": others[1]}
        child |= {"m0": chance.choice(measured), "m1": chance.choice(measured)}
        found.append({name: value for name, value in child.items() if chance.random() < 0.95})
    return found


FINE_TABLE = "sex,index,l,m,s\n" + "\n".join(
    f"{sex},{index},{0.1 + index / 3},{14 + index / 7},{1 / (9 + index)}"
    for sex in ("1", "f")
    for index in (*range(3), *range(5, 60), 200)
)
"""Numbers no power of ten makes whole, with gaps."""
STEEP_TABLE = "sex,index,l,m,s\n" + "\n".join(f"male,{day},{l},10,{s}" for day, (l, s) in enumerate(
    ((1, 0.1), (-1, 0.4), (2, 0.4), (0.5, 0.9), (0, 0.3), (-3, 0.1), (3, 0.2), (0, 300), (1e-5, 0.1), (25, 0.02), (-0.5, 0.7), (0.005, 30))
))  # fmt: skip
"""Powers of nothing and of less than nothing, and as far out as they go."""


def growing_pack() -> Pack:
    """One scale for each sort of growth table: by day, by month, two one after the other, WHO's."""
    tables = {"own.csv": NORM_TABLE, "zero.csv": ZERO_TABLE, "fine.csv": FINE_TABLE, "steep.csv": STEEP_TABLE}
    norms = (
        Norm("own", "own.csv", "months", "", ""),
        Norm("own3", "own.csv", "months", "", "", adjust="who3sd"),
        Norm("zero", "zero.csv", "days", "", "", adjust="who3sd"),
        Norm("zero2", "zero.csv", "days", "", ""),
        Norm("fine", "fine.csv", "months", "2", "60", implausible_below="-6", implausible_above="6"),
        Norm("steep", "steep.csv", "days", "", ""),
        Norm("steep3", "steep.csv", "days", "", "", adjust="who3sd"),
        Norm("two", "who:weight_for_age", "months", "0", "50", not_if="${y} > ${x}"),
        Norm("two", "own.csv", "months", "50", "139.5"),
    )
    names = dict.fromkeys(norm.norm for norm in norms)
    scales = {name: Scale(name, "", {}, "zscore", ("x",), norm=name) for name in names}
    scales["index"] = Scale("index", "", {}, "zscore", ("x", "y"), norm="own")
    bands = [
        Band(name, band, {}, start, below)
        for name in scales
        for band, start, below in (("thin", None, "-2"), ("well", "-2", "1"), ("much", "1", None))
    ]
    return replace(
        read_pack(SHIPPED), **NOTHING | {
            "questions": _asked("decimal", "x", "y"), "scales": scales, "norms": norms, "tables": tables,
            "bands": tuple(bands), "flags": {"thin": Flag("thin", "one", "high", "child", "band(${two}) = 'thin'", {})},
            "domains": {"one": Domain("one", {}, tuple(scales), 2)},
        }
    )  # fmt: skip


def growing_children(count: int) -> list[dict]:
    chance = random.Random(9)
    found = []
    for _ in range(count):
        age = chance.choice((
            {"age_days": chance.randint(0, 13)}, {"age_days": chance.randint(1290, 3300)}, {"age_days": chance.randint(0, 8000)},
            {"age_months": chance.uniform(0, 150)}, {"age_months": float(chance.randint(0, 145))},
            {"age_months": chance.choice((49.999, 50.0, 139.0, 139.25, 139.5, -1.0, -0.001, 9999.5, 10_000.0, 1e300))}, {},
        ))  # fmt: skip
        x = chance.choice(
            (
                round(chance.uniform(5, 40), 1),
                round(chance.uniform(5, 40), 1),
                chance.choice((5e-324, 1e-300, 999_999_999.5, 10.0, 0.0)),
            )
        )
        child = {
            "x": x,
            "y": round(chance.uniform(0.5, 60), 2),
            "sex": chance.choice(("male", "female", "unstated")),
            **age,
        }
        found.append({name: value for name, value in child.items() if chance.random() < 0.97})
    return found
