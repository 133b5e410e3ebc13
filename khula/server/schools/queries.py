"""Reading schools, classes and children; values, not objects, where a page shows many."""

from collections.abc import Iterable
from datetime import date

from django.db.models import Q, QuerySet

from khula.server.schools.models import CareRelationship, Child, Post, SchoolClass


def posts_of(user_id: int, *, on: date) -> QuerySet[Post]:
    """The posts a person holds on that day."""
    return Post.objects.filter(Q(until=None) | Q(until__gt=on), user_id=user_id).select_related(
        "school", "school_class"
    )


def primary_caregiver(child_id: str, *, on: date) -> CareRelationship | None:
    """Who was mainly responsible for the child on that day; when no day fits, the first of all."""
    care = CareRelationship.objects.filter(child_id=child_id, primary=True).select_related("caregiver")
    then = care.filter(Q(until=None) | Q(until__gt=on), since__lte=on).order_by("-since").first()
    return then or care.order_by("since").first()


def siblings_of(child: Child) -> QuerySet[Child]:
    """Other children of the same household."""
    if child.household_id is None:
        return Child.objects.none()
    return Child.objects.filter(household_id=child.household_id).exclude(pk=child.pk)


def classes_of(school_id: int, *, year: int) -> QuerySet[SchoolClass]:
    return SchoolClass.objects.filter(school_id=school_id, year=year).order_by("grade", "name")


def class_for(*, school_id: int, name: str, grade: str, year: int) -> SchoolClass | None:
    """The class a register form speaks of (capitals and blanks do not matter), else the only one of that grade."""
    classes = SchoolClass.objects.filter(school_id=school_id, year=year)
    named = classes.filter(name__iexact=name.strip()).first()
    of_grade = classes.filter(grade=grade)
    return named or (of_grade.first() if of_grade.count() == 1 else None)


def primary_caregivers_now(child_ids: Iterable[str]) -> dict[str, str]:
    """Child -> full name of whoever is mainly responsible today."""
    care = CareRelationship.objects.filter(primary=True, until=None, child_id__in=child_ids)
    return dict(care.values_list("child_id", "caregiver__full_name"))
