"""WHO growth: what the z-scores of a child and of a population must be, and what `khula growth` says of a file."""

from __future__ import annotations

import csv
import random
from decimal import Decimal, getcontext
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from khula.analysis import growth
from khula.analysis.growth import z_hundredths
from khula.cli.growth import REASONS_FR
from khula.cli.growth import growth as command

getcontext().prec = 40

# ------------------------------------------------------------------------------------------------- published cases


@pytest.mark.parametrize(
    ("age_months", "height", "weight", "waz", "baz", "haz"),
    [(60.32, 113.8, 18.7, 21, -58, 96), (60.911701, 113.6, 20.5, 79, 42, 85)],
)
def test_whos_own_published_cases(
    age_months: float, height: float, weight: float, waz: int, baz: int, haz: int
) -> None:
    scores = {m: z_hundredths(m, "female", None, age_months, weight, height) for m in growth.MEASURES}
    assert scores == {"weight_for_age": waz, "bmi_for_age": baz, "height_for_age": haz}


# ---------------------------------------------------------------------- the formula, again, in exact decimal numbers
# L, M and S below are read off WHO's published tables, not taken from our file.

BOY_100 = ("-1.5252", "15.8344", "0.09693"), ("-1.5399", "15.8597", "0.09735")  # BMI, months 100 and 101
GIRL_168 = ("-1.2266", "19.5647", "0.13700"), ("-1.2186", "19.6240", "0.13719")  # BMI, months 168 and 169
GIRL_90_HEIGHT = ("1", "123.6646", "0.04556"), ("1", "124.1435", "0.04561")
BOY_110_WEIGHT = ("-0.6446", "28.5854", "0.15406"), ("-0.6496", "28.8277", "0.15493")


def decimal_z(value: Decimal, here: tuple[str, ...], there: tuple[str, ...], part: str, extend: bool) -> int:
    l, m, s = (Decimal(a) + Decimal(part) * (Decimal(b) - Decimal(a)) for a, b in zip(here, there, strict=True))

    def at(sd: int) -> Decimal:
        return m * ((1 + l * s * sd).ln() / l).exp()

    z = (((value / m).ln() * l).exp() - 1) / (l * s)
    if extend and abs(z) > 3:
        side = 1 if z > 0 else -1
        z = 3 * side + (value - at(3 * side)) / abs(at(3 * side) - at(2 * side))
    return int((z * 100 + Decimal("0.5")).to_integral_value("ROUND_FLOOR"))


@pytest.mark.parametrize("weight", ["18.4", "22.5", "26.0", "31.9", "44.4", "52.7"])
@pytest.mark.parametrize("part", ["0", "0.25", "0.5", "0.875"])
def test_bmi_for_age_is_the_formula_with_interpolated_lms(weight: str, part: str) -> None:
    bmi = Decimal(weight) / (Decimal("1.286") ** 2)
    wanted = decimal_z(bmi, *BOY_100, part, extend=True)
    assert z_hundredths("bmi_for_age", "male", None, 100 + float(part), float(weight), 128.6) == wanted


@pytest.mark.parametrize(
    ("weight", "height"), [("30.1", "161.4"), ("47.0", "158.2"), ("88.6", "157.0"), ("24.9", "160.0")]
)
def test_far_out_bmi_goes_on_in_steps_of_the_third_standard_deviation(weight: str, height: str) -> None:
    bmi = Decimal(weight) / ((Decimal(height) / 100) ** 2)
    wanted = decimal_z(bmi, *GIRL_168, "0.5", extend=True)
    assert z_hundredths("bmi_for_age", "female", None, 168.5, float(weight), float(height)) == wanted


@pytest.mark.parametrize("height", ["99.0", "104.5", "123.7", "131.0", "146.2"])
def test_height_is_never_adjusted_however_far_out(height: str) -> None:
    wanted = decimal_z(Decimal(height), *GIRL_90_HEIGHT, "0.25", extend=False)
    assert z_hundredths("height_for_age", "female", None, 90.25, None, float(height)) == wanted


@pytest.mark.parametrize("weight", ["15.0", "19.9", "28.7", "41.3", "70.0"])
def test_weight_for_age_is_adjusted_beyond_three(weight: str) -> None:
    wanted = decimal_z(Decimal(weight), *BOY_110_WEIGHT, "0.75", extend=True)
    assert z_hundredths("weight_for_age", "male", None, 110.75, float(weight), None) == wanted


def test_below_sixty_months_the_day_decides_and_nothing_is_interpolated() -> None:
    # WHO 2006, boys, day 1000: M 93.5577 S 0.03608 (height).
    row = growth.who_reference("height_for_age").by_day["male", 1000]
    z = (Decimal("95.5") / Decimal(str(row.m)) - 1) / Decimal(str(row.s))
    wanted = int((z * 100 + Decimal("0.5")).to_integral_value("ROUND_FLOOR"))
    assert z_hundredths("height_for_age", "male", 1000, None, None, 95.5) == wanted
    assert z_hundredths("height_for_age", "male", None, 1000.4 / 30.4375, None, 95.5) == wanted


# ------------------------------------------------------------------------------------------------------ the tables


@pytest.mark.parametrize(("measure", "last"), [("height_for_age", 228), ("weight_for_age", 120), ("bmi_for_age", 228)])
def test_the_tables_have_no_hole(measure: str, last: int) -> None:
    reference = growth.who_reference(measure)
    for sex in ("male", "female"):
        assert {day for s, day in reference.by_day if s == sex} >= set(range(1827))
        assert {month for s, month in reference.by_month if s == sex} == set(range(60, last + 1))


@pytest.mark.parametrize("measure", growth.MEASURES)
def test_the_tables_have_no_slip_of_the_pen(measure: str) -> None:
    """From one row to the next L, M and S move smoothly: a wrong digit would be a jump."""
    reference = growth.who_reference(measure)
    for sex in ("male", "female"):
        for rows, start, end in (
            (reference.by_day, 30, 1825),
            (reference.by_month, 61, growth.last_month(measure) - 1),
        ):
            for index in set(range(start, end)) - {730, 731}:  # from lying to standing
                before, here, after = (rows[sex, x] for x in (index - 1, index, index + 1))
                assert abs(before.m - 2 * here.m + after.m) < 0.002 * here.m
                assert abs(before.s - 2 * here.s + after.s) < 0.0006
                assert abs(before.l - 2 * here.l + after.l) < 0.02


def test_the_last_month_lasts_to_its_end_and_no_longer() -> None:
    assert z_hundredths("height_for_age", "male", None, 228.9, None, 176.0) is not None
    assert z_hundredths("height_for_age", "male", None, 229.0, None, 176.0) is None
    assert z_hundredths("weight_for_age", "male", None, 120.9, 31.0, None) is not None
    assert z_hundredths("weight_for_age", "male", None, 121.0, 31.0, None) is None


def test_at_the_fifth_birthday_the_reference_changes() -> None:
    """A known seam of up to 0.19 z: it must be there, and it must be at 60 months, not elsewhere."""
    days = [z_hundredths("bmi_for_age", "male", day, None, 14.5, 109.0) for day in range(1815, 1840)]
    steps = {day: abs(b - a) for day, a, b in zip(range(1816, 1840), days[:-1], days[1:], strict=True) if a and b}
    assert max(steps, key=steps.__getitem__) == 1827
    assert 1 < steps[1827] <= 19


# ----------------------------------------------------------------------------------------------- what is not known


@pytest.mark.parametrize("missing", ["sex", "age", "weight", "height"])
def test_what_is_needed_and_missing_leaves_the_score_missing(missing: str) -> None:
    known = {"sex": "male", "age": 2500, "weight": 20.0, "height": 118.0}
    known[missing] = None  # type: ignore[assignment]
    scores = {
        m: z_hundredths(m, known["sex"], known["age"], None, known["weight"], known["height"]) for m in growth.MEASURES
    }  # type: ignore[arg-type]
    needs = {"weight": {"weight_for_age", "bmi_for_age"}, "height": {"height_for_age", "bmi_for_age"}}
    gone = needs.get(missing, set(growth.MEASURES))
    assert {m for m, z in scores.items() if z is None} == gone


@pytest.mark.parametrize("nonsense", [0.0, -3.0, float("nan"), float("inf")])
def test_a_weight_or_height_that_is_none_gives_no_score(nonsense: float) -> None:
    assert z_hundredths("weight_for_age", "male", 2500, None, nonsense, 118.0) is None
    assert z_hundredths("bmi_for_age", "male", 2500, None, 20.0, nonsense) is None
    assert z_hundredths("height_for_age", "male", 2500, None, 20.0, nonsense) is None


@pytest.mark.parametrize("age_days", [-1, 7000, 10_000_000])
def test_an_age_outside_the_tables_gives_no_score(age_days: int) -> None:
    assert all(z_hundredths(m, "female", age_days, None, 20.0, 118.0) is None for m in growth.MEASURES)


@pytest.mark.parametrize(
    ("measure", "fine", "flagged"),
    [
        ("bmi_for_age", (-500, 500), (-501, 501)),
        ("height_for_age", (-600, 600), (-601, 601)),
        ("weight_for_age", (-600, 500), (-601, 501)),
    ],
)
def test_whos_limits_of_the_plausible(measure: str, fine: tuple[int, int], flagged: tuple[int, int]) -> None:
    assert not any(growth.is_implausible(measure, z) for z in fine)
    assert all(growth.is_implausible(measure, z) for z in flagged)


def test_lying_and_standing_differ_by_seven_millimetres_from_24_months_on() -> None:
    assert growth.height_as_expected(90.0, 731, lying=True) == pytest.approx(89.3)
    assert growth.height_as_expected(90.0, 731, lying=False) == 90.0
    assert growth.height_as_expected(90.0, 730, lying=True) == 90.0
    assert growth.height_as_expected(90.0, 730, lying=False) == pytest.approx(90.7)
    assert growth.height_as_expected(70.0, 273, lying=False) == 70.0, "nobody stands before nine months"
    assert growth.height_as_expected(90.0, 731, lying=None) == 90.0


# ------------------------------------------------------------------------------------------------ a pack's own table

OWN_TABLE = "sex,index,l,m,s\nmale,10,0,20,0.1\nmale,11,1,22,0.1\nmale,12,-1,24,0.1\n"


def test_where_l_is_nought_z_is_a_logarithm() -> None:
    own = growth.read_reference(OWN_TABLE, by_day=False, extend=False)
    wanted = int(((Decimal(25) / 20).ln() / Decimal("0.1") * 100 + Decimal("0.5")).to_integral_value("ROUND_FLOOR"))
    assert growth.z_from(own, "male", None, 10, 25.0) == wanted
    # Half way from L = 1 to L = -1 it is nought too.
    half = int(((Decimal(25) / 23).ln() / Decimal("0.1") * 100 + Decimal("0.5")).to_integral_value("ROUND_FLOOR"))
    assert growth.z_from(own, "male", None, 11.5, 25.0) == half


def test_a_table_is_not_read_past_its_last_row() -> None:
    own = growth.read_reference(OWN_TABLE, by_day=False, extend=False)
    assert growth.z_from(own, "male", None, 12, 25.0) is not None
    assert growth.z_from(own, "male", None, 12.01, 25.0) is None
    assert growth.z_from(own, "female", None, 10, 25.0) is None


@pytest.mark.parametrize(
    "bad",
    [
        "sex,index,l,m\nmale,1,1,2\n",
        "sex,index,l,m,s\nboth,1,1,2,3\n",
        "sex,index,l,m,s\nmale,x,1,2,3\n",
        "sex,index,l,m,s\nmale,1,1,0,3\n",
    ],
)
def test_a_table_that_cannot_be_read_says_which_line(bad: str) -> None:
    with pytest.raises(growth.TableUnreadable, match="line 2"):
        growth.read_reference(bad, by_day=True, extend=False)


# -------------------------------------------------------------------------------------------- both emitters, one result

CHILD = st.fixed_dictionaries(
    {
        "sex": st.sampled_from(["male", "female", "other", None]),
        "age_days": st.none() | st.integers(-5, 7100) | st.sampled_from([0, 730, 731, 1826, 1827, 3682, 3683, 6969, 6970]),
        "age_months": st.none() | st.floats(-1, 240) | st.sampled_from([59.999999, 60.0, 60.5, 120.5, 121.0, 228.0, 229.0, float("nan")]),
        "weight_kg": st.none() | st.floats(0.01, 400) | st.sampled_from([0.0, -1.0, float("nan"), float("inf"), 1e-300, 1e300]),
        "height_cm": st.none() | st.floats(1, 300) | st.sampled_from([0.0, -1.0, float("nan"), float("inf"), 1e-200]),
    }
)  # fmt: skip
SCHEMA = {
    "sex": pl.String,
    "age_days": pl.Int32,
    "age_months": pl.Float64,
    "weight_kg": pl.Float64,
    "height_cm": pl.Float64,
}


@settings(max_examples=60, deadline=None)
@given(st.lists(CHILD, min_size=1, max_size=80))
def test_one_child_and_a_population_agree_exactly(children: list[dict[str, object]]) -> None:
    frame = growth.with_growth(pl.LazyFrame(children, SCHEMA), {m: m for m in growth.MEASURES})
    for child, row in zip(children, frame.collect(engine="streaming").iter_rows(named=True), strict=True):
        for measure in growth.MEASURES:
            assert row[measure] == z_hundredths(measure, **child), (measure, child)  # type: ignore[arg-type]


def test_both_agree_on_twenty_thousand_likely_children() -> None:
    """Most of them within six standard deviations, where the adjustment beyond three begins."""
    chance = random.Random(20060427)
    children = []
    for _ in range(20_000):
        sex, day = chance.choice(["male", "female"]), chance.randrange(6970)
        height = 50 + day / 60 + chance.gauss(0, 12)
        children.append((sex, day, round(height * height * chance.uniform(9, 26) / 10_000, 1), round(height, 1)))
    frame = pl.LazyFrame(children, ["sex", "age_days", "weight_kg", "height_cm"], orient="row")
    scored = growth.with_growth(frame, {m: m for m in growth.MEASURES}, age_months=None).collect(engine="streaming")
    for measure in growth.MEASURES:
        alone = [z_hundredths(measure, sex, day, None, weight, height) for sex, day, weight, height in children]
        assert scored[measure].to_list() == alone
        assert sum(z is not None and 300 < abs(z) < 350 for z in alone) > 100


def test_the_age_in_months_is_divided_and_never_multiplied_by_a_reciprocal() -> None:
    days = pl.DataFrame({"days": range(8000)}, {"days": pl.Int32})
    assert days.select(growth.months_expression(pl.col("days")))["days"].to_list() == [
        growth.months_of(d) for d in range(8000)
    ]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.floats(8, 14), st.floats(0.01, 90)), min_size=1, max_size=60), st.booleans())
def test_a_packs_own_table_gives_the_same_to_both(children: list[tuple[float, float]], extend: bool) -> None:
    own = growth.read_reference(OWN_TABLE, by_day=False, extend=extend)
    frame = pl.LazyFrame(children, {"age_months": pl.Float64, "v": pl.Float64}, orient="row").with_columns(
        sex=pl.lit("male")
    )
    scored = growth.with_z(frame, {"z": (own, "v")}, age_days=None).collect(engine="streaming")
    assert scored["z"].to_list() == [growth.z_from(own, "male", None, age, v) for age, v in children]


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(["male", "female"]), st.integers(0, 3600), st.floats(2, 90), st.floats(0.1, 5),
    st.sampled_from(["weight_for_age", "bmi_for_age"]),
)  # fmt: skip
def test_heavier_is_never_a_lower_score(sex: str, day: int, weight: float, more: float, measure: str) -> None:
    lighter, heavier = (z_hundredths(measure, sex, day, None, w, 110.0) for w in (weight, weight + more))
    assert lighter is not None
    assert heavier is not None
    assert heavier >= lighter


# ------------------------------------------------------------------------------------------------------ khula growth


def run(
    folder: Path, text: str, *options: str, name: str = "in.csv", out: str = "out.csv"
) -> tuple[Result, list[dict[str, str]]]:
    (folder / name).write_text(text, encoding="utf-8")
    result = CliRunner().invoke(command, [str(folder / name), "--out", str(folder / out), *options])
    rows = []
    if out.endswith(".csv") and (folder / out).exists():
        with (folder / out).open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
    return result, rows


GOOD = "id,sex,age_months,weight_kg,height_cm\n1,f,60.32,18.7,113.8\n"


def test_the_same_rows_come_out_in_order_with_three_scores_and_three_flags(tmp_path: Path) -> None:
    people = "".join(f"{n:03},m,{60 + n % 160}.5,2{n % 10}.4,12{n % 10}.1,note {n}\n" for n in range(3000))
    result, rows = run(tmp_path, "id,sex,age_months,weight_kg,height_cm,Remarks\n" + people)
    assert result.exit_code == 0
    assert list(rows[0]) == [
        *["id", "sex", "age_months", "weight_kg", "height_cm", "Remarks"],
        *["haz", "waz", "baz", "haz_flag", "waz_flag", "baz_flag"],
    ]
    assert [row["id"] for row in rows] == [f"{n:03}" for n in range(3000)]
    assert all(row["Remarks"] == f"note {int(row['id'])}" for row in rows)


def test_scores_have_two_decimals(tmp_path: Path) -> None:
    _, [row] = run(tmp_path, GOOD)
    assert (row["haz"], row["waz"], row["baz"]) == ("0.96", "0.21", "-0.58")
    assert (row["haz_flag"], row["waz_flag"], row["baz_flag"]) == ("", "", "")


@pytest.mark.parametrize("kind", ["xlsx", "parquet"])
def test_spreadsheets_and_parquet_give_the_same_as_csv(tmp_path: Path, kind: str) -> None:
    rows = pl.DataFrame({"id": ["007"], "sex": [2], "age_months": [60.32], "weight": [18.7], "height": [113.8]})
    source, out = tmp_path / f"in.{kind}", tmp_path / f"out.{kind}"
    rows.write_excel(source) if kind == "xlsx" else rows.write_parquet(source)
    assert CliRunner().invoke(command, [str(source), "--out", str(out)]).exit_code == 0
    [row] = (pl.read_excel(out) if kind == "xlsx" else pl.read_parquet(out)).rows(named=True)
    assert (row["id"], row["haz"], row["waz"], row["baz"]) == ("007", 0.96, 0.21, -0.58)


@pytest.mark.parametrize("word", ["f", "F", "female", "2", "girl", " Fille "])
def test_sex_is_understood_as_people_write_it(tmp_path: Path, word: str) -> None:
    _, [row] = run(tmp_path, GOOD.replace(",f,", f",{word},"))
    assert row["baz"] == "-0.58"


@pytest.mark.parametrize(
    ("head", "cells"),
    [
        ("Gender,DOB,Date of visit,Weight (kg),Height (cm)", "f,2018-04-03,2023-04-14,18.7,113.8"),
        ("sexe,date de naissance,date de mesure,poids,taille", "f,2018/04/03,14-Apr-2023,18.7,113.8"),
        ("sex,age in days,wt,ht", "f,1837,18.7,113.8"),
    ],
)
def test_headers_are_understood_as_people_write_them(tmp_path: Path, head: str, cells: str) -> None:
    _, [row] = run(tmp_path, f"{head}\n{cells}\n")
    days = 1837
    wanted = z_hundredths("bmi_for_age", "female", days, None, 18.7, 113.8)
    assert wanted is not None
    assert row["baz"] == f"{wanted / 100:.2f}"


REASONS = {
    "no sex": "1,,70,20,115,standing,no",
    "unreadable sex": "1,x,70,20,115,standing,no",
    "no age": "1,m,,20,115,standing,no",
    "unreadable age": "1,m,six,20,115,standing,no",
    "no height": "1,m,70,20,,standing,no",
    "unreadable height": "1,m,70,20,tall,standing,no",
    "no weight": "1,m,70,,115,standing,no",
    "unreadable weight": "1,m,70,0,115,standing,no",
    "oedema": "1,m,70,20,115,standing,yes",
    "unreadable oedema": "1,m,70,20,115,standing,perhaps",
    "unreadable measured": "1,m,70,20,115,sitting,no",
    "age outside the table": "1,m,300,20,115,standing,no",
    "implausible": "1,m,70,90,115,standing,no",
    "cells beyond the last column": "1,m,70,20,115,standing,no,more",
}


@pytest.mark.parametrize("reason", REASONS)
def test_a_row_without_a_score_says_why(tmp_path: Path, reason: str) -> None:
    fine = "0,m,70,20,115,standing,no\n"
    result, rows = run(
        tmp_path, "id,sex,age_months,weight_kg,height_cm,measured,oedema\n" + fine + REASONS[reason] + "\n"
    )
    assert rows[1]["baz_flag" if "height" not in reason else "haz_flag"] == reason
    assert (rows[1]["baz"] == "") == (reason != "implausible")
    assert rows[0]["baz_flag"] == "", "one bad row leaves the others alone"
    assert result.exit_code == 0


def test_every_reason_is_known_in_french() -> None:
    assert set(REASONS) | {"ambiguous date", "unreadable date", "measured before birth"} == set(REASONS_FR)


def test_every_reason_stands_in_the_guide() -> None:
    guide = (Path(__file__).parents[2] / "docs/how-to/growth.md").read_text(encoding="utf-8")
    assert [reason for reason in REASONS_FR if f"`{reason}`" not in guide] == []


def test_oedema_takes_the_weight_based_scores_and_leaves_the_height(tmp_path: Path) -> None:
    _, [row] = run(tmp_path, "sex,age_months,weight_kg,height_cm,oedema\nf,60.32,18.7,113.8,y\n")
    assert (row["haz"], row["waz"], row["baz"]) == ("0.96", "", "")


def test_blank_oedema_means_none(tmp_path: Path) -> None:
    _, [row] = run(tmp_path, "sex,age_months,weight_kg,height_cm,oedema\nf,60.32,18.7,113.8,\n")
    assert row["baz"] == "-0.58"


def test_lying_is_taken_as_seven_millimetres_longer(tmp_path: Path) -> None:
    _, rows = run(tmp_path, "sex,age_days,height_cm,measured\nm,1500,100.7,lying\nm,1500,100.0,standing\nm,1500,100,\n")
    assert len({row["haz"] for row in rows}) == 1


def test_a_decimal_comma_is_read_and_counted(tmp_path: Path) -> None:
    result, [row] = run(tmp_path, "sex;age_months;weight_kg;height_cm\nf;60,32;18,7;113,8\n")
    assert row["baz"] == "-0.58"
    assert "3 numbers were written with a comma" in result.stderr


DATES = "sex,birth_date,measured_date,weight_kg,height_cm\n"


def test_a_date_that_can_be_read_two_ways_is_never_guessed(tmp_path: Path) -> None:
    result, [row] = run(tmp_path, DATES + "f,03/04/2018,05/06/2023,18.7,113.8\n")
    assert row["baz"] == ""
    assert row["baz_flag"] == "ambiguous date"
    assert "--dates day-first" in result.stderr
    assert result.exit_code == 1, "no score at all"


@pytest.mark.parametrize(("order", "birth"), [("day-first", "2018-04-03"), ("month-first", "2018-03-04")])
def test_the_order_of_a_date_can_be_told(tmp_path: Path, order: str, birth: str) -> None:
    _, [told] = run(tmp_path, DATES + "f,03/04/2018,2023-06-05,18.7,113.8\n", "--dates", order)
    _, [plain] = run(tmp_path, DATES + f"f,{birth},2023-06-05,18.7,113.8\n")
    assert told["baz"] == plain["baz"] != ""


def test_another_row_may_show_the_order_and_that_is_said(tmp_path: Path) -> None:
    result, rows = run(tmp_path, DATES + "f,03/04/2018,2023-06-05,18.7,113.8\nf,25/04/2018,2023-06-05,18.7,113.8\n")
    assert all(row["baz"] for row in rows)
    assert "day first: row 3" in result.stderr


def test_a_column_that_mixes_orders_shows_nothing(tmp_path: Path) -> None:
    _, rows = run(
        tmp_path, DATES + "".join(f"f,{d},2023-06-05,18.7,113.8\n" for d in ("03/04/2018", "25/04/2018", "04/25/2018"))
    )
    assert [bool(row["baz"]) for row in rows] == [False, True, True]


def test_measured_before_birth_is_said(tmp_path: Path) -> None:
    _, [row] = run(tmp_path, DATES + "f,2023-04-03,2018-06-05,18.7,113.8\n")
    assert row["haz_flag"] == "measured before birth"


def test_dates_are_better_than_completed_months_and_exact_months_are_taken_as_given(tmp_path: Path) -> None:
    both = "sex,birth_date,measured_date,age_months,height_cm\nm,2016-01-01,2022-01-25,{},115\n"
    _, [dates] = run(tmp_path, "sex,birth_date,measured_date,height_cm\nm,2016-01-01,2022-01-25,115\n")
    _, [whole] = run(tmp_path, both.format(72))
    _, [exact] = run(tmp_path, both.format(72.05))
    assert whole["haz"] == dates["haz"] != exact["haz"]


def test_whole_months_are_used_and_what_they_cost_is_said(tmp_path: Path) -> None:
    result, [row] = run(tmp_path, "sex,age_months,height_cm\nm,72,115\n")
    assert row["haz"]
    assert "whole months" in result.stderr


def test_an_age_and_dates_a_month_apart_are_said(tmp_path: Path) -> None:
    result, _ = run(tmp_path, "sex,dob,dov,age_months,height_cm\nm,2016-01-01,2022-01-25,80.5,115\n")
    assert "more than a month apart" in result.stderr


def test_the_summary_names_rows_and_never_a_value(tmp_path: Path) -> None:
    result, _ = run(
        tmp_path, "id,sex,age_months,weight_kg,height_cm\nThandi,f,60.32,secret71,113.8\nSipho,m,70,20,115\n"
    )
    assert "unreadable weight: baz, waz of 1 rows: 2" in result.stderr
    assert not any(word in result.stderr for word in ("Thandi", "secret71", "60.32", "113.8"))


def test_the_same_is_said_in_french(tmp_path: Path) -> None:
    result, _ = run(tmp_path, GOOD + "2,,70,20,115\n", "--language", "fr")
    assert "2 lignes lues" in result.stderr
    assert "sexe absent" in result.stderr


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("id,weight_kg,height_cm\n1,2,3\n", "GROWTH_002"),
        ("sex,birth_date,weight_kg\nm,2018-01-01,3\n", "GROWTH_002"),
        ("sex,age_days\nm,2000\n", "GROWTH_003"),
        ("sex,age_days,height_cm,haz\nm,2000,100,1\n", "GROWTH_001"),
        ("", "FILE_003"),
        ("sex,,age_days\nm,1,2\n", "FILE_005"),
        ("sex,age_days,sex\nm,1,2\n", "FILE_006"),
        ("sex,age_days,wt,mass\nm,2000,20,21\n", "FILE_007"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_by_code_and_nothing_is_written(
    tmp_path: Path, text: str, code: str
) -> None:
    result, _ = run(tmp_path, text)
    assert result.exit_code == 2
    assert result.stderr.startswith(code)
    assert {path.name for path in tmp_path.iterdir()} == {"in.csv"}


def test_the_input_is_never_overwritten(tmp_path: Path) -> None:
    result, _ = run(tmp_path, GOOD, out="in.csv")
    assert result.stderr.startswith("FILE_008")
    assert (tmp_path / "in.csv").read_text() == GOOD


@pytest.mark.parametrize(("out", "code"), [("out.doc", "FILE_012"), ("nowhere/out.csv", "FILE_013")])
def test_a_result_that_cannot_be_written_is_refused_before_any_work(tmp_path: Path, out: str, code: str) -> None:
    assert run(tmp_path, GOOD, out=out)[0].stderr.startswith(code)


@pytest.mark.parametrize(("name", "content"), [("in.xlsx", b"PK\x03\x04 not a workbook"), ("in.parquet", b"PAR1 no")])
def test_a_damaged_file_is_said_to_be_damaged(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    result = CliRunner().invoke(command, [str(tmp_path / name), "--out", str(tmp_path / "out.csv")])
    assert result.stderr.startswith("FILE_004"), result.stderr


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252", "utf-16"])
def test_text_of_windows_is_read(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "in.csv").write_bytes(GOOD.replace("\n1,", "\nZoë,").encode(encoding))
    result = CliRunner().invoke(command, [str(tmp_path / "in.csv"), "--out", str(tmp_path / "out.csv")])
    assert result.exit_code == 0, result.stderr
    assert "Zoë" in (tmp_path / "out.csv").read_text(encoding="utf-8")
    assert ("FILE_011" in result.stderr or "UTF-8" in result.stderr) == (encoding != "utf-8-sig")


def test_progress_is_shown_where_asked_for_and_quiet_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("khula.cli.files.EVERY_SECONDS", 0)
    loud, _ = run(tmp_path, GOOD, "--progress", out="a.parquet")
    quiet, _ = run(tmp_path, GOOD, out="b.parquet")
    assert "rows, " in loud.stderr
    assert "a second" in loud.stderr
    assert "a second" not in quiet.stderr


def test_a_typed_formula_stays_text(tmp_path: Path) -> None:
    import openpyxl

    run(tmp_path, GOOD.replace("\n1,", "\n=1+1,"), out="out.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx").active
    assert sheet is not None
    assert (sheet["A2"].value, sheet["A2"].data_type) == ("=1+1", "s")
