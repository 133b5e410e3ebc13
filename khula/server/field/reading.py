"""The JSON a tablet posts in; values the server may keep out, each within its bounds."""

import re
from datetime import datetime
from typing import TypeVar

import msgspec
from django.utils import timezone

from khula.server.collection.post import Refused
from khula.server.field.actions import Report

Sent = TypeVar("Sent")
LARGEST_NUMBER = 2**53 - 1  # browsers count no further


class SignKeySent(msgspec.Struct):
    sign_jwk: dict[str, object]
    proof: str = ""


class ReportSent(msgspec.Struct):
    waiting: int = 0
    stuck: int = 0
    oldest: str | None = None
    problem: str | None = None
    persisted: bool | None = None
    quota: float | None = None
    used: float | None = None
    clock_off_s: float | None = None
    version: str | None = None
    browser: str | None = None


def sign_key_in(body: bytes) -> tuple[dict[str, object], str]:
    """The key, and what only this tablet holds. Raises Refused."""
    said = _read(body, SignKeySent)
    if not re.fullmatch(r"[\w-]{43}|", said.proof, re.ASCII):
        raise Refused(400, "not_as_agreed")
    return said.sign_jwk, said.proof


def report_in(body: bytes) -> Report:
    """Raises Refused."""
    said = _read(body, ReportSent)
    waiting = _count(said.waiting)
    return Report(
        waiting=waiting,
        stuck=min(_count(said.stuck), waiting),
        oldest=_moment(said.oldest),
        problem=_code(said.problem or ""),
        persisted=said.persisted,
        quota=_number(said.quota, 0),
        used=_number(said.used, 0),
        clock_off_s=_number(said.clock_off_s, -LARGEST_NUMBER),
        version=_short(said.version, 40),
        browser=_short(said.browser, 255),
    )


def _read(body: bytes, shape: type[Sent]) -> Sent:
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.ValidationError:
        raise Refused(400, "not_as_agreed") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Refused(400, "not_json") from None


def _count(given: int) -> int:
    if not 0 <= given <= 1_000_000:
        raise Refused(400, "not_as_agreed")
    return given


def _number(given: float | None, least: int) -> int | None:
    return None if given is None else int(max(least, min(given, LARGEST_NUMBER)))


def _moment(given: str | None) -> datetime | None:
    if not given:
        return None
    try:
        at = datetime.fromisoformat(given)
    except ValueError:
        raise Refused(400, "not_as_agreed") from None
    try:
        return at if at.tzinfo else timezone.make_aware(at)
    except (ValueError, OverflowError):
        raise Refused(400, "not_as_agreed") from None


def _code(given: str) -> str:
    """A code of the program. Words are not kept: they could be anybody's."""
    return given if re.fullmatch(r"[a-z0-9_.-]{0,40}", given) else "other"


def _short(given: str | None, most: int) -> str:
    return "".join(letter for letter in given or "" if letter.isprintable())[:most]
