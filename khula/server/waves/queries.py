"""Reading how far a wave has come: per child and per class, how many of its voices have been heard."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from khula.server.waves.models import Assignment, Wave


@dataclass(frozen=True)
class ChildCompleteness:
    child_id: str
    school_class_id: int | None
    heard: int
    of: int
    heard_on: Mapping[str, date | None]  # informant -> day of the interview, None while it is awaited


@dataclass(frozen=True)
class ClassCompleteness:
    school_class_id: int | None
    children: int
    by_voices: Mapping[int, int]  # voices heard -> number of children
    heard: int
    of: int


def completeness(*, wave_id: str, school_class_id: int | None = None) -> list[ChildCompleteness]:
    """Each child of the wave (or of one class of it): 0 of 4 to 4 of 4. One statement."""
    assigned = Assignment.objects.filter(wave_id=wave_id)
    if school_class_id is not None:
        assigned = assigned.filter(school_class_id=school_class_id)
    children: dict[str, tuple[int | None, dict[str, date | None]]] = {}
    rows = assigned.order_by("child_id").values_list("child_id", "school_class_id", "informant", "heard_on")
    for child_id, class_id, informant, heard_on in rows:
        children.setdefault(child_id, (class_id, {}))[1][informant] = heard_on
    return [
        ChildCompleteness(child_id, class_id, sum(day is not None for day in days.values()), len(days), days)
        for child_id, (class_id, days) in children.items()
    ]


def completeness_of_classes(*, wave_id: str) -> list[ClassCompleteness]:
    """Each class of the wave: how many of its children have 0, 1 … 4 voices heard."""
    classes: dict[int | None, list[ChildCompleteness]] = {}
    for child in completeness(wave_id=wave_id):
        classes.setdefault(child.school_class_id, []).append(child)
    return [
        ClassCompleteness(
            school_class_id=class_id,
            children=len(children),
            by_voices=Counter(child.heard for child in children),
            heard=sum(child.heard for child in children),
            of=sum(child.of for child in children),
        )
        for class_id, children in classes.items()
    ]


def waves_of_school(school_id: int) -> list[Wave]:
    """The waves a school takes part in, newest first."""
    return list(Wave.objects.filter(schools=school_id).order_by("-number", "-opens_on"))


def current_wave_of_school(school_id: int, *, on: date) -> Wave | None:
    """The wave whose forms the school fills on that day: of those not over, the one that opened last."""
    waves = Wave.objects.filter(schools=school_id, opens_on__lte=on)
    return waves.filter(closes_on__gte=on).order_by("-opens_on").first() or waves.order_by("-opens_on").first()
