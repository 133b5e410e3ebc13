"""What a tablet carries along: the forms' plans, how answers are scored, whom to ask about and what is known of them."""

import gzip
import json
from datetime import date

import pytest
from django.utils import timezone

from khula.server.cases.models import Case
from khula.server.schools.actions import child_left
from khula.server.waves.actions import open_wave
from khula.server.waves.models import Assignment
from tests.server.cast import WAVE_2, Cast, a_wave, interview, publish, the_cast
from tests.server.knocking import published
from tests.server.test_field_door import Tablet


@pytest.fixture
def cast() -> Cast:
    return the_cast()


def child_in(said: dict, name: str) -> dict:
    return next(child for child in said["children"] if child["name"] == name)


# Forms and meaning


def test_the_plans_on_offer_lead_to_plans_lists_and_media() -> None:
    form = published(media={"plate.png": b"picture"})
    tablet = Tablet()
    listed = tablet.ask("plans").json()
    assert [(one["form_id"], one["version"], one["informant"], one["lists"]) for one in listed] == [
        ("meal", "1", "child", ["learners"])
    ]
    assert listed[0]["title"] == {"en": "A meal"}
    plan = tablet.get(listed[0]["url"])
    assert plan["ETag"] == f'"{listed[0]["md5"]}"'
    assert plan.json()["id"] == "meal"
    assert tablet.get(listed[0]["url"], **{"If-None-Match": plan["ETag"]}).status_code == 304
    (medium,) = listed[0]["media"]
    assert tablet.get(medium["url"]).content == b"picture"
    assert tablet.get(f"lists/{listed[0]['lists'][0]}.csv").status_code == 200
    assert listed[0]["url"] == f"field/plans/{form.pk}.json"


def test_a_form_that_is_gone_or_cannot_be_run_on_a_tablet_is_not_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = published(state="closed")
    assert Tablet().ask("plans").json() == []
    assert Tablet().ask(f"plans/{closed.pk}.json").status_code == 404
    assert Tablet().ask("plans/999.json").status_code == 404
    published(version="2")
    monkeypatch.setattr("khula.server.packs.queries.plan_of_form", lambda form_pk: None)
    assert Tablet().ask("plans").json() == []


def test_the_meaning_is_that_of_the_schools_wave_or_the_newest(cast: Cast) -> None:
    assert Tablet(cast.teacher).ask("meaning").status_code == 404
    older, newer = publish(version="1"), publish(version="2")
    a_wave(cast, older)
    in_wave, elsewhere = Tablet(cast.teacher), Tablet(cast.stranger)
    assert in_wave.ask("meaning").json() != elsewhere.ask("meaning").json()
    assert newer.pk > older.pk
    said = in_wave.ask("meaning")
    assert in_wave.ask("meaning", **{"If-None-Match": said["ETag"]}).status_code == 304


# Today


def test_each_child_says_which_voices_are_awaited_and_which_were_heard(cast: Cast) -> None:
    wave = a_wave(cast)
    Assignment.objects.filter(wave=wave, child=cast.amahle, informant="teacher").update(heard_on=date(2026, 3, 2))
    Assignment.objects.filter(wave=wave, child=cast.amahle, informant="health").delete()
    said = Tablet(cast.teacher).ask("today").json()
    assert said["wave"] == {
        "id": wave.pk, "name": "Wave 2", "opens_on": str(WAVE_2[0]), "closes_on": str(WAVE_2[1]),
    }  # fmt: skip
    assert child_in(said, "Amahle Nkosi") == {
        "id": cast.amahle.pk, "name": "Amahle Nkosi", "sex": "female", "birth_date": "2018-05-04", "grade": "1",
        "class": "1B", "language": "zu",
        "voices": {
            "child": {"asked": True, "heard_on": None}, "caregiver": {"asked": True, "heard_on": None},
            "teacher": {"asked": True, "heard_on": "2026-03-02"}, "health": {"asked": False, "heard_on": None},
        },
        "known": None,
    }  # fmt: skip


def test_without_a_wave_nobody_is_awaited(cast: Cast) -> None:
    said = Tablet(cast.fieldworker).ask("today").json()
    assert said["wave"] is None
    assert not any(voice["asked"] for child in said["children"] for voice in child["voices"].values())


def test_what_is_known_is_the_last_wave_in_which_somebody_spoke_and_for_the_team_only(cast: Cast) -> None:
    pack = publish()
    first, second = a_wave(cast, pack, number=1), a_wave(cast, pack)
    Case.objects.filter(child=cast.amahle, wave=first).update(
        levels='{"health":"medium"}', voices_heard=2, assessed_at=timezone.now()
    )
    known = child_in(Tablet(cast.nurse).ask("today").json(), "Amahle Nkosi")["known"]
    assert known["levels"] == {"health": "medium"}
    Case.objects.filter(child=cast.amahle, wave=second).update(
        levels='{"health":"high"}', voices_heard=1, assessed_at=timezone.now()
    )
    for person, levels in ((cast.nurse, "high"), (cast.teacher, "high"), (cast.coordinator, "high")):
        assert child_in(Tablet(person).ask("today").json(), "Amahle Nkosi")["known"]["levels"] == {"health": levels}
    assert child_in(Tablet(cast.fieldworker).ask("today").json(), "Amahle Nkosi")["known"] is None


def test_an_interview_handed_in_is_heard_at_the_next_contact(cast: Cast) -> None:
    wave = a_wave(cast)
    tablet = Tablet(cast.teacher)
    xml = interview("teacher", cast.amahle, wave, on="2026-03-02")
    assert tablet.post(xml).status_code == 201
    said = child_in(tablet.ask("today").json(), "Amahle Nkosi")
    assert said["voices"]["teacher"] == {"asked": True, "heard_on": "2026-03-02"}
    assert said["known"]["levels"]


def test_a_child_who_left_is_no_longer_carried(cast: Cast) -> None:
    child_left(child=cast.lerato, on=date(2026, 3, 1))
    names = {child["name"] for child in Tablet(cast.teacher).ask("today").json()["children"]}
    assert names == {"Amahle Nkosi", "Sipho Nkosi"}


def test_two_schools_each_have_their_own_wave(cast: Cast) -> None:
    pack = publish()
    ours = a_wave(cast, pack)
    theirs = open_wave(
        name="Elsewhere", number=1, pack_version=pack, schools=[cast.other_school], opens_on=WAVE_2[0], closes_on=WAVE_2[1]
    )  # fmt: skip
    from khula.server.people.roles import Role
    from khula.server.schools.actions import appoint

    appoint(user_id=cast.fieldworker.pk, role=Role.FIELDWORKER, school=cast.other_school)
    said = Tablet(cast.fieldworker).ask("today").json()
    assert said["wave"]["id"] == ours.pk != theirs.pk
    asked = {child["name"]: child["voices"]["child"]["asked"] for child in said["children"]}
    assert asked["Rendani Mudau"] is asked["Amahle Nkosi"] is True


def test_as_many_statements_for_many_children_as_for_few(cast: Cast, django_assert_max_num_queries: object) -> None:
    a_wave(cast)
    tablet = Tablet(cast.coordinator)
    tablet.ask("today")
    with django_assert_max_num_queries(9):
        tablet.ask("today")


def test_it_comes_packed_when_the_browser_can_open_it(cast: Cast) -> None:
    said = Tablet(cast.coordinator).ask("today", **{"Accept-Encoding": "gzip"})
    assert said["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(said.content))["children"]


def test_it_is_not_sent_again_on_the_same_day_while_nothing_has_changed(cast: Cast) -> None:
    tablet = Tablet(cast.teacher)
    first = tablet.ask("today")
    assert first["Cache-Control"] == "no-store"
    again = tablet.ask("today", **{"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    child_left(child=cast.lerato, on=date(2026, 3, 1))
    assert tablet.ask("today", **{"If-None-Match": first["ETag"]}).status_code == 200
