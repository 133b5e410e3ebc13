"""The files of one run come in; one row per child and wave, with typed answers and facts, goes out.

Blocks of rows pass through; no file is held as a whole.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from khula.analysis.answer_files import (
    ROW,
    STREAMING,
)
from khula.analysis.packs.pack import Pack
from khula.analysis.scoring_files.problems import DIFFERS, Problems
from khula.analysis.scoring_files.recognition import CHILD, WAVE, AnswerFile, groups_of
from khula.analysis.scoring_files.rows import FACT_TYPES, FILE, BlockReader, later_rows


@dataclass
class Merge:
    """The files of one scoring run, made ready."""

    pack: Pack
    files: Sequence[AnswerFile]
    problems: Problems
    saw: Callable[[int], None]
    groups: list[list[AnswerFile]] = field(init=False)
    rows: dict[int, pl.LazyFrame] = field(init=False)
    met: Counter[int] = field(init=False, default_factory=Counter)
    """Number of informants' files -> children who stand in so many of them. Filled as the rows pass."""

    def __post_init__(self) -> None:
        # Facts of the measuring come first: the age that counts is the age on that day.
        order = {"health": 0, "caregiver": 1, "teacher": 2, "child": 3}
        self.groups = sorted(
            groups_of(self.files),
            key=lambda group: min((order.get(who, 4) for f in group for who in self.informants(f)), default=4),
        )
        drop: dict[int, pl.Series] = {}
        for group in self.groups:
            drop |= later_rows(group, self.problems)
        self.rows = {}
        for file in self.files:
            reader = BlockReader(file, self.pack.questions, drop.get(file.number), self.problems, self.saw)
            self.rows[file.number] = reader.frame()

    def settle(self, folder: Path) -> None:
        """Reads every file once into a small one of typed answers, so that it can be gone through part by part."""
        for number, rows in self.rows.items():
            settled = folder / f"answers-{number}.parquet"
            rows.sink_parquet(settled, engine=STREAMING)
            self.rows[number] = pl.scan_parquet(settled)

    def informants(self, file: AnswerFile) -> list[str]:
        """Whose answers a file holds."""
        return sorted({self.pack.questions[name].informant for name in file.questions})

    @property
    def has_waves(self) -> bool:
        return any(file.wave for file in self.files)

    def frame(self, between: tuple[str | None, str | None] = (None, None)) -> pl.LazyFrame:
        """One row per child and wave: the keys, the facts of `score_population`, assessed_on, every question found.

        `between` (from, below) takes the children of one stretch of the alphabet only.
        """
        frames = [self._group(group, between) for group in self.groups]
        renamed = [self._with_own_facts(frame, number) for number, frame in enumerate(frames)]
        merged = renamed[0]
        for other in renamed[1:]:
            merged = merged.join(other, on=[CHILD, WAVE], how="full", coalesce=True)
        names = set(merged.collect_schema().names())
        if len(frames) > 1:
            merged = self._compared(merged, names)
        return merged.select(CHILD, WAVE, *self._facts(names), *self._answers(names))

    def _group(self, group: Sequence[AnswerFile], between: tuple[str | None, str | None]) -> pl.LazyFrame:
        frames = [self.rows[file.number] for file in group]
        together = frames[0] if len(frames) == 1 else pl.concat(frames, how="diagonal")
        low, high = between
        if low is not None:
            together = together.filter(pl.col(CHILD) >= low)
        return together if high is None else together.filter(pl.col(CHILD) < high)

    def _with_own_facts(self, frame: pl.LazyFrame, number: int) -> pl.LazyFrame:
        names = frame.collect_schema().names()
        return frame.rename({name: f"{name}:{number}" for name in names if name.startswith("__")})

    def _facts(self, names: set[str]) -> list[pl.Expr]:
        def told(fact: str) -> pl.Expr:
            found = [f"__{fact}:{number}" for number in range(len(self.groups)) if f"__{fact}:{number}" in names]
            return pl.coalesce(found) if found else pl.lit(None, FACT_TYPES[fact])

        days, months = self._ages(names, told("date") - told("birth_date"))
        return [
            told("sex").alias("sex"),
            days.alias("age_days"),
            months.alias("age_months"),
            told("language").alias("language"),
            told("grade").alias("grade"),
            told("date").alias("assessed_on"),
        ]

    def _ages(self, names: set[str], merged: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
        """(days, months), one of them: what the measuring file says itself; then dates across files; then the others.

        `merged`: the days from the birth date of any file to the best date of any file.
        """

        def own(fact: str, number: int) -> pl.Expr:
            name = f"__{fact}:{number}"
            return pl.col(name) if name in names else pl.lit(None, FACT_TYPES[fact])

        def lived(days: pl.Expr) -> pl.Expr:
            return pl.when(days >= 0).then(days)

        ages: list[tuple[pl.Expr, pl.Expr]] = []
        nothing = pl.lit(None, pl.Int32), pl.lit(None, pl.Float64)
        for number in range(len(self.groups)):
            days = pl.coalesce(own("age_days", number), lived(own("date", number) - own("birth_date", number)))
            ages.append((days, own("age_months", number)))
        if not any("health" in self.informants(file) for file in self.groups[0]):
            ages.insert(0, nothing)
        ages.insert(1, (lived(merged), nothing[1]))
        days, months = nothing
        for own_days, own_months in reversed(ages):
            days = pl.when(own_days.is_not_null()).then(own_days).when(own_months.is_null()).then(days)
            months = pl.when(own_days.is_null()).then(pl.coalesce(own_months, months))
        return days, months

    def _answers(self, names: set[str]) -> list[pl.Expr]:
        return [pl.col(f"q:{name}").alias(name) for name in self.pack.questions if f"q:{name}" in names]

    def _compared(self, frame: pl.LazyFrame, names: set[str]) -> pl.LazyFrame:
        """Counts who stands in how many files, and tells where two differ about a child; the first is believed."""
        schema = frame.collect_schema()
        pairs = [
            (fact, first, other)
            for fact in ("sex", "birth_date")
            for first in range(len(self.groups))
            for other in range(first + 1, len(self.groups))
            if {f"__{fact}:{first}", f"__{fact}:{other}"} <= names
        ]

        rows = [f"{ROW}:{number}" for number in range(len(self.groups))]

        def compare(block: pl.DataFrame) -> pl.DataFrame:
            for times, children in (
                block.select(pl.sum_horizontal(pl.col(rows).is_not_null())).to_series().value_counts().iter_rows()
            ):
                self.met[times] += children
            for fact, first, other in pairs:
                differs = (block[f"__{fact}:{first}"] != block[f"__{fact}:{other}"]).fill_null(False)
                for file in self.groups[other] if differs.any() else []:
                    here = differs & (block[f"{FILE}:{other}"] == file.number)
                    self.problems.add(
                        file.name, block[f"{ROW}:{other}"].filter(here), file.facts.get(fact, fact), DIFFERS
                    )
            return block

        return frame.map_batches(compare, schema=schema, validate_output_schema=False, streamable=True)

    def stretches(self, parts: int) -> list[tuple[str | None, str | None]]:
        """About equal stretches of the alphabet of children, so that one at a time fits into memory."""
        keys = pl.concat([rows.select(CHILD) for rows in self.rows.values()])
        sample = keys.filter(pl.col(CHILD).hash(17) % 64 == 0).collect(engine=STREAMING)[CHILD].unique().sort()
        if sample.len() < parts:
            return [(None, None)]
        cuts = list(dict.fromkeys(sample[math.floor(sample.len() * part / parts)] for part in range(1, parts)))
        return list(zip([None, *cuts], [*cuts, None], strict=True))
