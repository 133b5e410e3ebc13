"""Rows and cells that could not be used come in, by file, row, column and reason; who asked is told, in batches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

ROW_REASONS = ("no child", "cells beyond the last column", "a later row of the same child was used")
"""These keep a whole row out; all others leave one cell missing."""
DIFFERS = "differs from another file"


@dataclass
class Problems:
    """What could not be used. `take` is given every batch: columns file, row, column, reason."""

    take: Callable[[pl.DataFrame], None]

    def add(self, file: str, rows: pl.Series, column: str, reason: str) -> None:
        if rows.len():
            about = [pl.lit(file).alias("file"), pl.lit(column).alias("column"), pl.lit(reason).alias("reason")]
            batch = pl.DataFrame({"row": rows.cast(pl.UInt32)}).with_columns(about)
            self.take(batch.select("file", "row", "column", "reason"))
