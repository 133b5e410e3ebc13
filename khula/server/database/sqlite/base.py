"""Django's SQLite, with cursors that go straight to SQLite: measured 11 instead of 32 µs around a small statement.

Left out per statement: rewriting its placeholders (done once for each text), looking for wrappers and logging (a
connection that has them gets Django's own cursor), and guards that only matter when an error is on its way.
"""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from types import TracebackType
from typing import Any, Self

from django.db.backends.sqlite3 import base
from django.db.backends.sqlite3.base import FORMAT_QMARK_REGEX

from khula.server.database.savepoints import SavepointsByDepth


@lru_cache(maxsize=2_000)
def _with_question_marks(sql: str) -> str:
    return FORMAT_QMARK_REGEX.sub("?", sql).replace("%%", "%")


class QuickCursor(sqlite3.Cursor):
    """What Django's cursor does, for positional values."""

    owner: "DatabaseWrapper"

    def execute(self, sql: str, values: Sequence[Any] | Mapping[str, Any] | None = None) -> Self:
        try:
            if values is None:
                return super().execute(sql)
            if isinstance(values, Mapping):
                return super().execute(sql % {name: f":{name}" for name in values}, values)
            return super().execute(_with_question_marks(sql), values)
        except sqlite3.Error:
            with self.owner.wrap_database_errors:
                raise

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> Self:
        try:
            return super().executemany(_with_question_marks(sql), rows)
        except sqlite3.Error:
            with self.owner.wrap_database_errors:
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class DatabaseWrapper(SavepointsByDepth, base.DatabaseWrapper):
    def cursor(self) -> Any:
        if self.connection is None or self.execute_wrappers or self.queries_logged or self.needs_rollback:
            return super().cursor()
        cursor = self.connection.cursor(QuickCursor)
        cursor.owner = self
        return cursor
