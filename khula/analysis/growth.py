"""Sex, age, weight and height in; WHO z-scores out, in whole hundredths, for one child or for a population.

Source of the method: WHO Child Growth Standards (2006) and WHO Growth Reference (2007), as WHO's own programs
compute them. Below 60 months the table is read by day; from 60 months on by month, with L, M and S interpolated
between one month and the next. z = ((y/M)^L - 1) / (L*S); beyond 3 standard deviations the weight-based indices go on
in steps of the distance from the second to the third, height does not.

The two emitters must agree to the last digit, therefore: the same operations in the same order, and no column divided
by a literal (Polars would multiply by the reciprocal).
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import polars as pl

DAYS_PER_MONTH = 30.4375
SEAM_MONTHS = 60
"""From this age on WHO 2007, below it WHO 2006. One child's z may jump here by up to 0.19: mark it on trend lines."""
STANDING_FROM_DAYS = 731
"""From 24 months on a child is measured standing; lying it is 0.7 cm longer."""
POSITION_MATTERS_FROM_DAYS = 274
"""9 months. Nobody stands before: WHO takes a younger child noted as standing as measured lying."""
LYING_IS_LONGER_BY_CM = 0.7
BEYOND_SENSE = 100_000
"""Hundredths. A z-score past 1,000 is a typing error that no integer need hold."""
OLDEST_MONTHS = 10_000
LEAST, MOST = 0.001, 100_000.0
"""Kilograms or centimetres outside these are no measurement of anybody."""

MEASURES = ("height_for_age", "weight_for_age", "bmi_for_age")
IMPLAUSIBLE: Mapping[str, tuple[int, int]] = {
    "height_for_age": (-600, 600),
    "weight_for_age": (-600, 500),
    "bmi_for_age": (-500, 500),
}
"""WHO's limits in hundredths, for a z-score already rounded; outside them it is flagged."""

_WHO_FILE = Path(__file__).with_name("who_growth.csv")
_WHO_COLUMNS = {"height_for_age": "height", "weight_for_age": "weight", "bmi_for_age": "bmi"}


# ------------------------------------------------------------------------------------------------------ references


class Lms(NamedTuple):
    """L, M and S at one age, and the steps from there to the next row (nan: there is no next row)."""

    l: float
    m: float
    s: float
    l_step: float
    m_step: float
    s_step: float


Rows = Mapping[tuple[str, int], Lms]
"""By sex ("male", "female") and whole day or whole month."""


@dataclass(frozen=True, eq=False)
class Reference:
    """One index of one growth reference. Below `seam_months` by whole day, from there on by month, interpolated."""

    by_day: Rows
    by_month: Rows
    seam_months: float
    extend: bool  # go on beyond 3 standard deviations as WHO does for the weight-based indices

    @cached_property
    def always_straight(self) -> bool:
        """L is 1 everywhere (height): no power to take."""
        return all(row.l == 1 for row in chain(self.by_day.values(), self.by_month.values()))

    @cached_property
    def may_be_zero(self) -> bool:
        """Some age has L = 0, where z is a logarithm."""
        return any(row.l == 0 for row in self.by_day.values()) or any(
            row.l == 0 or row.l * (row.l + row.l_step) <= 0 for row in self.by_month.values()
        )


class TableUnreadable(ValueError):
    """A table that is not columns sex, index, l, m, s with numbers in them, from which line on."""

    def __init__(self, line: int) -> None:
        self.line = line
        super().__init__(self.told("en"))

    def told(self, language: str) -> str:
        if language == "fr":
            return f"ligne {self.line} : il faut sex, index, l, m et s, des nombres, m et s au-dessus de 0"
        return f"line {self.line}: needs sex, index, l, m and s, numbers, m and s above 0"


def read_reference(text: str, *, by_day: bool, extend: bool) -> Reference:
    """A pack's own table: CSV with columns sex (male, female), index (whole days or months), l, m, s."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    values: dict[tuple[str, int], tuple[float, float, float]] = {}
    for number, row in enumerate(csv.DictReader(lines), start=2):
        try:
            values[_sex_of(row["sex"]), int(row["index"])] = _lms_of(row["l"], row["m"], row["s"])
        except (KeyError, TypeError, ValueError) as problem:
            raise TableUnreadable(number) from problem
    rows = _with_steps(values)
    return Reference(rows if by_day else {}, {} if by_day else rows, math.inf if by_day else 0, extend)


def _lms_of(*cells: str) -> tuple[float, float, float]:
    l, m, s = (float(cell) for cell in cells)
    if not (math.isfinite(l) and 0 < m < math.inf and 0 < s < math.inf):
        raise ValueError("m and s are above 0")
    return l, m, s


def _sex_of(text: str) -> str:
    sexes = {"1": "male", "m": "male", "male": "male", "2": "female", "f": "female", "female": "female"}
    if text.strip().lower() not in sexes:
        raise ValueError("sex is male or female")
    return sexes[text.strip().lower()]


def _with_steps(values: Mapping[tuple[str, int], tuple[float, float, float]]) -> dict[tuple[str, int], Lms]:
    rows = {}
    for (sex, index), here in values.items():
        following = values.get((sex, index + 1), (math.nan, math.nan, math.nan))
        rows[sex, index] = Lms(*here, *(there - value for there, value in zip(following, here, strict=True)))
    return rows


@cache
def who_reference(measure: str) -> Reference:
    """WHO 2006 and WHO 2007 together, for one of MEASURES."""
    column = _WHO_COLUMNS[measure]
    days: dict[tuple[str, int], tuple[float, float, float]] = {}
    months: dict[tuple[str, int], tuple[float, float, float]] = {}
    for row in _who_file():
        if row[f"{column}_l"]:
            values = float(row[f"{column}_l"]), float(row[f"{column}_m"]), float(row[f"{column}_s"])
            (days if row["unit"] == "day" else months)[row["sex"], int(row["index"])] = values
    # WHO's program carries the last month on until the next would begin: a child of 228.9 months is of 228.
    by_month = {
        key: row._replace(l_step=0.0, m_step=0.0, s_step=0.0) if math.isnan(row.m_step) else row
        for key, row in _with_steps(months).items()
    }
    return Reference(_with_steps(days), by_month, SEAM_MONTHS, extend=measure != "height_for_age")


@cache
def _who_file() -> tuple[dict[str, str], ...]:
    with _WHO_FILE.open(encoding="utf-8") as lines:
        return tuple(csv.DictReader(line for line in lines if not line.startswith("#")))


# ------------------------------------------------------------------------------------------------------- one child


def months_of(age_days: float) -> float:
    """Exact age in months: days over 30.4375."""
    return age_days / DAYS_PER_MONTH


def day_of(age_months: float) -> int:
    """The whole day of an age in months, for the tables read by day."""
    return math.floor(age_months * DAYS_PER_MONTH + 0.5)


def z_hundredths(
    measure: str,
    sex: str | None,
    age_days: int | None,
    age_months: float | None,
    weight_kg: float | None,
    height_cm: float | None,
) -> int | None:
    """WHO z-score of one child in hundredths, or None when it cannot be computed.

    `sex` is "male" or "female". Where there is an age in days the months are computed from it.
    Heights are taken as lying below 24 months and standing from then on: see `height_as_expected`.
    """
    value = measured_value(measure, weight_kg, height_cm)
    return z_from(who_reference(measure), sex, age_days, age_months, value)


def z_from(
    reference: Reference, sex: str | None, age_days: int | None, age_months: float | None, value: float | None
) -> int | None:
    """z in hundredths of a measured value against any reference; None when it cannot be computed."""
    found = _lms_at(reference, sex, age_days, age_months) if value is not None else None
    return _z_from_lms(value, *found, extend=reference.extend) if found and value is not None else None


def reaches(reference: Reference, sex: str | None, age_days: int | None, age_months: float | None) -> bool:
    """Whether the reference has values for a child of this sex and age."""
    found = _lms_at(reference, sex, age_days, age_months)
    return found is not None and not any(map(math.isnan, found))


def _lms_at(
    reference: Reference, sex: str | None, age_days: int | None, age_months: float | None
) -> tuple[float, float, float] | None:
    months = months_of(age_days) if age_days is not None else age_months
    if sex is None or months is None or not 0 <= months < OLDEST_MONTHS:
        return None
    day = age_days if age_days is not None else day_of(months)
    if months < reference.seam_months:
        row = reference.by_day.get((sex, day))
        return row[:3] if row else None
    month = math.floor(months)
    row = reference.by_month.get((sex, month))
    part = months - month
    if row is None or part == 0:
        return row[:3] if row else None
    return row.l + part * row.l_step, row.m + part * row.m_step, row.s + part * row.s_step


def _z_from_lms(value: float, l: float, m: float, s: float, *, extend: bool) -> int | None:
    try:
        ratio = value / m
        z = math.log(ratio) / s if l == 0 else (_power(ratio, l) - 1.0) / (l * s)
        if extend and abs(z) > 3:
            z = _beyond_three(value, l, m, s, 1.0 if z > 0 else -1.0)
        hundredths = math.floor(z * 100 + 0.5)
    except (ValueError, OverflowError, ZeroDivisionError):
        return None
    return hundredths if -BEYOND_SENSE <= hundredths <= BEYOND_SENSE else None


def _beyond_three(value: float, l: float, m: float, s: float, side: float) -> float:
    third = _value_at(l, m, s, 3 * side)
    second = _value_at(l, m, s, 2 * side)
    return 3 * side + (value - third) / ((third - second) * side)


def _value_at(l: float, m: float, s: float, sd: float) -> float:
    return m * math.exp(s * sd) if l == 0 else m * _power(1.0 + l * s * sd, 1.0 / l)


def _power(base: float, exponent: float) -> float:
    """As the machine computes it for a column: past the largest number is infinity, not an error."""
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return math.inf


def measured_value(measure: str, weight_kg: float | None, height_cm: float | None) -> float | None:
    """Kilograms, centimetres or kg/m², as the measure asks; None when something needed is missing or no measurement."""
    weight = weight_kg if weight_kg is not None and LEAST <= weight_kg <= MOST else None
    height = height_cm if height_cm is not None and LEAST <= height_cm <= MOST else None
    if measure == "height_for_age":
        return height
    if measure == "weight_for_age":
        return weight
    return weight * 10_000.0 / (height * height) if weight is not None and height is not None else None


def last_month(measure: str) -> int:
    """The last month of age the tables reach; the month is included to its end."""
    return max(month for _, month in who_reference(measure).by_month)


def is_implausible(measure: str, hundredths: int) -> bool:
    """WHO's flag: the z-score is so far out that the measurement is doubted."""
    lowest, highest = IMPLAUSIBLE[measure]
    return not lowest <= hundredths <= highest


def height_as_expected(height_cm: float, age_days: int, lying: bool | None) -> float:
    """The height as WHO's tables mean it: lying below 24 months, standing from then on. None: measured as expected."""
    if lying is True and age_days >= STANDING_FROM_DAYS:
        return height_cm - LYING_IS_LONGER_BY_CM
    if lying is False and POSITION_MATTERS_FROM_DAYS <= age_days < STANDING_FROM_DAYS:
        return height_cm + LYING_IS_LONGER_BY_CM
    return height_cm


# ------------------------------------------------------------------------------------------------------ population

_STEPS = ("l", "m", "s", "l_step", "m_step", "s_step")
_SEX_CODES = {"male": 1, "female": 2}
_PER_SEX, _MONTHS_START = 100_000, 50_000
"""One whole number stands for sex, unit and index: sex code * 100,000 + day, or + 50,000 + month."""


def with_growth(
    frame: pl.LazyFrame,
    into: Mapping[str, str],
    *,
    sex: str = "sex",
    age_days: str | None = "age_days",
    age_months: str | None = "age_months",
    weight: str = "weight_kg",
    height: str = "height_cm",
) -> pl.LazyFrame:
    """`z_hundredths` for a frame: a new column of hundredths (Int32) for each of `into`, measure -> name of the column.

    Rows keep their order; nothing is collected.
    """
    values = {f"__{name}_value": (measure, name) for measure, name in into.items()}
    frame = frame.with_columns(
        value_expression(measure, pl.col(weight), pl.col(height)).alias(value) for value, (measure, _) in values.items()
    )
    wanted = {name: (who_reference(measure), value) for value, (measure, name) in values.items()}
    return with_z(frame, wanted, sex=sex, age_days=age_days, age_months=age_months).drop(*values)


def value_expression(measure: str, weight_kg: pl.Expr, height_cm: pl.Expr) -> pl.Expr:
    """`measured_value` for columns."""
    weight, height = _measurement(weight_kg), _measurement(height_cm)
    if measure == "height_for_age":
        return height
    return weight if measure == "weight_for_age" else weight * 10_000.0 / (height * height)


def _measurement(column: pl.Expr) -> pl.Expr:
    number = column.cast(pl.Float64)
    return pl.when(number.is_between(LEAST, MOST)).then(number)


def height_expression(height_cm: pl.Expr, age_days: pl.Expr, lying: pl.Expr) -> pl.Expr:
    """`height_as_expected` for columns."""
    standing_too_early = ~lying & (age_days >= POSITION_MATTERS_FROM_DAYS) & (age_days < STANDING_FROM_DAYS)
    return (
        pl.when(lying & (age_days >= STANDING_FROM_DAYS))
        .then(height_cm - LYING_IS_LONGER_BY_CM)
        .when(standing_too_early)
        .then(height_cm + LYING_IS_LONGER_BY_CM)
        .otherwise(height_cm)
    )


def months_expression(age_days: pl.Expr) -> pl.Expr:
    """`months_of` for a column. The divisor is made a column too: a literal would become a multiplication."""
    return age_days / (age_days * 0 + DAYS_PER_MONTH)


def day_expression(age_months: pl.Expr) -> pl.Expr:
    """`day_of` for a column."""
    return (age_months * DAYS_PER_MONTH + 0.5).floor().cast(pl.Int32, strict=False)


def with_z(
    frame: pl.LazyFrame,
    wanted: Mapping[str, tuple[Reference, str]],
    *,
    sex: str = "sex",
    age_days: str | None = "age_days",
    age_months: str | None = "age_months",
) -> pl.LazyFrame:
    """`z_from` for a frame: for each new column the reference and the column that holds the measured value (Float64).

    `sex` holds "male" or "female"; where the age in days is missing the age in months is taken.
    In steps with named columns between them: as one expression Polars would compute each z several times over.
    """
    given = pl.col(age_days).cast(pl.Int32) if age_days else pl.lit(None, pl.Int32)
    told = pl.col(age_months).cast(pl.Float64) if age_months else pl.lit(None, pl.Float64)
    frame = frame.with_columns(
        pl.when(pl.col(sex) == "male").then(1).when(pl.col(sex) == "female").then(2).cast(pl.Int32).alias("__z_sex"),
        pl.coalesce(months_expression(given), told).alias("__z_months"),
        pl.coalesce(given, day_expression(told)).alias("__z_day"),
    )
    for seam in {reference.seam_months for reference, _ in wanted.values()}:
        frame = _with_lms(frame, seam, {n: r for n, (r, _) in wanted.items() if r.seam_months == seam})
    for name, (reference, value) in wanted.items():
        frame = _with_z_from_lms(frame, name, pl.col(value), reference)
    return frame.drop("__z_sex", "__z_months", "__z_day")


def _with_lms(frame: pl.LazyFrame, seam: float, references: Mapping[str, Reference]) -> pl.LazyFrame:
    """Adds `__NAME_l`, `__NAME_m`, `__NAME_s` for each reference: one join for all of them."""
    months = pl.col("__z_months")
    by_day = months < seam
    month = months.floor()
    place = pl.when(by_day).then(pl.col("__z_day")).otherwise(month.cast(pl.Int32, strict=False) + _MONTHS_START)
    sensible = (months >= 0) & (months < OLDEST_MONTHS)
    keyed = frame.with_columns(
        pl.when(sensible).then(pl.col("__z_sex") * _PER_SEX + place).alias("__z_key"),
        pl.when(by_day).then(0.0).otherwise(months - month).alias("__z_part"),
    )
    joined = keyed.join(_frame_of(references).lazy(), on="__z_key", how="left", maintain_order="left")
    part = pl.col("__z_part")
    stepped = joined.with_columns(
        pl.when(part == 0)
        .then(_of(name, x))
        .otherwise(_of(name, x) + part * _of(name, f"{x}_step"))
        .alias(f"__{name}_{x}")
        for name in references
        for x in "lms"
    )
    return stepped.drop("__z_key", "__z_part", *(f"__{name}_{x}_step" for name in references for x in "lms"))


def _of(name: str, part: str) -> pl.Expr:
    return pl.col(f"__{name}_{part}")


def _frame_of(references: Mapping[str, Reference]) -> pl.DataFrame:
    """The tables side by side under one whole-number key."""
    together: pl.DataFrame | None = None
    for name, reference in references.items():
        frame = _rows_of(reference).rename({step: f"__{name}_{step}" for step in _STEPS})
        together = frame if together is None else together.join(frame, on="__z_key", how="full", coalesce=True)
    assert together is not None, "a seam comes from a reference"
    return together


@cache
def _rows_of(reference: Reference) -> pl.DataFrame:
    rows = [
        (_SEX_CODES[sex] * _PER_SEX + start + index, *row)
        for start, table in ((0, reference.by_day), (_MONTHS_START, reference.by_month))
        for (sex, index), row in table.items()
    ]
    return pl.DataFrame(rows, {"__z_key": pl.Int32, **dict.fromkeys(_STEPS, pl.Float64)}, orient="row")


def _with_z_from_lms(frame: pl.LazyFrame, name: str, value: pl.Expr, reference: Reference) -> pl.LazyFrame:
    """`_z_from_lms` for columns, in place of the columns with L, M and S."""
    frame = frame.with_columns(_plain_z(name, value, reference).alias(f"__{name}_z"))
    z, used = _of(name, "z"), ["l", "m", "s", "z"]
    if reference.extend:
        side = pl.when(z > 0).then(1.0).otherwise(-1.0)
        frame = frame.with_columns(side.alias(f"__{name}_side"))
        frame = frame.with_columns(
            _value_expression(name, reference, 3).alias(f"__{name}_third"),
            _value_expression(name, reference, 2).alias(f"__{name}_second"),
        )
        z = pl.when(z.abs() > 3).then(_beyond_three_expression(name, value)).otherwise(z)
        used += ["side", "third", "second"]
    hundredths = (z * 100 + 0.5).floor().alias(f"__{name}_z")
    frame = frame.with_columns(hundredths)
    sensible = _of(name, "z").is_between(-BEYOND_SENSE, BEYOND_SENSE)
    score = pl.when(sensible).then(_of(name, "z")).cast(pl.Int32, strict=False)
    return frame.with_columns(score.alias(name)).drop(f"__{name}_{part}" for part in used)


def _plain_z(name: str, value: pl.Expr, reference: Reference) -> pl.Expr:
    l, m, s = _of(name, "l"), _of(name, "m"), _of(name, "s")
    ratio = value / m
    if reference.always_straight:
        return (ratio - 1.0) / (l * s)
    power = (ratio.pow(l) - 1.0) / (l * s)
    return pl.when(l == 0).then(ratio.log() / s).otherwise(power) if reference.may_be_zero else power


def _value_expression(name: str, reference: Reference, sd: int) -> pl.Expr:
    l, m, s = _of(name, "l"), _of(name, "m"), _of(name, "s")
    away = sd * _of(name, "side")
    power = m * (1.0 + l * s * away).pow(1.0 / l)
    return pl.when(l == 0).then(m * (s * away).exp()).otherwise(power) if reference.may_be_zero else power


def _beyond_three_expression(name: str, value: pl.Expr) -> pl.Expr:
    side, third, second = _of(name, "side"), _of(name, "third"), _of(name, "second")
    return 3 * side + (value - third) / ((third - second) * side)
