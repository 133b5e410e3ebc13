"""What a person writes into the surroundings is what the server does."""

from khula.server.settings import database


def test_what_the_address_of_the_database_asks_of_the_driver_is_not_dropped() -> None:
    named = database("postgresql://khula:a%40b@db.example:5433/school?sslmode=require")
    assert named["OPTIONS"]["sslmode"] == "require"  # type: ignore[index]
    assert (named["NAME"], named["PASSWORD"], named["PORT"]) == ("school", "a@b", "5433")
