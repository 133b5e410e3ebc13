"""What the server writes into its log: kinds and places, never an answer, a name or a device's address."""

import logging
import sys

import pytest
from django.conf import settings
from django.utils.module_loading import import_string

TOKEN = "kP3x" * 16
ANSWER = "somebody hurts me"


def written(record: logging.LogRecord) -> str:
    known = dict(settings.LOGGING["formatters"]["plain"])
    made = import_string(known.pop("()", "logging.Formatter"))
    return made(known["format"], style=known["style"]).format(record)


def record(message: str, *args: object, exc_info: object = None) -> logging.LogRecord:
    return logging.LogRecord("django.request", logging.ERROR, __file__, 1, message, args, exc_info)  # type: ignore[arg-type]


def test_the_words_of_an_error_stay_out_of_the_log() -> None:
    try:
        try:
            int(ANSWER)
        except ValueError as first:
            raise KeyError(ANSWER) from first
    except KeyError:
        line = written(record("Internal Server Error: %s", "/c/1", exc_info=sys.exc_info()))
    assert ANSWER not in line
    assert "KeyError" in line
    assert "ValueError" in line
    assert "test_logs.py" in line  # where it happened is told


@pytest.mark.parametrize("path", [f"//v1/key/{TOKEN}/formList", f"/V1/KEY/{TOKEN}/submission", f"/v1/keys/{TOKEN}"])
def test_a_mistyped_address_of_a_device_does_not_bring_its_token_into_the_log(path: str) -> None:
    assert TOKEN not in written(record("Not Found: %s", path))
