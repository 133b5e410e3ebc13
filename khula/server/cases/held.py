"""A case and its voices as rows: read once under a lock, so that two voices at the same moment do not overlook each
other, and handed on to be settled and assessed. Plain SQL: this is the hot path.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.db import connection

from khula.server.cases.voices import Heard

CASE = (
    "SELECT c.id, c.child_id, c.wave_id, c.input_hash, c.alerts_raised,"
    " p.id, p.content_hash, h.sex, h.birth_date, h.home_language, k.grade"
    " FROM cases_case c"
    " JOIN waves_wave w ON w.id = c.wave_id JOIN packs_packversion p ON p.id = w.pack_version_id"
    " JOIN schools_child h ON h.id = c.child_id LEFT JOIN schools_schoolclass k ON k.id = c.school_class_id"
)
# The case's own voices, and versions of the same interview wherever they are: an edit may have changed the child.
VOICES = (
    "SELECT v.id, v.case_id, v.informant, v.submission_id, v.instance_id, v.replaces, v.ended_at, v.asked_on,"
    " v.answers, v.current, p.content_hash, s.state = 'replaced', v.kept"
    " FROM cases_voice v JOIN packs_packversion p ON p.id = v.pack_version_id"
    " JOIN collection_submission s ON s.id = v.submission_id"
    " WHERE v.id IN (SELECT id FROM cases_voice WHERE case_id = %s"
    # Written exactly as the index says it: SQLite would read the whole table otherwise.
    " UNION SELECT id FROM cases_voice WHERE replaces = %s AND NOT (replaces = '')"
    " UNION SELECT id FROM cases_voice WHERE instance_id = %s{chain}) ORDER BY v.id"
)
# Of an edit, the whole chain: another correction of the same record may be about another child.
CHAIN = (
    " UNION SELECT other.id FROM collection_submission mine JOIN collection_submission its"
    " ON its.root_id = mine.root_id AND NOT (its.root_id = '') AND its.xform_id = mine.xform_id"
    " JOIN cases_voice other ON other.submission_id = its.id WHERE mine.id = %s"
)


@dataclass(frozen=True, slots=True)
class HeldCase:
    """A case as it is while this transaction holds it."""

    id: int
    child_id: str
    wave_id: str
    input_hash: str
    alerts_raised: int
    pack_version_id: int
    pack_hash: str
    sex: str
    birth_date: date | None
    language: str
    grade: str | None


@dataclass(slots=True)
class HeldVoice:
    id: int  # 0 while it is not stored yet
    case_id: int
    informant: str
    heard: Heard
    answers: str
    current: bool
    pack_hash: str
    kept: str = ""


def hold(cursor: Any, where: str, *params: object) -> HeldCase | None:
    """The one case that `where` (over c, w, p, h, k) finds, held until this transaction ends.

    On SQLite the whole database is held already. The voices are read afterwards, in a statement of their own: only
    then does PostgreSQL show what the transaction before us has written.
    """
    lock = " FOR UPDATE OF c" if connection.vendor == "postgresql" else ""
    cursor.execute(CASE + where + lock, params)
    row = cursor.fetchone()
    return HeldCase(*row) if row else None


def hold_case(cursor: Any, case_id: int) -> HeldCase | None:
    return hold(cursor, " WHERE c.id = %s", case_id)


def hold_case_of(cursor: Any, child_id: str, wave_id: str) -> HeldCase | None:
    return hold(cursor, " WHERE c.child_id = %s AND c.wave_id = %s", child_id, wave_id)


def hold_case_by_day(cursor: Any, child_id: str, day: date) -> HeldCase | None:
    """A child registered on the device has no wave on its list yet: the day of the interview says which one it is."""
    return hold(cursor, " WHERE c.child_id = %s AND w.opens_on <= %s ORDER BY w.opens_on DESC LIMIT 1", child_id, day)


def voices_of(
    cursor: Any, case_id: int, instance_id: str = "", deprecated_id: str = "", *, edit_id: int = 0
) -> list[HeldVoice]:
    """The case's voices; with an instance and what it corrects, versions of that interview in other cases too.

    `edit_id` is the submission of an edit: then every version of its chain, too.
    """
    chain, of_chain = (CHAIN, [edit_id]) if edit_id else ("", [])
    cursor.execute(VOICES.format(chain=chain), [case_id, instance_id, deprecated_id, *of_chain])
    return [_voice(*row) for row in cursor.fetchall()]


def _voice(
    pk: int, case_id: int, informant: str, submission_id: int, instance_id: str, replaces: str,
    ended_at: datetime | None, asked_on: date | None, answers: str, current: bool, pack_hash: str, stepped_back: bool,
    kept: str,
) -> HeldVoice:  # fmt: skip
    if ended_at is not None and ended_at.tzinfo is None:  # SQLite keeps UTC without saying so
        ended_at = ended_at.replace(tzinfo=UTC)
    heard = Heard(submission_id, instance_id, replaces, ended_at, asked_on, bool(stepped_back))
    return HeldVoice(pk, case_id, informant, heard, answers, bool(current), pack_hash, kept)
