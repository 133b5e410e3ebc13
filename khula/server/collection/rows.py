"""Rows of entity lists as the server itself keeps them: what the schools' records say in, what devices carry out."""

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec
from django.db import connection, transaction
from django.utils import timezone

from khula.server.collection import lists
from khula.server.collection.models import Entity, EntityList, EntityVersion

Row = tuple[str, str, Mapping[str, str], str]
"""(entity id, label, properties, scope)"""
AT_ONCE = 500
encode = msgspec.json.encode
texts = msgspec.json.Decoder(dict[str, str]).decode


@transaction.atomic
def put_entities(
    list_name: str, rows: Iterable[Row], *, classes: Mapping[str, int | None] | None = None, by: int | None = None
) -> int:
    """Make the rows say this; returns how many were new or changed. Properties that are not named stay as they are.

    `classes` says for entity ids whose class teachers carry the row; those it does not name stay where they are.
    """
    given = sorted({row[0]: row for row in rows}.values())  # one order everywhere: nobody waits in a ring
    entity_list, _ = EntityList.objects.get_or_create(name=list_name)
    now, touched, removed, count = timezone.now(), set[str](), set[str](), 0
    for start in range(0, len(given), AT_ONCE):
        some = given[start : start + AT_ONCE]
        here = _here([row[0] for row in some])
        new = [_new(entity_list, row, classes or {}, now) for row in some if row[0] not in here]
        before = {pk: lists.scopes_of_row(entity) for pk, entity in here.items()}
        changed = [here[row[0]] for row in some if row[0] in here and _change(here[row[0]], row, classes or {}, now)]
        _store(new, changed, by, now)
        for entity in changed:
            removed.update(set(before[entity.pk]).difference(lists.scopes_of_row(entity)))
        touched.update(scope for entity in (*new, *changed) for scope in lists.scopes_of_row(entity))
        count += len(new) + len(changed)
    if count:
        _name_properties(entity_list, given)
        lists.changed(list_name, touched, removed=removed)
    return count


@transaction.atomic
def remove_entities(list_name: str, ids: Iterable[str], *, by: int | None = None) -> int:
    """Take rows off the list; devices drop them at their next look. Their history stays."""
    gone = list(Entity.objects.filter(entity_list__name=list_name, pk__in=list(ids), deleted_at=None))
    now = timezone.now()
    Entity.objects.filter(pk__in=[entity.pk for entity in gone]).update(deleted_at=now, changed_at=now)
    lists.changed(list_name, (), removed={scope for entity in gone for scope in lists.scopes_of_row(entity)})
    return len(gone)


def _here(ids: list[str]) -> dict[str, Entity]:
    rows = Entity.objects.filter(pk__in=ids).order_by("pk")
    if connection.vendor == "postgresql":
        rows = rows.select_for_update()
    return {entity.pk: entity for entity in rows}


def _new(entity_list: EntityList, row: Row, classes: Mapping[str, int | None], now: datetime) -> Entity:
    pk, label, data, scope = row
    kept = encode({name: text for name, text in data.items() if text}).decode()
    return Entity(
        id=pk, entity_list=entity_list, version=1, label=_label(label, pk), data=kept, scope=scope,
        class_scope=lists.class_scope(classes.get(pk)), changed_at=now,
    )  # fmt: skip


def _change(entity: Entity, row: Row, classes: Mapping[str, int | None], now: datetime) -> bool:
    """Make the entity say what the row says, one version on; False when it says so already."""
    pk, label, data, scope = row
    before = texts(entity.data)
    after = {name: text for name, text in {**before, **data}.items() if text}
    label = _label(label, pk)
    of_class = lists.class_scope(classes[pk]) if pk in classes else entity.class_scope
    is_so = (before, entity.label, entity.scope, entity.class_scope, entity.deleted_at)
    if (after, label, scope, of_class, None) == is_so:
        return False
    entity.data, entity.label, entity.deleted_at = encode(after).decode(), label, None
    entity.scope, entity.class_scope = scope, of_class
    entity.version += 1
    entity.changed_at = now
    return True


def _label(label: str, pk: str) -> str:
    """Collect ignores a whole list when one row has no label."""
    return label.strip()[:255] or pk


def _store(new: list[Entity], changed: list[Entity], by: int | None, now: datetime) -> None:
    Entity.objects.bulk_create(new)
    at = connection.ops.adapt_datetimefield_value(now)
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE collection_entity SET version = %s, label = %s, data = %s, scope = %s, class_scope = %s,"
            " deleted_at = NULL, changed_at = %s WHERE id = %s",
            [(each.version, each.label, each.data, each.scope, each.class_scope, at, each.pk) for each in changed],
        )
    EntityVersion.objects.bulk_create(
        EntityVersion(
            entity_id=each.pk, version=each.version, label=each.label, data=each.data,
            base_version=each.version - 1 or None, by_id=by, at=now,
        )
        for each in (*new, *changed)
    )  # fmt: skip


def _name_properties(entity_list: EntityList, rows: Iterable[Row]) -> None:
    known: list[str] = msgspec.json.decode(entity_list.properties)
    new = list(dict.fromkeys(name for row in rows for name in row[2] if name not in known))
    if new:
        EntityList.objects.filter(pk=entity_list.pk).update(properties=encode([*known, *new]).decode())
