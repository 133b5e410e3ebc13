"""The children of the schools as the devices carry them: each change of a child in, its row of the list out.

A child registered on a device comes the other way: its entity is there first, and the child is enrolled from it.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import msgspec
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from khula.server.cases.models import Case
from khula.server.collection import actions as collection
from khula.server.collection.models import Entity, EntityProblem, EntityVersion, Submission
from khula.server.collection.queries import received
from khula.server.events.models import Event
from khula.server.events.queries import facts_of
from khula.server.schools.actions import add_class, correct_child, enrol_child, move_child
from khula.server.schools.models import Child, School, SchoolClass
from khula.server.schools.queries import class_for, primary_caregivers_now
from khula.server.waves.queries import current_wave_of_school

LEARNERS = "learners"
read_properties = msgspec.json.Decoder(dict[str, str]).decode


def tell_devices(event: Event) -> None:
    """What follows a change of a child, or the beginning of a wave: the list says it as it is now."""
    if event.kind == "wave.begun":
        changed = Child.objects.filter(school__waves=event.subject, left_on=None)
    else:
        changed = Child.objects.filter(pk=event.subject)
    children = list(changed.select_related("school", "school_class"))
    classes = {child.pk: child.school_class_id for child in children}
    collection.put_entities(LEARNERS, list(_rows(children)), classes=classes, by=event.by_id)


def take_off_devices(event: Event) -> None:
    """What follows `child.left`: nobody at this school is to be asked about the child any more."""
    collection.remove_entities(LEARNERS, [event.subject], by=event.by_id)


def _rows(children: list[Child]) -> Iterable[tuple[str, str, Mapping[str, str], str]]:
    """(entity id, label, properties, scope) of each child."""
    today = timezone.localdate()
    schools = {child.school_id for child in children}
    waves = {school_id: current_wave_of_school(school_id, on=today) for school_id in schools}
    caregivers = primary_caregivers_now([child.pk for child in children])
    for child in children:
        wave = waves[child.school_id]
        properties = {
            "given_names": child.given_names,
            "family_name": child.family_name,
            "sex": child.sex,
            "birth_date": child.birth_date.isoformat() if child.birth_date else "",
            "grade": child.school_class.grade if child.school_class else "",
            "language": child.home_language,
            "school": child.school.name,
            "class": child.school_class.name if child.school_class else "",
            "wave": wave.pk if wave else "",
            "caregiver": caregivers.get(child.pk, ""),
        }
        yield child.pk, str(child), properties, str(child.school_id)


def enrol_registered(event: Event) -> None:
    """What follows `learner.registered`: a child that a device has put on the list is enrolled at its school."""
    if Child.objects.filter(pk=event.subject).exists():
        return
    entity = Entity.objects.get(pk=event.subject)
    said = read_properties(entity.data)
    on = _day_of(event)
    known = {"given_names": entity.label[:80], "family_name": "", "sex": "", "birth_date": None, **_facts(said)}
    enrol_child(
        child_id=entity.pk,
        home_language=said.get("home_language", "")[:8],
        birth_date_estimated=said.get("birth_date_exact") == "no",
        school_class=_placed(event, School.objects.get(pk=int(entity.scope)), said, on),
        since=on,
        by=event.by_id,
        **known,
    )


def correct_from_device(event: Event) -> None:
    """What follows `learner.changed`: what a form has put right about a child is right here, too."""
    child = Child.objects.filter(pk=event.subject).first()
    if child is None:
        return
    said = read_properties(Entity.objects.values_list("data", flat=True).get(pk=event.subject))
    anew = _said_anew(event)
    facts = _facts(said) | _facts_said_anew(said, anew)
    changed = {name: fact for name, fact in facts.items() if fact != getattr(child, name)}
    if changed:
        correct_child(child=child, by=event.by_id, **changed)
    if any(said.get(name) for name in anew & {"class_name", "grade"}):
        on = _day_of(event)
        move_child(child=child, school_class=_placed(event, child.school, said, on), on=on, by=event.by_id)
    registrations_in_case(Case.objects.filter(child=child))


def _said_anew(event: Event) -> set[str]:
    """What the submission says otherwise than the row did. The row itself still has what it said long ago of facts
    that have been put right on the server since."""
    versions = EntityVersion.objects.filter(entity=event.subject).order_by("-version")
    made = versions.filter(submission=int(facts_of(event)["submission"])).first()
    before = versions.filter(version=made.version - 1).first() if made else None
    if made is None or before is None:
        return set()
    then, now = read_properties(before.data), read_properties(made.data)
    return {name for name in then.keys() | now.keys() if then.get(name, "") != now.get(name, "")}


def _facts_said_anew(said: Mapping[str, str], anew: set[str]) -> dict[str, Any]:
    spoken = {"home_language": said.get("home_language", "")[:8]} if "home_language" in anew else {}
    exact = {"birth_date_estimated": said.get("birth_date_exact") == "no"} if "birth_date_exact" in anew else {}
    return {**spoken, **exact}


def registrations_in_case(cases: QuerySet[Case]) -> None:
    """What registered the children of these cases, or put them right, is used; unless a part of it waits for a person.

    Without a case they stay "received", as interviews do, until a wave is opened for the child.
    """
    waits = EntityProblem.objects.filter(submission=OuterRef("pk"), settled_at=None)
    forms = Submission.objects.filter(
        state=Submission.State.RECEIVED, form__informant="register", child_id__in=cases.values("child_id")
    ).exclude(child_id="")  # SQLite finds the index by these words
    forms.exclude(Exists(waits)).update(state=Submission.State.IN_CASE)


def _facts(said: Mapping[str, str]) -> dict[str, Any]:
    """What the list knows of the child, where it can be read."""
    names = {name: said[name].strip()[:80] for name in ("given_names", "family_name") if said.get(name, "").strip()}
    sex = {"sex": said["sex"]} if said.get("sex") in Child.Sex.values else {}
    born = _day(said.get("birth_date", ""))
    return {**names, **sex, **({"birth_date": born} if born else {})}


def _placed(event: Event, school: School, said: Mapping[str, str], on: date) -> SchoolClass:
    """The class decides the grade; where the form gives another, a person is asked to look."""
    found = _class_of(school, said, on)
    if said.get("grade", "").strip() not in ("", found.grade):
        collection.mark(int(facts_of(event)["submission"]), "grade_differs")
    return found


def _class_of(school: School, said: Mapping[str, str], on: date) -> SchoolClass:
    """The class the form names. One that nobody has written down yet is added: the child must stand on a board."""
    name, grade = said.get("class_name", "").strip()[:40], said.get("grade", "").strip()[:4]
    found = class_for(school_id=school.pk, name=name, grade=grade, year=on.year)
    return found or add_class(school=school, grade=grade, name=name or f"Grade {grade}", year=on.year)


def _day_of(event: Event) -> date:
    """The day on which the form was filled."""
    return received(int(facts_of(event)["submission"])).asked_on or event.at.date()


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None
