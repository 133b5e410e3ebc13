"""Writing down schools, classes, children and those who care for them; each change is recorded as an event.

What follows from a change (assignments of open waves, the devices' list of learners) stands in `flow.py`.
`by` is the id of the person who did it, or None for the installation itself.
"""

from datetime import date
from uuid import uuid4

from django.db import transaction

from khula.server.events.actions import happened
from khula.server.schools.models import (
    Caregiver,
    CareRelationship,
    Child,
    Enrolment,
    Household,
    Post,
    School,
    SchoolClass,
)

CORRECTABLE = frozenset(
    {"given_names", "family_name", "sex", "birth_date", "birth_date_estimated", "home_language", "household"}
)


@transaction.atomic
def add_school(*, emis_number: str, name: str, province: str = "", district: str = "", by: int | None = None) -> School:
    school = School.objects.create(emis_number=emis_number, name=name, province=province, district=district)
    happened(kind="school.added", subject=school.pk, by=by)
    return school


@transaction.atomic
def add_class(*, school: School, grade: str, name: str, year: int, by: int | None = None) -> SchoolClass:
    school_class = SchoolClass.objects.create(school=school, grade=grade, name=name, year=year)
    happened(kind="class.added", subject=school_class.pk, by=by)
    return school_class


@transaction.atomic
def enrol_child(
    *,
    given_names: str,
    family_name: str,
    sex: str,
    birth_date: date | None,
    school_class: SchoolClass,
    since: date,
    home_language: str = "",
    birth_date_estimated: bool = False,
    household: Household | None = None,
    child_id: str = "",
    by: int | None = None,
) -> Child:
    """A child enters a class. `child_id` is the uuid a device gave it, or empty for a new one."""
    child = Child.objects.create(
        id=child_id or str(uuid4()),
        school_id=school_class.school_id,
        school_class=school_class,
        household=household or add_household(),
        given_names=given_names,
        family_name=family_name,
        sex=sex,
        birth_date=birth_date,
        birth_date_estimated=birth_date_estimated,
        home_language=home_language,
    )
    Enrolment.objects.create(child=child, school_class=school_class, since=since)
    happened(kind="child.enrolled", subject=child.pk, by=by)
    return child


@transaction.atomic
def move_child(*, child: Child, school_class: SchoolClass, on: date, by: int | None = None) -> None:
    """The child goes to another class, of this school or another, from that day; twice is the same as once."""
    if child.school_class_id == school_class.pk and child.left_on is None:
        return
    child.enrolments.filter(until=None).update(until=on)
    Enrolment.objects.create(child=child, school_class=school_class, since=on)
    child.school_class, child.school_id, child.left_on = school_class, school_class.school_id, None
    child.save(update_fields=["school_class", "school", "left_on"])
    happened(kind="child.moved", subject=child.pk, facts={"on": on}, by=by)


@transaction.atomic
def child_left(*, child: Child, on: date, by: int | None = None) -> None:
    """The child is no longer at this school; what is known of it stays."""
    child.enrolments.filter(until=None).update(until=on)
    child.left_on = on
    child.save(update_fields=["left_on"])
    happened(kind="child.left", subject=child.pk, facts={"on": on}, by=by)


@transaction.atomic
def correct_child(*, child: Child, by: int | None = None, **facts: object) -> None:
    """Put right what was written down wrongly; its cases are assessed again, as sex and age decide bands."""
    unknown = facts.keys() - CORRECTABLE
    if unknown:
        raise TypeError(f"not a fact of a child that can be corrected: {', '.join(sorted(unknown))}")
    for name, fact in facts.items():
        setattr(child, name, fact)
    child.save(update_fields=list(facts))
    happened(kind="child.corrected", subject=child.pk, facts={"what": sorted(facts)}, by=by)


def add_household() -> Household:
    return Household.objects.create(id=str(uuid4()))


@transaction.atomic
def add_caregiver(*, full_name: str, language: str = "", caregiver_id: str = "", by: int | None = None) -> Caregiver:
    caregiver = Caregiver.objects.create(id=caregiver_id or str(uuid4()), full_name=full_name, language=language)
    happened(kind="caregiver.added", subject=caregiver.pk, by=by)
    return caregiver


@transaction.atomic
def set_primary_caregiver(
    *, child: Child, caregiver: Caregiver, relation: str, since: date, by: int | None = None
) -> CareRelationship:
    """From that day this person is mainly responsible. Answers given before stay with whoever gave them."""
    before = child.care.select_for_update().filter(primary=True, until=None).first()
    if before is not None and before.caregiver_id == caregiver.pk:
        return before
    child.care.filter(primary=True, until=None).update(until=since)
    care = CareRelationship.objects.create(
        child=child, caregiver=caregiver, relation=relation, primary=True, since=since
    )
    happened(kind="caregiver.changed", subject=child.pk, facts={"since": since}, by=by)
    return care


@transaction.atomic
def appoint(
    *,
    user_id: int,
    role: str,
    school: School | None = None,
    school_class: SchoolClass | None = None,
    by: int | None = None,
) -> Post:
    """A person takes up a post: at a school, with one class, or (no school) at all schools."""
    post = Post.objects.create(user_id=user_id, role=role, school=school, school_class=school_class)
    happened(kind="post.taken_up", subject=post.pk, by=by)
    return post


@transaction.atomic
def end_post(*, post: Post, on: date, by: int | None = None) -> None:
    post.until = on
    post.save(update_fields=["until"])
    happened(kind="post.ended", subject=post.pk, by=by)
