"""A child registered on a device has the grade of the class the form names; where the form gives another, a person looks."""

from uuid import uuid4

import pytest
from django.utils import timezone

from khula.server.collection.models import Submission
from khula.server.schools.actions import add_class
from khula.server.schools.models import Child
from tests.server.cast import Cast, a_wave, the_cast
from tests.server.knocking import Phone, published
from tests.server.test_cases_registrations import PLACED, placed
from tests.server.test_field_door import Tablet


@pytest.fixture
def cast() -> Cast:
    return the_cast()


@pytest.fixture
def phone(cast: Cast) -> Phone:
    published(PLACED, informant="register")
    add_class(school=cast.school, grade="1", name="1B", year=timezone.localdate().year)
    return Phone(cast.fieldworker)


def register(phone: Phone, cast: Cast, school_class: str, grade: str) -> tuple[Child, str]:
    """The child, and why a person is asked to look."""
    child, instance = str(uuid4()), f"uuid:{uuid4()}"
    xml = placed(child, school_class, grade, "zu", emis=cast.school.emis_number, instance_id=instance)
    assert phone.post(xml).status_code == 201
    return Child.objects.get(pk=child), Submission.objects.get(instance_id=instance).look_code


def test_the_class_decides_and_the_difference_is_shown_to_a_person(cast: Cast, phone: Phone) -> None:
    child, look = register(phone, cast, " 1b ", "R")
    assert (child.school_class.name, child.school_class.grade) == ("1B", "1")
    assert look == "grade_differs"


@pytest.mark.parametrize(("name", "grade"), [("1B", "1"), ("1B", ""), ("", "1"), ("RA", "R")])
def test_where_nothing_differs_nobody_is_asked(cast: Cast, phone: Phone, name: str, grade: str) -> None:
    """Also where the class is new, or the only one of its grade."""
    child, look = register(phone, cast, name, grade)
    assert child.school_class.grade == (grade or "1")
    assert look == ""


def test_the_registration_is_used_while_it_waits_to_be_looked_at(cast: Cast, phone: Phone) -> None:
    a_wave(cast)
    child, look = register(phone, cast, "1B", "R")
    assert look == "grade_differs"
    assert Submission.objects.get(child_id=child.pk).state == "in case"


def test_the_tablet_carries_the_classes_so_that_it_decides_as_the_server_does(cast: Cast) -> None:
    add_class(school=cast.school, grade="R", name="RA", year=timezone.localdate().year)
    add_class(school=cast.other_school, grade="R", name="RB", year=timezone.localdate().year)
    add_class(school=cast.school, grade="R", name="RC", year=timezone.localdate().year - 1)
    said = Tablet(cast.fieldworker).ask("today").json()["classes"]
    assert said == [{"school": cast.school.emis_number, "name": "RA", "grade": "R"}]
