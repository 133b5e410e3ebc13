"""Opening a wave: from schools and a pack to one assignment for each child and each voice the pack listens to.

A child that comes later gets its own; a wave that has closed stays as it was.
"""

from collections.abc import Iterable
from datetime import date
from uuid import uuid4

from django.db import transaction
from django.utils import timezone

from khula.server.events.actions import happened
from khula.server.events.models import Event
from khula.server.packs.models import Form, PackVersion
from khula.server.schools.models import CareRelationship, Child, School
from khula.server.waves.models import Assignment, Wave

INFORMANTS = ("child", "caregiver", "teacher", "health")


def informants_of(pack_version_id: int) -> tuple[str, ...]:
    """The voices a pack has a form for, in their usual order; forms beside the voices are asked of nobody in a wave."""
    present = set(Form.objects.filter(pack_version_id=pack_version_id).values_list("informant", flat=True))
    return tuple(informant for informant in INFORMANTS if informant in present)


@transaction.atomic
def open_wave(
    *,
    name: str,
    number: int,
    pack_version: PackVersion,
    schools: Iterable[School],
    opens_on: date,
    closes_on: date,
    wave_id: str = "",
    by: int | None = None,
) -> Wave:
    """Plan a round of assessment: every child now at these schools is to be spoken of by every voice, once."""
    wave = Wave.objects.create(
        id=wave_id or str(uuid4()),
        name=name,
        number=number,
        pack_version=pack_version,
        opens_on=opens_on,
        closes_on=closes_on,
    )
    wave.schools.set(schools)
    children = Child.objects.filter(school__waves=wave, left_on=None)
    _assign(wave, list(children.values_list("pk", "school_class_id")))
    happened(kind="wave.opened", subject=wave.pk, by=by)
    begin_due(by=by)
    return wave


def begin_due(*, on: date | None = None, by: int | None = None) -> int:
    """Begin every wave whose first day has come; from then on the devices' forms are for it. Asked every minute."""
    due = Wave.objects.filter(begun_at=None, opens_on__lte=on or timezone.localdate())
    if not due.exists():
        return 0
    with transaction.atomic():
        waves = list(due.select_for_update().order_by("opens_on"))
        for wave in waves:
            wave.begun_at = timezone.now()
            wave.save(update_fields=["begun_at"])
            happened(kind="wave.begun", subject=wave.pk, by=by)
    return len(waves)


@transaction.atomic
def add_to_wave(*, child: Child, wave: Wave, by: int | None = None) -> None:
    """A child the wave did not count, because it came later or was written down late; twice is the same as once."""
    _assign(wave, [(child.pk, child.school_class_id)])
    happened(kind="child.added_to_wave", subject=child.pk, facts={"wave": wave.pk}, by=by)


def _assign(wave: Wave, children: list[tuple[str, int | None]]) -> None:
    informants = informants_of(wave.pack_version_id)
    caregivers = _primary_caregivers([child_id for child_id, _ in children], wave.opens_on)
    Assignment.objects.bulk_create(
        [
            Assignment(
                wave=wave,
                child_id=child_id,
                informant=informant,
                school_class_id=class_id,
                caregiver_id=caregivers.get(child_id) if informant == "caregiver" else None,
            )
            for child_id, class_id in children
            for informant in informants
        ],
        ignore_conflicts=True,
        batch_size=500,
    )


def _primary_caregivers(child_ids: list[str], on: date) -> dict[str, str]:
    """Who is to be asked about each child: whoever cares for it as the wave opens, or first came after that."""
    care = CareRelationship.objects.filter(primary=True, child_id__in=child_ids).order_by("child_id", "-since")
    asked: dict[str, str] = {}
    for child_id, caregiver_id, since in care.values_list("child_id", "caregiver_id", "since"):
        if child_id not in asked or since > on:
            asked[child_id] = caregiver_id
    return asked


# What follows from what happened to children (see flow.py)


def count_in_child(event: Event) -> None:
    """A child came to a class: every open wave of its school counts it in, and its awaited voices go with it."""
    child = Child.objects.get(pk=event.subject)
    today = timezone.localdate()
    for wave in Wave.objects.filter(schools=child.school_id, closes_on__gte=today):
        add_to_wave(child=child, wave=wave, by=event.by_id)
    Assignment.objects.filter(child=child, wave__closes_on__gte=today).update(school_class=child.school_class_id)


def ask_new_caregiver(event: Event) -> None:
    """The primary caregiver changed: who has not been heard yet in an open wave is no longer to be asked."""
    awaited = Assignment.objects.filter(
        child_id=event.subject, informant="caregiver", heard_on=None, wave__closes_on__gte=timezone.localdate()
    )
    now = CareRelationship.objects.filter(child_id=event.subject, primary=True, until=None)
    awaited.update(caregiver=now.values("caregiver_id")[:1])
