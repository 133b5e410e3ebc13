"""What came in: shown to those who look after it, settled by a person with a note, and never an answer in sight."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from khula.server.collection.actions import make_device, put_entities
from khula.server.collection.look_codes import ENTITY_CODES, LOOK_CODES
from khula.server.collection.models import (
    ConflictCopy,
    Device,
    EntityList,
    EntityProblem,
    EntityVersion,
    Submission,
)
from khula.server.people.models import User
from khula.server.people.roles import Role
from khula.server.schools.models import Post
from tests.server import page_data
from tests.server.page_data import Place

SECRET = "<c_hurt>yes-canary</c_hurt>"


@pytest.fixture
def place() -> Place:
    return page_data.school_with_class(2)


@pytest.fixture
def sizwe(place: Place) -> User:
    return page_data.person(Role.FIELDWORKER, school=place.school)


@pytest.fixture
def tablet(sizwe: User) -> Device:
    return make_device(user=sizwe, label="Tablet 7")[0]


def submission(device: Device | None = None, *, number: int = 1, **more: object) -> Submission:
    return Submission.objects.create(
        xform_id="kh_child", instance_id=f"uuid:{number}", sha256="0" * 64, xml=SECRET.encode(), device=device,
        received_at=timezone.now(), **more,
    )  # fmt: skip


def signed_in(role: Role, place: Place | None = None, **more: object) -> Client:
    client = Client()
    client.force_login(page_data.person(role, school=place.school if place else None, **more))
    return client


def quarantined(device: Device, code: str = "unknown_wave", **more: object) -> Submission:
    return submission(device, state="quarantined", look_code=code, **more)


def test_what_waits_for_a_person_is_shown_with_what_to_do(place: Place, tablet: Device) -> None:
    quarantined(tablet, child_id=place.children[0].pk)
    page = signed_in(Role.COORDINATOR, place).get("/ledger").content.decode()
    assert LOOK_CODES["unknown_wave"].told("en").split(".")[0] in page.replace("&#x27;", "'")
    assert str(place.children[0]) in page
    assert "Tablet 7" in page
    french = signed_in(Role.COORDINATOR, place, language="fr").get("/ledger").content.decode()
    assert LOOK_CODES["unknown_wave"].told("fr").split(".")[0] in french


def test_no_answer_is_ever_on_these_pages(place: Place, tablet: Device) -> None:
    one = quarantined(tablet, "broken_xml", child_id=place.children[0].pk)
    for role in (Role.COORDINATOR, Role.ADMINISTRATOR):
        client = signed_in(role, place)
        for address in ("/ledger", "/ledger?show=all", f"/ledger/{one.pk}"):
            assert "canary" not in client.get(address).content.decode()


def test_an_administrator_sees_what_came_in_but_no_child(place: Place, tablet: Device) -> None:
    one = quarantined(tablet, child_id=place.children[0].pk)
    client = signed_in(Role.ADMINISTRATOR)
    for address in ("/ledger", f"/ledger/{one.pk}"):
        page = client.get(address).content.decode()
        assert "Tablet 7" in page
        assert str(place.children[0]) not in page


def test_a_fieldworker_sees_what_came_from_the_own_devices_only(place: Place, tablet: Device, sizwe: User) -> None:
    mine = submission(tablet, number=1)
    other_person = page_data.person(Role.TEACHER, school=place.school)
    theirs = submission(make_device(user=other_person, label="Tablet 8")[0], number=2)
    client = Client()
    client.force_login(sizwe)
    page = client.get("/ledger?show=all").content.decode()
    assert "Tablet 7" in page
    assert "Tablet 8" not in page
    assert client.get(f"/ledger/{mine.pk}").status_code == 200
    assert client.get(f"/ledger/{theirs.pk}").status_code == 404
    assert client.post(f"/ledger/{mine.pk}/settle", {"note": "mine"}).status_code == 403


def test_a_coordinator_of_another_school_sees_nothing_of_it(place: Place, tablet: Device) -> None:
    one = quarantined(tablet, child_id=place.children[0].pk)
    other = page_data.school_with_class(0, name="Vukani Primary School", emis="700400002")
    client = signed_in(Role.COORDINATOR, other)
    assert "Nothing here." in client.get("/ledger?show=all").content.decode()
    assert client.get(f"/ledger/{one.pk}").status_code == 404
    assert client.post(f"/ledger/{one.pk}/settle", {"note": "x"}).status_code == 404
    one.refresh_from_db()
    assert one.look_settled_at is None


def test_a_record_of_an_unknown_child_is_for_the_coordinator_of_the_sender(place: Place, tablet: Device) -> None:
    quarantined(tablet, "unknown_child", child_id="3f0e5a44-9d3c-4c57-8a11-000000000009")
    assert "Tablet 7" in signed_in(Role.COORDINATOR, place).get("/ledger").content.decode()
    other = page_data.school_with_class(0, name="Vukani Primary School", emis="700400002")
    assert "Tablet 7" not in signed_in(Role.COORDINATOR, other).get("/ledger").content.decode()


@pytest.mark.parametrize("role", [Role.TEACHER, Role.NURSE, Role.SOCIAL_WORKER, Role.DISTRICT, Role.RESEARCHER])
def test_others_do_not_look_after_what_came_in(place: Place, role: Role) -> None:
    client = signed_in(role, place)
    assert client.get("/ledger").status_code == 403
    assert client.post("/ledger/1/settle", {"note": "x"}).status_code == 403


def test_it_is_settled_with_a_note_and_then_waits_no_longer(place: Place, tablet: Device) -> None:
    one = quarantined(tablet)
    client = signed_in(Role.COORDINATOR, place)
    without = client.post(f"/ledger/{one.pk}/settle", {"note": " "})
    assert without.status_code == 422
    assert "Write what you decided" in without.content.decode()
    for _ in range(2):
        assert client.post(f"/ledger/{one.pk}/settle", {"note": "Same child, sent twice"}).status_code == 302
    one.refresh_from_db()
    assert isinstance(one.look_settled_at, datetime)
    assert one.look_note == "Same child, sent twice"
    assert "Nothing waits for a person" in client.get("/ledger").content.decode()
    assert "Same child, sent twice" in client.get("/ledger?show=all").content.decode()
    assert client.get(f"/ledger/{one.pk}/settle").status_code == 405


def test_taking_it_up_again_says_what_is_still_in_the_way(place: Place, tablet: Device) -> None:
    one = quarantined(tablet, "unknown_form")
    client = signed_in(Role.COORDINATOR, place)
    response = client.post(f"/ledger/{one.pk}/retry")
    assert response.url == f"/ledger/{one.pk}"
    page = client.get(response.url).content.decode()
    assert "What to look at" in page
    assert "Take up again" in page


def test_other_contents_under_one_identity_are_settled_with_a_note(place: Place, tablet: Device) -> None:
    one = submission(tablet, state="in case")
    copy = ConflictCopy.objects.create(
        xform_id=one.xform_id, instance_id=one.instance_id, sha256="1" * 64, xml=SECRET.encode(),
        received_at=timezone.now(),
    )  # fmt: skip
    elsewhere = ConflictCopy.objects.create(
        xform_id="other", instance_id="uuid:9", sha256="1" * 64, xml=b"", received_at=timezone.now()
    )
    client = signed_in(Role.COORDINATOR, place)
    assert "Tablet 7" in client.get("/ledger?show=conflict").content.decode()
    assert "Other contents under the same identity" in client.get(f"/ledger/{one.pk}").content.decode()
    assert client.post(f"/ledger/{one.pk}/copy/{elsewhere.pk}", {"note": "x"}).status_code == 404
    assert client.post(f"/ledger/{one.pk}/copy/{copy.pk}", {"note": ""}).status_code == 422
    assert client.post(f"/ledger/{one.pk}/copy/{copy.pk}", {"note": "The first is right"}).status_code == 302
    copy.refresh_from_db()
    assert copy.note == "The first is right"
    assert "Tablet 7" not in client.get("/ledger?show=conflict").content.decode()


def test_a_change_to_the_list_of_children_is_decided_by_a_person(place: Place, tablet: Device) -> None:
    one = submission(tablet)
    problem = EntityProblem.objects.create(submission=one, code="outside_scope", at=timezone.now())
    client = signed_in(Role.COORDINATOR, place)
    assert "Tablet 7" in client.get("/ledger").content.decode()
    page = client.get(f"/ledger/{one.pk}").content.decode()
    assert ENTITY_CODES["outside_scope"].told("en").split("’")[0] in page
    assert "Tablet 7" in page
    assert tablet.user.full_name in page
    french = signed_in(Role.COORDINATOR, place, language="fr").get(f"/ledger/{one.pk}").content.decode()
    assert ENTITY_CODES["outside_scope"].told("fr").split("’")[0] in french
    assert client.post(f"/ledger/{one.pk}/list/{problem.pk}").status_code == 302
    problem.refresh_from_db()
    assert problem.settled_at is not None
    assert client.post(f"/ledger/{one.pk}/list/{problem.pk}").status_code == 404


def test_long_lists_come_in_pages_with_as_many_statements_as_short_ones(place: Place, tablet: Device) -> None:
    client = signed_in(Role.COORDINATOR, place)
    submission(tablet, number=0)
    client.get("/ledger?show=all")
    with CaptureQueriesContext(connection) as few:
        client.get("/ledger?show=all")
    for number in range(1, 60):
        submission(tablet, number=number)
    with CaptureQueriesContext(connection) as many:
        page = client.get("/ledger?show=all").content.decode()
    assert len(few) == len(many) <= 6
    assert page.count("<tr><th scope=row>") == 50
    older = client.get("/ledger?show=all&page=2").content.decode()
    assert older.count("<tr><th scope=row>") == 10
    assert client.get("/ledger?show=nonsense&page=-1").status_code == 200


# --- whose it is -----------------------------------------------------------------------------------------------------


def another_school() -> Place:
    return page_data.school_with_class(1, name="Vukani Primary School", emis="700400002")


def everywhere_tablet() -> Device:
    """Of somebody who works at all schools."""
    return make_device(user=page_data.person(Role.FIELDWORKER), label="Tablet 9")[0]


def sees(place: Place, one: Submission, role: Role = Role.COORDINATOR) -> bool:
    client = signed_in(role, place)
    listed = f"/ledger/{one.pk}" in client.get("/ledger?show=all").content.decode()
    assert (client.get(f"/ledger/{one.pk}").status_code == 200) is listed
    assert (client.post(f"/ledger/{one.pk}/settle", {"note": "x"}).status_code == 302) is listed
    return listed


def test_a_post_that_has_ended_no_longer_makes_a_record_the_schools(place: Place, tablet: Device, sizwe: User) -> None:
    one = quarantined(tablet, "unknown_child")
    today = timezone.localdate()
    assert sees(place, one)
    sizwe.posts.update(until=today)
    assert not sees(place, one)
    sizwe.posts.update(until=today + timedelta(days=1))
    assert sees(place, one)


def test_of_somebody_who_works_everywhere_a_school_sees_what_concerns_its_children(place: Place) -> None:
    other, tablet = another_school(), everywhere_tablet()
    known = quarantined(tablet, number=1, child_id=place.children[0].pk)
    nobody_knows = quarantined(tablet, "unknown_child", number=2)
    for one, here, there in ((known, True, False), (nobody_knows, True, True)):
        assert (sees(place, one), sees(other, one)) == (here, there)


def test_a_row_that_was_written_or_refused_says_whose_it_is(place: Place) -> None:
    other, tablet = another_school(), everywhere_tablet()
    EntityList.objects.create(name="learners")
    written, refused = submission(tablet, number=1), submission(tablet, number=2)
    child = place.children[0]
    put_entities("learners", [(child.pk, str(child), {}, str(place.school.pk))])
    EntityVersion.objects.filter(entity=child.pk).update(submission=written)
    EntityProblem.objects.create(submission=refused, entity_id=child.pk, code="outside_scope", at=timezone.now())
    for one in (written, refused):
        assert (sees(place, one), sees(other, one)) == (True, False)


def test_an_ended_post_at_all_schools_opens_nothing(place: Place) -> None:
    tablet = everywhere_tablet()
    one = quarantined(tablet, "unknown_child")
    tablet.user.posts.update(until=timezone.localdate())
    assert not sees(place, one)
    assert sees(place, one, Role.ADMINISTRATOR)


@pytest.mark.parametrize("what", ["settle", "retry", "accept", "copy/1", "list/1"])
def test_who_may_only_look_settles_nothing(place: Place, what: str) -> None:
    """A coordinator of one school who goes out with a tablet sees what it sent from another, and decides nothing."""
    other = another_school()
    both = page_data.person(Role.COORDINATOR, school=place.school)
    Post.objects.create(user=both, role=Role.FIELDWORKER, school=other.school)
    one = quarantined(make_device(user=both, label="Tablet 8")[0], child_id=other.children[0].pk)
    client = Client()
    client.force_login(both)
    page = client.get(f"/ledger/{one.pk}")
    assert page.status_code == 200
    assert "Settle with this note" not in page.content.decode()
    assert client.post(f"/ledger/{one.pk}/{what}", {"note": "x"}).status_code == 403
    one.refresh_from_db()
    assert (one.state, one.look_settled_at) == ("quarantined", None)
