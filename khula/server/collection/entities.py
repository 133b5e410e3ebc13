"""Entity parts of a submission in; rows of the lists changed, in the same transaction (ODK Entities 2024.1).

A device works for days without a network, so a change says from which version it started: a version of the server
(`baseVersion`), or its own branch that left the server's line at `trunkVersion`. What comes out of order is held until
the earlier change is here; what contradicts another change is applied and marked; what cannot be applied is put before
the coordinator. None of it ever reaches the device as an error.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from django.db import connection

from khula.server.collection import lists
from khula.server.collection.lists import EVERYWHERE, LEARNERS, schools_of
from khula.server.collection.models import Entity, EntityList, EntityProblem, EntityVersion, Submission
from khula.server.collection.parse import EntityPart, Parsed, parse
from khula.server.events.actions import happened
from khula.server.packs.definition import Definition
from khula.server.packs.queries import definition_of, form_facts
from khula.server.schools.models import School

HOLD_FOR = timedelta(days=5)
GENERATED_LABEL = "auto generated"
#: Filled in by the server itself; no form writes them, so a change of them contradicts nobody.
OF_THE_SERVER = frozenset({"school", "class", "language", "wave", "caregiver"})
LABEL = "label"
#: Problems that a later arrival may solve.
WAITING = ("held", "unknown_entity")
ALLOWED = frozenset({"outside_scope", "awaits_approval"})  # what a coordinator may wave through
CONFLICTS = ("", "soft", "hard")
LARGEST_VERSION = 2_147_483_647
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-([0-9a-f])[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
encode = msgspec.json.encode
texts = msgspec.json.Decoder(dict[str, str]).decode


@dataclass(frozen=True, slots=True)
class Asked:
    """One entity part with what is around it."""

    part: EntityPart
    values: Mapping[str, str]  # property -> text
    submission_id: int
    replaced_id: int | None
    user_id: int | None
    at: datetime
    force: bool = False  # it has been held long enough
    allowed: bool = False  # a coordinator said yes


class _Problem(Exception):
    """The code is the message."""


@dataclass(frozen=True, slots=True)
class _Base:
    """The version a change started from."""

    version: int
    label: str
    data: Mapping[str, str]
    in_branch: int | None  # the device's own count, for the next change of the same branch
    known: bool = True


def apply_parts(
    *,
    submission_id: int,
    parsed: Parsed,
    definition: Definition,
    replaced_id: int | None,
    user_id: int | None,
    at: datetime,
) -> None:
    """Apply what can be applied; what cannot is kept as an EntityProblem. Must be called inside a transaction."""
    if replaced_id is not None:  # what was wrong with the record that this one corrects is settled by it
        EntityProblem.objects.filter(submission_id=replaced_id, settled_at=None).update(settled_at=at)
    for index, part in enumerate(parsed.parts):
        asked = Asked(part, _values(part, parsed, definition), submission_id, replaced_id, user_id, at)
        if not _try(asked, index):
            _release(part.id, at)


def again(problem: EntityProblem, *, at: datetime, force: bool = False, allowed: bool = False) -> str:
    """Try a kept part once more; the code of the problem, or "" when it is applied now."""
    code = _again(problem, at=at, force=force, allowed=allowed)
    if not code:
        _release(problem.entity_id, at)
    return code


def overdue(now: datetime) -> Iterable[EntityProblem]:
    """Parts held so long that they are applied without what they wait for."""
    return EntityProblem.objects.filter(code="held", settled_at=None, at__lte=now - HOLD_FOR).order_by("pk")


def _try(asked: Asked, index: int) -> str:
    """The code of the problem, kept for the coordinator, or "" when the part was applied."""
    mine = EntityProblem.objects.filter(submission_id=asked.submission_id, part=index, settled_at=None)
    settled = list(mine.values_list("pk", flat=True))
    if settled:  # before what follows the change, which asks whether anything of the record is still open
        mine.update(settled_at=asked.at)
    try:
        _apply(asked)
    except _Problem as problem:  # raised before anything is written
        if settled:
            EntityProblem.objects.filter(pk__in=settled).update(settled_at=None)
        _keep_problem(asked, index, str(problem))
        return str(problem)
    return ""


def _again(problem: EntityProblem, *, at: datetime, force: bool = False, allowed: bool = False) -> str:
    submission = Submission.objects.select_related("device").get(pk=problem.submission_id)
    parsed = parse(bytes(submission.xml))
    form = form_facts(submission.xform_id, submission.xform_version)
    if form is None or problem.part >= len(parsed.parts):
        return problem.code
    part = parsed.parts[problem.part]
    asked = Asked(
        part=part,
        values=_values(part, parsed, definition_of(form)),
        submission_id=submission.pk,
        replaced_id=None,
        user_id=submission.device.user_id if submission.device else None,
        at=at,
        force=force,
        allowed=allowed,
    )
    return _try(asked, problem.part)


def _release(entity_id: str, at: datetime) -> None:
    """What was applied may be what others waited for, and so on down the branch."""
    waiting = EntityProblem.objects.filter(entity_id=entity_id, settled_at=None, code__in=WAITING).order_by("pk")
    applied = True
    while applied:
        applied = False
        for problem in waiting.all():  # read anew: each may have released others
            applied = not _again(problem, at=at) or applied


def of_the_server(list_name: str) -> frozenset[str]:
    """What nobody's change of a row can contradict. A learner's label is made of the names, and those are compared."""
    return OF_THE_SERVER | {LABEL} if list_name == LEARNERS else OF_THE_SERVER


def _values(part: EntityPart, parsed: Parsed, definition: Definition) -> dict[str, str]:
    """Properties the part sets: what stands in its own group, not in a deeper one with an entity of its own."""
    inner = [other.container + "/" for other in parsed.parts if other.container.startswith(part.container + "/")]
    return {
        definition.save_to[path]: text.strip()
        for path, text in part.fields.items()
        if path in definition.save_to and not any(path.startswith(deeper) for deeper in inner)
    }


# Applying


def _apply(asked: Asked) -> None:
    part = asked.part
    entity_list = EntityList.objects.filter(name=part.list_name).first()
    if entity_list is None:
        raise _Problem("unknown_list")
    if not part.create and not part.update:
        raise _Problem("nothing_asked")
    if not _UUID.fullmatch(part.id):
        raise _Problem("bad_uuid")
    entity = _held(part.id)
    if entity is not None and entity.entity_list_id != entity_list.pk:
        raise _Problem("already_there")
    if entity is not None and asked.replaced_id and (before := _set_before(asked)) is not None:
        _correct(asked, entity, before)
    elif entity is not None and part.update:
        _update(asked, entity)
    elif part.create and not (entity is not None and entity.deleted_at is None):
        _create(asked, entity_list, entity)
    elif part.create:
        raise _Problem("already_there")
    elif asked.force:
        _create(asked, entity_list, None)
    else:
        raise _Problem("held" if part.branch_id else "unknown_entity")


def _held(entity_id: str) -> Entity | None:
    """The row, held until this transaction ends (on SQLite the whole database is)."""
    rows = Entity.objects.filter(pk=entity_id)
    return (rows.select_for_update() if connection.vendor == "postgresql" else rows).first()


def _create(asked: Asked, entity_list: EntityList, entity: Entity | None) -> None:
    if entity is not None:
        raise _Problem("was_deleted")
    label = (asked.part.label or "").strip() or (GENERATED_LABEL if asked.force else "")
    if not label:
        raise _Problem("blank_label")
    if _UUID.fullmatch(asked.part.id)[1] != "4":  # type: ignore[index]
        raise _Problem("bad_uuid")
    scope = _scope(asked, entity_list.name)
    if entity_list.needs_approval and not asked.allowed:
        raise _Problem("awaits_approval")
    data = encode(asked.values).decode()
    if not _insert(asked, entity_list.pk, label[:255], data, scope):
        raise _Problem("already_there")
    _add_version(asked, asked.part.id, 1, label, data, base=None, conflict="", conflicting=())
    _grow_properties(entity_list, asked.values)
    lists.changed(entity_list.name, [scope])
    if entity_list.name == LEARNERS:
        happened(
            kind="learner.registered", subject=asked.part.id, facts={"submission": asked.submission_id},
            by=asked.user_id, at=asked.at,
        )  # fmt: skip


def _insert(asked: Asked, list_pk: int, label: str, data: str, scope: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO collection_entity (id, entity_list_id, version, label, data, scope, class_scope, conflict,"
            " deleted_at, changed_at) VALUES (%s, %s, 1, %s, %s, %s, '', '', NULL, %s)"
            " ON CONFLICT (id) DO NOTHING RETURNING id",
            [asked.part.id, list_pk, label, data, scope, connection.ops.adapt_datetimefield_value(asked.at)],
        )
        return cursor.fetchone() is not None


def _update(asked: Asked, entity: Entity) -> None:
    _may_change(asked, entity)
    base = _base(asked, entity)
    now = texts(entity.data)
    changed = _differences(base.data, now) | ({LABEL} if base.label != entity.label else set())
    not_said = of_the_server(entity.entity_list.name)
    received = dict(asked.values)
    label = (asked.part.label or "").strip() or entity.label
    contradicted = sorted(name for name in received if name in changed and received[name] != now.get(name, ""))
    if asked.part.label and LABEL in changed - not_said and label != entity.label:
        contradicted.append(LABEL)
    if base.version == entity.version and base.known:
        conflict = ""
    elif contradicted:
        conflict = "hard"
    else:
        conflict = "soft" if changed - not_said or not base.known else ""
    _write(asked, entity, label, {**now, **received}, base=base, conflict=conflict, conflicting=contradicted)


def _correct(asked: Asked, entity: Entity, before: EntityVersion) -> None:
    """The submission is an edit: what it says otherwise than the one it replaces is put right, and nothing else."""
    _may_change(asked, entity)
    then, now = texts(before.data), texts(entity.data)
    corrected = {name: text for name, text in asked.values.items() if text != then.get(name, "")}
    label = (asked.part.label or "").strip() or before.label
    new_label = label if label != before.label else entity.label
    if not corrected and new_label == entity.label:
        return
    contradicted = sorted(
        name for name, text in corrected.items() if now.get(name, "") not in (then.get(name, ""), text)
    )
    base = _Base(before.version, before.label, then, None)
    conflict = "hard" if contradicted else ""
    _write(asked, entity, new_label, {**now, **corrected}, base=base, conflict=conflict, conflicting=contradicted)


def _set_before(asked: Asked) -> EntityVersion | None:
    """The version that the replaced submission, or one before it in the chain of edits, has made."""
    root = Submission.objects.filter(pk=asked.replaced_id).values("root_id")
    chain = Submission.objects.filter(root_id__in=root).exclude(root_id="").values("pk")
    made = EntityVersion.objects.filter(entity_id=asked.part.id, submission_id__in=chain)
    return made.order_by("-version").first()


def _may_change(asked: Asked, entity: Entity) -> None:
    if entity.deleted_at is not None:
        raise _Problem("was_deleted")
    if not asked.allowed and not _in_scope(asked.user_id, entity.scope):
        raise _Problem("outside_scope")


# Which version a change started from


def _base(asked: Asked, entity: Entity) -> _Base:
    part = asked.part
    base, trunk = _number(part.base_version), _number(part.trunk_version)
    if base is None:
        raise _Problem("no_base")
    if not part.branch_id:
        if part.trunk_version:
            raise _Problem("trunk_without_branch")
        return _server_version(entity, base, in_branch=None)
    if part.trunk_version and trunk is None:
        raise _Problem("unknown_base")
    first = trunk if trunk is not None else 1
    if base < first:
        raise _Problem("unknown_base")
    if base == first:  # the branch begins here: at the trunk, or where the device itself created the entity
        return _server_version(entity, base, in_branch=base)
    made = EntityVersion.objects.filter(
        entity=entity, branch_id=part.branch_id, branch_base_version=base - 1
    ).order_by("version").first()  # fmt: skip
    if made is not None:
        return _Base(made.version, made.label, texts(made.data), base)
    if not asked.force:
        raise _Problem("held")
    return _Base(entity.version, entity.label, texts(entity.data), base, known=False)


def _server_version(entity: Entity, version: int, *, in_branch: int | None) -> _Base:
    if version == entity.version:
        return _Base(version, entity.label, texts(entity.data), in_branch)
    found = EntityVersion.objects.filter(entity=entity, version=version).first()
    if found is None:
        raise _Problem("unknown_base")
    return _Base(version, found.label, texts(found.data), in_branch)


def _number(text: str) -> int | None:
    if not (text.isascii() and text.isdigit()) or len(text) > 10 or not 0 < int(text) <= LARGEST_VERSION:
        return None
    return int(text)


def _differences(one: Mapping[str, str], other: Mapping[str, str]) -> set[str]:
    return {name for name in one.keys() | other.keys() if one.get(name, "") != other.get(name, "")}


# Where a row belongs


def _scope(asked: Asked, list_name: str) -> str:
    """The school of a new row: the one it names, or the only one where the device's person works."""
    emis = asked.values.get("school_emis", "").strip()
    if emis:
        school = School.objects.filter(emis_number=emis).values_list("pk", flat=True).first()
        if school is None:
            raise _Problem("unknown_school")
        scope = str(school)
    else:
        own = [scope for scope in _schools(asked.user_id) if scope not in ("", EVERYWHERE)]
        if len(own) != 1:
            if list_name == LEARNERS:
                raise _Problem("unknown_school")
            return ""
        scope = own[0]
    if not asked.allowed and not _in_scope(asked.user_id, scope):
        raise _Problem("outside_scope")
    return scope


def _schools(user_id: int | None) -> tuple[str, ...]:
    return schools_of(user_id) if user_id is not None else ()


def _in_scope(user_id: int | None, scope: str) -> bool:
    schools = _schools(user_id)
    return schools == (EVERYWHERE,) or scope in schools


# Writing


def _write(
    asked: Asked, entity: Entity, label: str, data: Mapping[str, str], *, base: _Base, conflict: str,
    conflicting: Iterable[str],
) -> None:  # fmt: skip
    entity.version += 1
    entity.label, entity.data = label[:255], encode(data).decode()
    entity.conflict = max(entity.conflict, conflict, key=CONFLICTS.index)  # until a person clears the mark
    entity.changed_at = asked.at
    entity.save(update_fields=["version", "label", "data", "conflict", "changed_at"])
    _add_version(asked, entity.pk, entity.version, label, entity.data, base=base, conflict=conflict,
                 conflicting=conflicting)  # fmt: skip
    _grow_properties(entity.entity_list, data)
    lists.changed(entity.entity_list.name, lists.scopes_of_row(entity))
    if entity.entity_list.name == LEARNERS:
        happened(
            kind="learner.changed", subject=entity.pk, facts={"submission": asked.submission_id}, by=asked.user_id,
            at=asked.at,
        )  # fmt: skip
    if conflict:
        happened(
            kind="entity.conflict", subject=entity.pk, facts={"conflict": conflict, "version": entity.version},
            by=asked.user_id, at=asked.at,
        )  # fmt: skip


def _add_version(
    asked: Asked, entity_id: str, version: int, label: str, data: str, *, base: _Base | None, conflict: str,
    conflicting: Iterable[str],
) -> None:  # fmt: skip
    EntityVersion.objects.create(
        entity_id=entity_id, version=version, label=label[:255], data=data,
        base_version=base.version if base else None, trunk_version=_number(asked.part.trunk_version),
        branch_id=asked.part.branch_id, branch_base_version=base.in_branch if base else None,
        conflict=conflict, conflicting=encode(list(conflicting)).decode(),
        submission_id=asked.submission_id, by_id=asked.user_id, at=asked.at,
    )  # fmt: skip


def _grow_properties(entity_list: EntityList, data: Mapping[str, str]) -> None:
    known: list[str] = msgspec.json.decode(entity_list.properties)
    new = [name for name in data if name not in known]
    if new:
        entity_list.properties = encode([*known, *new]).decode()
        entity_list.save(update_fields=["properties"])


def _keep_problem(asked: Asked, index: int, code: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO collection_entityproblem (submission_id, part, list_name, entity_id, code, at)"
            " VALUES (%s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (submission_id, part) DO UPDATE SET code = excluded.code, settled_at = NULL"
            " WHERE collection_entityproblem.code <> excluded.code",
            [
                asked.submission_id, index, asked.part.list_name, asked.part.id, code,
                connection.ops.adapt_datetimefield_value(asked.at),
            ],
        )  # fmt: skip
