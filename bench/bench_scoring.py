"""Scores the same children with Khula, with pandas and with plain Python, one process each, and prints the figures.

Workload: 160 items (40 for each of four informants, 8 % of forms and 5 % of answers missing, codes 98 and 99), 20
scales of 8 items (sum, mean, prorated; two reversed; 6 or 8 must be answered), cut-offs by sex and age, two WHO
z-scores, 6 domains. pandas and plain Python compute scores, bands, z-scores and levels only; Khula also what a band
could still be, all flags, evidence and disagreement. Scores and levels are compared over all children.

    python bench/bench_scoring.py [--children 1000000]

prints lines `figure NAME VALUE UNIT`.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SCALES, ITEMS, INFORMANTS = 20, 8, ("child", "caregiver", "teacher", "health")
DOMAINS = ("health", "nutrition", "economic", "protection", "education", "psychosocial")
METHODS = ("sum", "mean", "prorate")


def method_of(scale: int) -> str:
    return METHODS[scale % 3]


def least_of(scale: int) -> int:
    return 8 if scale % 2 else 6


def items_of(scale: int) -> list[str]:
    return [f"i{scale * ITEMS + at}" for at in range(ITEMS)]


def cuts_of(scale: int, female: bool, older: bool) -> tuple[int, int]:
    """(medium, high) as totals of 8 items 0–4; a mean is cut at an eighth of it."""
    return 14 + scale % 4 + female, 19 + scale % 5 + older


# -- the pack -----------------------------------------------------------------------------------------------------


def pack():
    from khula.analysis.packs.pack import Choice, Domain, Flag, Norm, Pack, Question, Scale

    text = {"en": "bench"}
    codes = tuple(Choice(code) for code in ("0", "1", "2", "3", "4", "98", "99"))
    questions = {
        name: Question(name, "form", INFORMANTS[scale % 4], "select_one", text, codes)
        for scale in range(SCALES)
        for name in items_of(scale)
    }
    for name in ("weight", "height"):
        questions[name] = Question(name, "form", "health", "decimal", text)
    scales = {f"s{scale}": Scale(f"s{scale}", "tool", text, **_rules(scale)) for scale in range(SCALES)}
    scales["baz"] = Scale("baz", "tool", text, "zscore", ("weight", "height"), norm="baz")
    scales["haz"] = Scale("haz", "tool", text, "zscore", ("height",), norm="haz")
    norms = (
        Norm("baz", "who:bmi_for_age", "months", "60", "228", "who3sd", "-5", "5"),
        Norm("haz", "who:height_for_age", "months", "60", "228", "none", "-6", "6"),
    )
    flags = {}
    for name in scales:
        at = 1 if name in ("baz", "haz") else int(name[1:]) % 6
        for level in ("medium", "high"):
            flag = f"{name}_{level}"
            who = "health" if at == 1 and name[0] != "s" else INFORMANTS[int(name[1:]) % 4]
            flags[flag] = Flag(flag, DOMAINS[at], level, who, f"band(${{{name}}}) = '{level}'", text)
    domains = {
        domain: Domain(domain, text, tuple(name for name in scales if _domain_of(name) == domain), 2)
        for domain in DOMAINS
    }
    return Pack(
        "bench", "1", text, ("en",), (), questions, {}, {}, scales, tuple(_bands()), norms, flags, {}, domains, {}, (),
        (),
    )  # fmt: skip


def _domain_of(scale: str) -> str:
    return "nutrition" if scale in ("baz", "haz") else DOMAINS[int(scale[1:]) % 6]


def _rules(scale: int) -> dict:
    items = tuple(items_of(scale))
    rule = {"sum": "none", "mean": "prorate", "prorate": "prorate"}[method_of(scale)]
    return {
        "method": "mean" if method_of(scale) == "mean" else "sum",
        "items": items,
        "reverse": items[2:4],
        "item_min": 0,
        "item_max": 4,
        "missing": rule,
        "min_answered": least_of(scale),
    }


def _bands():
    from fractions import Fraction

    from khula.analysis.packs.pack import Band

    text = {"en": "bench"}
    for scale in range(SCALES):
        per = ITEMS if method_of(scale) == "mean" else 1
        for sex in ("male", "female"):
            for older in (False, True):
                medium, high = (str(float(Fraction(cut, per))) for cut in cuts_of(scale, sex == "female", older))
                ages = {"age_from": "96"} if older else {"age_to": "96"}
                for band, start, below in (("low", None, medium), ("medium", medium, high), ("high", high, None)):
                    yield Band(f"s{scale}", band, text, start, below, sex=sex, **ages)
    for scale in ("baz", "haz"):
        for band, start, below in (("high", None, "-3"), ("medium", "-3", "-2"), ("low", "-2", None)):
            yield Band(scale, band, text, start, below)


# -- the children -------------------------------------------------------------------------------------------------


def write_children(path: Path, count: int) -> None:
    import numpy as np
    import polars as pl

    chance = np.random.default_rng(7)

    def some_missing(values, share: float) -> pl.Series:
        return pl.select(pl.when(pl.Series(chance.random(len(values)) >= share)).then(pl.Series(values))).to_series()

    def part(size: int) -> pl.DataFrame:
        columns = {
            "sex": pl.Series(np.array(["male", "female"])[chance.integers(0, 2, size)]),
            "age_days": pl.Series(chance.integers(1900, 4200, size).astype("int32")),
            "weight": some_missing(np.round(chance.normal(24, 5, size).clip(8), 1), 0.05),
            "height": some_missing(np.round(chance.normal(122, 9, size), 1), 0.05),
        }
        away = {who: chance.random(size) < 0.08 for who in INFORMANTS}
        for scale in range(SCALES):
            tendency = chance.beta(1.2, 2.5, size)
            for name in items_of(scale):
                answer = chance.binomial(4, tendency).astype("int8")
                odd = chance.random(size)
                answer[odd < 0.02] = 99
                answer[odd < 0.01] = 98
                there = pl.Series(~(away[INFORMANTS[scale % 4]] | (odd > 0.95)))
                columns[name] = pl.select(pl.when(there).then(pl.Series(answer))).to_series()
        return pl.DataFrame(columns)

    sizes = [min(100_000, count - start) for start in range(0, count, 100_000)]
    pl.concat([part(size) for size in sizes], rechunk=False).write_parquet(path, row_group_size=100_000)


# -- the engines: each gives seconds, and a table of scores and levels to be compared -----------------------------


def run_khula(path: Path, out: Path, limit: int) -> float:
    import polars as pl

    from khula.analysis.plan import plan_of
    from khula.analysis.population import collect_population, score_population

    plan = plan_of(pack())
    frame = pl.scan_parquet(path)
    collect_population(score_population(plan, frame.head(10)))
    start = time.perf_counter()
    scored = collect_population(score_population(plan, frame.head(limit)))
    seconds = time.perf_counter() - start
    _report_peak()
    columns = [f"s{scale}" for scale in range(SCALES)] + ["baz", "haz"] + [f"{domain}__level" for domain in DOMAINS]
    scored.select(columns).with_columns(pl.selectors.enum().cast(pl.String)).write_parquet(out)
    return seconds


def run_khula_to_disk(path: Path, out: Path, limit: int) -> float:
    """Parquet to Parquet, for a population larger than memory."""
    import polars as pl

    from khula.analysis.plan import plan_of
    from khula.analysis.population import score_population, sink_population

    plan = plan_of(pack())
    start = time.perf_counter()
    sink_population(score_population(plan, pl.scan_parquet(path).head(limit)), out)
    seconds = time.perf_counter() - start
    _report_peak()
    return seconds


def run_khula_one_by_one(path: Path, out: Path, limit: int) -> float:
    """The compiled function, child after child: what the server does when a form arrives."""
    import polars as pl

    from khula.analysis.one_child import compile_for_one_child
    from khula.analysis.plan import plan_of

    plan = plan_of(pack())
    assess = compile_for_one_child(plan)
    rows = pl.scan_parquet(path).head(limit).collect().to_dicts()
    results, seconds = [assess(rows[0])], _usual_time(lambda: assess(rows[0]))
    if limit > 1:
        start = time.perf_counter()
        results = [assess(row) for row in rows]
        seconds = time.perf_counter() - start
    _report_peak()
    columns = [f"s{scale}" for scale in range(SCALES)] + ["baz", "haz"] + [f"{domain}__level" for domain in DOMAINS]
    told = [{name: row[name] for name in columns} for row in results]
    pl.DataFrame(told, infer_schema_length=None).write_parquet(out)
    return seconds


def _usual_time(work) -> float:
    """The median of many runs of something short."""
    times = []
    for _ in range(301):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return sorted(times)[150]


def run_pandas(path: Path, out: Path, limit: int) -> float:
    """As an analyst writes it who knows pandas well: whole columns, no loop over children."""
    import numpy as np
    import pandas as pd
    import polars as pl

    # Reading is not counted: pandas would need one more package for Parquet.
    read = pl.scan_parquet(path).head(limit).collect()
    frame = pd.DataFrame({name: read[name].to_numpy() for name in read.columns})
    del read
    start = time.perf_counter()
    female, older = frame["sex"].eq("female").to_numpy(), (frame["age_days"] / 30.4375 >= 96).to_numpy()
    result, high, medium, have = {}, {}, {}, {}
    for scale in range(SCALES):
        items = frame[items_of(scale)].astype("float32")
        items = items.where(items.le(4) & items.ge(0))
        items.iloc[:, 2:4] = 4 - items.iloc[:, 2:4]
        answered, total = items.notna().sum(axis=1), items.sum(axis=1)
        method = method_of(scale)
        score = total / answered if method == "mean" else total * ITEMS / answered if method == "prorate" else total
        score = score.where(answered >= (ITEMS if method == "sum" else least_of(scale)))
        per = ITEMS if method == "mean" else 1
        cuts = np.array([[cuts_of(scale, f, o) for o in (False, True)] for f in (False, True)]) / per
        low_cut, high_cut = cuts[female.astype(int), older.astype(int)].T
        domain = DOMAINS[scale % 6]
        result[f"s{scale}"] = score
        high.setdefault(domain, []).append((score >= high_cut).to_numpy())
        medium.setdefault(domain, []).append((score >= low_cut).to_numpy())
        have.setdefault(domain, []).append(score.notna().to_numpy())
    for name, z in _z_in_numpy(frame).items():
        result[name] = pd.Series(z)
        high["nutrition"].append(z < -3)
        medium["nutrition"].append(z < -2)
        have["nutrition"].append(~np.isnan(z))
    for domain in DOMAINS:
        enough = np.sum(have[domain], axis=0) >= 2
        result[f"{domain}__level"] = np.select(
            [np.any(high[domain], axis=0), np.any(medium[domain], axis=0), enough],
            ["high", "medium", "low"],
            "not enough information",
        )
    table = pd.DataFrame(result)
    seconds = time.perf_counter() - start
    _report_peak()
    pl.DataFrame(
        {name: table[name].to_numpy() for name in table.columns}, nan_to_null=True, strict=False
    ).write_parquet(out)
    return seconds


def _z_in_numpy(frame) -> dict:
    import numpy as np

    months = frame["age_days"].to_numpy() / 30.4375
    whole = np.floor(months).astype(int)
    part = months - whole
    sex = frame["sex"].eq("female").to_numpy().astype(int)
    height, weight = frame["height"].to_numpy(), frame["weight"].to_numpy()
    found = {}
    for name, measure, value in (
        ("baz", "bmi_for_age", weight * 10_000.0 / (height * height)),
        ("haz", "height_for_age", height),
    ):
        table = _lms_array(measure)
        l, m, s, dl, dm, ds = table[sex, whole].T
        l, m, s = l + part * dl, m + part * dm, s + part * ds
        with np.errstate(all="ignore"):
            z = ((value / m) ** l - 1) / (l * s)
            if measure == "bmi_for_age":
                side = np.sign(z)
                third = m * (1 + l * s * 3 * side) ** (1 / l)
                second = m * (1 + l * s * 2 * side) ** (1 / l)
                z = np.where(np.abs(z) > 3, 3 * side + (value - third) / np.abs(third - second), z)
        z = np.floor(z * 100 + 0.5) / 100
        limit = 5 if name == "baz" else 6
        found[name] = np.where(np.abs(z) > limit, np.nan, z)
    return found


def _lms_array(measure: str):
    import numpy as np

    from khula.analysis.growth import who_reference

    table = np.full((2, 240, 6), np.nan)
    for (sex, month), row in who_reference(measure).by_month.items():
        table[int(sex == "female"), month] = row
    return table


def run_plain(path: Path, out: Path, limit: int) -> float:
    """Plain Python, child after child, as a careful script does it."""
    import polars as pl

    from khula.analysis.growth import z_hundredths

    rows = pl.scan_parquet(path).head(limit).collect().to_dicts()
    start = time.perf_counter()
    results = [_plain_child(row, z_hundredths) for row in rows]
    seconds = time.perf_counter() - start
    _report_peak()
    pl.DataFrame(results, infer_schema_length=None).write_parquet(out)
    return seconds


def _plain_child(row: dict, z_hundredths) -> dict:
    female, months = row["sex"] == "female", row["age_days"] / 30.4375
    result, levels, have = {}, dict.fromkeys(DOMAINS, 0), dict.fromkeys(DOMAINS, 0)
    for scale in range(SCALES):
        values = []
        for at, name in enumerate(items_of(scale)):
            value = row[name]
            if value is not None and 0 <= value <= 4:
                values.append(4 - value if at in (2, 3) else value)
        method, answered, total = method_of(scale), len(values), sum(values)
        result[f"s{scale}"] = None
        if answered < (ITEMS if method == "sum" else least_of(scale)):
            continue
        score = total / answered if method == "mean" else total * ITEMS / answered if method == "prorate" else total
        result[f"s{scale}"] = float(score)
        medium, high = cuts_of(scale, female, months >= 96)
        reached = total * ITEMS if method != "sum" else total
        base = answered if method != "sum" else 1
        domain = DOMAINS[scale % 6]
        have[domain] += 1
        levels[domain] = max(levels[domain], 3 if reached >= high * base else 2 if reached >= medium * base else 0)
    for name, measure, limit in (("baz", "bmi_for_age", 500), ("haz", "height_for_age", 600)):
        z = z_hundredths(measure, row["sex"], row["age_days"], None, row["weight"], row["height"])
        z = None if z is None or abs(z) > limit else z
        result[name] = None if z is None else z / 100
        if z is not None:
            have["nutrition"] += 1
            levels["nutrition"] = max(levels["nutrition"], 3 if z < -300 else 2 if z < -200 else 0)
    for domain in DOMAINS:
        quiet = "low" if have[domain] >= 2 else "not enough information"
        result[f"{domain}__level"] = {3: "high", 2: "medium", 0: quiet}[levels[domain]]
    return result


def _report_peak() -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({"peak_mb": used.ru_maxrss / 1024, "cpu_s": used.ru_utime + used.ru_stime}))


# -- the comparison -----------------------------------------------------------------------------------------------

ENGINES = {
    "khula": run_khula,
    "khula_to_disk": run_khula_to_disk,
    "khula_one_by_one": run_khula_one_by_one,
    "pandas": run_pandas,
    "plain": run_plain,
}


def measured(engine: str, path: Path, out: Path, limit: int) -> tuple[float, float, float]:
    """(seconds, peak MB, CPU seconds with start and reading) in a process of its own."""
    given = ["--engine", engine, "--data", str(path), "--out", str(out), "--limit", str(limit)]
    command = [sys.executable, __file__, *given]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    told = {}
    for line in done.stdout.splitlines():
        told |= json.loads(line)
    return told["seconds"], told["peak_mb"], told["cpu_s"]


def figure(name: str, value: float, unit: str) -> None:
    print(f"figure {name} {value:.6g} {unit}", flush=True)


def differing(one: Path, other: Path) -> int:
    """Children whose scores differ between two engines, or a level all of whose scales have a score: only Khula lets a
    band stand that missing answers cannot change. Compared to six digits, for pandas' floats."""
    import polars as pl

    left, right = pl.read_parquet(one), pl.read_parquet(other)
    rows_of_both = min(left.height, right.height)
    left, right = left.head(rows_of_both), right.head(rows_of_both)
    both = pl.concat([left, right.rename({name: f"{name}_other" for name in right.columns})], how="horizontal")
    rows = pl.lit(False)
    for name in [*(f"s{scale}" for scale in range(SCALES)), "baz", "haz"]:
        a, b = (pl.col(each).cast(pl.Float64).fill_nan(None) for each in (name, f"{name}_other"))
        rows = rows | ((a - b).abs() > 1e-6).fill_null(False) | (a.is_null() != b.is_null())
    for at, domain in enumerate(DOMAINS):
        scales = [f"s{scale}" for scale in range(SCALES) if scale % 6 == at]
        level = pl.col(f"{domain}__level")
        rows = rows | (pl.all_horizontal(pl.col(scales).is_not_null()) & (level != pl.col(f"{domain}__level_other")))
    return both.select(rows.sum()).item()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--children", type=int, default=1_000_000)
    parser.add_argument("--engine", choices=ENGINES)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--limit", type=int)
    given = parser.parse_args()
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    if given.engine:
        print(json.dumps({"seconds": ENGINES[given.engine](given.data, given.out, given.limit)}))
        return
    with tempfile.TemporaryDirectory() as folder:
        compare(Path(folder), given.children)


def compare(folder: Path, count: int) -> None:
    data = folder / "children.parquet"
    subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = [{str(Path(__file__).parent)!r}]\n"
         f"from bench_scoring import write_children; from pathlib import Path\n"
         f"write_children(Path({str(data)!r}), {count})"],
        check=True,
    )  # fmt: skip
    for size in (1, 10_000, count):
        seconds = {}
        for engine in ENGINES:
            if size == 1 and engine == "khula_to_disk":
                continue
            limit = min(size, 100_000) if engine in ("plain", "khula_one_by_one") else size
            seconds[engine], peak, cpu = measured(engine, data, folder / f"{engine}.parquet", limit)
            figure(f"children_per_s_{engine}_{size}", limit / seconds[engine], "children/s")
            figure(f"peak_mb_{engine}_{size}", peak, "MB")
            figure(f"cpu_s_{engine}_{size}", cpu, "s")
        if size == 1:
            figure("ms_one_child", seconds["khula_one_by_one"] * 1000, "ms")
        else:
            paths = folder / "khula.parquet", folder / "pandas.parquet"
            figure(f"differing_from_pandas_{size}", differing(*paths), "children")
        if size > 1:
            for engine in ("plain", "khula_one_by_one"):
                paths = folder / "khula.parquet", folder / f"{engine}.parquet"
                figure(f"differing_from_{engine}_{size}", differing(*paths), "children")
        if size == count:
            again, peak, cpu = measured("khula", data, folder / "khula.parquet", size)
            figure("children_per_s_population", size / min(seconds["khula"], again), "children/s")
            figure("peak_mb_population", peak, "MB")
            figure("cpu_s_population", cpu, "s")


if __name__ == "__main__":
    main()
