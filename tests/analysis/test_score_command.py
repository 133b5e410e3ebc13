"""`khula score`: files of answers, one per informant, become one row per child; what is not used is said by place."""

from __future__ import annotations

import csv
import random
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import openpyxl
import polars as pl
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from khula.analysis.answers import UNREADABLE, read_answer, read_answers
from khula.analysis.assessment import Assessor
from khula.analysis.packs.pack import Choice, Pack, Question
from khula.analysis.packs.reader import read_pack
from khula.analysis.scoring_files import read_series
from khula.cli.score import REASONS_FR, score

# ------------------------------------------------------------------------------------- a pack of a few lines, made here

LABEL = "label::English (en)"
SURVEYS: Mapping[str, Sequence[tuple[str, str]]] = {
    "child": [("select_one yn", "c_hurt"), ("select_one often", "c_hungry")],
    "caregiver": [("select_one often", "g_1"), ("select_one often", "g_2"), ("select_one often", "g_3")],
    "health": [("decimal", "weight_kg"), ("decimal", "height_cm"), ("select_one yn", "oedema"), ("select_multiple signs", "signs")],
    "teacher": [("integer", "t_absent"), ("date", "t_since"), ("text", "t_note")],
}  # fmt: skip
CHOICES = [
    *[("yn", code) for code in ("yes", "no", "dk", "refused")],
    *[("often", code) for code in ("0", "1", "2", "dk")],
    *[("signs", code) for code in ("rash", "cough", "none")],
]
SHEETS: Mapping[str, Sequence[Sequence[str]]] = {
    "pack": [("key", "value"), ("name", "small"), ("version", "2026.1"), ("title::English (en)", "Small"), ("licence", "CC BY 4.0")],
    "instruments": [
        ("instrument", LABEL, "informant", "form", "status", "may_ship_wording", "licence", "source"),
        *[(who, who, who, f"kh_{who}", "ours", "yes", "CC BY 4.0", "ours") for who in SURVEYS],
    ],
    "scales": [
        ("scale", "instrument", LABEL, "method", "items", "item_min", "item_max", "missing", "min_answered", "norm", "source"),
        ("g_sum", "caregiver", "Sum", "sum", "g_1 g_2 g_3", "0", "2", "zero", "2", "", "ours"),
        ("baz", "health", "BMI", "zscore", "weight_kg height_cm", "", "", "", "", "bmi", "WHO"),
    ],
    "norms": [
        ("norm", "file", "index_unit", "age_from", "age_to", "adjust", "implausible_below", "implausible_above", "not_if", "source"),
        ("bmi", "who:bmi_for_age", "months", "0", "229", "who3sd", "-5", "5", "${oedema} = 'yes'", "WHO"),
    ],
    "bands": [
        ("scale", "band", LABEL, "from", "below", "source"),
        ("g_sum", "few", "few", "", "4", "ours"),
        ("g_sum", "many", "many", "4", "", "ours"),
        ("baz", "thin", "thin", "", "-2", "WHO"),
        ("baz", "fine", "fine", "-2", "", "WHO"),
    ],
    "flags": [
        ("flag", "domain", "level", "informant", "when", "say::English (en)", "suggest"),
        ("n_thin", "nutrition", "high", "health", "band(${baz}) = 'thin'", "Thin.", ""),
        ("n_many", "nutrition", "medium", "caregiver", "band(${g_sum}) = 'many'", "Many.", ""),
        ("n_hungry", "nutrition", "medium", "child", "${c_hungry} = 2 or ${c_hurt} = 'yes'", "Hungry.", ""),
        ("n_absent", "nutrition", "watch", "teacher", "${t_absent} >= 10 and answered(${t_since})", "Absent.", ""),
    ],
    "domains": [("domain", LABEL, "needs", "needs_at_least"), ("nutrition", "Food", "baz g_sum c_hungry", "2")],
    "alerts": [
        ("alert", "informant", "when", "urgency", "tell", "say::English (en)", "say_on_device::English (en)"),
        ("a_hurt", "child", "${c_hurt} = 'yes'", "now", "social_worker", "Hurt.", "Stay."),
    ],
}  # fmt: skip


def write_workbook(path: Path, sheets: Mapping[str, Sequence[Sequence[str]]]) -> None:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    book.save(path)


@pytest.fixture(scope="session")
def small_pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("small_pack")
    for who, questions in SURVEYS.items():
        survey = [("type", "name", LABEL), *[(kind, name, name) for kind, name in questions]]
        choices = [("list_name", "name", LABEL), *[(each, code, code) for each, code in CHOICES]]
        settings = [("form_id", "version", "form_title"), (f"kh_{who}", "2026010101", who)]
        write_workbook(folder / f"{who}.xlsx", {"survey": survey, "choices": choices, "settings": settings})
    write_workbook(folder / "pack.xlsx", SHEETS)
    return folder


@pytest.fixture(scope="session")
def pack(small_pack: Path) -> Pack:
    return read_pack(small_pack)


def run(
    small_pack: Path, folder: Path, files: Mapping[str, str], *options: str, out: str = "out.csv"
) -> tuple[Result, dict[str, dict[str, str]]]:
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    answers = [str(folder / name) for name in files]
    problems = ["--problems", str(folder / "problems.csv")]
    result = CliRunner().invoke(score, [str(small_pack), *answers, "--out", str(folder / out), *problems, *options])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    if not out.endswith(".csv") or not (folder / out).exists():
        return result, {}
    return result, {row["child"]: row for row in read_rows(folder / out)}


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def problems(folder: Path) -> set[tuple[str, int, str, str]]:
    return {(row["file"], int(row["row"]), row["column"], row["reason"]) for row in read_rows(folder / "problems.csv")}


FOUR = {
    "child.csv": "child,today,c_hurt,c_hungry\nThandi,2026-03-01,no,2\nSipho,2026-03-01,yes,0\n",
    "care.csv": "child,g_1,g_2,g_3\nThandi,2,2,1\nLindiwe,0,0,0\n",
    "nurse.csv": "child,sex,age_days,weight_kg,height_cm,oedema\nThandi,f,2500,17.2,118.0,no\n",
    "teacher.csv": "child,t_absent,t_since\nThandi,12,2026-02-01\n",
}


# ------------------------------------------------------------------------------------------------- merging and scoring


def test_the_files_of_one_child_become_one_row(small_pack: Path, tmp_path: Path) -> None:
    result, rows = run(small_pack, tmp_path, FOUR)
    assert result.exit_code == 0
    assert sorted(rows) == ["Lindiwe", "Sipho", "Thandi"], "a child in one file only is kept"
    thandi = rows["Thandi"]
    assert (thandi["sex"], thandi["age_days"], thandi["g_sum"], thandi["baz__band"]) == ("female", "2500", "5", "thin")
    assert (thandi["nutrition__level"], rows["Sipho"]["nutrition__level"]) == ("high", "medium")
    assert rows["Lindiwe"]["nutrition__level"] == "not enough information", "one answer of three is not enough"
    assert (rows["Sipho"]["alert__a_hurt"], thandi["alert__a_hurt"], rows["Lindiwe"]["alert__a_hurt"]) == ("1", "0", "")


def test_it_is_said_how_many_children_all_informants_spoke_of(small_pack: Path, tmp_path: Path) -> None:
    result, _ = run(small_pack, tmp_path, FOUR)
    assert "1 children stand in the files of all informants, 2 in those of one only." in result.stderr


def test_reasons_name_the_true_flags_with_what_made_them_true(small_pack: Path, tmp_path: Path) -> None:
    _, rows = run(small_pack, tmp_path, FOUR)
    baz = rows["Thandi"]["baz"]
    assert rows["Thandi"]["nutrition__reasons"] == (
        f"n_thin(baz={baz}, band thin: below -2); n_many(g_sum=5, band many: from 4); n_hungry(c_hungry=2); "
        "n_absent(t_absent=12, t_since=20485)"
    )
    assert rows["Sipho"]["nutrition__reasons"] == "n_hungry(c_hurt=yes)", "of two ways only the true one is told"
    assert rows["Lindiwe"]["nutrition__reasons"] == ""


def test_reasons_may_be_names_only_or_left_out(small_pack: Path, tmp_path: Path) -> None:
    _, names = run(small_pack, tmp_path, FOUR, "--reasons", "flags")
    _, none = run(small_pack, tmp_path, FOUR, "--reasons", "none")
    assert names["Thandi"]["nutrition__reasons"] == "n_thin; n_many; n_hungry; n_absent"
    assert "nutrition__reasons" not in none["Thandi"]


def test_every_row_equals_the_assessment_of_that_child(small_pack: Path, pack: Pack, tmp_path: Path) -> None:
    chance = random.Random(7)
    cells = {name: ["0", "1", "2", "dk", "", "7"] for name in ("c_hungry", "g_1", "g_2", "g_3")}
    cells |= {
        "c_hurt": ["yes", "no", "dk", "", "Yes"],
        "oedema": ["yes", "no", ""],
        "weight_kg": ["13.0", "19.5", "x", ""],
    }
    cells |= {
        "height_cm": ["118", "121.5", ""],
        "t_absent": ["0", "11", "1.5", ""],
        "t_since": ["2026-02-01", "soon", ""],
    }
    cells |= {"signs": ["rash", "rash cough", "none rash", "spots"], "t_note": ["x", ""]}
    children = {f"Child {n:03}": {name: chance.choice(each) for name, each in cells.items()} for n in range(300)}
    forms = {who: [name for _, name in questions] for who, questions in SURVEYS.items()}
    files = {}
    for who, names in forms.items():
        lines = [",".join(["child", *(["sex", "age_days"] if who == "health" else []), *names])]
        for number, (child, answers) in enumerate(children.items()):
            facts = ["fm"[number % 2], str(1500 + 17 * number)] if who == "health" else []
            lines.append(",".join([child, *facts, *(answers[name] for name in names)]))
        files[f"{who}.csv"] = "\n".join(lines) + "\n"
    _, rows = run(small_pack, tmp_path, files, out="out.csv")
    assessor = Assessor(pack)
    for number, (child, answers) in enumerate(children.items()):
        sex = ("female", "male")[number % 2]
        wanted = assessor.assess(read_answers(pack, answers).values, sex=sex, age_days=1500 + 17 * number)
        row = rows[child]
        assert row["nutrition__level"] == wanted.domains["nutrition"].level
        assert {f: row[f"flag__{f}"] for f in wanted.flags} == {
            f: {True: "1", False: "0", None: ""}[t] for f, t in wanted.flags.items()
        }
        for name, scored in wanted.scores.items():
            assert row[name] == ("" if scored.value is None else str(scored.value))
            assert row[f"{name}__band"] == (scored.band or "")


def test_the_order_of_the_files_does_not_matter(small_pack: Path, tmp_path: Path) -> None:
    _, one = run(small_pack, tmp_path, FOUR)
    _, other = run(small_pack, tmp_path, dict(reversed(FOUR.items())))
    assert one == other


def test_part_by_part_gives_the_very_same_file(small_pack: Path, tmp_path: Path) -> None:
    chance = random.Random(3)
    ids = [f"{chance.randrange(10**6):06}" for _ in range(90_000)]
    care = "child,g_1,g_2,g_3\n" + "".join(f"{i},{chance.randrange(3)},1,2\n" for i in dict.fromkeys(ids))
    child = "child,c_hurt,c_hungry\n" + "".join(f"{i},no,{chance.randrange(3)}\n" for i in dict.fromkeys(ids[::2]))
    files = {"care.csv": care, "child.csv": child}
    run(small_pack, tmp_path, files, out="whole.csv")
    run(small_pack, tmp_path, files, "--memory-mb", "1", out="parts.csv")
    assert (tmp_path / "whole.csv").read_bytes() == (tmp_path / "parts.csv").read_bytes()
    assert not list(tmp_path.glob(".khula*")), "no answers are left lying about"


def test_one_file_keeps_the_order_of_its_rows(small_pack: Path, tmp_path: Path) -> None:
    run(small_pack, tmp_path, {"care.csv": "child,g_1\nZ,1\nA,1\nM,1\n"})
    assert [row["child"] for row in read_rows(tmp_path / "out.csv")] == ["Z", "A", "M"]


def test_files_of_the_same_questions_are_stacked(small_pack: Path, tmp_path: Path) -> None:
    _, rows = run(
        small_pack, tmp_path, {"north.csv": "child,g_1,g_2,g_3\nA,2,2,2\n", "south.csv": "child,g_1,g_2,g_3\nB,0,0,0\n"}
    )
    assert {child: row["g_sum"] for child, row in rows.items()} == {"A": "6", "B": "0"}


def test_the_last_row_of_a_child_counts_and_the_others_are_told(small_pack: Path, tmp_path: Path) -> None:
    text = "child,today,g_1,g_2,g_3\nA,2026-03-02,2,2,2\nA,2026-03-01,0,0,0\nB,,1,1,1\nB,,0,0,0\n"
    _, rows = run(small_pack, tmp_path, {"care.csv": text})
    assert (rows["A"]["g_sum"], rows["B"]["g_sum"]) == ("6", "0"), "the later by date; without dates the later by place"
    said = "a later row of the same child was used"
    assert problems(tmp_path) == {("care.csv", 3, "child", said), ("care.csv", 4, "child", said)}


def test_of_two_submissions_on_one_day_the_hour_decides(small_pack: Path, tmp_path: Path) -> None:
    text = "child,end,g_1,g_2,g_3\nA,2026-03-02T15:10:00.000+02:00,2,2,2\nA,2026-03-02T08:00:00.000+02:00,0,0,0\n"
    _, rows = run(small_pack, tmp_path, {"care.csv": text})
    assert rows["A"]["g_sum"] == "6"


def test_waves_are_kept_apart(small_pack: Path, tmp_path: Path) -> None:
    run(
        small_pack,
        tmp_path,
        {"care.csv": "child,wave,g_1,g_2,g_3\nA,1,2,2,2\nA,2,0,0,0\n", "child.csv": "child,wave,c_hungry\nA,2,2\n"},
    )
    rows = {(row["child"], row["wave"]): row for row in read_rows(tmp_path / "out.csv")}
    assert (rows["A", "1"]["g_sum"], rows["A", "2"]["g_sum"]) == ("6", "0")
    assert (rows["A", "1"]["flag__n_hungry"], rows["A", "2"]["flag__n_hungry"]) == ("", "1")


# ------------------------------------------------------------------------------------------------ what a file may look like


def test_measurements_alone_are_known_by_their_plain_names(small_pack: Path, tmp_path: Path) -> None:
    _, rows = run(
        small_pack, tmp_path, {"clinic.csv": "ID;Sex;Age_months;Weight (kg);Height (cm);Oedema\n7;f;82.14;17,2;118;n\n"}
    )
    assert rows["7"]["baz__band"] == "thin"


def test_names_with_the_path_of_their_group_are_known(small_pack: Path, tmp_path: Path) -> None:
    _, rows = run(
        small_pack, tmp_path, {"care.csv": "meta-instanceID,child,food/g_1,food-g_2,data/food/g_3\nx,A,2,2,2\n"}
    )
    assert rows["A"]["g_sum"] == "6"


@pytest.mark.parametrize("kind", ["xlsx", "parquet"])
def test_spreadsheets_and_parquet_are_read_like_csv(small_pack: Path, tmp_path: Path, kind: str) -> None:
    rows = pl.DataFrame(
        {"child": ["A", "B"], "g_1": [2, 7], "g_2": [2.0, None], "g_3": ["2", "dk"], "t_since": ["2026-02-01", None]}
    )
    rows = rows.with_columns(pl.col("t_since").str.to_date())
    path = tmp_path / f"care.{kind}"
    rows.write_excel(path) if kind == "xlsx" else rows.write_parquet(path)
    result = CliRunner().invoke(
        score,
        [
            str(small_pack),
            str(path),
            "--out",
            str(tmp_path / f"out.{kind}"),
            "--problems",
            str(tmp_path / "problems.csv"),
        ],
    )
    assert result.exit_code == 0, result.output
    out = pl.read_excel(tmp_path / "out.xlsx") if kind == "xlsx" else pl.read_parquet(tmp_path / "out.parquet")
    assert out["g_sum"].to_list() == [6, None]
    assert problems(tmp_path) == {(f"care.{kind}", 3, "g_1", "unreadable")}


def test_truths_are_one_and_nought_in_text_and_yes_or_no_in_parquet(small_pack: Path, tmp_path: Path) -> None:
    run(small_pack, tmp_path, FOUR, out="out.parquet")
    assert pl.read_parquet(tmp_path / "out.parquet").schema["flag__n_thin"] == pl.Boolean


def test_the_age_is_that_of_the_measuring_day(small_pack: Path, tmp_path: Path) -> None:
    files = {
        "care.csv": "child,today,birth_date,g_1\nA,2026-03-01,2019-03-01,1\n",
        "nurse.csv": "child,today,sex,weight_kg,height_cm\nA,2026-03-11,m,20,118\n",
    }
    _, rows = run(small_pack, tmp_path, files)
    assert rows["A"]["age_days"] == "2567"


# ------------------------------------------------------------------------------------------------- what cannot be used


def test_what_cannot_be_used_is_told_by_file_row_column_and_reason(small_pack: Path, tmp_path: Path) -> None:
    text = (
        "child,sex,birth_date,today,g_1,g_2,g_3\n"
        "A,f,2018-01-01,2026-01-01,1,often,9\n"
        ",f,2018-01-01,2026-01-01,1,1,1\n"
        "B,x,01/02/2018,2026-01-01,1,1,1\n"
        "C,f,2018-01-01,2026-01-01,1,1,1,1\n"
        "\n"
    )
    result, rows = run(small_pack, tmp_path, {"care.csv": text})
    assert set(rows) == {"A", "B"}
    assert problems(tmp_path) == {
        ("care.csv", 2, "g_2", "unreadable"),
        ("care.csv", 2, "g_3", "unreadable"),
        ("care.csv", 3, "child", "no child"),
        ("care.csv", 4, "sex", "unreadable"),
        ("care.csv", 4, "birth_date", "ambiguous date"),
        ("care.csv", 5, "", "cells beyond the last column"),
    }
    assert "care.csv: 1 rows not used, no child: 3" in result.stderr
    assert "column g_2: 1 cells taken as missing, unreadable: rows 2" in result.stderr


def test_no_answer_and_no_name_stands_in_what_is_said(small_pack: Path, tmp_path: Path) -> None:
    result, _ = run(small_pack, tmp_path, {"care.csv": "child,g_1,g_2\nNomvula,secret77,1\nNomvula,2,x9\n"})
    said = result.stderr + (tmp_path / "problems.csv").read_text()
    assert not any(word in said for word in ("Nomvula", "secret77", "x9"))


def test_files_that_differ_about_a_child_are_told(small_pack: Path, tmp_path: Path) -> None:
    files = {
        "care.csv": "child,sex,g_1\nA,m,1\n",
        "nurse.csv": "child,sex,age_days,weight_kg,height_cm\nA,f,2500,20,118\n",
    }
    _, rows = run(small_pack, tmp_path, files)
    assert rows["A"]["sex"] == "female", "who measures is believed first"
    assert problems(tmp_path) == {("care.csv", 2, "sex", "differs from another file")}


def test_of_stacked_files_the_one_that_differs_is_named(small_pack: Path, tmp_path: Path) -> None:
    files = {
        "north.csv": "child,sex,g_1\nA,f,1\n",
        "south.csv": "child,sex,g_1\nB,f,1\nC,m,1\n",
        "nurse.csv": "child,sex,age_days,weight_kg,height_cm\nA,f,2500,20,118\nC,f,2500,20,118\n",
    }
    run(small_pack, tmp_path, files)
    assert problems(tmp_path) == {("south.csv", 3, "sex", "differs from another file")}


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({"a.csv": "name,g_1\nA,1\n"}, "SCORE_001"),
        ({"a.csv": "child,colour\nA,red\n"}, "SCORE_002"),
        ({"a.csv": "child,wave,g_1\nA,1,1\n", "b.csv": "child,c_hurt\nA,no\n"}, "SCORE_003"),
        ({"a.csv": "child,g_1,food/g_1\nA,1,1\n"}, "FILE_007"),
        ({"a.csv": "child,child_id,id,g_1\nA,A,A,1\n"}, ""),
    ],
)
def test_files_that_cannot_be_scored_are_refused_by_code(
    small_pack: Path, tmp_path: Path, files: dict[str, str], code: str
) -> None:
    result, rows = run(small_pack, tmp_path, files)
    assert result.stderr.startswith(code)
    assert (result.exit_code, bool(rows)) == ((2, False) if code else (0, True))


def test_a_folder_that_is_no_pack_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("child,g_1\nA,1\n")
    result = CliRunner().invoke(score, [str(tmp_path), str(tmp_path / "a.csv"), "--out", str(tmp_path / "o.csv")])
    assert (result.exit_code, result.stderr[:9]) == (2, "SCORE_004")


def test_an_input_is_never_overwritten(small_pack: Path, tmp_path: Path) -> None:
    result, _ = run(small_pack, tmp_path, {"care.csv": "child,g_1\nA,1\n"}, out="care.csv")
    assert result.stderr.startswith("FILE_008")


def test_no_row_scored_is_told_by_the_exit_code(small_pack: Path, tmp_path: Path) -> None:
    assert run(small_pack, tmp_path, {"care.csv": "child,g_1\n,1\n"})[0].exit_code == 1


def test_it_is_said_in_french(small_pack: Path, tmp_path: Path) -> None:
    result, _ = run(small_pack, tmp_path, {"care.csv": "child,g_1\n,1\nA,9\n"}, "--language", "fr")
    assert "enfant absent" in result.stderr
    assert "illisible" in result.stderr
    assert len(set(REASONS_FR.values())) == len(REASONS_FR)


def test_every_reason_and_column_stands_in_the_published_format(small_pack: Path, tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs/score-output.md").read_text(encoding="utf-8")
    assert [reason for reason in REASONS_FR if f"| `{reason}` |" not in page] == []
    _, rows = run(small_pack, tmp_path, FOUR, "--input-hash")
    named = set(re.findall(r"`(\w+)`", page))
    plain = {re.sub(r"^[a-z]+__(?=level|have|could_be|differ|reasons)", "D__", name) for name in rows["Thandi"]}
    plain = {re.sub(r"^(flag|alert)__.*", lambda m: f"{m[1]}__{m[1][0].upper()}", name) for name in plain}
    plain = {re.sub(r"^(g_sum|baz)", "S", name) for name in plain}
    assert plain <= named


# ------------------------------------------------------------------------------------------------------ provenance


def test_every_row_says_which_pack_and_which_format(small_pack: Path, pack: Pack, tmp_path: Path) -> None:
    _, rows = run(small_pack, tmp_path, FOUR)
    about = {(row["pack"], row["pack_version"], row["pack_hash"], row["format_version"]) for row in rows.values()}
    assert about == {("small", "2026.1", pack.content_hash, "1")}


def test_the_input_hash_is_that_of_the_assessment(small_pack: Path, pack: Pack, tmp_path: Path) -> None:
    _, rows = run(small_pack, tmp_path, FOUR, "--input-hash")
    given = {"weight_kg": "17.2", "height_cm": "118.0", "oedema": "no", "g_1": "2", "g_2": "2", "g_3": "1"}
    given |= {"c_hurt": "no", "c_hungry": "2", "t_absent": "12", "t_since": "2026-02-01"}
    wanted = Assessor(pack).assess(read_answers(pack, given).values, sex="female", age_days=2500)
    assert rows["Thandi"]["input_hash"] == wanted.input_hash
    assert len({row["input_hash"] for row in rows.values()}) == 3


# ------------------------------------------------------------------------- every cell is read as one child's answer is

QUESTIONS = {
    "numbers from 0": Question(
        "q", "f", "child", "select_one x", choices=tuple(Choice(c) for c in ("0", "1", "2", "dk"))
    ),
    "numbers apart": Question("q", "f", "child", "select_one x", choices=tuple(Choice(c) for c in ("10", "-1", "3"))),
    "wide numbers": Question(
        "q", "f", "child", "select_one x", choices=tuple(Choice(c) for c in ("1", "1000", "70000"))
    ),
    "words": Question("q", "f", "child", "select_one x", choices=tuple(Choice(c) for c in ("yes", "no", "none", "na"))),
    "several": Question("q", "f", "child", "select_multiple x", choices=tuple(Choice(c) for c in ("a", "b", "dk"))),
    "integer": Question("q", "f", "child", "integer"),
    "decimal": Question("q", "f", "child", "decimal"),
    "date": Question("q", "f", "child", "date"),
    "text": Question("q", "f", "child", "text"),
}
CELLS = st.sampled_from(
    ["0", "1", "2", "3", "10", "-1", "1000", "70000", "1.0", "2.000", "01", "+1", " 1 ", "1e2", "1,5", "yes", "Yes", "no", "none",
     "dk", "refused", "na", "a", "a b", "b dk", "dk refused", "a c", "2026-02-30", "2026-02-03", "2026-2-3", "2026-02-03T10:00", "03/02/2026",
     "", " ", "999999999", "1000000000", "0000000001", "1e9", "inf", "nan", "-0.0", ".5", "5.", "x", "\u00a01"]
) | st.text(max_size=6) | st.integers(-(10**10), 10**10).map(str) | st.floats().map(str)  # fmt: skip


@pytest.mark.parametrize("name", QUESTIONS)
@given(cells=st.lists(st.none() | CELLS, min_size=1, max_size=40))
def test_a_column_is_read_as_read_answer_reads_each_cell(name: str, cells: list[str | None]) -> None:
    question = QUESTIONS[name]
    typed, bad = read_series(question, pl.Series("q", cells, pl.String))
    for cell, value, unreadable in zip(cells, typed.to_list(), bad.to_list(), strict=True):
        wanted, reason = read_answer(question, cell or "")
        if name == "decimal" and cell is not None and wanted is None and "," in cell:
            continue  # a decimal comma is read here, where spreadsheets write one
        if (cell or "").strip().lower() in {".", "-", "n/a", "nan", "null", "none", "#n/a", "na"} and wanted is None:
            assert not unreadable, "what programs write for an empty cell is a blank"
            assert value is None
            continue
        assert value == wanted, repr(cell)
        assert unreadable == (reason == UNREADABLE), repr(cell)


def test_a_decimal_comma_is_read_in_a_measured_number() -> None:
    typed, bad = read_series(QUESTIONS["decimal"], pl.Series(["18,7", "1,2,3"]))
    assert (typed.to_list(), bad.to_list()) == ([18.7, None], [False, True])
