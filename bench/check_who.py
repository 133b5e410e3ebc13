"""WHO's sample survey in; how many of our z-scores and flags equal WHO's own out.

    .venv/bin/python bench/check_who.py ../shared/data/who2007_survey

The survey is WHO's (GPL) and no part of this repository. Rows past 228 months, and past 120 for weight, are counted
apart: WHO's program of 2007 left them out, its later versions carry the last month on to its end, as we do.
"""

from __future__ import annotations

import csv
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import polars as pl
from click.testing import CliRunner

from khula.analysis import growth
from khula.cli.growth import growth as command

INDICES = {
    "haz": ("height_for_age", "zhfa", "fhfa", 228),
    "waz": ("weight_for_age", "zwfa", "fwfa", 120),
    "baz": ("bmi_for_age", "zbfa", "fbfa", 228),
}
SEXES = {"1": "male", "2": "female"}


def main(folder: Path) -> int:
    with (folder / "survey_who2007_z.csv").open(encoding="utf-8", newline="") as lines:
        theirs = list(csv.DictReader(lines))
    wrong = 0
    for name, ours in (
        ("one child", one_by_one(theirs)),
        ("population", together(theirs)),
        ("khula growth", command_line(folder)),
    ):
        for index, counts in compare(theirs, ours).items():
            print(
                f"{name}: {index} {counts['equal']} of {counts['compared']} equal, flags {counts['flags']}, "
                f"past the last month {counts['late equal']} of {counts['late']}, none in both {counts['none']}"
            )
            wrong += counts["compared"] - counts["equal"] + counts["compared"] - counts["flags"]
            print(f"figure who_{index}_{name.replace(' ', '_')} {counts['equal']} of_{counts['compared']}")
    return 1 if wrong else 0


Scores = list[dict[str, int | None]]


def measured(row: dict[str, str]) -> tuple[str, float, float | None, float | None, bool]:
    weight, height = (float(row[x]) if row[x] not in ("", "NA") else None for x in ("weight", "height"))
    return SEXES[row["sex"]], float(row["age.mo"]), weight, height, row["oedema"] == "y"


def one_by_one(theirs: list[dict[str, str]]) -> Scores:
    scores = []
    for row in theirs:
        sex, months, weight, height, oedema = measured(row)
        known = {i: growth.z_hundredths(m, sex, None, months, weight, height) for i, (m, *_) in INDICES.items()}
        scores.append({i: None if oedema and i != "haz" else z for i, z in known.items()})
    return scores


def together(theirs: list[dict[str, str]]) -> Scores:
    frame = pl.DataFrame(
        [measured(row) for row in theirs], ["sex", "age_months", "weight_kg", "height_cm", "oedema"], orient="row"
    )
    into = {measure: index for index, (measure, *_) in INDICES.items()}
    scored = growth.with_growth(frame.lazy(), into, age_days=None).collect(engine="streaming")
    scored = scored.with_columns(pl.when(~pl.col("oedema")).then(index).alias(index) for index in ("waz", "baz"))
    return list(scored.select(*INDICES).iter_rows(named=True))


def command_line(folder: Path) -> Scores:
    with tempfile.TemporaryDirectory() as place:
        out = Path(place) / "out.csv"
        result = CliRunner().invoke(command, [str(folder / "Survey_WHO2007.csv"), "--out", str(out)])
        assert result.exit_code == 0, result.output
        with out.open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
    return [{i: round(float(row[i]) * 100) if row[i] else None for i in INDICES} for row in rows]


def compare(theirs: list[dict[str, str]], ours: Scores) -> dict[str, Counter[str]]:
    counts: dict[str, Counter[str]] = {index: Counter() for index in INDICES}
    for row, mine in zip(theirs, ours, strict=True):
        for index, (measure, score, flag, last) in INDICES.items():
            counts[index].update(judge(measure, mine[index], row[score], row[flag], float(row["age.mo"]) > last))
    return counts


def judge(measure: str, mine: int | None, score: str, flag: str, late: bool) -> Iterator[str]:
    wanted = round(float(score) * 100) if score not in ("", "NA") else None
    if wanted is None:
        yield "none" if mine is None else "compared"
        return
    yield "late" if late else "compared"
    if mine == wanted:
        yield "late equal" if late else "equal"
    if mine is not None and not late and growth.is_implausible(measure, mine) == (flag == "1"):
        yield "flags"


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
