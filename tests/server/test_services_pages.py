"""Pages of help: the directory, referrals, the log and needs; who may open and do what; and that numbers are counts."""

import json
import re
from collections import Counter
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from khula.server.cases.models import Case
from khula.server.people.models import User
from khula.server.schools.actions import child_left
from khula.server.schools.models import Child
from khula.server.services.actions import hold_session, log_contact, step
from khula.server.services.links import make_link
from khula.server.services.models import (
    FollowUp,
    GroupSession,
    Provider,
    ProviderVersion,
    Referral,
    ServiceContact,
)
from khula.server.services.queries import children_in_need, needs_of, providers
from tests.server.cast import Cast, a_wave, the_cast
from tests.server.knocking import Phone
from tests.server.services_data import (
    EYES,
    eye_clinic,
    follow_up_record,
    food_garden,
    referred,
    shipped_forms,
)

TODAY = timezone.localdate
TEAM = ("teacher", "nurse", "social_worker", "psychologist", "coordinator")
EVERYBODY = (*TEAM, "stranger", "fieldworker", "district_official", "researcher", "administrator")


@pytest.fixture
def cast() -> Cast:
    return the_cast()


@pytest.fixture
def clinic(cast: Cast) -> Provider:
    return eye_clinic()


def as_(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def page(user: User, address: str) -> str:
    response = as_(user).get(address)
    assert response.status_code == 200, address
    return response.content.decode()


# --- who may ---------------------------------------------------------------------------------------------------------

ALL_OF_TEAM = set(TEAM)
WHO_MAY: dict[str, set[str]] = {
    "/services": {*TEAM, "stranger", "district_official"},
    "/services/{provider}": {*TEAM, "district_official"},  # the stranger's school is in another district
    "/services/new": {"coordinator"},
    "/services/{provider}/change": {"coordinator"},
    "/sessions": {*TEAM, "stranger"},
    "/sessions/{session}": {"nurse", "social_worker", "psychologist", "coordinator"},
    "/needs": {"coordinator", "district_official", "researcher"},
    "/needs/health": {"coordinator"},
    "/referrals": {*TEAM, "stranger"},
    "/referrals/{health}": ALL_OF_TEAM,
    "/referrals/{safety}": {"social_worker", "psychologist", "coordinator"},
    "/referrals/follow-ups": {"coordinator"},
    "/c/{child}/log": ALL_OF_TEAM,
    "/c/{child}/refer": ALL_OF_TEAM,
}
WHO_MAY_DO: dict[str, set[str]] = {
    "/services/{provider}/confirm": {"coordinator"},
    "/services/{provider}/close": {"coordinator"},
    "/referrals/{health}/step": ALL_OF_TEAM,
    "/referrals/{safety}/step": {"social_worker", "psychologist", "coordinator"},
    "/referrals/{health}/back": ALL_OF_TEAM,
    "/referrals/{health}/owner": {"coordinator"},
    "/referrals/{health}/slip": {"nurse", "social_worker", "coordinator"},  # who may read what it asks
    "/referrals/{safety}/slip": {"social_worker", "psychologist"},
    "/referrals/{health}/links/{link}/revoke": ALL_OF_TEAM,
    "/referrals/follow-ups/{follow_up}": {"coordinator"},
}


@pytest.fixture
def things(cast: Cast, clinic: Provider) -> dict[str, object]:
    shipped_forms()
    Phone(cast.fieldworker).post(follow_up_record(cast.pieter))
    health = referred(cast, clinic, "accepted")
    safety = referred(cast, clinic, by=cast.social_worker.pk, domain="protection")
    session = hold_session(
        school=cast.school, kind="family_programme", came=[cast.amahle.pk, cast.pieter.pk], by=cast.social_worker.pk
    )
    return {
        "provider": clinic.pk, "session": session.pk, "health": health.pk, "safety": safety.pk,
        "child": cast.amahle.pk, "link": make_link(referral_id=health.pk)[0].pk,
        "follow_up": FollowUp.objects.get().pk,
    }  # fmt: skip


@pytest.mark.acceptance_team
@pytest.mark.parametrize("address", WHO_MAY)
def test_who_may_open_each_page(cast: Cast, things: dict[str, object], address: str) -> None:
    opened = {who for who in EVERYBODY if as_(getattr(cast, who)).get(address.format(**things)).status_code == 200}
    assert opened == WHO_MAY[address]
    assert Client().get(address.format(**things)).status_code == 302


@pytest.mark.acceptance_team
@pytest.mark.parametrize("address", WHO_MAY_DO)
def test_who_may_do_what(cast: Cast, things: dict[str, object], address: str) -> None:
    """Whoever may not is refused before what was typed is looked at; who may is told what is missing, or it is done."""
    did = set()
    for who in EVERYBODY:
        response = as_(getattr(cast, who)).post(address.format(**things))
        assert response.status_code in (201, 302, 403, 404, 422), (who, response.status_code)
        if response.status_code in (201, 302, 422):
            did.add(who)
        Provider.objects.update(closed_on=None)
    assert did == WHO_MAY_DO[address]
    assert as_(cast.coordinator).get(address.format(**things)).status_code == 405


# --- the directory ---------------------------------------------------------------------------------------------------


@pytest.mark.acceptance_team
def test_a_line_not_confirmed_for_ninety_days_is_marked_until_somebody_does(cast: Cast, clinic: Provider) -> None:
    day = TODAY() - timedelta(days=90)
    Provider.objects.update(confirmed_on=day)
    assert "Not confirmed since" not in page(cast.nurse, "/services")
    Provider.objects.update(confirmed_on=day - timedelta(days=1))
    for address in ("/services", f"/services/{clinic.pk}", f"/c/{cast.amahle.pk}/refer?domain=health"):
        assert "▲ Not confirmed since" in page(cast.nurse, address)
    assert as_(cast.coordinator).post(f"/services/{clinic.pk}/confirm").status_code == 302
    assert "Not confirmed since" not in page(cast.nurse, "/services")


@pytest.mark.acceptance_team
def test_a_full_service_warns_and_is_still_there(cast: Cast, clinic: Provider) -> None:
    referred(cast, clinic)
    assert "1 of 2 places taken" in page(cast.nurse, "/services")
    referred(cast, clinic, child=cast.sipho)
    for address in ("/services", f"/services/{clinic.pk}", f"/c/{cast.lerato.pk}/refer?domain=health"):
        assert "■ Full: 2 open, 2 places" in page(cast.nurse, address)
    ended = referred(cast, clinic, "withdrawn", child=cast.lerato)
    assert ended.state == "withdrawn" and "Full: 2 open" in page(cast.nurse, "/services")


def test_each_change_is_kept(cast: Cast, clinic: Provider) -> None:
    said = {**EYES, "capacity": "5", "hours": "Mondays"}
    response = as_(cast.coordinator).post(f"/services/{clinic.pk}/change", said)
    assert response.status_code == 302
    first, second = ProviderVersion.objects.filter(provider=clinic).order_by("number")
    assert json.loads(first.said)["hours"] == EYES["hours"] and json.loads(second.said)["hours"] == "Mondays"
    assert second.by_id == cast.coordinator.pk


def test_search_finds_every_word_in_whatever_place(cast: Cast, clinic: Provider) -> None:
    food_garden()
    found = {words: [row.provider.name for row in providers(on=TODAY(), words=words)] for words in (
        "eye", "MAHLABA eye", "friday food", "eye friday", "health", "",
    )}  # fmt: skip
    eyes, food = EYES["name"], "Masakhane Food Garden"
    assert found == {
        "eye": [eyes], "MAHLABA eye": [eyes], "friday food": [food], "eye friday": [], "health": [eyes],
        "": [food, eyes],
    }  # fmt: skip
    assert "Masakhane" not in page(cast.nurse, "/services?kind=eye_test")


def test_a_service_of_another_district_is_not_offered(cast: Cast, clinic: Provider) -> None:
    Provider.objects.filter(pk=clinic.pk).update(district="Cape Winelands")
    assert EYES["name"] not in page(cast.nurse, "/services")
    assert as_(cast.nurse).get(f"/services/{clinic.pk}").status_code == 404
    assert EYES["name"] in page(cast.district_official, "/services")


def test_a_line_that_says_too_little_says_what_is_missing(cast: Cast, clinic: Provider) -> None:
    response = as_(cast.coordinator).post("/services/new", {"name": "", "capacity": "many"})
    shown = response.content.decode()
    assert response.status_code == 422 and Provider.objects.count() == 1
    for words in ("Give it a name.", "Tick at least one kind", "Give a whole number"):
        assert words in shown
    twice = as_(cast.coordinator).post("/services/new", EYES)
    assert twice.status_code == 422 or Provider.objects.count() == 1


# --- referrals -------------------------------------------------------------------------------------------------------


@pytest.mark.acceptance_team
def test_from_the_childs_page_a_referral_is_two_taps(cast: Cast, clinic: Provider) -> None:
    client = as_(cast.nurse)
    first = re.search(r'href="(/c/[^"]+/refer[^"]*)"', page(cast.nurse, f"/c/{cast.amahle.pk}"))
    assert first
    shown = client.get(first[1].replace("&amp;", "&")).content.decode()
    hidden = dict(re.findall(r"<input type=hidden name=(domain|provider) value=(\w+)>", shown))
    response = client.post(first[1].partition("?")[0], {**hidden, "kind": "eye_test"})
    made = Referral.objects.get()
    assert response.headers["Location"] == f"/referrals/{made.pk}"
    assert (made.child_id, made.provider_id, made.domain) == (cast.amahle.pk, clinic.pk, "health")
    assert (made.owner_id, made.state) == (cast.nurse.pk, "sent")
    assert EYES["name"] in page(cast.nurse, f"/c/{cast.amahle.pk}")


def test_only_what_is_offered_can_be_chosen(cast: Cast, clinic: Provider) -> None:
    client = as_(cast.nurse)
    for wrong in ({"provider": clinic.pk, "kind": "dentist"}, {"provider": 999, "kind": "eye_test"}, {}):
        response = client.post(f"/c/{cast.amahle.pk}/refer", {"domain": "health", **wrong})
        assert response.status_code == 422
    assert not Referral.objects.exists()


def test_a_step_is_recorded_on_the_page_or_says_what_is_missing(cast: Cast, clinic: Provider) -> None:
    referral = referred(cast, clinic, "accepted")
    client, address = as_(cast.nurse), f"/referrals/{referral.pk}/step"
    missed = client.post(address, {"to": "not_attended", "on": TODAY().isoformat()})
    assert missed.status_code == 422 and "Choose from the list." in missed.content.decode()
    future = client.post(address, {"to": "attended", "on": "2199-01-01"})
    assert future.status_code == 422 and "still to come" in future.content.decode()
    assert client.post(address, {"to": "closed", "on": TODAY().isoformat()}).status_code == 422
    done = client.post(address, {"to": "not_attended", "on": TODAY().isoformat(), "barrier": "transport"})
    assert done.status_code == 302
    assert "No transport" in page(cast.teacher, f"/referrals/{referral.pk}")
    assert "No transport: 1" in page(cast.nurse, f"/services/{clinic.pk}")


def test_the_history_says_each_step_its_day_and_who(cast: Cast, clinic: Provider) -> None:
    referral = referred(cast, clinic, "closed")
    shown = text_of(page(cast.coordinator, f"/referrals/{referral.pk}"))
    for words in ("Sent", "Attended", "Outcome known", "Helped: done", "Closed", "Sr Lindiwe Dlamini"):
        assert words in shown


def test_words_about_the_child_are_for_those_who_may_read_of_the_domain(cast: Cast, clinic: Provider) -> None:
    referral = referred(cast, clinic)
    step(referral_id=referral.pk, to="accepted", note="CANARY in a note", by=cast.nurse.pk)
    reads = {who for who in TEAM if "CANARY" in page(getattr(cast, who), f"/referrals/{referral.pk}")}
    asked = {who for who in TEAM if "Please test both eyes" in page(getattr(cast, who), f"/referrals/{referral.pk}")}
    assert reads == {"nurse", "social_worker"}
    assert asked == {"nurse", "social_worker", "coordinator"}


@pytest.mark.acceptance_team
def test_a_referral_about_safety_is_not_on_the_class_teachers_pages(cast: Cast, clinic: Provider) -> None:
    referral = referred(cast, clinic, by=cast.social_worker.pk, domain="protection")
    log_contact(child_id=cast.amahle.pk, kind="home_visit", by=cast.social_worker.pk, note="CANARY")
    for who in ("teacher", "nurse"):
        for address in (f"/c/{cast.amahle.pk}", "/referrals?show=all"):
            shown = page(getattr(cast, who), address)
            assert EYES["name"] not in shown and "Home visit" not in shown and "CANARY" not in shown
    assert f"/referrals/{referral.pk}" in page(cast.coordinator, "/referrals")
    assert "CANARY" not in page(cast.coordinator, f"/c/{cast.amahle.pk}")


@pytest.mark.acceptance_team
def test_the_list_counts_the_overdue_among_all_and_the_owner_sees_her_own(cast: Cast, clinic: Provider) -> None:
    for days in (0, 8, 30):
        referred(cast, clinic, on=TODAY() - timedelta(days=days))
    referred(cast, clinic, "closed")
    assert "2 of 3 open referrals" in text_of(page(cast.coordinator, "/referrals"))
    assert "2 of 3 open referrals" in text_of(page(cast.nurse, "/referrals"))
    assert "0 of 0 open referrals" in text_of(page(cast.social_worker, "/referrals"))
    assert "for 30 days" in page(cast.coordinator, "/referrals")


def test_the_coordinator_hands_a_referral_over_to_somebody_who_may_see_to_it(cast: Cast, clinic: Provider) -> None:
    referral = referred(cast, clinic)
    client, address = as_(cast.coordinator), f"/referrals/{referral.pk}/owner"
    assert client.post(address, {"owner": cast.stranger.pk}).status_code == 422
    assert client.post(address, {"owner": cast.social_worker.pk}).status_code == 302
    assert "0 of 1 open referrals" in text_of(page(cast.social_worker, "/referrals"))
    assert "0 of 0 open referrals" in text_of(page(cast.nurse, "/referrals"))


def test_a_follow_up_that_fits_none_waits_for_the_coordinator(cast: Cast, clinic: Provider) -> None:
    shipped_forms()
    one, other = referred(cast, clinic, "accepted"), referred(cast, clinic)
    Phone(cast.fieldworker).post(follow_up_record(cast.amahle))
    waiting = FollowUp.objects.get()
    assert "1 follow-up to place" in page(cast.coordinator, "/referrals")
    client, address = as_(cast.coordinator), f"/referrals/follow-ups/{waiting.pk}"
    assert client.post(address, {"referral": "77"}).status_code == 422
    assert client.post(address, {"referral": str(one.pk)}).status_code == 302
    one.refresh_from_db()
    other.refresh_from_db()
    assert (one.state, other.state) == ("outcome", "sent")
    assert "Every follow-up has its referral." in page(cast.coordinator, "/referrals/follow-ups")


# --- the service log -------------------------------------------------------------------------------------------------


@pytest.mark.acceptance_team
def test_a_service_is_recorded_in_one_short_form_and_stands_on_the_childs_page(cast: Cast) -> None:
    client, address = as_(cast.nurse), f"/c/{cast.amahle.pk}/log"
    shown = client.get(address).content.decode()
    assert TODAY().isoformat() in shown
    response = client.post(
        address, {"kind": "vaccination", "on": TODAY().isoformat(), "outcome": "done", "minutes": "5"}
    )
    assert response.status_code == 302
    assert (one := ServiceContact.objects.get()).minutes == 5 and one.domain == "health"
    assert "Vaccination" in page(cast.teacher, f"/c/{cast.amahle.pk}")
    assert client.post(address, {"kind": "", "on": "x", "outcome": "done"}).status_code == 422
    assert client.post(address, {"kind": "clinic", "on": "2199-01-01", "outcome": "done"}).status_code == 422


@pytest.mark.acceptance_team
def test_a_group_session_is_one_page_and_stands_on_each_childs_page(cast: Cast) -> None:
    client = as_(cast.social_worker)
    group = f"/sessions/new?class={cast.class_1a.pk}&class={cast.class_1b.pk}"
    assert client.get(group).content.decode().count('type="checkbox"') == 4
    said = {"kind": "counselling", "on": TODAY().isoformat(), "minutes": "90", "title": "Tuesday group"}
    came = [cast.amahle.pk, cast.pieter.pk]
    assert client.post(group, {**said, "came": came}).status_code == 302
    first = GroupSession.objects.get()
    for child in (cast.amahle, cast.pieter):
        assert "Counselling" in page(cast.nurse, f"/c/{child.pk}")
    assert "Counselling" not in page(cast.nurse, f"/c/{cast.lerato.pk}")
    again = f"/sessions/new?after={first.pk}"
    assert client.post(again, {**said, "came": [cast.pieter.pk]}).status_code == 302
    second = GroupSession.objects.get(earlier=first)
    assert dict(second.contacts.values_list("child_id", "outcome")) == {
        cast.amahle.pk: "absent",
        cast.pieter.pk: "done",
    }
    shown = text_of(page(cast.social_worker, f"/sessions/{second.pk}"))
    assert "1 came" in shown and "1 was absent" in shown


def test_a_group_holds_only_children_within_reach(cast: Cast) -> None:
    stranger = as_(cast.stranger)
    assert stranger.get(f"/sessions/new?class={cast.class_1b.pk}").status_code == 302  # back to the choice
    said = {"kind": "counselling", "on": TODAY().isoformat(), "came": [cast.amahle.pk]}
    assert stranger.post(f"/sessions/new?class={cast.other_class.pk}", said).status_code == 422
    assert as_(cast.nurse).post(f"/sessions/new?class={cast.class_1b.pk}", {**said, "came": []}).status_code == 422
    assert not ServiceContact.objects.exists()


# --- needs against services ------------------------------------------------------------------------------------------


def levels(child: Child, **said: str) -> None:
    Case.objects.filter(child=child).update(levels=json.dumps(said), voices_heard=4)


@pytest.fixture
def needy(cast: Cast, clinic: Provider) -> Cast:
    a_wave(cast)
    levels(cast.amahle, health="high", nutrition="medium", education="low")
    levels(cast.sipho, health="medium", nutrition="high")
    levels(cast.lerato, health="medium", nutrition="not enough information")
    levels(cast.pieter, health="low", nutrition="high")
    referred(cast, clinic, "outcome")  # Amahle's eyes: helped
    referred(cast, clinic, child=cast.sipho)  # on its way
    log_contact(child_id=cast.sipho.pk, kind="food_parcel", by=cast.nurse.pk)
    log_contact(child_id=cast.pieter.pk, kind="food_parcel", by=cast.nurse.pk, outcome="refused")
    return cast


def counted_by_hand(cast: Cast) -> dict[str, Counter[str]]:
    """The same counts, child by child, from the records and without the statement under test."""
    found: dict[str, Counter[str]] = {}
    for child in Child.objects.filter(school=cast.school, left_on=None):
        for domain, level in json.loads(Case.objects.get(child=child).levels).items():
            if level not in ("high", "medium"):
                continue
            contacts = [c for c in child.contacts.all() if c.current and c.domain == domain]
            own = [r for r in child.referrals.all() if r.domain == domain]
            got = any(c.outcome in ("done", "partly") for c in contacts) or any(
                r.state == "attended" or r.outcome in ("done", "partly") for r in own
            )
            waiting = any(r.state not in ("closed", "withdrawn") for r in own) and not got
            found.setdefault(domain, Counter()).update({"need": 1, "getting": int(got), "referred": int(waiting)})
    return found


@pytest.mark.acceptance_team
def test_needs_against_services_are_the_counts_of_the_children_one_by_one(needy: Cast) -> None:
    counted = needs_of([needy.school.pk], on=TODAY())
    by_hand = counted_by_hand(needy)
    assert {name: {"need": n.need, "getting": n.getting, "referred": n.referred} for name, n in counted.items()} == {
        name: {"need": c["need"], "getting": c["getting"], "referred": c["referred"]} for name, c in by_hand.items()
    }
    assert (counted["health"].need, counted["health"].getting, counted["health"].waiting) == (3, 1, 2)
    assert (counted["nutrition"].need, counted["nutrition"].getting, counted["nutrition"].referred) == (3, 1, 0)
    for name, need in counted.items():
        rows = children_in_need([needy.school.pk], on=TODAY(), domain=name)
        assert (len(rows), sum(row.getting for row in rows)) == (need.need, need.getting)
        assert sum(row.referred and not row.getting for row in rows) == need.referred
    assert needs_of([needy.other_school.pk], on=TODAY()) == needs_of([], on=TODAY()) == {}


@pytest.mark.acceptance_team
def test_the_coordinator_sees_the_numbers_and_behind_each_exactly_its_children(needy: Cast) -> None:
    shown = text_of(page(needy.coordinator, "/needs"))
    assert "3 need, 1 getting, 2 waiting" in shown
    listed = page(needy.coordinator, "/needs/health")
    assert "3 need, 1 getting, 2 waiting" in text_of(listed)
    names = re.findall(r"<th scope=row><a [^>]*>([^<]+)</a>", listed)
    assert sorted(names) == ["Amahle Nkosi", "Lerato Mokoena", "Sipho Nkosi"] and names[-1] == "Amahle Nkosi"
    child_left(child=needy.lerato, on=TODAY())
    assert "2 need, 1 getting, 1 waiting" in text_of(page(needy.coordinator, "/needs"))


@pytest.mark.acceptance_team
def test_the_district_sees_rounded_numbers_and_none_of_few_children(needy: Cast) -> None:
    shown = page(needy.district_official, "/needs")
    assert "fewer than 30" in shown and "waiting</b>" not in shown
    for number in range(40):
        child = Child.objects.create(
            id=f"00000000-0000-4000-8000-{number:012}", school=needy.school, school_class=needy.class_1a,
            given_names="Naledi", family_name=f"Zulu {number}",
        )  # fmt: skip
        wave = Case.objects.first().wave
        said = {"health": "high" if number < 23 else "low"}
        Case.objects.create(child=child, wave=wave, levels=json.dumps(said), voices_heard=2)
        if number < 9:
            log_contact(child_id=child.pk, kind="clinic", by=needy.nurse.pk)
    assert "25 need, 10 getting, 15 waiting" in text_of(page(needy.district_official, "/needs"))
    assert "26 need, 10 getting, 16 waiting" in text_of(page(needy.coordinator, "/needs"))
    assert "/needs/health" not in page(needy.district_official, "/needs")


def test_help_of_an_earlier_wave_is_no_help_in_this_one(needy: Cast) -> None:
    before = Case.objects.first().wave.opens_on - timedelta(days=1)
    ServiceContact.objects.update(day=before)
    assert needs_of([needy.school.pk], on=TODAY())["nutrition"].getting == 0


def test_a_domain_without_a_service_says_so(needy: Cast) -> None:
    rows = {row.provider.name for row in providers(on=TODAY(), domain="nutrition")}
    assert rows == {EYES["name"]}  # a clinic visit is for food, too
    assert "■ No service with room" in page(needy.coordinator, "/needs")  # the one clinic there is has no place free
    Provider.objects.update(capacity=9)
    assert "■ No service with room" not in page(needy.coordinator, "/needs")
    Provider.objects.update(closed_on=TODAY())
    assert "■ No service with room" in page(needy.coordinator, "/needs")


def test_the_referral_on_the_page_is_the_one_refer_makes(cast: Cast, clinic: Provider) -> None:
    earlier = referred(cast, clinic, "declined")
    client = as_(cast.nurse)
    link = re.search(r'href="(/c/[^"]+/refer\?[^"]*earlier[^"]*)"', page(cast.nurse, f"/referrals/{earlier.pk}"))
    shown = client.get(link[1].replace("&amp;", "&")).content.decode()
    assert "and ends it" in shown
    said = {"domain": "health", "provider": clinic.pk, "kind": "eye_test", "earlier": earlier.pk}
    client.post(f"/c/{cast.amahle.pk}/refer", said)
    earlier.refresh_from_db()
    assert earlier.state == "closed" and Referral.objects.get(earlier=earlier).state == "sent"
