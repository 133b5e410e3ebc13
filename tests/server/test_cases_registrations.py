"""A registration is "in a case" once its child has one, so that what is left under "received" is what nobody used."""

import csv
import io
from uuid import uuid4

import pytest
from django.test import Client

from khula.server.collection.actions import apply_anyway, settle_entity_problem
from khula.server.collection.models import EntityProblem, Submission
from khula.server.schools.actions import add_school
from khula.server.schools.models import Child
from khula.server.waves.models import Wave
from tests.server.cast import Cast, a_wave, interview, the_cast
from tests.server.knocking import ENROL, Phone, published, record


@pytest.fixture
def cast() -> Cast:
    return the_cast()


@pytest.fixture
def phone(cast: Cast) -> Phone:
    published(ENROL, informant="register")
    return Phone(cast.fieldworker)


#: As the shipped form, with where the child is and what it speaks at home.
PLACED = ENROL.replace(
    "| settings |",
    """| | text | class_name | Class | Classe | class_name |
| | text | home_language | Language | Langue | home_language |
| settings |""",
)


def placed(child: str, school_class: str, grade: str, language: str, **words: str) -> bytes:
    more = f"<class_name>{school_class}</class_name><home_language>{language}</home_language>"
    xml = record(child, create="1", grade=grade, **words)
    return xml.replace(b"</grade>", b"</grade>" + more.encode())


def rows(phone: Phone) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(phone.get("lists/learners.csv").content.decode())))


def register(phone: Phone, cast: Cast, child: str, **words: str) -> None:
    words = {"create": "1", "emis": cast.school.emis_number, **words}
    assert phone.post(record(child, **words)).status_code == 201


def states() -> dict[str, str]:
    return dict(Submission.objects.values_list("instance_id", "state"))


def test_a_registration_is_in_a_case_as_soon_as_its_child_has_one(cast: Cast, phone: Phone) -> None:
    a_wave(cast)
    register(phone, cast, str(uuid4()), instance_id="uuid:one")
    assert states() == {"uuid:one": "in case"}


def test_a_registration_before_any_wave_is_received_until_the_wave_opens(cast: Cast, phone: Phone) -> None:
    child = str(uuid4())
    register(phone, cast, child, instance_id="uuid:one")
    assert Child.objects.filter(pk=child).exists()
    assert states() == {"uuid:one": "received"}
    a_wave(cast)
    assert states() == {"uuid:one": "in case"}


def test_a_correction_of_a_registration_is_in_a_case_and_the_first_stays_replaced(cast: Cast, phone: Phone) -> None:
    a_wave(cast)
    child = str(uuid4())
    register(phone, cast, child, instance_id="uuid:one", given="Lerto")
    register(phone, cast, child, instance_id="uuid:two", deprecated="uuid:one")
    register(phone, cast, child, instance_id="uuid:same", deprecated="uuid:two")
    assert states() == {"uuid:one": "replaced", "uuid:two": "replaced", "uuid:same": "in case"}


def test_what_waits_for_a_person_is_not_used_before_the_person_says_so(cast: Cast, phone: Phone) -> None:
    a_wave(cast)
    child = str(uuid4())
    register(phone, cast, child, instance_id="uuid:one", emis=cast.other_school.emis_number)
    assert EntityProblem.objects.get().code == "outside_scope"
    assert states() == {"uuid:one": "received"}
    Wave.objects.get().schools.add(cast.other_school)
    assert apply_anyway(problem_id=EntityProblem.objects.get().pk, by=cast.coordinator.pk) == ""
    assert states() == {"uuid:one": "in case"}


def test_a_second_registration_of_a_child_is_left_for_a_person(cast: Cast, phone: Phone) -> None:
    a_wave(cast)
    child = str(uuid4())
    register(phone, cast, child, instance_id="uuid:one")
    register(phone, cast, child, instance_id="uuid:again")
    assert EntityProblem.objects.get(settled_at=None).code == "already_there"
    assert states() == {"uuid:one": "in case", "uuid:again": "received"}
    register(phone, cast, str(uuid4()), instance_id="uuid:other")
    assert states()["uuid:again"] == "received"


def test_an_approval_that_is_still_in_the_way_leaves_the_problem_open(cast: Cast, phone: Phone) -> None:
    a_wave(cast)
    register(phone, cast, str(uuid4()), emis="700999999")
    problem = EntityProblem.objects.get()
    assert apply_anyway(problem_id=problem.pk, by=cast.coordinator.pk) == "unknown_school"
    problem.refresh_from_db()
    assert problem.settled_at is None
    add_school(emis_number="700999999", name="Thandanani Primary")
    assert apply_anyway(problem_id=problem.pk, by=cast.coordinator.pk) == ""
    problem.refresh_from_db()
    assert problem.settled_at is not None


def test_the_ledger_and_the_counts_say_so(cast: Cast, phone: Phone) -> None:
    wave = a_wave(cast)
    register(phone, cast, str(uuid4()), instance_id="uuid:one")
    phone.post(interview("child", cast.amahle, wave, said={"c_hurt": "no"}))
    client = Client()
    client.force_login(cast.coordinator)
    page = client.get("/ledger?show=in_case").content.decode()
    assert "Registration" in page
    assert page.count("In a case") >= 2
    assert "Nothing here." in client.get("/ledger?show=received").content.decode()
    client.force_login(cast.administrator)
    assert "All is well." in client.get("/system").content.decode()


def test_refusing_what_waited_does_not_make_it_used(cast: Cast, phone: Phone) -> None:
    a_wave(cast)
    register(phone, cast, str(uuid4()), instance_id="uuid:one", emis=cast.other_school.emis_number)
    settle_entity_problem(problem_id=EntityProblem.objects.get().pk, by=cast.coordinator.pk)
    assert states() == {"uuid:one": "received"}


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["in their order", "the correction first"])
def test_a_correction_of_where_a_child_is_and_what_it_speaks_counts_whichever_comes_first(
    cast: Cast, order: tuple[int, int]
) -> None:
    published(PLACED, informant="register")
    phone, child, emis = Phone(cast.fieldworker), str(uuid4()), cast.school.emis_number
    records = [
        placed(child, "1A", "1", "zu", emis=emis, instance_id="uuid:one"),
        placed(child, "2C", "2", "st", emis=emis, instance_id="uuid:two", deprecated="uuid:one"),
    ]
    for place in order:
        assert phone.post(records[place]).status_code in (201, 202)
    enrolled = Child.objects.get(pk=child)
    assert (str(enrolled.school_class.name), enrolled.school_class.grade, enrolled.home_language) == ("2C", "2", "st")
    (row,) = (row for row in rows(phone) if row["name"] == child)
    assert (row["class"], row["grade"], row["language"]) == ("2C", "2", "st")
