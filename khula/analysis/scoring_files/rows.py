"""One file comes in; its usable rows go out, read, with what each file says of the child; the others are told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from khula.analysis.answer_files import (
    BEYOND,
    POSITIONS,
    ROW,
    SEXES,
    STREAMING,
    YES_NO,
    cell_of,
    code_from,
    date_from,
    is_doubtful_date,
    number_from,
    text_from,
)
from khula.analysis.answers import (
    UNREADABLE,
)
from khula.analysis.packs.pack import Question
from khula.analysis.scoring_files.cells import plain_steps, read_the_rest, type_of_answers
from khula.analysis.scoring_files.problems import ROW_REASONS, Problems
from khula.analysis.scoring_files.recognition import CHILD, WAVE, AnswerFile

FILE = "__file"
FACT_TYPES: Mapping[str, pl.DataType] = {
    "sex": pl.String(),
    "birth_date": pl.Int32(),
    "date": pl.Int32(),
    "age_days": pl.Int32(),
    "age_months": pl.Float64(),
    "language": pl.String(),
    "grade": pl.String(),
}


def later_rows(group: Sequence[AnswerFile], problems: Problems) -> dict[int, pl.Series]:
    """For each file of a group the rows not to be used, because a later one of the same child and wave is there.

    Later is by date where the file has one, else by place: the last row of the last file.
    """
    keys = pl.concat([_keys(file) for file in group]).with_columns(
        pl.concat_str("child", pl.lit("\t"), "wave").hash(1).alias("hash")
    )
    # First by hash alone, so that of a large population only 8 bytes a row are held.
    repeated_hashes = keys.group_by("hash").len().filter(pl.col("len") > 1).collect(engine=STREAMING)
    if repeated_hashes.is_empty():
        return {}
    suspects = keys.join(repeated_hashes.lazy(), on="hash", how="semi").collect(engine=STREAMING)
    repeated = suspects.filter(pl.len().over("child", "wave") > 1)
    ordered = repeated.sort("date", "file", ROW, nulls_last=False, maintain_order=True)
    left = ordered.filter(pl.int_range(pl.len()).over("child", "wave") < pl.len().over("child", "wave") - 1)
    rows = {}
    for file in group:
        rows[file.number] = left.filter(pl.col("file") == file.number)[ROW]
        problems.add(file.name, rows[file.number].sort(), file.child, ROW_REASONS[2])
    return {number: found for number, found in rows.items() if found.len()}


def _keys(file: AnswerFile) -> pl.LazyFrame:
    types = file.table.types
    cells = [_key_expression(file, file.child).alias("child")]
    cells.append(_key_expression(file, file.wave).alias("wave") if file.wave else pl.lit("").alias("wave"))
    date = pl.lit(None, pl.Date)
    if "date" in file.facts:
        column = file.facts["date"]
        date = date_from(cell_of(column, types[column]), types[column], file.dates["date"].order)
    # Of two submissions on one day the time decides, where the cell tells it in an order that sorts.
    time = pl.lit(None, pl.String)
    if "date" in file.facts and types[file.facts["date"]] == pl.String:
        time = pl.col(file.facts["date"]).str.strip_chars().str.extract(r"^\d{4}-\d{2}-\d{2}[T ](.*)$")
    elif "date" in file.facts and isinstance(types[file.facts["date"]], pl.Datetime):
        time = pl.col(file.facts["date"]).dt.to_string("%H:%M:%S%.6f")
    stamp = pl.concat_str(date.cast(pl.String), time.fill_null(""))
    frame = file.table.frame.select(*cells, stamp.alias("date"), ROW, pl.lit(file.number).alias("file"))
    return frame.filter(pl.col("child").is_not_null())


def _key_expression(file: AnswerFile, column: str) -> pl.Expr:
    kind = file.table.types[column]
    return text_from(cell_of(column, kind), kind)


@dataclass(frozen=True)
class BlockReader:
    """Reads the blocks of one file: rows in, typed rows out, problems told."""

    file: AnswerFile
    questions: Mapping[str, Question]
    drop: pl.Series | None
    problems: Problems
    saw: Callable[[int], None]

    def schema(self) -> dict[str, pl.DataType]:
        keys: dict[str, pl.DataType] = {CHILD: pl.String(), WAVE: pl.String(), ROW: pl.UInt32(), FILE: pl.UInt16()}
        facts = {f"__{name}": FACT_TYPES[name] for name in self.file.facts}
        answers = {f"q:{name}": type_of_answers(self.questions[name]) for name in self.file.questions}
        return {**keys, **facts, **answers}

    def frame(self) -> pl.LazyFrame:
        """The rows of the file that are to be used, read."""
        columns = {*self.file.table.columns} - {*self.file.questions.values()}
        frame = self.file.table.frame.with_columns(
            self._worded(name, column).alias(f"cell {name}") for name, column in self.file.questions.items()
        )
        both = [
            plain_steps(self.questions[name], f"cell {name}", self._type_of(name), f"q:{name}")
            for name in self.file.questions
        ]
        for step in (0, 1):
            frame = frame.with_columns(expression for steps in both for expression in steps[step])
        answers = [f"q:{name}{end}" for name in self.file.questions for end in ("", " left")]
        used = {self.file.child, *([self.file.wave] if self.file.wave else []), *self.file.facts.values()}
        frame = frame.select(ROW, BEYOND, *sorted(used | columns), *answers)
        return frame.map_batches(self.read, schema=self.schema(), validate_output_schema=False, streamable=True)

    def _type_of(self, name: str) -> pl.DataType:
        return self.file.table.types[self.file.questions[name]]

    def _worded(self, name: str, column: str) -> pl.Expr:
        """A table of measurements may say "y" or "L" where the form's codes are yes and lying."""
        words = next((w for end, w in (("oedema", YES_NO), ("measured", POSITIONS)) if name.endswith(end)), None)
        if words is None or self._type_of(name) != pl.String or column == name:
            return pl.col(column)
        lower = pl.col(column).str.strip_chars().str.to_lowercase()
        return pl.coalesce(lower.replace_strict(words, default=None, return_dtype=pl.String), column)

    def read(self, block: pl.DataFrame) -> pl.DataFrame:
        block = self.usable(block)
        read = self.facts(block).with_columns(block.select(f"q:{name}" for name in self.file.questions))
        over = block.select(pl.col(f"q:{name} left").is_not_null().any() for name in self.file.questions)
        for name, column in self.file.questions.items():
            if over.height and over[f"q:{name} left"][0]:
                typed, bad = read_the_rest(self.questions[name], block[f"q:{name}"], block[f"q:{name} left"])
                self.tell(block, bad, column, UNREADABLE)
                read = read.with_columns(typed.alias(f"q:{name}"))
        return read.select(list(self.schema()))

    def usable(self, block: pl.DataFrame) -> pl.DataFrame:
        """Without the rows that have no child, are out of step, or superseded."""
        block = block.with_columns(
            _key_expression(self.file, self.file.child).alias("__child"),
            (_key_expression(self.file, self.file.wave) if self.file.wave else pl.lit("")).alias("__wave"),
        )
        self.saw(block.height)
        blank = block["__child"].is_null()
        # A row with nothing in it is no child that got lost.
        others = [name for name in block.columns if name not in (ROW, "__child", "__wave")]
        empty = pl.all_horizontal(pl.col(name).is_null() for name in others)
        said = block.filter(blank & ~block.select(empty.alias("empty"))["empty"])
        self.problems.add(self.file.name, said[ROW], self.file.child, ROW_REASONS[0])
        block = block.filter(~blank)
        self.tell(block, block[BEYOND].is_not_null(), "", ROW_REASONS[1])
        block = block.filter(pl.col(BEYOND).is_null())
        return block.filter(~pl.col(ROW).is_in(self.drop.implode())) if self.drop is not None else block

    def facts(self, block: pl.DataFrame) -> pl.DataFrame:
        """The keys, and what the file says about the child."""
        cells = block.select(
            pl.col("__child").alias(CHILD),
            pl.col("__wave").alias(WAVE),
            ROW,
            pl.lit(self.file.number, pl.UInt16).alias(FILE),
            *(
                cell_of(column, self.file.table.types[column]).alias(f"cell:{n}")
                for n, column in self.file.facts.items()
            ),
        )
        read = cells.with_columns(self._fact(name).alias(f"__{name}") for name in self.file.facts)
        for name, column in self.file.facts.items():
            there = read[f"cell:{name}"].is_not_null() & read[f"__{name}"].is_null()
            doubtful = read.with_columns(doubt=self._doubt(name))["doubt"]
            self.tell(block, there & doubtful, column, "ambiguous date")
            self.tell(block, there & ~doubtful, column, UNREADABLE)
        return read.select(CHILD, WAVE, ROW, FILE, *(f"__{name}" for name in self.file.facts))

    def _doubt(self, name: str) -> pl.Expr:
        if name not in self.file.dates:
            return pl.lit(False)
        kind = self.file.table.types[self.file.facts[name]]
        return is_doubtful_date(pl.col(f"cell:{name}"), kind, self.file.dates[name].order)

    def _fact(self, name: str) -> pl.Expr:
        kind, cell = self.file.table.types[self.file.facts[name]], pl.col(f"cell:{name}")
        if name == "sex":
            return code_from(cell, kind, SEXES)
        if name in ("birth_date", "date"):
            return date_from(cell, kind, self.file.dates[name].order).to_physical()
        if name == "age_days":
            days = (number_from(cell, kind) + 0.5).floor()
            return pl.when(days.is_between(0, 100_000)).then(days).cast(pl.Int32)
        if name == "age_months":
            months = number_from(cell, kind)
            return pl.when(months.is_between(0, 10_000)).then(months)
        return text_from(cell, kind)

    def tell(self, block: pl.DataFrame, mask: pl.Series, column: str, reason: str) -> None:
        if mask.any():
            self.problems.add(self.file.name, block[ROW].filter(mask), column, reason)
