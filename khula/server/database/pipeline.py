"""Statements that do not wait for each other: sent to PostgreSQL one behind the other, answered together."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def pipelined() -> Iterator[None]:
    """What fails within is raised at the next row that is fetched, at the latest at the end.

    Only for plain statements: how many rows one has changed is not known before the end. SQLite, which answers without
    a way in between, runs each at once.
    """
    if connection.vendor != "postgresql":
        yield
        return
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield
