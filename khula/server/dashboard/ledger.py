"""What came in, for those who look after it: a reader and a filter in, plain rows out. No answer is ever read here."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import connection
from django.utils import timezone

from khula.server.collection.list_conflicts import Contradiction, ListedConflict, Said, entity_conflicts, marked
from khula.server.collection.lists import LEARNERS
from khula.server.collection.models import ConflictCopy, Entity, EntityProblem
from khula.server.consent.access import Reader, reach, visible_children_sql
from khula.server.dashboard.queries import moment

A_PAGE = 50
GREATEST_ID = 2**63 - 1  # what a column can hold; SQLite raises for more
#: filter -> condition on the submission; the first is the usual one.
FILTERS = {
    # NOT (… = '') and the two apart: so SQLite finds the partial indexes.
    "look": "s.id IN (SELECT m.id FROM collection_submission m WHERE NOT (m.look_code = '')"
    " AND m.look_settled_at IS NULL UNION ALL SELECT e.submission_id"
    " FROM collection_entityproblem e WHERE e.settled_at IS NULL)",
    "conflict": "EXISTS (SELECT 1 FROM collection_conflictcopy k WHERE k.xform_id = s.xform_id"
    " AND k.instance_id = s.instance_id AND k.settled_at IS NULL)",
    "quarantined": "s.state = 'quarantined'",
    "received": "s.state = 'received'",
    "in_case": "s.state = 'in case'",
    "all": "1 = 1",
}


@dataclass(frozen=True)
class Entry:
    id: int
    received_at: datetime
    state: str
    look_code: str
    settled_at: datetime | None
    note: str
    xform_id: str
    informant: str
    device: str
    sender: str
    child_id: str  # "" where the child is unknown, or not for this reader
    child_name: str
    complete: bool


_ENTRIES = """
SELECT s.id, s.received_at, s.state, s.look_code, s.look_settled_at, s.look_note, s.xform_id, form.informant,
       device.label, person.full_name, child.id, child.given_names, child.family_name, s.complete
FROM collection_submission s
LEFT JOIN packs_form form ON form.id = s.form_id
LEFT JOIN collection_device device ON device.id = s.device_id
LEFT JOIN people_user person ON person.id = device.user_id
LEFT JOIN schools_child child ON child.id = s.child_id AND {visible}
WHERE {scope} AND {chosen}
"""
#: Whose a submission is: the school's of its child. While the child is unknown, that of the children whose rows it
#: wrote or could not write, and that of its sender's posts today; a post at all schools counts at each of them where
#: nothing else names a school.
_AT_SCHOOLS = """
EXISTS (SELECT 1 FROM schools_child c WHERE c.id = s.child_id AND c.school_id IN ({schools}))
OR NOT EXISTS (SELECT 1 FROM schools_child c WHERE c.id = s.child_id) AND (
    EXISTS (SELECT 1 FROM collection_entityversion v JOIN collection_entity e ON e.id = v.entity_id
            WHERE v.submission_id = s.id AND e.scope IN ({scopes}))
    OR EXISTS (SELECT 1 FROM collection_entityproblem q JOIN schools_child c ON c.id = q.entity_id
               WHERE q.submission_id = s.id AND c.school_id IN ({schools}))
    OR EXISTS (SELECT 1 FROM schools_post p WHERE p.user_id = device.user_id AND (p.until IS NULL OR p.until > {today})
               AND (p.school_id IN ({schools}) OR p.school_id IS NULL
                    AND NOT EXISTS (SELECT 1 FROM collection_entityversion v JOIN collection_entity e
                                    ON e.id = v.entity_id WHERE v.submission_id = s.id AND e.scope <> '')
                    AND NOT EXISTS (SELECT 1 FROM collection_entityproblem q JOIN schools_child c
                                    ON c.id = q.entity_id WHERE q.submission_id = s.id))))
"""
_NUMBERS = """
SELECT SUM(CASE WHEN {look} THEN 1 ELSE 0 END), SUM(CASE WHEN {conflict} THEN 1 ELSE 0 END),
       SUM(CASE WHEN {quarantined} THEN 1 ELSE 0 END), SUM(CASE WHEN {received} THEN 1 ELSE 0 END),
       SUM(CASE WHEN {in_case} THEN 1 ELSE 0 END), COUNT(*)
FROM collection_submission s LEFT JOIN collection_device device ON device.id = s.device_id
WHERE {scope}
"""


def entries(reader: Reader, chosen: str, page: int) -> tuple[list[Entry], bool]:
    """One page of what came in, newest first; and whether there is a further one (one statement)."""
    found = _entries(
        reader, FILTERS[chosen], [], "ORDER BY s.id DESC LIMIT %s OFFSET %s", [A_PAGE + 1, (page - 1) * A_PAGE]
    )
    return found[:A_PAGE], len(found) > A_PAGE


def entry(reader: Reader, submission_id: int, action: str = "see ledger") -> Entry | None:
    """One submission, if it is for this reader to see, or to do something else with."""
    if submission_id > GREATEST_ID:
        return None
    return next(iter(_entries(reader, "s.id = %s", [submission_id], "", [], action)), None)


def numbers(reader: Reader) -> dict[str, int]:
    """How many there are behind each filter (one statement)."""
    scope, params = _scope(reader, "see ledger")
    with connection.cursor() as cursor:
        cursor.execute(_NUMBERS.format(scope=scope, **FILTERS), params)
        return {name: count or 0 for name, count in zip(FILTERS, cursor.fetchone(), strict=True)}


def open_copies(xform_id: str, instance_of: int) -> list[ConflictCopy]:
    """Other contents that came under the same identity and wait for a person."""
    same = "SELECT instance_id FROM collection_submission WHERE id = %s"
    copies = ConflictCopy.objects.filter(xform_id=xform_id, settled_at=None).defer("xml").order_by("id")
    return list(copies.extra(where=[f"instance_id = ({same})"], params=[instance_of]))  # noqa: S610


def entity_problems(submission_id: int) -> list[EntityProblem]:
    """Parts about a child's place on the list that could not be applied and wait for a person."""
    return list(EntityProblem.objects.filter(submission_id=submission_id, settled_at=None).order_by("part"))


# --- rows of the lists that two people changed ------------------------------------------------------------------------


def list_conflicts(reader: Reader, page: int) -> tuple[list[ListedConflict], bool]:
    """One page of the rows that this reader may settle, and whether there is a further one; of a child the reader
    may not see, neither the name nor what was said. Who may read a row of another list, no rule says: so nobody.
    """
    found = entity_conflicts(_settled_at(reader), (page - 1) * A_PAGE, A_PAGE + 1)
    known = _known_children(reader, [one.entity_id for one in found])
    told = [one if one.list_name == LEARNERS and one.entity_id in known else _without_words(one) for one in found]
    return told[:A_PAGE], len(found) > A_PAGE


def list_conflicts_open(reader: Reader) -> int:
    return marked(_settled_at(reader)).count()


def may_settle_row(reader: Reader, entity_id: str) -> bool:
    """Is this row of a list at a school where the reader settles, marked or not?"""
    schools = _settled_at(reader)
    rows = Entity.objects.filter(pk=entity_id)
    return (rows if schools is None else rows.filter(scope__in=[str(school) for school in schools])).exists()


def _settled_at(reader: Reader) -> list[int] | None:
    far = reach(reader, "settle submission")
    return None if far.everywhere else far.schools


def _known_children(reader: Reader, ids: Sequence[str]) -> set[str]:
    if not ids:
        return set()
    visible, params = visible_children_sql(reader)
    marks = ", ".join(["%s"] * len(ids))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT child.id FROM schools_child child WHERE child.id IN ({marks}) AND {visible}",  # noqa: S608
            [*ids, *params],
        )
        return {pk for (pk,) in cursor.fetchall()}


def _without_words(one: ListedConflict) -> ListedConflict:
    def silent(said: Said | None) -> Said | None:
        return replace(said, text="") if said else None

    bare = (Contradiction(each.name, silent(each.earlier), silent(each.later), "") for each in one.contradictions)
    return replace(one, label="", contradictions=tuple(bare))


# --- what came in -----------------------------------------------------------------------------------------------------


def _entries(
    reader: Reader,
    chosen: str,
    chosen_params: Sequence[object],
    tail: str,
    after: Sequence[object],
    action: str = "see ledger",
) -> list[Entry]:
    visible, child_params = visible_children_sql(reader)
    scope, params = _scope(reader, action)
    sql = _ENTRIES.format(visible=visible, scope=scope, chosen=chosen) + tail
    with connection.cursor() as cursor:
        cursor.execute(sql, [*child_params, *params, *chosen_params, *after])
        return [_entry(*row) for row in cursor.fetchall()]


def _entry(*row: object) -> Entry:
    pk, at, state, code, settled, note, xform, informant, device, sender, child, given, family, complete = row
    return Entry(
        id=pk,
        received_at=moment(at),
        state=state,
        look_code=code,
        settled_at=moment(settled) if settled else None,
        note=note,
        xform_id=xform,
        informant=informant or "",
        device=device or "",
        sender=sender or "",
        child_id=child or "",
        child_name=f"{given} {family}" if child else "",
        complete=bool(complete),
    )


def _scope(reader: Reader, action: str) -> tuple[str, list[object]]:
    """With which submissions this reader may do this: with those of their schools (`_AT_SCHOOLS`), a fieldworker with
    the own, an administrator with all.
    """
    far = reach(reader, action)
    if far.everywhere:
        return "1 = 1", []
    parts: list[str] = []
    params: list[object] = []
    if far.schools:
        places = ", ".join(["%s"] * len(far.schools))
        parts.append(f"({_AT_SCHOOLS.format(schools=places, scopes=places, today='%s')})")
        scopes = [str(school) for school in far.schools]
        params += [*far.schools, *scopes, *far.schools, timezone.localdate(), *far.schools]
    if far.own:
        parts.append("device.user_id = %s")
        params.append(reader.user_id)
    return (f"({' OR '.join(parts)})", params) if parts else ("1 = 0", [])
