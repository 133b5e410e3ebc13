"""What a tablet carries of the children is what its person's pages show: a class teacher's, her classes and no more."""

import csv
import io
from datetime import date, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from khula.server.collection import lists
from khula.server.collection.actions import put_entities
from khula.server.collection.lists import LEARNERS, schools_of, scopes_of
from khula.server.collection.models import Entity, EntityProblem, ListScope
from khula.server.consent.access import reader_of, visible_children_sql
from khula.server.people.models import User
from khula.server.people.roles import Role
from khula.server.schools.actions import add_class, appoint, child_left, end_post, enrol_child, move_child
from khula.server.schools.models import Post
from tests.server.cast import Cast, person, the_cast
from tests.server.knocking import ENROL, Phone, published, record

TODAY = date(2026, 4, 1)


@pytest.fixture
def cast() -> Cast:
    return the_cast()


def carried(user: User) -> set[str]:
    return {row["given_names"] for row in rows(Phone(user))}


def rows(phone: Phone) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(phone.get("lists/learners.csv").content.decode())))


CLASS_1B = {"Amahle", "Sipho", "Lerato"}
SCHOOL = {*CLASS_1B, "Pieter"}


def test_a_class_teachers_tablet_carries_her_class_and_a_team_members_the_school(cast: Cast) -> None:
    assert carried(cast.teacher) == CLASS_1B
    assert carried(cast.stranger) == {"Rendani"}
    for member in (cast.nurse, cast.social_worker, cast.psychologist, cast.coordinator, cast.fieldworker):
        assert carried(member) == SCHOOL
    assert carried(person("e.verywhere", "Ms Palesa Zwane", Role.NURSE)) == {*SCHOOL, "Rendani"}
    for outside in (cast.researcher, cast.district_official, cast.administrator):
        assert carried(outside) == set()


def test_no_tablet_of_those_who_see_children_carries_more_than_the_pages_show(cast: Cast) -> None:
    for user in (cast.teacher, cast.stranger, cast.nurse, cast.social_worker, cast.psychologist, cast.coordinator):
        where, params = visible_children_sql(reader_of(user, timezone.localdate()))
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT child.given_names FROM schools_child child WHERE {where}", params)
            assert carried(user) == {name for (name,) in cursor.fetchall()}


def test_a_teacher_without_a_class_carries_no_child_and_one_of_two_classes_both(cast: Cast) -> None:
    assert carried(person("no.class", "Mr Lwazi Ngcobo", Role.TEACHER, cast.school)) == set()
    appoint(user_id=cast.teacher.pk, role=Role.TEACHER, school=cast.school, school_class=cast.class_1a)
    assert carried(cast.teacher) == SCHOOL


def test_the_rights_of_a_school_wide_post_are_not_narrowed_by_a_class(cast: Cast) -> None:
    appoint(user_id=cast.teacher.pk, role=Role.COORDINATOR, school=cast.school)
    assert carried(cast.teacher) == SCHOOL


def test_when_she_changes_class_her_list_changes_and_the_old_one_is_not_served_again(cast: Cast) -> None:
    phone = Phone(cast.teacher)
    old = lists.current(user_id=cast.teacher.pk, list_name=LEARNERS).md5
    assert phone.get(f"lists/learners/{old}.csv").status_code == 200
    end_post(post=Post.objects.get(user=cast.teacher), on=timezone.localdate())
    appoint(user_id=cast.teacher.pk, role=Role.TEACHER, school=cast.school, school_class=cast.class_1a)
    assert {row["given_names"] for row in rows(phone)} == {"Pieter"}
    assert phone.get(f"lists/learners/{old}.csv").status_code == 404
    assert gone(phone, cast.amahle.pk, cast.pieter.pk) == [True, False]


def gone(phone: Phone, *ids: str) -> list[bool]:
    said = lists.gone(user_id=phone.user.pk, list_name=LEARNERS, ids=ids)
    return [off for _, off in said]


def test_a_child_that_changes_class_goes_from_one_tablet_to_the_other(cast: Cast) -> None:
    of_1a = person("of.1a", "Ms Anika Botha", Role.TEACHER, cast.school, cast.class_1a)
    phones = Phone(cast.teacher), Phone(of_1a)
    before = [lists.current(user_id=phone.user.pk, list_name=LEARNERS).md5 for phone in phones]
    move_child(child=cast.amahle, school_class=cast.class_1a, on=TODAY)
    assert [carried(phone.user) for phone in phones] == [{"Sipho", "Lerato"}, {"Amahle", "Pieter"}]
    assert gone(phones[0], cast.amahle.pk) == [True]
    assert gone(phones[1], cast.amahle.pk) == [False]
    move_child(child=cast.amahle, school_class=cast.class_1b, on=TODAY + timedelta(days=1))
    after = [lists.current(user_id=phone.user.pk, list_name=LEARNERS).md5 for phone in phones]
    assert set(before).isdisjoint(after)  # Collect looks again only at bytes that have changed


def test_a_class_of_the_same_name_in_another_year_is_another_class(cast: Cast) -> None:
    next_year = add_class(school=cast.school, grade="1", name="1B", year=2026)
    lists.current(user_id=cast.teacher.pk, list_name=LEARNERS)
    move_child(child=cast.amahle, school_class=next_year, on=TODAY)
    assert carried(cast.teacher) == {"Sipho", "Lerato"}


def test_a_child_that_leaves_or_comes_is_told_to_its_class(cast: Cast) -> None:
    child_left(child=cast.lerato, on=TODAY)
    assert carried(cast.teacher) == {"Amahle", "Sipho"}
    move_child(child=cast.lerato, school_class=cast.class_1b, on=TODAY)
    enrol_child(
        given_names="Owethu", family_name="Zulu", sex="female", birth_date=None, school_class=cast.class_1b, since=TODAY
    )
    assert carried(cast.teacher) == {*CLASS_1B, "Owethu"}


def test_another_class_does_not_make_her_list_anew(cast: Cast) -> None:
    def counted() -> dict[str, int]:
        return dict(ListScope.objects.values_list("scope", "changes"))

    before = counted()
    enrol_child(
        given_names="Owethu", family_name="Zulu", sex="female", birth_date=None, school_class=cast.class_1a, since=TODAY
    )
    risen = {scope for scope, changes in counted().items() if changes != before.get(scope, 0)}
    assert risen == {str(cast.school.pk), f"class:{cast.class_1a.pk}"}


def test_a_child_she_registers_is_in_the_class_the_form_names(cast: Cast) -> None:
    published(ENROL, informant="register")
    phone, child = Phone(cast.teacher), "5a6c1f0e-8f3b-4b7e-9c2d-1a2b3c4d5e6f"
    assert phone.post(record(child, create="1", emis=cast.school.emis_number)).status_code == 201
    assert not EntityProblem.objects.exists()
    entity = Entity.objects.get(pk=child)
    assert entity.scope == str(cast.school.pk)
    assert entity.class_scope.startswith("class:")


def test_what_she_sends_about_a_child_that_has_left_her_class_is_still_taken(cast: Cast) -> None:
    """The tablet was offline when the child moved: what she saw then is not put aside."""
    published(ENROL, informant="register")
    phone = Phone(cast.teacher)
    version = Entity.objects.get(pk=cast.amahle.pk).version
    move_child(child=cast.amahle, school_class=cast.class_1a, on=TODAY)
    phone.post(record(cast.amahle.pk, update="1", base=version, given="Amahla", family="Nkosi", label="Amahla Nkosi"))
    assert not EntityProblem.objects.exists()
    assert Entity.objects.get(pk=cast.amahle.pk).label == "Amahla Nkosi"


def test_only_the_list_of_children_is_cut_by_class(cast: Cast) -> None:
    assert scopes_of(cast.teacher.pk, LEARNERS) == (f"class:{cast.class_1b.pk}",)
    assert scopes_of(cast.teacher.pk, "rooms") == schools_of(cast.teacher.pk) == ("", str(cast.school.pk))


def test_a_row_put_again_without_its_class_stays_in_it(cast: Cast) -> None:
    put_entities(LEARNERS, [(cast.amahle.pk, "Amahle N.", {}, str(cast.school.pk))])
    assert Entity.objects.get(pk=cast.amahle.pk).class_scope == f"class:{cast.class_1b.pk}"


def test_children_who_were_on_the_list_before_are_in_their_classes(cast: Cast) -> None:
    from importlib import import_module

    expected = dict(Entity.objects.values_list("pk", "class_scope"))
    Entity.objects.update(class_scope="")
    migration = import_module("khula.server.collection.migrations.0005_carry_children_by_class")
    with connection.cursor() as cursor:
        cursor.execute(migration.Migration.operations[-1].sql)
    assert dict(Entity.objects.values_list("pk", "class_scope")) == expected
