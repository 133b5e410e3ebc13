"""A record about a child that is no voice: it stays with the child; it is counted nowhere and no level rests on it.

Which forms these are the pack says, in the column `informant` (`BESIDE`). What is made of them (a service, a
follow-up) is the business of later steps, which follow `submission.received` too. Only a safety note has somebody
called: it is judged alone, by the alerts of its own pack, and each note anew, however many there are of a child
(docs/adr/0017-a-safety-note-is-judged-alone.md).
"""

from datetime import date

from django.db import connection
from django.db.models import F
from django.utils import timezone

from khula.analysis.packs.reader import SAFETY
from khula.server.cases.held import HeldCase, hold
from khula.server.cases.meaning import meaning_of, told
from khula.server.cases.models import Case, RaisedAlert
from khula.server.collection import actions as collection
from khula.server.collection.queries import Received
from khula.server.events.actions import happened
from khula.server.packs.models import PackVersion
from khula.server.schools.models import Child

NOBODY_TO_CALL = "safety_note_waits"


def take_in_beside(got: Received) -> None:
    """It has its place once its child is known; until then it waits as any other record does."""
    if got.informant == SAFETY:
        _take_in_note(got)
    elif not got.child_id:
        collection.quarantine(got.id, "no_child")
    elif not Child.objects.filter(pk=got.child_id).exists():
        collection.quarantine(got.id, "unknown_child")
    else:
        collection.in_case(got.id)


def _take_in_note(got: Received) -> None:
    """Alerts belong to a case: that of the wave the note names, else the child's latest."""
    with connection.cursor() as cursor:
        latest = " WHERE c.child_id = %s ORDER BY (w.id = %s) DESC, w.opens_on DESC LIMIT 1"
        case = hold(cursor, latest, got.child_id, got.wave_id) if got.child_id else None
    if case is None:
        collection.quarantine(got.id, NOBODY_TO_CALL)
        return
    _raise_its_alerts(case, got)
    collection.in_case(got.id)


def _raise_its_alerts(case: HeldCase, got: Received) -> None:
    """By the pack of its own form: the wave may have been opened with a pack that knew no such notes."""
    meaning = meaning_of(PackVersion.objects.values_list("content_hash", flat=True).get(pk=got.pack_version_id))
    day: date = got.asked_on or got.received_at.date()
    known = told(sex=case.sex, birth_date=case.birth_date, language=case.language, grade=case.grade, on=day)
    true = meaning.assessor.assess(meaning.read(got.answers), **known).alerts
    for name, alert in meaning.pack.alerts.items():
        if alert.informant != SAFETY or not true[name]:
            continue
        raised, new = RaisedAlert.objects.get_or_create(
            case_id=case.id, alert=name, note_id=got.id,
            defaults={
                "pack_version_id": got.pack_version_id, "urgency": alert.urgency, "answered_on": got.asked_on,
                "raised_at": timezone.now(),
            },
        )  # fmt: skip
        if new:
            Case.objects.filter(pk=case.id).update(alerts_raised=F("alerts_raised") + 1)
            happened(kind="alert.raised", subject=raised.pk, facts={"case": case.id, "urgency": alert.urgency})
