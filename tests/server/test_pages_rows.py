"""Rows of lists that two people changed without knowing of each other: compared on a page, settled by a person."""

from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from khula.server.collection.actions import put_entities
from khula.server.collection.models import Entity, EntityList
from khula.server.events.models import Event
from khula.server.people.models import User
from khula.server.people.roles import Role
from khula.server.schools.models import Child
from tests.server import page_data
from tests.server.knocking import ENROL, THANDANANI, Phone, nothing_follows, published, record
from tests.server.page_data import Place

__all__ = ["nothing_follows"]
pytestmark = pytest.mark.usefixtures("nothing_follows")
ROWS = "/ledger?show=lists"


@pytest.fixture
def place() -> Place:
    EntityList.objects.create(name="learners")
    published(ENROL, informant="register")
    return page_data.school_with_class(2, name="Thandanani Primary", emis=THANDANANI)


@pytest.fixture
def child(place: Place) -> Child:
    return changed_twice(place.children[0], page_data.person(Role.FIELDWORKER, school=place.school))


def changed_twice(child: Child, sizwe: User) -> Child:
    """Two tablets carry the child to the next grade, each to another one."""
    put_entities("learners", [(child.pk, str(child), {"grade": "1"}, str(child.school_id))])
    words = {"update": "1", "label": None, "given": child.given_names, "family": child.family_name}
    phone = Phone(sizwe)
    for grade in ("grade-2", "grade-3"):
        assert phone.post(record(child.pk, base=1, grade=grade, **words)).status_code == 201
    return child


def at_desk(role: Role, place: Place | None, **more: object) -> Client:
    client = Client()
    client.force_login(page_data.person(role, school=place.school if place else None, **more))
    return client


def clear(client: Client, child: Child, version: object = 3) -> int:
    return client.post(f"/ledger/row/{child.pk}/clear", {"version": version}).status_code


def mark(child: Child) -> str:
    return Entity.objects.get(pk=child.pk).conflict


def test_the_two_changes_stand_side_by_side_with_who_made_them(place: Place, child: Child) -> None:
    page = at_desk(Role.COORDINATOR, place).get(ROWS).content.decode()
    assert str(child) in page
    assert "They contradict each other." in page
    row = page[page.index("Grade<td>") : page.index("</table>")]
    assert row.index("grade-2") < row.index("grade-3")
    assert row.count("Sizwe Radebe") == row.count("Tablet 7") == 2
    french = at_desk(Role.COORDINATOR, place, language="fr").get(ROWS).content.decode()
    assert "Leurs réponses se contredisent." in french


def test_the_usual_page_says_that_a_row_waits_and_does_not_praise(place: Place, child: Child) -> None:
    client = at_desk(Role.COORDINATOR, place)
    page = client.get("/ledger").content.decode()
    assert "1 row of the lists was changed by two people" in page
    assert "Well done" not in page
    clear(client, child)
    assert "Well done" in client.get("/ledger").content.decode()


def test_a_person_says_that_the_row_is_right_and_it_waits_no_longer(place: Place, child: Child) -> None:
    client = at_desk(Role.COORDINATOR, place)
    for _ in range(2):
        assert clear(client, child) == 302
    assert mark(child) == ""
    assert str(child) not in client.get(ROWS).content.decode()
    cleared = Event.objects.get(kind="entity.cleared")
    assert (cleared.subject, cleared.by.full_name) == (child.pk, "Zanele Mthembu")


@pytest.mark.parametrize("version", [2, "", "x", "²", "9" * 40])
def test_what_was_not_seen_is_not_cleared(place: Place, child: Child, version: object) -> None:
    client = at_desk(Role.COORDINATOR, place)
    response = client.post(f"/ledger/row/{child.pk}/clear", {"version": version})
    assert response.status_code == 409
    assert "has changed since you opened the page" in response.content.decode()
    assert mark(child) == "hard"


def test_an_administrator_settles_but_is_told_neither_the_child_nor_what_was_said(place: Place, child: Child) -> None:
    client = at_desk(Role.ADMINISTRATOR, None)
    page = client.get(ROWS).content.decode()
    assert f"learners, {child.pk}" in page
    assert "Grade<td>" in page
    assert "Sizwe Radebe" in page
    for secret in (str(child), child.given_names, child.family_name, "grade-2", "grade-3"):
        assert secret not in page
    assert clear(client, child) == 302
    assert mark(child) == ""


def test_a_coordinator_of_another_school_neither_sees_nor_settles_it(place: Place, child: Child) -> None:
    other = page_data.school_with_class(0, name="Vukani Primary School", emis="700400002")
    client = at_desk(Role.COORDINATOR, other)
    page = client.get(ROWS).content.decode()
    assert "Nothing here." in page
    assert child.pk not in page
    assert clear(client, child) == 404
    for strange in (uuid4(), "%00", "a%00b", "x" * 300):
        assert client.post(f"/ledger/row/{strange}/clear", {"version": 3}).status_code == 404
    assert mark(child) == "hard"


def test_a_fieldworker_sees_what_came_in_but_settles_no_row(place: Place, child: Child) -> None:
    client = at_desk(Role.FIELDWORKER, place)
    page = client.get(ROWS).content.decode()
    assert "Changed twice" not in page
    assert str(child) not in page
    assert clear(client, child) == 403


@pytest.mark.parametrize("role", [Role.TEACHER, Role.NURSE, Role.SOCIAL_WORKER, Role.DISTRICT, Role.RESEARCHER])
def test_nobody_else_comes_near(place: Place, child: Child, role: Role) -> None:
    client = at_desk(role, place)
    assert client.get(ROWS).status_code == 403
    assert clear(client, child) == 403
    assert mark(child) == "hard"


def test_a_row_is_cleared_by_a_button_only(place: Place, child: Child) -> None:
    assert at_desk(Role.COORDINATOR, place).get(f"/ledger/row/{child.pk}/clear").status_code == 405


def test_as_many_statements_for_many_rows_as_for_one(place: Place, child: Child) -> None:
    client = at_desk(Role.COORDINATOR, place)
    client.get(ROWS)
    with CaptureQueriesContext(connection) as one:
        client.get(ROWS)
    changed_twice(place.children[1], page_data.person(Role.FIELDWORKER, school=place.school))
    with CaptureQueriesContext(connection) as two:
        page = client.get(ROWS).content.decode()
    assert page.count("They contradict each other.") == 2
    assert len(one) == len(two) <= 9


def test_of_another_list_nothing_is_told_and_the_page_says_why(place: Place, child: Child) -> None:
    """No rule says who may read caregivers, households or staff; unknown means no."""
    EntityList.objects.create(name="caregivers")
    Entity.objects.filter(pk=child.pk).update(entity_list=EntityList.objects.get(name="caregivers"))
    page = at_desk(Role.COORDINATOR, place).get(ROWS).content.decode()
    assert f"caregivers, {child.pk}" in page
    assert "No rule says who may read this list" in page
    assert "those who may see the child" not in page
    for secret in (str(child), "grade-2", "grade-3"):
        assert secret not in page
    french = at_desk(Role.COORDINATOR, place, language="fr").get(ROWS).content.decode()
    assert "Aucune règle ne dit qui peut lire cette liste" in french
