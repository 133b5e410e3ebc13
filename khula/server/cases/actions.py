"""A submission becomes a voice in a child's case, and the case is assessed again from all the voices it has.

Late, corrected and repeated interviews go the same way as the first: nothing here depends on what came before what.
On the hot path (`take_in`) plain SQL; the number of statements is asserted in the tests.
"""

import logging
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from khula.analysis.packs.pack import NOT_ENOUGH
from khula.analysis.packs.reader import BESIDE, SAFETY
from khula.server.cases.assessing import assess, result_of, written
from khula.server.cases.beside import NOBODY_TO_CALL, take_in_beside
from khula.server.cases.held import HeldCase, HeldVoice, hold_case, hold_case_by_day, hold_case_of, voices_of
from khula.server.cases.kept import followers, hand_on, said_in
from khula.server.cases.learners import registrations_in_case
from khula.server.cases.meaning import meaning_of
from khula.server.cases.models import Assessment, Case
from khula.server.cases.voices import Heard, moment, which_counts
from khula.server.collection import actions as collection
from khula.server.collection.models import Submission
from khula.server.collection.queries import Received, received
from khula.server.database.pipeline import pipelined
from khula.server.events.actions import happened
from khula.server.events.models import Event
from khula.server.events.queries import facts_of
from khula.server.packs.models import PackVersion
from khula.server.schools.models import Child
from khula.server.waves.models import Assignment, Wave

NEW_VOICE = (
    "INSERT INTO cases_voice (case_id, informant, submission_id, pack_version_id, instance_id, replaces, answers,"
    " asked_on, ended_at, language, current, kept, caregiver_id)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, {caregiver})"
)
# Answers stay with whoever cared for the child on the day they were given.
WHO_CARED = (
    '(SELECT r.caregiver_id FROM schools_carerelationship r WHERE r.child_id = %s AND r."primary"'
    " AND (r.until IS NULL OR r.until > %s) ORDER BY r.since LIMIT 1)"
)

log = logging.getLogger(__name__)
WAIT_FOR_CHILD = ("unknown_child", "unknown_wave", "child_not_in_wave", NOBODY_TO_CALL)


def take_in(event: Event) -> None:
    """What follows `submission.received`: the voice takes its place in the case, and the case is assessed again."""
    got = received(int(event.subject))
    if got.informant == "register":
        registrations_in_case(Case.objects.filter(child_id=got.child_id))
    if not got.informant or got.informant == "register":
        return
    if got.informant in BESIDE:
        return take_in_beside(got)
    with connection.cursor() as cursor:
        case = _case_of(cursor, got)
        if case is None:
            collection.quarantine(got.id, _why_no_case(got))
            return
        edit_id = got.id if got.deprecated_id else 0
        known = voices_of(cursor, case.id, got.instance_id, got.deprecated_id, edit_id=edit_id)
        changed: set[int] = set()
        if got.kept or any(each.kept and each.heard.replaces == got.instance_id for each in known):
            changed = hand_on(cursor, got)
            known = voices_of(cursor, case.id, got.instance_id, got.deprecated_id, edit_id=edit_id)
        if all(each.heard.submission_id != got.id for each in known):
            known.append(_voice_of(case, got))
        _settle_and_assess(cursor, case, known, got)
        for other_id in _cases_corrected_away(case, known, got):
            other = hold_case(cursor, other_id)
            if other is not None:
                there = voices_of(cursor, other_id, got.deprecated_id, edit_id=edit_id)
                _settle_and_assess(cursor, other, there, got)
    for elsewhere in sorted(changed - {case.id}):
        assess_again(case_id=elsewhere)
    collection.in_case(got.id)


def hand_on_from_quarantine(event: Event) -> None:
    """What follows `submission.quarantined`: corrections that leave its answers as they were have them even so."""
    xform_id, instance_id = Submission.objects.values_list("xform_id", "instance_id").get(pk=event.subject)
    with connection.cursor() as cursor:
        if not followers(cursor, xform_id, instance_id):
            return
        changed = hand_on(cursor, received(int(event.subject)))
    for case_id in sorted(changed):
        assess_again(case_id=case_id)


def _case_of(cursor: Any, got: Received) -> HeldCase | None:
    if got.wave_id:
        return hold_case_of(cursor, got.child_id, got.wave_id)
    return hold_case_by_day(cursor, got.child_id, _day(got))


def _day(got: Received) -> date:
    return got.asked_on or got.received_at.date()


def _why_no_case(got: Received) -> str:
    if not got.child_id:
        return "no_child"
    if not Child.objects.filter(pk=got.child_id).exists():
        return "unknown_child"
    if not got.wave_id or not Wave.objects.filter(pk=got.wave_id).exists():
        return "unknown_wave"
    return "child_not_in_wave"


def _voice_of(case: HeldCase, got: Received) -> HeldVoice:
    same_pack = got.pack_version_id == case.pack_version_id
    return HeldVoice(
        id=0,
        case_id=case.id,
        informant=got.informant,
        heard=Heard(got.id, got.instance_id, got.deprecated_id, moment(got.answers.get("end", "")), got.asked_on),
        answers=written(said_in(got)),
        current=False,
        pack_hash=case.pack_hash if same_pack else _hash_of(got.pack_version_id),
        kept=" ".join(got.kept),
    )


def _hash_of(pack_version_id: int) -> str:
    return PackVersion.objects.values_list("content_hash", flat=True).get(pk=pack_version_id)


def _cases_corrected_away(case: HeldCase, known: Sequence[HeldVoice], got: Received) -> list[int]:
    """Cases in which a version of the interview counted that this edit says was about another child."""
    return sorted(
        {
            each.case_id
            for each in known
            if each.case_id != case.id
            and each.informant == got.informant
            and each.current
            and (each.heard.stepped_back or each.heard.instance_id == got.deprecated_id)
        }
    )


def _settle_and_assess(cursor: Any, case: HeldCase, known: Sequence[HeldVoice], got: Received) -> None:
    here = [each for each in known if each.case_id == case.id]
    elsewhere = [each.heard for each in known if each.case_id != case.id and each.informant == got.informant]
    same = [each for each in here if each.informant == got.informant]
    counts, others = which_counts([each.heard for each in same], elsewhere)
    if len(same) > 1:
        _mark_second_interviews(same, others)
    with pipelined():
        _make_current(cursor, same, counts)
        for each in same:
            if not each.id:
                _store(cursor, case, each, got)
        _tick(cursor, case, got.informant, same)
        assess(cursor, case, here)


def _make_current(cursor: Any, same: Sequence[HeldVoice], counts: int | None) -> None:
    """First down, then up: the database allows one current voice of an informant at any moment."""
    changed = [each for each in same if each.current != (each.heard.submission_id == counts)]
    for each in sorted(changed, key=lambda each: not each.current):
        each.current = not each.current
        if each.id:
            cursor.execute("UPDATE cases_voice SET current = %s WHERE id = %s", [each.current, each.id])


def _store(cursor: Any, case: HeldCase, voice: HeldVoice, got: Received) -> None:
    heard = voice.heard
    ended_at = connection.ops.adapt_datetimefield_value(heard.ended_at)
    values = [
        case.id, voice.informant, got.id, got.pack_version_id, heard.instance_id, heard.replaces, voice.answers,
        heard.asked_on, ended_at, _language(got), voice.current, voice.kept,
    ]  # fmt: skip
    if voice.informant == "caregiver":
        values += [case.child_id, _day(got)]
    cursor.execute(NEW_VOICE.format(caregiver=WHO_CARED if voice.informant == "caregiver" else "NULL"), values)


def _language(got: Received) -> str:
    """Each form has its own question for the language of the talk: `c_interview_language`, `g_interview_language`."""
    asked = (text for name, text in got.answers.items() if name.endswith("interview_language"))
    return got.language or next(asked, "")[:40]


def _tick(cursor: Any, case: HeldCase, informant: str, same: Sequence[HeldVoice]) -> None:
    """The assignment is fulfilled on the day of the interview that counts."""
    day = next((each.heard.asked_on or timezone.localdate() for each in same if each.current), None)
    cursor.execute(
        "UPDATE waves_assignment SET heard_on = %s WHERE wave_id = %s AND child_id = %s AND informant = %s",
        [day, case.wave_id, case.child_id, informant],
    )


def _mark_second_interviews(same: Sequence[HeldVoice], others: Iterable[int]) -> None:
    """Two interviews: the one that does not count is kept, and a person is asked to look."""
    ids = [each.heard.submission_id for each in same]
    marked = Submission.objects.filter(pk__in=ids, look_code="second_interview", look_settled_at=None)
    before = set(marked.values_list("pk", flat=True))
    for submission_id in sorted(set(others) - before):
        collection.mark(submission_id, "second_interview")
    for submission_id in sorted(before.difference(others)):
        collection.unmark(submission_id, "second_interview")


# Cases come before voices, and change with the child


def open_cases(event: Event) -> None:
    """What follows `wave.opened` and `child.added_to_wave`: a case for each child, with nothing known yet."""
    added = event.kind == "child.added_to_wave"
    wave = Wave.objects.select_related("pack_version").get(pk=facts_of(event)["wave"] if added else event.subject)
    domains = meaning_of(wave.pack_version.content_hash).pack.domains
    unknown = written(dict.fromkeys(domains, NOT_ENOUGH))
    assigned = Assignment.objects.filter(wave=wave)
    if added:
        assigned = assigned.filter(child_id=event.subject)
    children = dict(assigned.values_list("child_id", "school_class_id"))
    Case.objects.bulk_create(
        [Case(wave=wave, child_id=child, school_class_id=cls, levels=unknown) for child, cls in children.items()],
        ignore_conflicts=True,
        batch_size=500,
    )
    opened = Case.objects.filter(wave=wave)
    registrations_in_case(opened.filter(child_id=event.subject) if added else opened)
    _retake(children)


def _retake(child_ids: Iterable[str]) -> None:
    """Submissions that waited because their child or its wave was not known find their case now."""
    waiting = _waiting().filter(child_id__in=list(child_ids)).exclude(child_id="")  # SQLite finds the index by these
    for submission_id in waiting.order_by("pk").values_list("pk", flat=True):
        collection.retake(submission_id)


def _waiting() -> QuerySet[Submission]:
    return Submission.objects.filter(state=Submission.State.QUARANTINED, look_code__in=WAIT_FOR_CHILD)


def retake_waiting(*, most: int = 200) -> int:
    """Take up what has waited for a child or a wave and has its case by now; returns how many. For the server's clock.

    What opens a case takes up what waits for it, but only what it can see: a submission that another process was
    storing at that very moment waits on. What a person has settled stays as it is.
    """
    taken = 0
    for submission_id in _waiting_with_a_case()[:most]:
        try:
            collection.retake(submission_id)
            taken += 1
        except Exception as problem:  # one of them must not keep the others waiting
            log.error("submission %s could not be taken up again: %s", submission_id, type(problem).__name__)
    return taken


def _waiting_with_a_case() -> list[int]:
    of_child = Case.objects.filter(child_id=OuterRef("child_id"))
    of_wave = of_child.filter(wave_id=OuterRef("wave_id"))
    waiting = _waiting().exclude(look_code="").filter(look_settled_at=None)  # SQLite finds the index by the first words
    a_child = Exists(Child.objects.filter(pk=OuterRef("child_id")))
    beside = Q(a_child, ~Q(form__informant=SAFETY), form__informant__in=BESIDE) | Q(
        Exists(of_child), form__informant=SAFETY
    )
    found = waiting.filter(Exists(of_wave) | Q(Exists(of_child), wave_id="") | beside)
    rows = found.order_by("pk").values_list("pk", "wave_id")
    return [pk for pk, wave_id in rows if wave_id or _has_case(received(pk))]


def _has_case(got: Received) -> bool:
    """For what names no wave the day of the interview decides, and that is said in the record alone."""
    if got.informant in BESIDE:
        return True
    cases = Case.objects.filter(child_id=got.child_id)
    wave = Q(wave_id=got.wave_id) if got.wave_id else Q(wave__opens_on__lte=_day(got))
    return cases.filter(wave).exists()


def go_with_child(event: Event) -> None:
    """What follows `child.moved`: cases of waves that are not over go to the new class, and its grade counts."""
    child = Child.objects.get(pk=event.subject)
    for case in Case.objects.filter(child=child, wave__closes_on__gte=timezone.localdate()).order_by("pk"):
        case.school_class_id = child.school_class_id
        case.save(update_fields=["school_class"])
        assess_again(case_id=case.pk)


def assess_child_again(event: Event) -> None:
    """What follows `child.corrected`: sex and age decide bands, in every wave."""
    for case_id in Case.objects.filter(child_id=event.subject).order_by("pk").values_list("pk", flat=True):
        assess_again(case_id=case_id)


@transaction.atomic
def assess_again(*, case_id: int) -> None:
    """The same voices, the child as it is known now."""
    with connection.cursor() as cursor:
        case = hold_case(cursor, case_id)
        if case is not None:
            assess(cursor, case, voices_of(cursor, case.id))


@transaction.atomic
def reassess(*, case_id: int, pack_version_id: int, by: int | None = None) -> Assessment:
    """Assess by another pack version, beside what is stored: what the team saw then can always be seen again."""
    with connection.cursor() as cursor:
        case = hold_case(cursor, case_id)
        if case is None:
            raise Case.DoesNotExist
        current = [voice for voice in voices_of(cursor, case.id) if voice.current]
    result = result_of(case, meaning_of(_hash_of(pack_version_id)), current)
    beside, new = Assessment.objects.get_or_create(
        case_id=case.id, pack_version_id=pack_version_id, input_hash=result.input_hash,
        defaults={"result": written(result), "at": timezone.now()},
    )  # fmt: skip
    if new:
        happened(kind="case.reassessed", subject=case.id, facts={"pack_version": pack_version_id}, by=by)
    return beside
