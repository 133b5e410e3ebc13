"""The system page: what is owed, what was given up, and a button that has it tried again; for those it is for."""

import json

import pytest
from django.test import Client

from khula.server.events.actions import MOST_TRIES, carry_on
from khula.server.events.models import Event
from khula.server.people.roles import Role
from tests.server import page_data
from tests.server.page_data import Place

MAY = (Role.COORDINATOR, Role.ADMINISTRATOR)


@pytest.fixture
def place() -> Place:
    return page_data.school_with_class(1)


def signed_in(role: Role, place: Place, **more: object) -> Client:
    client = Client()
    client.force_login(page_data.person(role, school=place.school, **more))
    return client


def owed(state: str, number: int = 1) -> None:
    Event.objects.bulk_create(
        Event(kind="bell.rung", subject=str(n), at=page_data.NOW, state=state, tries=MOST_TRIES, problem="KeyError")
        for n in range(number)
    )


@pytest.mark.parametrize("role", MAY)
def test_what_was_given_up_is_put_back_by_a_button_and_on_record(place: Place, role: Role) -> None:
    owed("failed", 2)
    client = signed_in(role, place)
    page = client.get("/system").content.decode()
    assert "2 pieces of work were given up." in page
    assert "Try again now" in page
    assert client.post("/system").url == "/system"
    assert set(Event.objects.filter(kind="bell.rung").values_list("state", "tries")) == {("waiting", 0)}
    kept = Event.objects.get(kind="work.put_back")
    assert (json.loads(kept.facts), kept.by_id) == ({"events": 2}, int(client.session["_auth_user_id"]))
    assert carry_on() == 2
    assert "All is well." in client.get("/system").content.decode()


def test_pressing_twice_is_the_same_as_once(place: Place) -> None:
    owed("failed")
    client = signed_in(Role.COORDINATOR, place)
    for _ in range(2):
        assert client.post("/system").status_code == 302
    assert Event.objects.filter(kind="work.put_back").count() == 1


def test_what_only_waits_is_said_to_be_tried_again_and_has_no_button(place: Place) -> None:
    owed("waiting")
    page = signed_in(Role.ADMINISTRATOR, place).get("/system").content.decode()
    assert "1 piece of work is waiting. It is tried again by itself" in page
    assert f"What fails {MOST_TRIES} times is given up." in page
    assert "Try again now" not in page
    assert "were given up" not in page


def test_it_is_said_in_french(place: Place) -> None:
    owed("failed", 2)
    page = signed_in(Role.COORDINATOR, place, language="fr").get("/system").content.decode()
    assert "2 travaux ont été abandonnés." in page
    assert "Réessayer maintenant" in page


@pytest.mark.parametrize("role", [role for role in Role if role not in MAY])
def test_others_may_neither_see_it_nor_put_work_back(place: Place, role: Role) -> None:
    owed("failed")
    client = signed_in(role, place)
    assert client.get("/system").status_code == 403
    assert client.post("/system").status_code == 403
    assert Event.objects.get(kind="bell.rung").state == "failed"
    assert Client().post("/system").url.startswith("/sign-in")


def test_who_may_only_look_may_not_put_back(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    from khula.server.consent import access

    owed("failed")
    narrower = {**access.GRANTS, Role.COORDINATOR: {"see system": access.Scope.ALL}}
    monkeypatch.setattr(access, "GRANTS", narrower)
    client = signed_in(Role.COORDINATOR, place)
    assert "Try again now" not in client.get("/system").content.decode()
    assert client.post("/system").status_code == 403
    assert Event.objects.get(kind="bell.rung").state == "failed"


def test_a_post_that_did_not_come_from_the_page_is_refused(place: Place) -> None:
    owed("failed")
    client = Client(enforce_csrf_checks=True)
    client.force_login(page_data.person(Role.COORDINATOR, school=place.school))
    assert client.post("/system").status_code == 403
    assert Event.objects.get(kind="bell.rung").state == "failed"
