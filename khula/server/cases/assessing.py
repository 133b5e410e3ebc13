"""The voices of a held case in; levels on the case, the result beside earlier ones, and critical answers raised.

The assessment is made from all current voices every time, so late, corrected and repeated interviews need nothing
special. Plain SQL: this is the hot path.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import msgspec
from django.db import connection
from django.utils import timezone

from khula.analysis.assessment import Assessment as Result
from khula.server.cases.held import HeldCase, HeldVoice
from khula.server.cases.meaning import Meaning, meaning_of, told
from khula.server.events.actions import Happening, happened_together

texts = msgspec.json.Decoder(dict[str, str]).decode

ASSESSED = (
    "UPDATE cases_case SET levels = %s, differ = %s, voices_heard = %s, act_now = %s, watch = %s,"
    " alerts_raised = %s, input_hash = %s, assessed_at = %s WHERE id = %s"
)
NEW_RESULT = (
    "INSERT INTO cases_assessment (case_id, pack_version_id, input_hash, result, at) VALUES (%s, %s, %s, %s, %s)"
)
NEW_ALERTS = (
    "INSERT INTO cases_raisedalert (case_id, alert, pack_version_id, urgency, answered_on, raised_at, still_true)"
    " VALUES {rows} ON CONFLICT DO NOTHING RETURNING id, alert"
)
ONE_ALERT = "(%s, %s, %s, %s, %s, %s, %s)"


def written(value: object) -> str:
    return msgspec.json.encode(value).decode()


def assess(cursor: Any, case: HeldCase, voices: Sequence[HeldVoice]) -> None:
    """Assess the case from its current voices, keep the result if it is a new one, and raise what must be raised."""
    meaning = meaning_of(case.pack_hash)
    current = [voice for voice in voices if voice.current]
    result = result_of(case, meaning, current)
    at = timezone.now()
    moment = connection.ops.adapt_datetimefield_value(at)
    raised = _raise_alerts(cursor, case, meaning, voices, result, at)
    new = result.input_hash != case.input_hash
    if new:
        cursor.execute(NEW_RESULT, [case.id, case.pack_version_id, result.input_hash, written(result), moment])
    cursor.execute(
        ASSESSED,
        [
            *_columns(result), len(current), *_counts(result), case.alerts_raised + len(raised), result.input_hash,
            moment, case.id,
        ],
    )  # fmt: skip
    if new:
        raised.append(Happening(kind="case.assessed", subject=case.id, facts={"voices": len(current)}))
    happened_together(raised, at=at)


def _columns(result: Result) -> tuple[str, str]:
    levels = {name: domain.level for name, domain in result.domains.items()}
    differ = [name for name, domain in result.domains.items() if domain.informants_differ]
    return written(levels), written(differ)


def _counts(result: Result) -> tuple[int, int]:
    levels = [domain.level for domain in result.domains.values()]
    return levels.count("high"), levels.count("medium")


def result_of(case: HeldCase, meaning: Meaning, voices: Sequence[HeldVoice]) -> Result:
    values: dict[str, Any] = {}  # names are unique in a pack: the voices of a case never speak over each other
    for voice in voices:
        values.update(meaning.understand(texts(voice.answers), voice.pack_hash))
    day = _day(voices)
    known = told(sex=case.sex, birth_date=case.birth_date, language=case.language, grade=case.grade, on=day)
    return meaning.assessor.assess(values, **known)


def _day(voices: Sequence[HeldVoice]) -> date | None:
    """The child's age is that of the day it was measured, else of the last interview."""
    asked = [(voice.informant == "health", voice.heard.asked_on) for voice in voices if voice.heard.asked_on]
    return max(asked)[1] if asked else None


def _raise_alerts(
    cursor: Any, case: HeldCase, meaning: Meaning, voices: Sequence[HeldVoice], result: Result, at: datetime
) -> list[Happening]:
    """Raise every critical answer once, also one that was corrected before it arrived; returns those that are new."""
    true = _true_alerts(result)
    ever = true.union(*_alerts_of_superseded(case, meaning, voices))
    fresh = _raise(cursor, case, meaning, sorted(ever), true, voices, at) if ever else []
    if case.alerts_raised:
        marks = ", ".join(["%s"] * len(true)) or "''"
        still = f"UPDATE cases_raisedalert SET still_true = (alert IN ({marks})) WHERE case_id = %s AND note_id IS NULL"  # noqa: S608
        cursor.execute(still, [*sorted(true), case.id])
    # What was said stands in the alert, not in the event.
    return [
        Happening(
            kind="alert.raised",
            subject=alert_id,
            facts={"case": case.id, "urgency": meaning.pack.alerts[name].urgency},
        )
        for alert_id, name in fresh
    ]


def _true_alerts(result: Result) -> set[str]:
    return {name for name, holds in result.alerts.items() if holds}


def _alerts_of_superseded(case: HeldCase, meaning: Meaning, voices: Sequence[HeldVoice]) -> list[set[str]]:
    """What would have been raised had each corrected or earlier interview been the one that counts."""
    return [
        _true_alerts(
            result_of(
                case, meaning,
                [*(voice for voice in voices if voice.current and voice.informant != old.informant), old],
            )
        )
        for old in voices
        if not old.current
    ]  # fmt: skip


def _raise(
    cursor: Any, case: HeldCase, meaning: Meaning, names: Sequence[str], true: set[str], voices: Sequence[HeldVoice],
    at: datetime,
) -> list[tuple[int, str]]:  # fmt: skip
    """(id, name) of each that had not been raised before."""
    moment = connection.ops.adapt_datetimefield_value(at)
    values: list[object] = []
    for name in names:
        alert = meaning.pack.alerts[name]
        answered_on = _answered_on(alert.informant, voices)
        values += (case.id, name, case.pack_version_id, alert.urgency, answered_on, moment, name in true)
    cursor.execute(NEW_ALERTS.format(rows=", ".join([ONE_ALERT] * len(names))), values)
    return sorted(cursor.fetchall())


def _answered_on(informant: str, voices: Sequence[HeldVoice]) -> date | None:
    days = [voice.heard.asked_on for voice in voices if voice.heard.asked_on and informant in ("", voice.informant)]
    return max(days, default=None)
