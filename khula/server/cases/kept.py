"""A correction that leaves answers as they were in; its answers, those it leaves out of the version before, out.

An answer under seal cannot be read again on the tablet, so a correction made there cannot repeat it. It names the
questions it leaves untouched (`meta/keptAnswers`); only these are carried over, so a blank that Collect sends is a
blank. What came is never altered: the answers are put together when the voice is made, and again when an earlier
version arrives late.
"""

from collections.abc import Mapping
from typing import Any

from khula.server.cases.assessing import written
from khula.server.collection.actions import mark, unmark
from khula.server.collection.models import Submission
from khula.server.collection.queries import Received, received

#: Nobody corrects a record so often; two that name each other as the earlier one end here.
LONGEST_CHAIN = 50
#: Submissions that leave answers as they were in the version with this instance id.
FOLLOWERS = (
    "SELECT v.submission_id FROM cases_voice v JOIN collection_submission s ON s.id = v.submission_id"
    # Written exactly as the index says it: SQLite would read the whole table otherwise.
    " WHERE v.replaces = %s AND NOT (v.replaces = '') AND NOT (v.kept = '') AND s.xform_id = %s ORDER BY v.id"
)
PUT = "UPDATE cases_voice SET answers = %s WHERE submission_id = %s AND NOT (answers = %s) RETURNING case_id"


def said_in(got: Received) -> dict[str, str]:
    """Its answers with those it leaves as they were. Marks it while these are nowhere to be found."""
    if not got.kept:
        return dict(got.answers)
    answers, whole = _whole(got, LONGEST_CHAIN)
    if whole:
        unmark(got.id, "kept_unknown")
    else:
        mark(got.id, "kept_unknown")
    return answers


def _whole(got: Received, most: int) -> tuple[dict[str, str], bool]:
    kept = frozenset(got.kept)
    own = {name: text for name, text in got.answers.items() if _question(name) not in kept}
    if not kept:
        return own, True
    before = _version_before(got)
    if before is None or not most:
        return own, False
    earlier, whole = _whole(before, most - 1)
    return own | _only(earlier, kept), whole


def _only(answers: Mapping[str, str], names: frozenset[str]) -> dict[str, str]:
    return {name: text for name, text in answers.items() if _question(name) in names}


def _question(name: str) -> str:
    """`name[2]` is the same question in a second round of a repeat."""
    return name.partition("[")[0]


def _version_before(got: Received) -> Received | None:
    """The record it corrects, also one that waits in quarantine: what was said was said. Only the person's own."""
    earlier = Submission.objects.filter(xform_id=got.xform_id, instance_id=got.deprecated_id).exclude(pk=got.id)
    pk = earlier.values_list("pk", flat=True).first()
    before = received(pk) if pk is not None else None
    return before if before is not None and before.device_user_id == got.device_user_id else None


def hand_on(cursor: Any, got: Received, *, seen: frozenset[int] = frozenset()) -> set[int]:
    """Put together anew what rests on this version: its own voice, and those of its corrections, one after the other.

    Returns the cases in which an answer has changed.
    """
    changed: set[int] = set()
    if got.kept:
        answers = written(said_in(got))
        cursor.execute(PUT, [answers, got.id, answers])
        changed.update(case_id for (case_id,) in cursor.fetchall())
    for follower in followers(cursor, got.xform_id, got.instance_id) - seen:
        changed |= hand_on(cursor, received(follower), seen=seen | {got.id, follower})
    return changed


def followers(cursor: Any, xform_id: str, instance_id: str) -> set[int]:
    cursor.execute(FOLLOWERS, [instance_id, xform_id])
    return {submission_id for (submission_id,) in cursor.fetchall()}
