"""Rows of lists that two people changed without knowing of each other: schools in, what stands against what out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from django.db.models import QuerySet

from khula.server.collection.entities import LABEL, of_the_server
from khula.server.collection.models import Entity, EntityVersion
from khula.server.events.models import Event
from khula.server.events.queries import facts_of

texts = msgspec.json.Decoder(dict[str, str]).decode


@dataclass(frozen=True, slots=True)
class Said:
    """What one version says of one property, and who had it say so."""

    text: str
    version: int
    at: datetime
    full_name: str  # "" where the server itself wrote it
    device: str  # "" where it was written on the server


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A property, what each of the two changes made of it, and what it says now."""

    name: str
    earlier: Said | None  # None: this change left the property alone
    later: Said | None
    now: str


@dataclass(frozen=True, slots=True)
class ListedConflict:
    """A row of a list that two people changed without knowing of each other."""

    entity_id: str
    list_name: str
    label: str
    conflict: str  # soft: they changed different things; hard: the same thing, and the last one stands
    version: int
    contradictions: tuple[Contradiction, ...]


def marked(schools: Sequence[int] | None) -> QuerySet[Entity]:
    """The rows that wait for a person, at these schools; None: everywhere."""
    rows = Entity.objects.exclude(conflict="").filter(deleted_at=None)  # these words let SQLite find the index
    return rows if schools is None else rows.filter(scope__in=[str(school) for school in schools])


def entity_conflicts(schools: Sequence[int] | None, first: int, most: int) -> list[ListedConflict]:
    """The rows that wait for a person, the one changed last first (three statements)."""
    rows = list(marked(schools).select_related("entity_list").order_by("-changed_at", "pk")[first : first + most])
    ids = [row.pk for row in rows]
    versions, looked_at = _versions(ids), _looked_at(ids)
    return [
        ListedConflict(
            entity_id=row.pk,
            list_name=row.entity_list.name,
            label=row.label,
            conflict=row.conflict,
            version=row.version,
            contradictions=tuple(_contradictions(versions[row.pk], looked_at.get(row.pk, 0))),
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class _Version:
    number: int
    base: int | None
    values: Mapping[str, str]  # without what the server fills in
    conflict: str
    conflicting: tuple[str, ...]
    at: datetime
    full_name: str
    device: str


_History = Mapping[int, _Version]


def _versions(ids: Sequence[str]) -> dict[str, _History]:
    found: dict[str, dict[int, _Version]] = {pk: {} for pk in ids}
    rows = EntityVersion.objects.filter(entity__in=ids).order_by("version").values_list(
        "entity_id", "version", "base_version", "data", "label", "conflict", "conflicting", "at", "by__full_name",
        "submission__device__label", "entity__entity_list__name",
    )  # fmt: skip
    for pk, number, base, data, label, conflict, conflicting, at, full_name, device, list_name in rows:
        names, not_said = msgspec.json.decode(conflicting, type=tuple[str, ...]), of_the_server(list_name)
        values = {name: text for name, text in {**texts(data), LABEL: label}.items() if name not in not_said}
        found[pk][number] = _Version(number, base, values, conflict, names, at, full_name or "", device or "")
    return found


def _looked_at(ids: Sequence[str]) -> dict[str, int]:
    """The version of each row up to which a person has looked."""
    cleared = Event.objects.filter(subject__in=ids, kind="entity.cleared").order_by("pk")
    return {event.subject: int(facts_of(event).get("version", 0)) for event in cleared}


def _contradictions(history: _History, looked_at: int) -> Iterable[Contradiction]:
    now = history[max(history)].values
    for version in history.values():
        if version.conflict and version.number > looked_at and version.number - 1 in history:
            yield from _of_version(version, history, now)


def _of_version(version: _Version, history: _History, now: Mapping[str, str]) -> Iterable[Contradiction]:
    before = history[version.number - 1]
    base = history.get(version.base or 0, before)
    theirs = _differences(base, before)
    own = _differences(before, version) | set(version.conflicting)
    for name in version.conflicting or sorted(theirs | own):
        yield Contradiction(
            name=name,
            earlier=_said(name, before.number, history) if name in theirs else None,
            later=_said(name, version.number, history) if name in own else None,
            now=now.get(name, ""),
        )


def _differences(one: _Version, other: _Version) -> set[str]:
    names = one.values.keys() | other.values.keys()
    return {name for name in names if one.values.get(name, "") != other.values.get(name, "")}


def _said(name: str, number: int, history: _History) -> Said:
    """What a version says of the property, and the version that first said it so."""
    text, first = history[number].values.get(name, ""), number
    while first - 1 in history and history[first - 1].values.get(name, "") == text:
        first -= 1
    by = history[first]
    return Said(text, by.number, by.at, by.full_name, by.device)
