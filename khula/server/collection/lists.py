"""A person's copy of an entity list: the rows of the schools or classes where they work, as CSV, gzipped, hashed, kept.

A copy is made again only when a row in one of its scopes has changed since. Its address carries its hash, and the last
few are kept, so that two devices never see different bytes under one hash.
"""

import csv
import gzip
import hashlib
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from khula.server.collection.models import Entity, EntityList, ListCopy, ListScope
from khula.server.consent.access import GRANTS, Scope
from khula.server.people.roles import Role
from khula.server.schools.models import Post

#: Whose devices carry children's names. A researcher's or an official's does not.
CARRIERS = (Role.TEACHER, Role.NURSE, Role.SOCIAL_WORKER, Role.PSYCHOLOGIST, Role.COORDINATOR, Role.FIELDWORKER)
EVERYWHERE = "*"
OF_CLASS = "class:"  # how the scope of a class begins; a school's is its number
KEPT_COPIES = 3
LEARNERS = "learners"
#: What every form may look up about a learner (column order of learners.csv).
LEARNER_PROPERTIES = (
    "given_names", "family_name", "sex", "birth_date", "grade", "language", "school", "class", "wave",
)  # fmt: skip
texts = msgspec.json.Decoder(dict[str, str]).decode


@dataclass(frozen=True, slots=True)
class Copy:
    md5: str
    gzipped: bytes

    def content(self) -> bytes:
        return gzip.decompress(self.gzipped)


def schools_of(user_id: int) -> tuple[str, ...]:
    """Ids of the schools whose rows the person's devices may change, "" for rows of no school; ("*",) for all."""
    return _of_schools([school for _, school, _ in _posts(user_id)])


def scopes_of(user_id: int, list_name: str) -> tuple[str, ...]:
    """Whose rows of this list the person's devices carry: schools as in `schools_of`, and classes ("class:7").

    Of the children, nobody carries more than the pages show: a class teacher those of her classes.
    """
    if list_name != LEARNERS:
        return schools_of(user_id)
    posts = [(school, cls, _of_a_class(role)) for role, school, cls in _posts(user_id)]
    schools = _of_schools([school for school, _, of_a_class in posts if not of_a_class])
    if schools == (EVERYWHERE,):
        return schools
    return (*schools, *sorted({class_scope(cls) for _, cls, of_a_class in posts if of_a_class and cls}))


def class_scope(class_id: int | None) -> str:
    return f"{OF_CLASS}{class_id}" if class_id else ""


def scopes_of_row(entity: Entity) -> list[str]:
    """Everywhere the row is carried."""
    return [entity.scope, *([entity.class_scope] if entity.class_scope else [])]


def _posts(user_id: int) -> list[tuple[str, int | None, int | None]]:
    """(role, school, class) of the posts that the person holds today and that carry lists."""
    held = Post.objects.filter(
        Q(until=None) | Q(until__gt=timezone.localdate()), user_id=user_id, user__is_active=True, role__in=CARRIERS
    )
    return list(held.values_list("role", "school_id", "school_class_id"))


def _of_a_class(role: str) -> bool:
    """The policy of the pages says which roles see a class only."""
    return GRANTS[Role(role)].get("see child") is Scope.CLASS


def _of_schools(ids: Sequence[int | None]) -> tuple[str, ...]:
    if None in ids:
        return (EVERYWHERE,)
    return ("", *sorted({str(school) for school in ids})) if ids else ()


def current(*, user_id: int, list_name: str) -> Copy:
    """The copy as it should be now; made if there is none or a row has changed."""
    scopes = scopes_of(user_id, list_name)
    made_of = _made_of(list_name, scopes)  # before the rows are read: a change in between makes a new copy next time
    kept = ListCopy.objects.filter(user_id=user_id, list_name=list_name, made_of=made_of).order_by("-pk").first()
    if kept is not None:
        return Copy(kept.md5, bytes(kept.gzipped))
    return _make(user_id, list_name, scopes, made_of)


def copy_of(*, user_id: int, list_name: str, md5: str) -> Copy | None:
    """The bytes that were listed under this hash, if they are still kept and still this person's to see."""
    now = current(user_id=user_id, list_name=list_name)
    if now.md5 == md5:
        return now
    kept = ListCopy.objects.filter(user_id=user_id, list_name=list_name, md5=md5).first()
    if kept is None or not kept.made_of.startswith(_scopes_hash(scopes_of(user_id, list_name))):
        return None  # the person's posts have changed since: what they may no longer see is not served again
    return Copy(kept.md5, bytes(kept.gzipped))


def gone(*, user_id: int, list_name: str, ids: Sequence[str]) -> list[tuple[str, bool]]:
    """For each id asked about: is it off this person's list? What is not known here yet is not gone."""
    wanted = [one.lower().removeprefix("uuid:") for one in ids]
    scopes = scopes_of(user_id, list_name)
    off = Q(deleted_at__isnull=False)
    if scopes != (EVERYWHERE,):
        off |= ~(Q(scope__in=_schools_in(scopes)) | Q(class_scope__in=_classes_in(scopes)))
    possible = [one for one in wanted if "\0" not in one]  # PostgreSQL would break off
    rows = Entity.objects.filter(off, entity_list__name=list_name, pk__in=possible)
    deleted = set(rows.values_list("pk", flat=True))
    return [(asked, one in deleted) for asked, one in zip(ids, wanted, strict=True)]


def _schools_in(scopes: Iterable[str]) -> list[str]:
    return [scope for scope in scopes if not scope.startswith(OF_CLASS)]


def _classes_in(scopes: Iterable[str]) -> list[str]:
    return [scope for scope in scopes if scope.startswith(OF_CLASS)]


def changed(list_name: str, scopes: Iterable[str], *, removed: Iterable[str] = ()) -> None:
    """Note that rows have changed in these scopes, or left those, in the transaction that changes them, as its last
    step.

    Scopes are counted up in one order everywhere, so that two transactions never wait for each other in a ring.
    """
    gone = set(removed)
    with connection.cursor() as cursor:
        for scope in sorted(gone.union(scopes)):
            cursor.execute(
                "INSERT INTO collection_listscope (list_name, scope, changes, removed) VALUES (%s, %s, 1, %s)"
                " ON CONFLICT (list_name, scope) DO UPDATE SET changes = collection_listscope.changes + 1,"
                " removed = collection_listscope.removed + %s",
                [list_name, scope, int(scope in gone), int(scope in gone)],
            )


def _made_of(list_name: str, scopes: tuple[str, ...]) -> str:
    counts = ListScope.objects.filter(list_name=list_name)
    if scopes != (EVERYWHERE,):
        counts = counts.filter(scope__in=scopes)
    facts = list(counts.order_by("scope").values_list("scope", "changes"))
    return f"{_scopes_hash(scopes)}:{hashlib.md5(repr(facts).encode(), usedforsecurity=False).hexdigest()}"


def _scopes_hash(scopes: tuple[str, ...]) -> str:
    return hashlib.sha256(repr(scopes).encode()).hexdigest()[:24]


def _make(user_id: int, list_name: str, scopes: tuple[str, ...], made_of: str) -> Copy:
    content = _csv(list_name, scopes)
    copy = Copy(hashlib.md5(content, usedforsecurity=False).hexdigest(), gzip.compress(content, 5, mtime=0))
    with transaction.atomic():
        ListCopy.objects.update_or_create(
            user_id=user_id, list_name=list_name, md5=copy.md5,
            defaults={"gzipped": copy.gzipped, "made_of": made_of, "made_at": timezone.now()},
        )  # fmt: skip
        copies = ListCopy.objects.filter(user_id=user_id, list_name=list_name).order_by("-made_at", "-pk")
        ListCopy.objects.filter(pk__in=list(copies.values_list("pk", flat=True)[KEPT_COPIES:])).delete()
    return copy


def _csv(list_name: str, scopes: tuple[str, ...]) -> bytes:
    """One bad row and Collect ignores the whole list, so a row without a label gets its id for one."""
    columns = _columns(list_name)
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\n").writerow
    removed = _removed(list_name, scopes)
    # Collect looks at a list anew only if its bytes have changed. When a row came and went, they are as they were:
    # the name of this empty column tells the difference. Devices drop columns that begin with "__".
    mark = [f"__removed_{removed}"] if removed else []
    write(["name", "label", "__version", *columns, *mark])
    blank = [""] * len(mark)
    for pk, label, version, data in _rows(list_name, scopes):
        facts = texts(data)
        write([pk, label.strip() or pk, version, *[facts.get(column, "") for column in columns], *blank])
    return out.getvalue().encode()


def _columns(list_name: str) -> tuple[str, ...]:
    if list_name == LEARNERS:
        return LEARNER_PROPERTIES
    kept = EntityList.objects.filter(name=list_name).values_list("properties", flat=True).first()
    return tuple(msgspec.json.decode(kept)) if kept else ()


def _removed(list_name: str, scopes: tuple[str, ...]) -> int:
    counts = ListScope.objects.filter(list_name=list_name)
    if scopes != (EVERYWHERE,):
        counts = counts.filter(scope__in=scopes)
    return sum(counts.values_list("removed", flat=True))


def _rows(list_name: str, scopes: tuple[str, ...]) -> list[tuple[str, str, int, str]]:
    where, params = "", [list_name]
    if scopes != (EVERYWHERE,):
        schools, classes = _schools_in(scopes), _classes_in(scopes)
        # The words about "" let SQLite find the index.
        where = (
            f" AND (e.scope IN ({_marks(schools)})"
            f" OR (e.class_scope IN ({_marks(classes)}) AND NOT (e.class_scope = '')))"
        )
        params = [list_name, *schools, *classes]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.id, e.label, e.version, e.data FROM collection_entity e"  # noqa: S608 – only marks
            " JOIN collection_entitylist l ON l.id = e.entity_list_id"
            f" WHERE l.name = %s AND e.deleted_at IS NULL{where} ORDER BY e.label, e.id",
            params,
        )
        return cursor.fetchall()


def _marks(values: Sequence[str]) -> str:
    return ", ".join(["%s"] * len(values)) or "NULL"
