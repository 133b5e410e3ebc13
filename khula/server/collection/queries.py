"""Reading what came in: who knocks, one submission as the case needs it, and the devices."""

import hashlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection
from django.db.models import Count, F

from khula.server.collection.collect_settings import device_url, settings_png, settings_qr
from khula.server.collection.models import Device, Submission
from khula.server.collection.parse import Parsed, parse
from khula.server.packs.queries import FormFacts

__all__ = [
    "ListedDevice", "Received", "answers_of", "as_received", "device_url", "devices", "is_revoked", "received",
    "sender_of", "settings_png", "settings_qr",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Received:
    """A submission as read: who was asked, about whom, in which wave, and every answer as it came."""

    id: int
    xform_id: str
    instance_id: str
    deprecated_id: str
    informant: str  # "" when the form is not known
    pack_version_id: int | None
    child_id: str
    wave_id: str
    answers: Mapping[str, str]
    asked_on: date | None
    language: str
    device_user_id: int | None
    received_at: datetime
    kept: tuple[str, ...] = ()  # questions an edit leaves as they are in the version it corrects


@dataclass(frozen=True, slots=True)
class Sender:
    """Who knocks: the device behind the token and the person who carries it."""

    device_id: int
    user_id: int
    language: str
    last_seen_at: datetime | None
    tablet_hash: str = ""  # of the one tablet that may use the token; "": any


def token_hash(token: str) -> str:
    """What the database knows of a token."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def sender_of(token: str) -> Sender | None:
    """The device behind a token and who carries it; asked each time, so that a revoked one is out at once."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT d.id, d.user_id, u.language, d.last_seen_at, d.tablet_hash FROM collection_device d"
            " JOIN people_user u ON u.id = d.user_id"
            " WHERE d.token_hash = %s AND d.revoked_at IS NULL AND u.is_active",
            [token_hash(token)],
        )
        row = cursor.fetchone()
    if row is None:
        return None
    device_id, user_id, language, last_seen_at, tablet_hash = row
    return Sender(device_id, user_id, language, _moment(last_seen_at) if last_seen_at else None, tablet_hash)


def is_revoked(token: str) -> bool:
    """Shut out by somebody; not merely unknown here, as every token is after an older backup was restored."""
    return Device.objects.filter(token_hash=token_hash(token), revoked_at__isnull=False).exists()


@dataclass(frozen=True, slots=True)
class ListedDevice:
    id: int
    label: str
    user_id: int
    full_name: str
    created_at: datetime
    last_seen_at: datetime | None
    revoked_at: datetime | None
    submissions: int


def devices() -> list[ListedDevice]:
    """Every device with who carries it, those in use first, each with how many records it has sent."""
    sent = dict(Submission.objects.order_by().values_list("device").annotate(Count("pk")))
    rows = Device.objects.order_by(F("revoked_at").asc(nulls_first=True), "user__full_name", "label").values_list(
        "pk", "label", "user_id", "user__full_name", "created_at", "last_seen_at", "revoked_at"
    )
    return [ListedDevice(*row, sent.get(row[0], 0)) for row in rows]


class _Memory(threading.local):
    """The submission this thread is storing right now: what follows reads it from here, not from the database."""

    def __init__(self) -> None:
        self.now: Received | None = None
        self.look_code = ""  # why what followed has put it before a person
        # It was stored as "in case", to spare a statement; False until the case has said that it is.
        self.in_case: bool | None = None


memory = _Memory()


def received(submission_id: int) -> Received:
    """From memory while it is being stored, else from its stored bytes."""
    now = memory.now
    if now is not None and now.id == submission_id:
        return now
    return _read_again(submission_id)


def answers_of(submission_id: int) -> dict[str, str]:
    """Name of each answered question -> text as it came."""
    return dict(received(submission_id).answers)


def as_received(
    submission_id: int, parsed: Parsed, form: FormFacts | None, device_user_id: int | None, at: datetime
) -> Received:
    answers = parsed.answers
    return Received(
        id=submission_id,
        xform_id=parsed.form_id,
        instance_id=parsed.instance_id,
        deprecated_id=parsed.deprecated_id,
        informant=form.informant if form else "",
        pack_version_id=form.pack_version_id if form else None,
        child_id=child_of(parsed),
        wave_id=wave_of(parsed),
        answers=answers,
        asked_on=_asked_on(answers),
        language=_language(answers),
        device_user_id=device_user_id,
        received_at=at,
        kept=tuple(parsed.paths.get("/meta/keptAnswers", "").split()) if parsed.deprecated_id else (),
    )


def child_of(parsed: Parsed) -> str:
    """The learner the form picked, or the one it registers."""
    picked = parsed.answers.get("learner", "")
    if picked:
        return as_uuid(picked)
    return next((part.id[:36] for part in parsed.parts if part.list_name == "learners"), "")


def wave_of(parsed: Parsed) -> str:
    """The wave the device's list of learners named; "" where it names none."""
    return as_uuid(parsed.answers.get("learner_wave", ""))


def as_uuid(text: str) -> str:
    """Devices write uuids in capitals and with `uuid:` before them, too."""
    return text.strip().lower().removeprefix("uuid:")[:36]


def _language(answers: Mapping[str, str]) -> str:
    """The language the interview was held in, if the form asks: `interview_language`, `c_interview_language` …"""
    return next((text for name, text in answers.items() if name.endswith("interview_language")), "")[:40]


def _asked_on(answers: Mapping[str, str]) -> date | None:
    for name in ("today", "start", "end"):
        try:
            return date.fromisoformat(answers.get(name, "")[:10])
        except ValueError:
            continue
    return None


def _read_again(submission_id: int) -> Received:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.xml, s.received_at, s.xform_id, s.instance_id,"
            " f.id, f.pack_version_id, f.informant, f.state, f.md5, d.user_id"
            " FROM collection_submission s LEFT JOIN packs_form f ON f.id = s.form_id"
            " LEFT JOIN collection_device d ON d.id = s.device_id WHERE s.id = %s",
            [submission_id],
        )
        row = cursor.fetchone()
    if row is None:
        raise LookupError(submission_id)
    xml, at, xform_id, instance_id, *facts, user_id = row
    form = FormFacts(*facts) if facts[0] else None
    parsed = parse(bytes(xml))
    parsed.form_id, parsed.instance_id = xform_id, instance_id
    return as_received(submission_id, parsed, form, user_id, _moment(at))


def _moment(at: datetime | str) -> datetime:
    """SQLite gives text where PostgreSQL gives a moment."""
    if isinstance(at, str):
        at = datetime.fromisoformat(at)
    return at if at.tzinfo else at.replace(tzinfo=connection.timezone)
