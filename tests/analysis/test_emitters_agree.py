"""Every evaluator gives the same: one child compiled, a population in Polars, and the plain reading of the sheets."""

from __future__ import annotations

import math
import os
from pathlib import Path

import polars as pl
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from khula.analysis.one_child import compile_for_one_child
from khula.analysis.packs.pack import Pack
from khula.analysis.packs.reader import read_pack
from khula.analysis.plan import PlanError, plan_of
from khula.analysis.plan.order import kinds_of
from khula.analysis.population import collect_population, score_population, type_of
from tests.analysis.generated_packs import children, packs
from tests.analysis.plain_evaluator import assess_plainly

PACKS = int(os.environ.get("KHULA_GENERATED_PACKS", "150"))
CHILDREN = 80

compared = {"packs": 0, "children": 0, "values": 0, "missing": 0}


def frame_of(plan, values: list[dict]) -> pl.LazyFrame:
    schema = {name: type_of(sort) for name, sort in plan.inputs.items()}
    return pl.DataFrame([{name: child.get(name) for name in schema} for child in values], schema=schema).lazy()


def same(one, other) -> bool:
    if one is None or other is None:
        return one is other
    if isinstance(one, bool) or isinstance(other, bool) or isinstance(one, str):
        return type(one) is type(other) and one == other
    return not isinstance(one, float) or math.isfinite(one) if one == other else False


def check(one: dict, other: dict, told: str) -> None:
    assert one.keys() == other.keys()
    found = {name: (one[name], other[name]) for name in one if not same(one[name], other[name])}
    assert not found, f"{found}: {told}"


def compare(pack: Pack, values: list[dict]) -> None:
    plan = plan_of(pack)
    kinds = kinds_of(pack)
    assess = compile_for_one_child(plan)
    frame = frame_of(plan, values)
    rows = collect_population(score_population(plan, frame)).to_dicts()
    assert len(rows) == len(values)
    for child, row in zip(values, rows, strict=True):
        single = assess(child)
        check(single, row, f"one child and population differ for {child}")
        check(single, assess_plainly(pack, child, kinds), f"one child and plain differ for {child}")
        compared["children"] += 1
        compared["values"] += len(row)
        compared["missing"] += sum(value is None for value in row.values())
    compared["packs"] += 1


@settings(
    max_examples=PACKS,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
@given(packs(), st.integers(0, 2**32))
def agreement(pack: Pack, seed: int) -> None:
    try:
        plan_of(pack)
    except PlanError as problem:
        assume("too large" not in str(problem))
        raise
    compare(pack, children(pack, seed, CHILDREN))


def test_all_evaluators_agree_on_generated_packs_and_children() -> None:
    agreement()
    print("\ncompared:", ", ".join(f"{count:,} {what}" for what, count in compared.items()))
    assert compared["children"] >= min(10_000, PACKS * CHILDREN // 2)


def test_all_evaluators_agree_on_the_shipped_pack() -> None:
    pack = read_pack(Path(__file__).parents[2] / "packs/foundation_phase")
    compare(pack, children(pack, seed=1, count=400))
