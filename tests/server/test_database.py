"""The quick cursors answer as Django's own would: same rows, same errors, same savepoints."""

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from khula.server.collection.models import EntityList


def test_placeholders_percent_signs_and_named_values_mean_what_they_mean_to_django() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s, '100%%'", ["a"])
        assert cursor.fetchone() == ("a", "100%")
        cursor.execute("SELECT %(one)s", {"one": "b"})
        assert cursor.fetchone() == ("b",)
        cursor.execute("SELECT '%'")
        assert cursor.fetchone() == ("%",)


def test_a_value_that_the_database_forbids_is_djangos_error() -> None:
    EntityList.objects.create(name="learners")
    insert = "INSERT INTO collection_entitylist (name, needs_approval, properties) VALUES (%s, %s, %s)"
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(insert, ["learners", False, "[]"])
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(insert, [("cows", False, "[]"), ("cows", False, "[]")])
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT nothing FROM nowhere")


def test_savepoints_inside_one_another_undo_only_what_stands_in_them() -> None:
    def put(name: str) -> None:
        EntityList.objects.create(name=name)

    with transaction.atomic():
        put("kept")
        for name in ("undone", "undone too"):
            with pytest.raises(ZeroDivisionError), transaction.atomic():
                put(name)
                with transaction.atomic():
                    put(f"inside {name}")
                raise ZeroDivisionError
        with transaction.atomic():
            put("kept too")
            with pytest.raises(IntegrityError), transaction.atomic():
                put("kept")
    assert set(EntityList.objects.values_list("name", flat=True)) == {"kept", "kept too"}


def test_whoever_counts_statements_sees_them_all() -> None:
    with CaptureQueriesContext(connection) as seen, connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        EntityList.objects.count()
    assert len(seen) == 2
