"""A file of measurements in; its rows with `haz`, `waz`, `baz` and beside each a flag or why there is none out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

from khula.analysis import growth
from khula.analysis.answer_files import (
    BEYOND,
    POSITIONS,
    ROW,
    SEXES,
    STREAMING,
    YES_NO,
    DateOrder,
    FileUnreadable,
    Table,
    cell_of,
    code_from,
    date_from,
    date_order,
    find_columns,
    has_comma,
    is_doubtful_date,
    number_from,
)

NAMES: Mapping[str, tuple[str, ...]] = {
    "sex": ("gender", "sexe", "geslag"),
    "age_days": ("agedays", "age_in_days", "age_d", "age_jours", "age_en_jours"),
    "age_months": ("agemonths", "agemons", "age_mo", "age_in_months", "age_mois", "age_en_mois"),
    "birth_date": ("dob", "date_of_birth", "birthdate", "date_birth", "date_de_naissance", "date_naissance"),
    "measured_date": (
        "date_measured",
        "measured_on",
        "measurement_date",
        "date_of_measurement",
        "dov",
        "date_of_visit",
        "visit_date",
        "date_mesure",
        "date_de_mesure",
    ),
    "weight_kg": ("weight", "wt", "wt_kg", "mass", "mass_kg", "poids", "poids_kg"),
    "height_cm": ("height", "ht", "ht_cm", "length", "length_cm", "lenhei", "stature", "taille", "taille_cm"),
    "measured": ("measure", "position", "measured_how", "lying_standing", "mesure"),
    "oedema": ("edema", "oedeme"),
}
"""Meaning -> headers also taken for it, as `plain_name` writes them."""

INDICES: Mapping[str, str] = {"haz": "height_for_age", "waz": "weight_for_age", "baz": "bmi_for_age"}
COMMA = "__comma"
"""Count of cells of the row read with a comma for the decimal point."""
WHOLE_MONTHS = "__whole_months"
"""The age used is a whole number of months; missing where there is no age."""
AGES_DIFFER = "__ages_differ"
"""The age given and the age from the dates lie more than a month apart."""
NOTES = (ROW, COMMA, WHOLE_MONTHS, AGES_DIFFER)
"""Columns about a row that the one who writes the rows counts and leaves out."""


@dataclass(frozen=True)
class Sheet:
    """A measurement file whose columns have been found and whose dates have been looked through."""

    table: Table
    found: Mapping[str, str]
    dates: Mapping[str, DateOrder]
    months_are_exact: bool  # some age in months has a part of a month


def read_sheet(table: Table, told_order: str | None = None) -> Sheet:
    """Finds the columns; raises FileUnreadable when what every z-score needs is not there."""
    found = find_columns(table, NAMES)
    taken = [name for name in table.columns if name in output_columns()]
    if taken:
        raise FileUnreadable("GROWTH_001", file=table.path.name, columns=", ".join(taken))
    has_dates = "birth_date" in found and "measured_date" in found
    if "sex" not in found or not (has_dates or "age_days" in found or "age_months" in found):
        raise FileUnreadable("GROWTH_002", file=table.path.name, columns=", ".join(table.columns))
    if "weight_kg" not in found and "height_cm" not in found:
        raise FileUnreadable("GROWTH_003", file=table.path.name, columns=", ".join(table.columns))
    dates = (
        {name: date_order(table, found[name], told_order) for name in ("birth_date", "measured_date")}
        if has_dates
        else {}
    )
    return Sheet(table, found, dates, _has_parts_of_months(table, found.get("age_months")))


def _has_parts_of_months(table: Table, column: str | None) -> bool:
    if column is None:
        return False
    kind = table.types[column]
    months = number_from(cell_of(column, kind), kind)
    return bool(table.frame.select((months != months.floor()).any()).collect(engine=STREAMING).item())


def output_columns() -> tuple[str, ...]:
    return (*INDICES, *(f"{index}_flag" for index in INDICES))


def with_z_scores(sheet: Sheet, *, as_text: bool) -> pl.LazyFrame:
    """The rows of the sheet in their order, with NOTES and the six new columns.

    z as text with two decimals ("-0.58"), or as the nearest Float64 when not `as_text`. A flag is empty when there is
    nothing to say, "implausible" by WHO's limits, or the reason why there is no z-score.
    """
    frame = _with_readings(sheet).with_columns(_age(sheet))
    lying = pl.col("__measured") == "lying"
    expected = growth.height_expression(pl.col("__height_cm"), pl.col("__day"), lying)
    frame = frame.with_columns(pl.when(lying.is_null()).then("__height_cm").otherwise(expected).alias("__height_cm"))
    frame = growth.with_growth(
        frame,
        {measure: f"__{index}" for index, measure in INDICES.items()},
        sex="__sex",
        age_days="__days",
        age_months="__months",
        weight="__weight_kg",
        height="__height_cm",
    )
    frame = frame.with_columns(_why_not(index, measure).alias(f"{index}_flag") for index, measure in INDICES.items())
    shown = {index: pl.when(_is_shown(index)).then(_two_decimals(pl.col(f"__{index}"))) for index in INDICES}
    scores = [(text if as_text else text.cast(pl.Float64)).alias(index) for index, text in shown.items()]
    flags = [f"{index}_flag" for index in INDICES]
    return frame.with_columns(scores).select(*NOTES, *sheet.table.columns, *INDICES, *flags)


_READ: Mapping[str, Callable[[pl.Expr, pl.DataType], pl.Expr]] = {
    "sex": lambda cell, kind: code_from(cell, kind, SEXES),
    "weight_kg": number_from,
    "height_cm": number_from,
    "age_days": number_from,
    "age_months": number_from,
    "measured": lambda cell, kind: code_from(cell, kind, POSITIONS),
    "oedema": lambda cell, kind: code_from(cell, kind, YES_NO),
}
_NUMBERS = tuple(meaning for meaning, read in _READ.items() if read is number_from)


def _with_readings(sheet: Sheet) -> pl.LazyFrame:
    """Each row read: `__sex`, `__weight_kg` …, and `__bad_sex` …: there is something and it cannot be read.

    In steps, cell, reading, judgement: as one expression Polars would read each cell several times over.
    """
    kinds = {meaning: sheet.table.types[column] for meaning, column in sheet.found.items()}
    frame = sheet.table.frame.with_columns(
        cell_of(column, kinds[meaning]).alias(f"__cell_{meaning}") for meaning, column in sheet.found.items()
    )
    cells = {meaning: pl.col(f"__cell_{meaning}") for meaning in sheet.found}
    frame = frame.with_columns(_readings(sheet, cells, kinds))
    nothing = pl.lit(False)
    return frame.with_columns(
        *(
            (pl.col(f"__{meaning}").is_null() & cells[meaning].is_not_null() if meaning in cells else nothing).alias(
                f"__bad_{meaning}"
            )
            for meaning in NAMES
        ),
        pl.sum_horizontal(
            (has_comma(cells[x], kinds[x]) & pl.col(f"__{x}").is_not_null()).cast(pl.UInt8)
            for x in _NUMBERS
            if x in cells
        ).alias(COMMA),
    )


def _readings(sheet: Sheet, cells: Mapping[str, pl.Expr], kinds: Mapping[str, pl.DataType]) -> list[pl.Expr]:
    readings = []
    for meaning, read in _READ.items():
        absent = pl.lit(None, pl.Float64 if meaning in _NUMBERS else pl.String)
        value = read(cells[meaning], kinds[meaning]) if meaning in cells else absent
        readings.append(value.alias(f"__{meaning}"))
    doubtful = pl.lit(False)
    for meaning in ("birth_date", "measured_date"):
        value = pl.lit(None, pl.Date)
        if meaning in sheet.dates:
            order = sheet.dates[meaning].order
            value = date_from(cells[meaning], kinds[meaning], order)
            doubtful = doubtful | is_doubtful_date(cells[meaning], kinds[meaning], order)
        readings.append(value.alias(f"__{meaning}"))
    return [*readings, doubtful.alias("__doubtful_date")]


def _age(sheet: Sheet) -> list[pl.Expr]:
    """`__days` or `__months`, the best age of the row; `__no_age` says why there is none.

    An age in days or in exact months is taken as given; then the dates; whole months only where there is nothing else.
    """
    from_dates = (pl.col("__measured_date") - pl.col("__birth_date")).dt.total_days()
    whole_days = (pl.col("__age_days") + 0.5).floor()
    told_days = pl.when(whole_days.is_between(0, 100_000)).then(whole_days).cast(pl.Int32)
    sensible = pl.col("__age_months").is_between(0, growth.OLDEST_MONTHS - 1)
    told_months = pl.when(sensible).then("__age_months")
    dated = pl.when(from_dates >= 0).then(from_dates).cast(pl.Int32, strict=False)
    days: pl.Expr = pl.coalesce(told_days, dated)
    if sheet.months_are_exact:
        days = pl.when(told_days.is_not_null() | told_months.is_null()).then(days)
    months = pl.when(days.is_null()).then(told_months)
    known = days.is_not_null() | months.is_not_null()
    something_told = pl.any_horizontal(
        _bad("age_days"), _bad("age_months"), pl.col("__age_days").is_not_null(), pl.col("__age_months").is_not_null()
    )
    why = (
        pl.when(known)
        .then(pl.lit(None, pl.String))
        .when(from_dates < 0)
        .then(pl.lit("measured before birth"))
        .when("__doubtful_date")
        .then(pl.lit("ambiguous date"))
        .when(_bad("birth_date") | _bad("measured_date"))
        .then(pl.lit("unreadable date"))
        .when(something_told)
        .then(pl.lit("unreadable age"))
        .otherwise(pl.lit("no age"))
    )
    told = pl.coalesce(growth.months_expression(told_days), told_months)
    return [
        why.alias("__no_age"),
        days.alias("__days"),
        months.alias("__months"),
        pl.coalesce(days, growth.day_expression(months)).alias("__day"),
        pl.when(known).then((months == months.floor()).fill_null(False)).alias(WHOLE_MONTHS),
        ((growth.months_expression(from_dates) - told).abs() > 1).fill_null(False).alias(AGES_DIFFER),
    ]


def _bad(meaning: str) -> pl.Expr:
    return pl.col(f"__bad_{meaning}")


def _why_not(index: str, measure: str) -> pl.Expr:
    """The flag of one index: the first thing that stands in the way, or WHO's limits, or nothing."""
    checks: list[tuple[pl.Expr, pl.Expr | str]] = [
        (pl.col(BEYOND).is_not_null(), "cells beyond the last column"),
        (_bad("sex"), "unreadable sex"),
        (pl.col("__sex").is_null(), "no sex"),
        (pl.col("__no_age").is_not_null(), pl.col("__no_age")),
    ]
    if measure != "height_for_age":
        checks += [
            (pl.col("__oedema") == "yes", "oedema"),
            (_bad("oedema"), "unreadable oedema"),
            (_bad("weight_kg") | ~pl.col("__weight_kg").is_between(growth.LEAST, growth.MOST), "unreadable weight"),
            (pl.col("__weight_kg").is_null(), "no weight"),
        ]
    if measure != "weight_for_age":
        checks += [
            (_bad("height_cm") | ~pl.col("__height_cm").is_between(growth.LEAST, growth.MOST), "unreadable height"),
            (pl.col("__height_cm").is_null(), "no height"),
            (_bad("measured"), "unreadable measured"),
        ]
    months = pl.coalesce(growth.months_expression(pl.col("__days")), pl.col("__months"))
    lowest, highest = growth.IMPLAUSIBLE[measure]
    score = pl.col(f"__{index}")
    checks += [
        (months >= growth.last_month(measure) + 1, "age outside the table"),
        (score.is_null() | ~score.is_between(lowest, highest), "implausible"),
    ]
    flag = pl.lit(None, pl.String)
    for holds, say in reversed(checks):
        flag = pl.when(holds).then(pl.lit(say) if isinstance(say, str) else say).otherwise(flag)
    return flag


def _is_shown(index: str) -> pl.Expr:
    flag = pl.col(f"{index}_flag")
    return flag.is_null() | (flag == "implausible")


def _two_decimals(hundredths: pl.Expr) -> pl.Expr:
    sign = pl.when(hundredths < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    size = hundredths.abs()
    return pl.format("{}{}.{}", sign, size // 100, (size % 100).cast(pl.String).str.zfill(2))
