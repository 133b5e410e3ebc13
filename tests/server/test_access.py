"""Who may: the one policy, its twin for the database, and that every address asks it."""

from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from django.db import connection
from django.urls import URLPattern, URLResolver, get_resolver
from hypothesis import given
from hypothesis import strategies as st

from khula.server.consent.access import (
    ACTIONS,
    ANSWERS,
    GRANTS,
    VOICES,
    HeldPost,
    Reader,
    can,
    reader_of,
    visible_children_sql,
    visible_classes,
)
from khula.server.people.declared import ANYONE, DEVICE_TOKEN, SIGNED_IN, policy_of
from khula.server.people.roles import Role
from khula.server.schools.models import Child, Post, School, SchoolClass
from tests.server import page_data

DOMAINS = ("health", "nutrition", "economic", "protection", "education", "psychosocial")
HERE, ELSEWHERE = 1, 2
CHILD = SimpleNamespace(school_id=HERE, school_class_id=11)


def at_post(role: Role, school: int | None = HERE, school_class: int | None = None) -> Reader:
    klass = 11 if role is Role.TEACHER and school_class is None else school_class
    return Reader(7, (HeldPost(role, school, klass),))


def answers_read_by(role: Role, voice: str, sensitivity: str = "S2") -> set[str]:
    reader = at_post(role)
    return {
        domain
        for domain in DOMAINS
        if can(reader, "see answers", child=CHILD, domain=domain, voice=voice, sensitivity=sensitivity)
    }


def test_what_no_line_grants_is_refused() -> None:
    for role in Role:
        reader = at_post(role)
        assert can(reader, "delete everything").reason == "role_may_not"
        assert not can(reader, "see answers", child=CHILD)
        assert not can(reader, "see answers", child=CHILD, domain="health", voice="nobody")
        assert not can(reader, "see answers", child=CHILD, domain=None, voice="child")
    assert not can(Reader(7, ()), "see board")


@pytest.mark.parametrize("action", [*ACTIONS, "see answers", "see alert"])
def test_who_holds_no_post_may_nothing(action: str) -> None:
    decision = can(Reader(7, ()), action, child=CHILD, domain="health", voice="child", tell=["nurse"])
    assert (decision.allowed, decision.reason) == (False, "no_post")


def test_a_teacher_reads_school_answers_and_her_own_words_only() -> None:
    for voice in ("child", "caregiver", "health"):
        assert answers_read_by(Role.TEACHER, voice) == {"education"}
        assert answers_read_by(Role.TEACHER, voice, "S3") == set()
    assert answers_read_by(Role.TEACHER, "teacher", "S4") == set(DOMAINS)


def test_a_teacher_never_reads_what_the_caregiver_says_of_safety_or_of_herself() -> None:
    for sensitivity in ("", "S0", "S1", "S2", "S3", "S4", "S9"):
        read = answers_read_by(Role.TEACHER, "caregiver", sensitivity)
        assert not read & {"protection", "psychosocial"}
        assert not (read and sensitivity in ("S3", "S4", "S9"))


def test_a_nurse_reads_her_own_words_in_every_domain_and_of_the_others_her_own_two_only() -> None:
    for sensitivity in ("", "S2", "S3", "S4"):
        assert answers_read_by(Role.NURSE, "health", sensitivity) == set(DOMAINS)
    for voice in ("child", "caregiver", "teacher"):
        assert answers_read_by(Role.NURSE, voice) == {"health", "nutrition"}
        assert answers_read_by(Role.NURSE, voice, "S4") == set()


def test_each_profession_reads_its_own_domains() -> None:
    assert answers_read_by(Role.NURSE, "caregiver", "S3") == {"health", "nutrition"}
    assert answers_read_by(Role.PSYCHOLOGIST, "child", "S4") == {"psychosocial", "education", "protection"}
    assert answers_read_by(Role.SOCIAL_WORKER, "child", "S4") == set(DOMAINS)
    assert answers_read_by(Role.COORDINATOR, "caregiver") == set(DOMAINS) - {"protection"}
    assert answers_read_by(Role.COORDINATOR, "caregiver", "S3") == set()


@pytest.mark.parametrize("role", [Role.DISTRICT, Role.RESEARCHER, Role.FIELDWORKER, Role.ADMINISTRATOR])
def test_who_is_not_of_the_team_sees_no_child(role: Role) -> None:
    reader = at_post(role, school=None)
    assert not can(reader, "see board")
    assert not can(reader, "see child", child=CHILD)
    assert not any(answers_read_by(role, voice, "S0") for voice in VOICES)
    assert visible_children_sql(reader) == ("1 = 0", [])


def test_unmarked_answers_that_may_be_about_the_caregiver_are_kept_as_restricted() -> None:
    assert "psychosocial" not in answers_read_by(Role.COORDINATOR, "caregiver", "")
    assert "psychosocial" in answers_read_by(Role.COORDINATOR, "caregiver", "S2")


def test_a_mark_nobody_knows_is_kept_as_sealed() -> None:
    assert answers_read_by(Role.NURSE, "caregiver", "secret") == set()
    assert answers_read_by(Role.SOCIAL_WORKER, "health", "secret") == set(DOMAINS)


def test_an_alert_is_seen_by_those_it_names_and_by_nobody_it_is_hidden_from() -> None:
    def sees(role: Role, tell: list[str], hide_from: list[str] | None = None) -> bool:
        return bool(can(at_post(role), "see alert", child=CHILD, tell=tell, hide_from=hide_from or []))

    assert sees(Role.NURSE, ["nurse"])
    assert not sees(Role.TEACHER, ["nurse"])
    assert not sees(Role.TEACHER, ["social_worker", "teacher"], ["teacher"])
    assert not sees(Role.RESEARCHER, ["researcher"])
    # However the author joined the names, and when no name is known: somebody is told.
    assert sees(Role.COORDINATOR, ["social worker coordinator"])
    assert sees(Role.SOCIAL_WORKER, ["the clinic"])
    assert not sees(Role.TEACHER, ["the clinic"])


def test_another_school_is_out_of_reach() -> None:
    far = SimpleNamespace(school_id=ELSEWHERE, school_class_id=21)
    for role in Role:
        assert not can(at_post(role), "see child", child=far)
        assert not can(at_post(role), "see answers", child=far, domain="education", voice="teacher")
        assert not can(at_post(role), "see alert", child=far, tell=[role.value])
    assert can(at_post(Role.NURSE, school=None), "see child", child=far)


def test_a_teacher_without_a_class_sees_no_class() -> None:
    reader = Reader(7, (HeldPost(Role.TEACHER, HERE, None),))
    assert not can(reader, "see child", child=SimpleNamespace(school_id=HERE, school_class_id=None))
    assert not visible_classes(reader).exists()


def test_the_rights_of_one_post_do_not_reach_to_the_place_of_another() -> None:
    """A nurse here who is a teacher there does not read health answers there."""
    reader = Reader(7, (HeldPost(Role.NURSE, HERE, None), HeldPost(Role.TEACHER, ELSEWHERE, 21)))
    there = SimpleNamespace(school_id=ELSEWHERE, school_class_id=21)
    assert can(reader, "see answers", child=CHILD, domain="health", voice="health")
    assert can(reader, "see child", child=there)
    assert not can(reader, "see answers", child=there, domain="health", voice="health")


def test_a_post_counts_until_the_day_it_ends() -> None:
    place = page_data.school_with_class(0)
    user = page_data.person(Role.NURSE, school=place.school)
    last_day = date(2026, 6, 30)
    Post.objects.filter(user=user).update(until=last_day)
    assert can(reader_of(user, last_day - timedelta(days=1)), "see board")
    assert not can(reader_of(user, last_day), "see board")


# --- the twin for the database ---------------------------------------------------------------------------------------

POSTS = st.lists(
    st.builds(
        lambda role, school, klass: (role, school, klass),
        st.sampled_from(list(Role)),
        st.sampled_from([None, 0, 1]),
        st.sampled_from([None, 0, 1, 2, 3]),
    ),
    max_size=4,
)


@pytest.fixture
def two_schools() -> tuple[list[School], list[SchoolClass], list[Child]]:
    schools = [School.objects.create(name=f"School {n}", emis_number=f"70000000{n}") for n in range(2)]
    classes = [
        SchoolClass.objects.create(school=schools[n // 2], grade="1", name=f"1{'AB'[n % 2]}", year=2026)
        for n in range(4)
    ]
    children = [
        Child.objects.create(id=f"child-{n}", school=schools[n // 2], school_class=classes[n], given_names="Naledi")
        for n in range(4)
    ]
    children += [Child.objects.create(id=f"no-class-{n}", school=schools[n], given_names="Sipho") for n in range(2)]
    return schools, classes, children


def test_the_database_finds_exactly_the_children_the_policy_allows(
    two_schools: tuple[list[School], list[SchoolClass], list[Child]],
) -> None:
    schools, classes, children = two_schools

    @given(posts=POSTS)
    def agree(posts: list[tuple[Role, int | None, int | None]]) -> None:
        held = tuple(
            HeldPost(
                role,
                schools[school].pk if school is not None else None,
                classes[klass].pk if klass is not None else None,
            )
            for role, school, klass in posts
        )
        reader = Reader(1, held)
        condition, params = visible_children_sql(reader)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT id FROM schools_child child WHERE {condition}", params)
            found = {row[0] for row in cursor.fetchall()}
        assert found == {child.pk for child in children if can(reader, "see child", child=child)}
        boards = set(visible_classes(reader).values_list("id", flat=True))
        with_class = [child for child in children if child.school_class_id]
        assert boards == {c.school_class_id for c in with_class if can(reader, "see board", child=c)}

    agree()


# --- every address asks ----------------------------------------------------------------------------------------------


def routes(resolver: URLResolver, above: str = "") -> list[tuple[str, URLPattern]]:
    found = []
    for pattern in resolver.url_patterns:
        path = above + str(pattern.pattern)
        found += routes(pattern, path) if isinstance(pattern, URLResolver) else [(path, pattern)]
    return found


def test_every_address_declares_who_may_open_it() -> None:
    known = {*ACTIONS, ANYONE, SIGNED_IN, DEVICE_TOKEN}
    undeclared = [path for path, pattern in routes(get_resolver()) if policy_of(pattern.callback) not in known]
    assert undeclared == []
    assert len(routes(get_resolver())) > 20


def test_a_policy_of_tokens_stands_only_where_devices_knock() -> None:
    for path, pattern in routes(get_resolver()):
        assert (policy_of(pattern.callback) == DEVICE_TOKEN) == path.lstrip("^").startswith("v1/")


def test_the_tables_name_no_action_role_or_domain_twice_or_wrongly() -> None:
    assert set(GRANTS) == set(Role)
    for rules in ANSWERS.values():
        assert len(set(rules)) == len(rules)
        assert all(rule.domain in (*DOMAINS, "*") and rule.voice in (*VOICES, "*") for rule in rules)
