"""Learners on the devices: registered and changed offline for days, in any order, by several people at once.

The rules are those of ODK Entities 2024.1 as ODK Central applies them; where ours differ the test says why.
"""

import csv
import io
from datetime import timedelta
from itertools import permutations
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from django.utils import timezone

from khula.server.collection import entities, lists
from khula.server.collection.actions import (
    apply_anyway,
    apply_overdue,
    clear_conflict,
    put_entities,
    remove_entities,
    settle_entity_problem,
)
from khula.server.collection.list_conflicts import ListedConflict, Said, entity_conflicts, marked
from khula.server.collection.models import Entity, EntityList, EntityProblem, EntityVersion
from khula.server.events.models import Event
from khula.server.people.roles import Role
from khula.server.schools.models import Post
from tests.server.knocking import ENROL, Phone, fieldworker, nothing_follows, published, record, school

__all__ = ["nothing_follows"]
pytestmark = pytest.mark.usefixtures("nothing_follows")


@pytest.fixture
def phone() -> Phone:
    EntityList.objects.create(name="learners")
    published(ENROL, informant="register")
    return Phone()


def create(phone: Phone, entity_id: str = "", **words: Any) -> str:
    entity_id = entity_id or str(uuid4())
    assert phone.post(record(entity_id, create="1", **words)).status_code == 201
    return entity_id


def update(phone: Phone, entity_id: str, base: object, **words: Any) -> None:
    assert phone.post(record(entity_id, update="1", base=base, **words)).status_code == 201


def data(entity_id: str) -> dict[str, str]:
    return msgspec.json.decode(Entity.objects.get(pk=entity_id).data)


def row(entity_id: str) -> tuple[int, str]:
    one = Entity.objects.get(pk=entity_id)
    return one.version, one.conflict


def open_problems() -> list[str]:
    return list(EntityProblem.objects.filter(settled_at=None).order_by("pk").values_list("code", flat=True))


def learners(phone: Phone) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(phone.get("lists/learners.csv").content.decode())))


# Registering


def test_a_registered_learner_is_on_the_list_when_the_device_next_asks(phone: Phone) -> None:
    entity_id = create(phone)
    (learner,) = learners(phone)
    assert (learner["name"], learner["label"], learner["__version"]) == (entity_id, "Lerato Khoza", "1")
    assert (learner["given_names"], learner["grade"]) == ("Lerato", "1")
    event = Event.objects.get(kind="learner.registered")
    assert (event.subject, event.by_id) == (entity_id, phone.user.pk)


def test_capitals_and_uuid_before_an_id_do_not_matter(phone: Phone) -> None:
    entity_id = str(uuid4())
    create(phone, f"uuid:{entity_id.upper()}")
    assert row(entity_id) == (1, "")


@pytest.mark.parametrize("word", ["1", "true"])
def test_create_is_asked_for_by_these_words_alone(phone: Phone, word: str) -> None:
    entity_id = str(uuid4())
    phone.post(record(entity_id, create=word))
    assert row(entity_id) == (1, "")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ({"create": "yes"}, "nothing_asked"),
        ({"create": "1", "label": " "}, "blank_label"),
        ({"create": "1", "label": None}, "blank_label"),
        ({"create": "1", "dataset": "cows"}, "unknown_list"),
        ({"create": "1", "emis": "999999999"}, "unknown_school"),
        ({"update": "1", "base": 1}, "unknown_entity"),
    ],
)
def test_what_cannot_be_applied_is_put_before_the_coordinator(phone: Phone, words: dict[str, Any], code: str) -> None:
    said = phone.post(record(str(uuid4()), **words))
    assert said.status_code == 201
    assert open_problems() == [code]
    assert EntityProblem.objects.get().submission.device == phone.device
    assert not Entity.objects.exists()


@pytest.mark.parametrize("entity_id", ["", "7", "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "x" * 300])
def test_an_identity_that_could_be_somebody_elses_is_not_used(phone: Phone, entity_id: str) -> None:
    phone.post(record(entity_id, create="1"))
    assert open_problems() == ["bad_uuid"]


def test_the_same_identity_twice_is_a_question_for_a_person(phone: Phone) -> None:
    entity_id = create(phone)
    create(phone, entity_id, label="Sipho Khoza", given="Sipho")
    assert open_problems() == ["already_there"]
    assert data(entity_id)["given_names"] == "Lerato"


def test_a_learner_taken_off_the_list_does_not_come_back_by_itself(phone: Phone) -> None:
    entity_id = create(phone)
    remove_entities("learners", [entity_id])
    create(phone, entity_id)
    update(phone, entity_id, 1)
    assert open_problems() == ["was_deleted", "was_deleted"]
    assert learners(phone) == []


def test_nobody_registers_a_learner_at_a_school_where_they_do_not_work(phone: Phone) -> None:
    school("700999999", "Sunrise Primary")
    create(phone, emis="700999999")
    assert open_problems() == ["outside_scope"]
    assert apply_anyway(problem_id=EntityProblem.objects.get().pk, by=phone.user.pk) == ""
    assert Entity.objects.get().scope == str(school("700999999").pk)
    assert open_problems() == []


def test_a_list_that_needs_approval_waits_for_the_coordinator(phone: Phone) -> None:
    EntityList.objects.update(needs_approval=True)
    entity_id = create(phone)
    assert open_problems() == ["awaits_approval"]
    assert apply_anyway(problem_id=EntityProblem.objects.get().pk, by=phone.user.pk) == ""
    assert row(entity_id) == (1, "")


def test_a_problem_that_a_person_has_settled_is_off_the_list(phone: Phone) -> None:
    phone.post(record(str(uuid4()), create="1", label=""))
    settle_entity_problem(problem_id=EntityProblem.objects.get().pk, by=phone.user.pk)
    assert open_problems() == []


# Changing, online


def test_a_change_of_the_present_version_is_no_conflict(phone: Phone) -> None:
    entity_id = create(phone)
    update(phone, entity_id, 1, grade="2")
    assert row(entity_id) == (2, "")
    assert data(entity_id)["grade"] == "2"


def test_a_change_without_a_label_keeps_the_one_there_is(phone: Phone) -> None:
    entity_id = create(phone)
    update(phone, entity_id, 1, label=None)
    assert Entity.objects.get().label == "Lerato Khoza"


def test_two_changes_of_the_same_property_are_a_hard_conflict_and_the_last_one_stands(phone: Phone) -> None:
    entity_id = create(phone)
    update(phone, entity_id, 1, grade="2")
    update(phone, entity_id, 1, grade="3")
    assert row(entity_id) == (3, "hard")
    assert data(entity_id)["grade"] == "3"
    assert msgspec.json.decode(EntityVersion.objects.get(version=3).conflicting) == ["grade"]


def test_two_changes_of_different_properties_are_a_soft_conflict_and_both_stand(phone: Phone) -> None:
    entity_id = create(phone)
    put_entities("learners", [(entity_id, "Lerato Khoza", {"birth_date": "2018-05-05"}, str(school().pk))])
    update(phone, entity_id, 1)
    assert row(entity_id) == (3, "soft")
    assert data(entity_id)["birth_date"] == "2018-05-05"


def test_what_the_server_fills_in_contradicts_nobody(phone: Phone) -> None:
    # Opening a wave touches every learner; marking each later change of a device would drown the real conflicts.
    entity_id = create(phone)
    put_entities("learners", [(entity_id, "Lerato Khoza", {"wave": "w1", "class": "1B"}, str(school().pk))])
    update(phone, entity_id, 1, grade="2")
    assert row(entity_id) == (3, "")
    assert data(entity_id)["wave"] == "w1"


def test_the_label_that_the_server_makes_of_a_learners_names_contradicts_nobody(phone: Phone) -> None:
    entity_id, branch = create(phone), str(uuid4())
    update(phone, entity_id, 1, trunk=1, branch=branch, given="Lindiwe", label=None)
    put_entities("learners", [(entity_id, "Lindiwe Khoza", {}, str(school().pk))])
    update(phone, entity_id, 2, trunk=1, branch=branch, given="Lindiwe", grade="2", label=None)
    assert row(entity_id) == (4, "")


def test_two_labels_of_a_row_of_another_list_are_a_hard_conflict(phone: Phone) -> None:
    EntityList.objects.create(name="households")
    entity_id = create(phone, dataset="households", label="Khoza")
    update(phone, entity_id, 1, dataset="households", label="Khoza, by the river")
    update(phone, entity_id, 1, dataset="households", label="Khoza and Zulu")
    assert row(entity_id) == (3, "hard")
    (label,) = listed().contradictions
    assert (label.name, label.now) == ("label", "Khoza and Zulu")


def test_a_mark_stays_until_a_person_clears_it(phone: Phone) -> None:
    entity_id = create(phone)
    update(phone, entity_id, 1, grade="2")
    update(phone, entity_id, 1, grade="3")
    update(phone, entity_id, 3, grade="1")
    assert row(entity_id) == (4, "hard")
    assert not clear_conflict(entity_id=entity_id, version=3, by=phone.user.pk)  # somebody has changed it since
    assert row(entity_id) == (4, "hard")
    for _ in range(2):
        assert clear_conflict(entity_id=entity_id, version=4, by=phone.user.pk)
        assert row(entity_id) == (4, "")
    assert Event.objects.filter(kind="entity.cleared").count() == 1


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ({"base": 99}, "unknown_base"),
        ({"base": ""}, "no_base"),
        ({"base": "one"}, "no_base"),
        ({"base": "99999999999999999999"}, "no_base"),
        ({"base": 0}, "no_base"),
        ({"base": 1, "trunk": 1}, "trunk_without_branch"),
        ({"base": 1, "trunk": 2, "branch": "b"}, "unknown_base"),
    ],
)
def test_a_change_that_starts_from_nowhere_is_put_before_the_coordinator(
    phone: Phone, words: dict[str, Any], code: str
) -> None:
    entity_id = create(phone)
    update(phone, entity_id, **words)
    assert open_problems() == [code]
    assert row(entity_id) == (1, "")


def test_a_change_that_comes_before_its_learner_is_applied_when_the_learner_comes(phone: Phone) -> None:
    entity_id = str(uuid4())
    update(phone, entity_id, 1, grade="2")
    assert open_problems() == ["unknown_entity"]
    create(phone, entity_id)
    assert row(entity_id) == (2, "")
    assert open_problems() == []


def test_an_upsert_creates_what_is_not_there_and_changes_what_is(phone: Phone) -> None:
    entity_id = str(uuid4())
    phone.post(record(entity_id, create="1", update="1"))
    phone.post(record(entity_id, create="1", update="1", base=1, grade="2"))
    assert row(entity_id) == (2, "")
    assert data(entity_id)["grade"] == "2"


# Changing, offline


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_a_branch_in_any_order_ends_the_same_without_conflict(phone: Phone, order: tuple[int, ...]) -> None:
    entity_id, branch = str(uuid4()), str(uuid4())
    posts = [
        record(entity_id, create="1", grade="R"),
        record(entity_id, update="1", base=1, branch=branch, grade="1"),
        record(entity_id, update="1", base=2, branch=branch, grade="2"),
        record(entity_id, update="1", base=3, branch=branch, grade="3"),
    ]
    for place in order:
        assert phone.post(posts[place]).status_code == 201
    assert row(entity_id) == (4, "")
    assert data(entity_id)["grade"] == "3"
    assert open_problems() == []


def test_a_branch_off_a_later_version_starts_at_its_trunk(phone: Phone) -> None:
    entity_id, branch = create(phone), str(uuid4())
    update(phone, entity_id, 1, grade="2")
    update(phone, entity_id, 3, trunk=2, branch=branch, grade="R")  # the second of its branch, too early
    assert open_problems() == ["held"]
    update(phone, entity_id, 2, trunk=2, branch=branch, grade="3")
    assert row(entity_id) == (4, "")
    assert data(entity_id)["grade"] == "R"


def test_a_branch_that_another_change_interrupts_is_marked(phone: Phone) -> None:
    entity_id, branch = create(phone), str(uuid4())
    update(phone, entity_id, 1, branch=branch, trunk=1, grade="2")
    put_entities("learners", [(entity_id, "Lerato Khoza", {"birth_date": "2018-05-05"}, str(school().pk))])
    update(phone, entity_id, 2, branch=branch, trunk=1, grade="3")
    assert row(entity_id) == (4, "soft")


def test_two_branches_that_say_different_things_are_a_hard_conflict(phone: Phone) -> None:
    entity_id = create(phone)
    update(phone, entity_id, 1, trunk=1, branch=str(uuid4()), grade="2")
    update(phone, entity_id, 1, trunk=1, branch=str(uuid4()), grade="3")
    assert row(entity_id) == (3, "hard")


def test_what_waits_five_days_is_applied_without_what_it_waits_for(phone: Phone) -> None:
    entity_id, branch = create(phone), str(uuid4())
    update(phone, entity_id, 3, trunk=1, branch=branch, grade="3")
    now = timezone.now()
    assert apply_overdue(now=now + timedelta(days=4)) == 0
    assert row(entity_id) == (1, "")
    assert apply_overdue(now=now + timedelta(days=5, minutes=1)) == 1
    assert row(entity_id) == (2, "soft")
    assert data(entity_id)["grade"] == "3"


def test_one_overdue_change_that_cannot_be_applied_does_not_stop_the_later_ones(
    phone: Phone, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    poisonous, other = create(phone), create(phone)
    for entity_id in (poisonous, other):
        update(phone, entity_id, 3, trunk=1, branch=str(uuid4()), grade="3")
    write = entities._write

    def breaks(asked: Any, entity: Entity, *given: Any, **named: Any) -> None:
        write(asked, entity, *given, **named)
        if entity.pk == poisonous:
            raise ValueError("Lerato Khoza")

    monkeypatch.setattr(entities, "_write", breaks)
    assert apply_overdue(now=timezone.now() + timedelta(days=6)) == 1
    assert (row(poisonous), row(other)) == ((1, ""), (2, "soft"))
    assert open_problems() == ["held"]
    assert "ValueError" in caplog.text
    assert "Lerato" not in caplog.text


def test_what_the_first_overdue_change_has_released_is_not_applied_again(phone: Phone) -> None:
    entity_id, branch = create(phone), str(uuid4())
    update(phone, entity_id, 3, trunk=1, branch=branch, grade="2")
    update(phone, entity_id, 4, trunk=1, branch=branch, grade="3")
    assert open_problems() == ["held", "held"]
    apply_overdue(now=timezone.now() + timedelta(days=6))
    assert row(entity_id) == (3, "soft")
    assert open_problems() == []


def test_a_change_that_two_people_wave_through_is_applied_once(phone: Phone) -> None:
    entity_id, branch = create(phone), str(uuid4())
    update(phone, entity_id, 3, trunk=1, branch=branch, grade="3")
    problem = EntityProblem.objects.get()
    for _ in range(2):
        apply_anyway(problem_id=problem.pk, by=phone.user.pk)
    assert row(entity_id) == (2, "soft")


def test_a_change_of_a_learner_who_never_came_becomes_the_learner_after_five_days(phone: Phone) -> None:
    entity_id = str(uuid4())
    update(phone, entity_id, 2, branch=str(uuid4()), label=None, grade="3")
    assert open_problems() == ["held"]
    assert apply_overdue(now=timezone.now() + timedelta(days=6)) == 1
    assert row(entity_id) == (1, "")
    assert Entity.objects.get().label == "auto generated"
    assert Event.objects.filter(kind="learner.registered").count() == 1


# Corrections of a registration


def test_a_corrected_registration_corrects_the_learner_with_its_provenance(phone: Phone) -> None:
    entity_id = create(phone, instance_id="uuid:one", given="Lerto", label="Lerto Khoza")
    phone.post(record(entity_id, create="1", instance_id="uuid:two", deprecated="uuid:one", given="Lerato"))
    assert row(entity_id) == (2, "")
    assert data(entity_id)["given_names"] == "Lerato"
    assert EntityVersion.objects.get(version=2).submission is not None
    assert EntityVersion.objects.get(version=2).submission.instance_id == "uuid:two"  # type: ignore[union-attr]
    assert open_problems() == []


def test_a_corrected_registration_leaves_alone_what_others_have_changed_since(phone: Phone) -> None:
    entity_id = create(phone, instance_id="uuid:one", given="Lerto")
    update(phone, entity_id, 1, given="Lerto", grade="2")
    phone.post(record(entity_id, create="1", instance_id="uuid:two", deprecated="uuid:one", given="Lerato", grade="1"))
    assert data(entity_id)["given_names"] == "Lerato"
    assert data(entity_id)["grade"] == "2"
    assert row(entity_id) == (3, "")


def test_a_correction_that_contradicts_a_later_change_is_marked(phone: Phone) -> None:
    entity_id = create(phone, instance_id="uuid:one", given="Lerto")
    update(phone, entity_id, 1, given="Lindiwe")
    phone.post(record(entity_id, create="1", instance_id="uuid:two", deprecated="uuid:one", given="Lerato"))
    assert row(entity_id) == (3, "hard")


def test_a_correction_settles_what_was_wrong_with_the_first_try(phone: Phone) -> None:
    entity_id = create(phone, instance_id="uuid:one", label="")
    assert open_problems() == ["blank_label"]
    phone.post(record(entity_id, create="1", instance_id="uuid:two", deprecated="uuid:one"))
    assert open_problems() == []
    assert row(entity_id) == (1, "")


def test_the_same_registration_sent_again_registers_nobody_twice(phone: Phone) -> None:
    post = record(str(uuid4()), create="1")
    for _ in range(3):
        phone.post(post)
    assert Entity.objects.count() == EntityVersion.objects.count() == 1
    assert open_problems() == []


# The list on the device


def put(count: int = 3, at: Any = None, start: int = 0) -> list[str]:
    ids = [str(uuid4()) for _ in range(count)]
    scope = str((at or school()).pk)
    put_entities(
        "learners",
        [(pk, f"Learner {start + n}", {"given_names": f"Learner {start + n}"}, scope) for n, pk in enumerate(ids)],
    )
    return ids


def md5(phone: Phone) -> str:
    return phone.get("lists/learners.csv")["ETag"]


def test_every_row_has_what_collect_needs_or_it_would_drop_the_whole_list(phone: Phone) -> None:
    put_entities("learners", [(str(uuid4()), "  ", {"given_names": 'An "odd", name\n'}, str(school().pk))])
    Entity.objects.filter(pk=put(5)[0]).update(label=" ")
    lists.changed("learners", [str(school().pk)])
    assert len(learners(phone)) == 6
    for learner in learners(phone):
        assert learner["name"]
        assert learner["label"].strip()
        assert int(learner["__version"]) >= 1
    assert list(learners(phone)[0])[:12] == [
        "name", "label", "__version", "given_names", "family_name", "sex", "birth_date", "grade", "language", "school",
        "class", "wave",
    ]  # fmt: skip


def test_the_hash_changes_only_with_the_content(phone: Phone) -> None:
    (one, *_) = put()
    before = md5(phone)
    assert md5(phone) == before
    put_entities("learners", [(one, "Learner 0", {"given_names": "Learner 0"}, str(school().pk))])
    assert md5(phone) == before
    put_entities("learners", [(one, "Learner 0", {"given_names": "Thabo"}, str(school().pk))])
    assert md5(phone) != before


def test_content_that_is_as_it_was_has_another_hash_once_somebody_came_and_went(phone: Phone) -> None:
    # Otherwise a device that created the learner offline would keep it for ever: same hash, nothing to look at.
    put()
    before = md5(phone)
    (gone,) = put(1, start=9)
    remove_entities("learners", [gone])
    assert md5(phone) != before
    assert len(learners(phone)) == 3


def test_a_hash_always_means_the_same_bytes(phone: Phone) -> None:
    (one, *_) = put()
    first = lists.current(user_id=phone.user.pk, list_name="learners")
    put_entities("learners", [(one, "Learner 0", {"given_names": "Thabo"}, str(school().pk))])
    assert md5(phone).strip('"') != first.md5
    assert phone.get(f"lists/learners/{first.md5}.csv").content == first.content()


def test_a_device_carries_the_learners_of_its_persons_schools_and_no_others(phone: Phone) -> None:
    here, there = put(2), put(2, at=school("700999999", "Sunrise Primary"))
    assert {learner["name"] for learner in learners(phone)} == set(here)
    Post.objects.create(user=phone.user, role=Role.FIELDWORKER, school=school("700999999"))
    assert {learner["name"] for learner in learners(phone)} == {*here, *there}


def test_a_person_who_has_left_a_school_loses_its_learners_at_the_next_look(phone: Phone) -> None:
    ids = put(2)
    held = md5(phone).strip('"')
    Post.objects.filter(user=phone.user).update(until=timezone.localdate())
    assert learners(phone) == []
    assert phone.get(f"lists/learners/{held}.csv").status_code == 404
    said = phone.get(f"lists/learners/integrity?id={ids[0]},{ids[1]}").content.decode()
    assert said.count("<deleted>true</deleted>") == 2


@pytest.mark.parametrize("role", [Role.RESEARCHER, Role.DISTRICT, Role.ADMINISTRATOR])
def test_the_names_of_children_are_not_for_every_role(phone: Phone, role: Role) -> None:
    put(2)
    Post.objects.filter(user=phone.user).update(role=role, school=None)
    assert learners(phone) == []


def test_the_device_asks_who_is_off_the_list(phone: Phone) -> None:
    here, gone = put(2)
    remove_entities("learners", [gone])
    unknown = str(uuid4())
    said = phone.get(f"lists/learners/integrity?id={here},uuid:{gone.upper()},{unknown}")
    assert said["Content-Type"].startswith("text/xml")
    body = said.content.decode()
    assert f'<entity id="{here}"><deleted>false</deleted></entity>' in body
    assert f'<entity id="uuid:{gone.upper()}"><deleted>true</deleted></entity>' in body
    assert f'<entity id="{unknown}"><deleted>false</deleted></entity>' in body


def test_a_learner_who_moves_goes_from_one_list_to_the_other(phone: Phone) -> None:
    (one,) = put(1)
    other = Phone(fieldworker(at=school("700999999", "Sunrise Primary")))
    assert (len(learners(phone)), len(learners(other))) == (1, 0)
    put_entities("learners", [(one, "Learner 0", {}, str(school("700999999").pk))])
    assert (len(learners(phone)), len(learners(other))) == (0, 1)


def test_putting_the_same_rows_again_makes_no_new_versions(phone: Phone) -> None:
    rows = [(str(uuid4()), f"Learner {n}", {"grade": "1", "wave": ""}, str(school().pk)) for n in range(1200)]
    assert put_entities("learners", rows) == 1200
    assert put_entities("learners", rows) == 0
    assert EntityVersion.objects.count() == 1200
    assert put_entities("learners", [(pk, label, {"wave": "w1"}, scope) for pk, label, _, scope in rows]) == 1200
    assert learners(phone)[0]["wave"] == "w1"
    assert learners(phone)[0]["grade"] == "1"


# What the coordinator sees


def listed() -> ListedConflict:
    (conflict,) = entity_conflicts(None, 0, 50)
    return conflict


def words(said: Said | None) -> tuple[str, str, str] | None:
    return (said.text, said.full_name, said.device) if said else None


def test_the_coordinator_sees_rows_that_two_people_changed(phone: Phone) -> None:
    entity_id = create(phone)
    update(phone, entity_id, 1, grade="2")
    assert entity_conflicts(None, 0, 50) == []
    other = Phone(fieldworker())
    update(other, entity_id, 1, grade="3")
    conflict = listed()
    assert (conflict.entity_id, conflict.list_name, conflict.conflict, conflict.version) == (
        entity_id, "learners", "hard", 3,
    )  # fmt: skip
    (grade,) = conflict.contradictions
    assert (grade.name, grade.now) == ("grade", "3")
    assert words(grade.earlier) == ("2", "Mx Sipho Ndlovu", "Tablet 7")
    assert words(grade.later) == ("3", "Mx Sipho Ndlovu", "Tablet 7")
    assert (grade.earlier.version, grade.later.version) == (2, 3)  # type: ignore[union-attr]


def test_of_different_changes_each_is_told_with_who_made_it(phone: Phone) -> None:
    entity_id = create(phone)
    put_entities("learners", [(entity_id, "Lerato Khoza", {"birth_date": "2018-05-05"}, str(school().pk))])
    update(phone, entity_id, 1, grade="2")
    born, grade = listed().contradictions
    assert (born.name, words(born.earlier), born.later, born.now) == (
        "birth_date", ("2018-05-05", "", ""), None, "2018-05-05",
    )  # fmt: skip
    assert (grade.name, grade.earlier, words(grade.later)) == ("grade", None, ("2", "Mx Sipho Ndlovu", "Tablet 7"))


def test_what_came_between_two_changes_is_told_of_the_one_who_said_it(phone: Phone) -> None:
    # The wave opened after the first change: the server's own version says nothing of the grade.
    entity_id = create(phone)
    update(phone, entity_id, 1, grade="2")
    put_entities("learners", [(entity_id, "Lerato Khoza", {"wave": "w1"}, str(school().pk))])
    update(phone, entity_id, 1, grade="3")
    update(phone, entity_id, 4, grade="4")
    (grade,) = listed().contradictions
    assert (grade.earlier.version, grade.later.version) == (2, 4)  # type: ignore[union-attr]
    assert grade.now == "4"


def test_what_a_person_has_looked_at_is_not_put_before_them_again(phone: Phone) -> None:
    entity_id = create(phone)
    update(phone, entity_id, 1, grade="2")
    update(phone, entity_id, 1, grade="3")
    clear_conflict(entity_id=entity_id, version=3, by=phone.user.pk)
    assert entity_conflicts(None, 0, 50) == []
    update(phone, entity_id, 1, family="Zulu", label="Lerato Zulu", grade="3")
    assert [one.name for one in listed().contradictions] == ["family_name", "grade"]
    update(phone, entity_id, 3, grade="5", family="Zulu", label="Lerato Zulu")
    assert "hard" not in {version.conflict for version in EntityVersion.objects.filter(version__gt=3)}


def test_rows_of_other_schools_and_rows_taken_off_are_not_put_before_anybody(phone: Phone) -> None:
    entity_id = create(phone)
    update(phone, entity_id, 1, grade="2")
    update(phone, entity_id, 1, grade="3")
    here, elsewhere = school().pk, school("700999999", "Sunrise Primary").pk
    assert [marked(schools).count() for schools in (None, [here], [elsewhere], [])] == [1, 1, 0, 0]
    assert len(entity_conflicts([here], 0, 1)) == 1
    assert entity_conflicts([here], 1, 1) == []
    remove_entities("learners", [entity_id])
    assert entity_conflicts(None, 0, 50) == []
