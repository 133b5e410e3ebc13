"""The first page of each role, and counts that give no child away."""

import random
import re
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from khula.server.cases.models import Case, RaisedAlert
from khula.server.consent.access import can, reader_of
from khula.server.dashboard import queries
from khula.server.dashboard.views.counts import BASE, FEWEST, rounded
from khula.server.events.models import Event
from khula.server.people.roles import Role
from khula.server.schools.models import SchoolClass
from tests.server import page_data
from tests.server.page_data import Place


def signed_in(role: Role | None, place: Place | None = None, **more: object) -> Client:
    client = Client()
    klass = place.school_class if place and role is Role.TEACHER else None
    client.force_login(page_data.person(role, school=place.school if place else None, school_class=klass, **more))
    return client


def without_phone_labels(html: str) -> str:
    """The heading of its column stands in each cell for narrow windows."""
    return re.sub(r"<small class=ph>.*?</small>", "", html, flags=re.DOTALL)


def words(html: str) -> str:
    html = without_phone_labels(html)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).strip()


# --- home ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("role", "first_page"), [
    (Role.RESEARCHER, "/counts"), (Role.DISTRICT, "/counts"), (Role.ADMINISTRATOR, "/packs"),
    (Role.FIELDWORKER, "/ledger"),
])  # fmt: skip
def test_each_role_begins_where_its_work_is(role: Role, first_page: str) -> None:
    client = signed_in(role, page_data.school_with_class(0))
    assert client.get("/home").url == first_page
    assert client.get("/").url == "/home"
    assert client.get(first_page).status_code == 200


def test_who_holds_no_post_is_told_whom_to_ask() -> None:
    page = signed_in(None).get("/home").content.decode()
    assert "You have no post at a school yet." in page


def test_the_team_sees_who_first_and_how_far_each_class_is() -> None:
    place = page_data.school_with_class(40)
    page = signed_in(Role.COORDINATOR, place).get("/home").content.decode()  # every domain is hers
    cases = Case.objects.filter(wave=place.waves[1])
    most = max(cases, key=lambda case: (case.act_now, case.watch))
    first = re.findall(r"<li><a href=/c/[\w-]+>(.*?)</a>", page)
    assert len(first) == 7
    assert first[0] == str(most.child)
    row = words(re.search(r"<tr><th scope=row><a href=/class/\d+>1B</a>(.*?)</table>", page, re.DOTALL)[0])
    by_voices = [str(cases.filter(voices_heard=n).count()) for n in range(5)]
    assert row.split() == ["1B", str(cases.filter(act_now__gt=0).count()), "40", *by_voices]


def test_what_has_not_been_heard_is_not_told_as_nobody_in_need() -> None:
    place = page_data.school_with_class(3)
    Case.objects.update(voices_heard=0, act_now=0)
    page = words(signed_in(Role.SOCIAL_WORKER, place).get("/home").content.decode())
    assert "No child needs somebody now." not in page
    assert "Not all voices have been heard" in page


def test_a_school_that_missed_the_last_wave_does_not_count_the_children_of_others_twice() -> None:
    place, other = page_data.school_with_class(9), page_data.school_with_class(2, name="Vukani", emis="700400002")
    for case in Case.objects.filter(child__school=place.school):
        case.wave = other.waves[case.wave.number - 1]
        Case.objects.filter(pk=case.pk).update(wave=case.wave)
    other.waves[0].schools.add(place.school)
    other.waves[1].schools.add(place.school)
    other.waves[1].schools.remove(other.school)
    place.waves[0].delete(), place.waves[1].delete()
    page = signed_in(Role.SOCIAL_WORKER).get("/home").content.decode()
    row = words(re.search(rf"<a href=/class/{place.school_class.pk}>.*?</table>", page, re.DOTALL)[0])
    assert row.split()[2] == "9", row
    first = re.findall(r"<li><a href=/c/([\w-]+)>", page)
    assert len(first) == len(set(first))


def test_a_teacher_sees_only_her_class() -> None:
    place = page_data.school_with_class(3)
    other = SchoolClass.objects.create(school=place.school, grade="1", name="1A", year=2026)
    page = signed_in(Role.TEACHER, place).get("/home").content.decode()
    assert f"/class/{place.school_class.pk}" in page
    assert f"/class/{other.pk}" not in page


def test_classes_of_earlier_years_stand_apart() -> None:
    place = page_data.school_with_class(1)
    old = SchoolClass.objects.create(school=place.school, grade="R", name="RA", year=2025)
    client = signed_in(Role.NURSE, place)
    now, earlier = (client.get(address).content.decode() for address in ("/home", "/home?years=earlier"))
    assert f"/class/{old.pk}>" not in now
    assert f"/class/{old.pk}>RA</a> 2025" in earlier
    assert f"/class/{place.school_class.pk}>" not in earlier


def test_many_classes_come_in_pages_with_as_many_statements_as_few() -> None:
    place = page_data.school_with_class(2)
    client = signed_in(Role.COORDINATOR, place)
    client.get("/home")
    with CaptureQueriesContext(connection) as few:
        client.get("/home")
    SchoolClass.objects.bulk_create(
        SchoolClass(school=place.school, grade="2", name=f"2-{n:02}", year=2026) for n in range(40)
    )
    with CaptureQueriesContext(connection) as many:
        page = client.get("/home").content.decode()
    assert len(few) == len(many) <= 15
    assert page.count("href=/class/") == 30
    assert client.get("/home?page=2").content.decode().count("href=/class/") == 11
    assert client.get("/home?page=x").status_code == 200


def test_the_system_page_says_what_is_owed_and_health_says_only_that_it_is_well() -> None:
    client = signed_in(Role.ADMINISTRATOR)
    assert "All is well." in client.get("/system").content.decode()
    Event.objects.create(kind="submission.received", subject="17", at=page_data.NOW, state="failed", problem="KeyError")
    page = client.get("/system").content.decode()
    assert "given up" in page
    assert "KeyError" in page
    assert client.get("/health").json() == {"status": "ok"}
    assert Client().get("/health").status_code == 200


# --- counts ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.RESEARCHER, Role.DISTRICT, Role.COORDINATOR])
def test_counts_are_rounded_and_name_nobody(role: Role) -> None:
    place = page_data.school_with_class(40)
    page = signed_in(role, place).get("/counts").content.decode()
    table = re.search(r"<tbody>(.*?)</table>", page, re.DOTALL)[1]
    numbers = [int(n) for n in re.findall(r"<td class=n>(\d+)", without_phone_labels(table))]
    assert len(numbers) == 6 * 5
    assert all(n % BASE == 0 for n in numbers)
    assert not any(str(child) in page or child.pk in page for child in place.children)


def test_the_counts_are_those_of_the_cases() -> None:
    place = page_data.school_with_class(40)
    page = signed_in(Role.RESEARCHER, place).get("/counts").content.decode()
    section = page[page.index("Wave 2, 2026") :]
    row = words(re.search(r"<tr><th scope=row>[^<]*<svg.*?</svg> Health(.*?)<tr", section, re.DOTALL)[1])
    levels = [json["health"] for json in map(_levels, Case.objects.filter(wave=place.waves[1]))]
    order = ("high", "medium", "low", "not enough information")
    assert [int(n) for n in row.split()] == [*(rounded(levels.count(level)) for level in order), rounded(40)]


def _levels(case: Case) -> dict[str, str]:
    import json

    return json.loads(case.levels)


@pytest.mark.parametrize(("count", "shown"), [(0, 0), (1, 0), (2, 0), (3, 5), (7, 5), (8, 10), (42, 40), (43, 45)])
def test_a_count_is_rounded_to_the_nearest_five(count: int, shown: int) -> None:
    assert rounded(count) == shown


def test_children_nobody_has_spoken_of_are_not_counted_as_assessed() -> None:
    place = page_data.school_with_class(40)
    Case.objects.filter(child__in=place.children[2:]).update(voices_heard=0)
    Case.objects.filter(child__in=place.children[:2]).update(voices_heard=1)
    page = words(signed_in(Role.DISTRICT, place).get("/counts").content.decode())
    assert page.count("Too few children to show") == 2


def test_few_children_are_not_counted_at_all() -> None:
    place = page_data.school_with_class(FEWEST - 1)
    page = signed_in(Role.RESEARCHER).get("/counts").content.decode()
    assert "Too few children to show" in page
    assert "<td class=n>" not in page
    assert place.school.name not in signed_in(Role.TEACHER, place).get("/counts").content.decode()


def test_a_district_counts_its_own_schools_only() -> None:
    place = page_data.school_with_class(40)
    other = page_data.school_with_class(1, name="Vukani Primary School", emis="700400002")
    client = signed_in(Role.DISTRICT, place)
    assert client.get(f"/counts?school={place.school.pk}").status_code == 200
    assert client.get(f"/counts?school={other.school.pk}").status_code == 404
    assert client.get("/counts?school=x").status_code == 404
    assert "Vukani" not in client.get("/counts").content.decode()


@pytest.mark.parametrize("role", [Role.TEACHER, Role.NURSE, Role.SOCIAL_WORKER, Role.ADMINISTRATOR, Role.FIELDWORKER])
def test_who_has_no_part_in_counts_sees_none(role: Role) -> None:
    assert signed_in(role, page_data.school_with_class(0)).get("/counts").status_code == 403


def test_rounding_each_number_for_itself_hides_a_single_child() -> None:
    """Whatever one more child adds, no difference of two tables of counts is one."""
    chance = random.Random(7)
    for _ in range(1000):
        count = chance.randint(0, 500)
        assert rounded(count + 1) - rounded(count) in (0, BASE)


# --- every page as everyone ------------------------------------------------------------------------------------------

PAGES = {
    "/home": set(Role), "/profile": set(Role),
    "/class/{class}": {Role.TEACHER, Role.NURSE, Role.SOCIAL_WORKER, Role.PSYCHOLOGIST, Role.COORDINATOR},
    "/c/{case}": {Role.TEACHER, Role.NURSE, Role.SOCIAL_WORKER, Role.PSYCHOLOGIST, Role.COORDINATOR},
    "/counts": {Role.COORDINATOR, Role.DISTRICT, Role.RESEARCHER},
    "/ledger": {Role.COORDINATOR, Role.FIELDWORKER, Role.ADMINISTRATOR},
    "/packs": {Role.ADMINISTRATOR}, "/packs/publish": {Role.ADMINISTRATOR},
    "/devices": {Role.COORDINATOR, Role.ADMINISTRATOR},
    "/system": {Role.COORDINATOR, Role.ADMINISTRATOR},
}  # fmt: skip


@pytest.mark.parametrize("role", list(Role))
def test_each_page_opens_for_the_roles_it_is_for_and_for_no_other(role: Role) -> None:
    place = page_data.school_with_class(1)
    client = signed_in(role, place)
    where = {"class": place.school_class.pk, "case": Case.objects.first().pk}
    for page, roles in PAGES.items():
        status = client.get(page.format(**where)).status_code
        allowed = (200, 302) if page == "/home" else (200,)
        assert (status in allowed) == (role in roles), f"{role} {page}: {status}"
        assert Client().get(page.format(**where)).url.startswith("/sign-in?next=")


def test_an_error_page_holds_nothing_of_what_was_asked() -> None:
    response = Client().get("/c/Amahle-Zulu-hurt?answer=canary")
    assert response.status_code == 302  # the sign-in page; it keeps the address only to come back to it
    client = signed_in(Role.NURSE, page_data.school_with_class(0))
    missing = client.get("/c/Amahle-Zulu-hurt?answer=canary")
    assert missing.status_code == 404
    assert "canary" not in missing.content.decode()
    assert "Amahle" not in missing.content.decode()


def test_when_a_page_breaks_nothing_of_the_child_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    place = page_data.school_with_class(1)
    client = signed_in(Role.NURSE, place)
    client.raise_request_exception = False

    def broken(*_given: object, **_named: object) -> None:
        raise ValueError(f"canary {place.children[0]}")

    monkeypatch.setattr("khula.server.dashboard.queries.cases_of", broken)
    response = client.get(f"/c/{Case.objects.first().pk}")
    assert response.status_code == 500
    page = response.content.decode()
    assert "Something went wrong on our side" in page
    assert "canary" not in page


def test_the_year_of_a_childs_birth_gives_its_age() -> None:
    from khula.server.dashboard.views.child import _years

    assert _years(date(2019, 6, 4), date(2026, 6, 3)) == 6
    assert _years(date(2019, 6, 3), date(2026, 6, 3)) == 7
    assert _years(None, date(2026, 6, 3)) is None


# --- critical answers on the first page ------------------------------------------------------------------------------


def test_critical_answers_stand_first_for_those_they_name_and_for_nobody_else() -> None:
    place = page_data.school_with_class(3)
    case = Case.objects.get(child=place.children[0], wave=place.waves[1])
    page_data.raise_alert(case, "a_h_tb")
    page_data.raise_alert(case, "a_c_hurt")
    told = {
        role: words(page)
        for role in (Role.TEACHER, Role.NURSE, Role.SOCIAL_WORKER, Role.PSYCHOLOGIST, Role.COORDINATOR)
        if "Needs a person at once" in (page := signed_in(role, place).get("/home").content.decode())
    }
    assert set(told) == {Role.NURSE, Role.SOCIAL_WORKER, Role.COORDINATOR}
    hurt, tb = (page_data.pack().alerts[name].say["en"] for name in ("a_c_hurt", "a_h_tb"))
    assert tb in told[Role.NURSE]
    assert hurt not in told[Role.NURSE]
    assert hurt in told[Role.SOCIAL_WORKER]
    other = page_data.school_with_class(0, name="Vukani Primary School", emis="700400002")
    assert "Needs a person at once" not in signed_in(Role.SOCIAL_WORKER, other).get("/home").content.decode()


def test_who_is_told_is_asked_before_the_list_is_cut() -> None:
    """Six hundred newer answers for others do not push out the one this nurse is told of."""
    place = page_data.school_with_class(60)
    cases = list(Case.objects.filter(wave=place.waves[1]).order_by("pk"))
    version = page_data.published()
    not_for_nurses = [n for n, rule in page_data.pack().alerts.items() if "nurse" not in rule.tell][:11]
    older = page_data.raise_alert(cases[0], "a_h_tb")
    RaisedAlert.objects.filter(pk=older.pk).update(raised_at=page_data.NOW - timedelta(days=9))
    RaisedAlert.objects.bulk_create(
        RaisedAlert(case=case, alert=name, pack_version=version, urgency="now", raised_at=page_data.NOW)
        for case in cases for name in not_for_nurses
    )  # fmt: skip
    page = words(signed_in(Role.NURSE, place).get("/home").content.decode())
    assert page_data.pack().alerts["a_h_tb"].say["en"] in page
    assert "shown." not in page
    page = words(signed_in(Role.SOCIAL_WORKER, place).get("/home").content.decode())
    told = [name for name in not_for_nurses if "social_worker" in page_data.pack().alerts[name].tell]
    assert f"7 of {60 * len(told)} shown." in page


def test_as_many_statements_for_many_critical_answers_as_for_one() -> None:
    place = page_data.school_with_class(12)
    cases = list(Case.objects.filter(wave=place.waves[1]).order_by("pk"))
    client = signed_in(Role.COORDINATOR, place)
    page_data.raise_alert(cases[0], "a_c_hurt")
    client.get("/home")
    with CaptureQueriesContext(connection) as one:
        client.get("/home")
    for case in cases[1:]:
        for name in ("a_c_hurt", "a_t_sexual", "a_g_beaten"):
            page_data.raise_alert(case, name)
    with CaptureQueriesContext(connection) as many:
        client.get("/home")
    assert len(one) == len(many)


@pytest.mark.parametrize("role", list(Role))
def test_the_condition_and_the_policy_tell_the_same_people(role: Role) -> None:
    """Each kind of alert, one by one: `told_alerts_sql` says what `can` says."""
    place = page_data.school_with_class(1)
    other = page_data.school_with_class(1, name="Vukani Primary School", emis="700400002")
    klass = place.school_class if role is Role.TEACHER else None
    reader = reader_of(page_data.person(role, school=place.school, school_class=klass), page_data.NOW.date())
    rules = {**page_data.pack().alerts, "nobody_knows": None}
    version = page_data.published()
    cases = [Case.objects.get(child=where.children[0], wave=where.waves[1]) for where in (place, other)]
    RaisedAlert.objects.bulk_create(
        RaisedAlert(case=case, alert=name, pack_version=version, urgency="today", raised_at=page_data.NOW)
        for case in cases for name in rules
    )  # fmt: skip
    waves = {where.school.pk: queries.waves_of(where.school.pk)[1] for where in (place, other)}
    found, in_all = queries.open_alerts(reader, waves, 1000)
    allowed = {
        (case.pk, name)
        for case in cases
        for name, rule in rules.items()
        if can(
            reader,
            "see alert",
            child=case.child,
            tell=rule.tell if rule else (),
            hide_from=rule.hide_from if rule else (),
        )
    }
    assert {(one.case_id, one.alert.alert) for one in found} == allowed
    assert in_all == len(allowed)
