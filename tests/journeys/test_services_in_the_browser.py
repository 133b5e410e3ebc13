"""From the child's page to a clinic that answers by the slip's link, and each page of help as it looks and reads."""

import os
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from khula.server.people.models import User
from khula.server.people.roles import Role
from khula.server.services.actions import hold_session, log_contact, refer, step
from khula.server.services.directory import add_provider
from khula.server.services.models import Provider, Referral
from tests.journeys.browser import chromium, signed_in
from tests.journeys.test_pages_in_the_browser import MOST_BYTES, case_of, keep_picture, wrong_with
from tests.server import page_data
from tests.server.page_data import Place
from tests.server.services_data import EYES, FOOD

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright keeps a loop running; the records are ours alone
    with chromium() as browser:
        yield browser
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(autouse=True)
def _quick_hashes(settings: object) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def place() -> Place:
    place = page_data.school_with_class(40)
    page_data.caregiver_of(place.children[0])
    return place


@pytest.fixture
def clinic(place: Place) -> Provider:
    add_provider(said={**FOOD, "kinds": ["food_parcel", "counselling", "school_clothes"]}, on=days_ago(120))
    return add_provider(said={**EYES, "kinds": ["eye_test", "clinic", "social_worker", "counselling", "home_visit"]})


def days_ago(days: int) -> object:
    return timezone.localdate() - timedelta(days=days)


def coordinator(place: Place, language: str = "en") -> User:
    return page_data.person(Role.COORDINATOR, school=place.school, language=language)


@pytest.mark.acceptance_team
def test_a_child_is_referred_in_two_taps_and_the_clinic_answers_by_the_slip(
    browser: Browser, live_server: object, place: Place, clinic: Provider
) -> None:
    nurse = page_data.person(Role.NURSE, school=place.school)
    window = signed_in(browser, live_server.url, nurse, width=360)
    page = window.new_page()
    page.goto(f"/c/{case_of(place).pk}")
    page.get_by_role("link", name=re.compile("^Refer: ")).first.click()
    page.get_by_role("button", name=re.compile(EYES["name"])).first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(EYES["name"])
    page.get_by_role("button", name="Print a slip with its link").click()
    address = page.locator("code.long").inner_text()
    clinics = signed_in(browser, live_server.url, None, width=360, java_script_enabled=False)
    theirs = clinics.new_page()
    theirs.goto(address)
    for words, fill in (("There is an appointment", True), ("The child came", False)):
        theirs.get_by_text(words, exact=True).first.click()
        if fill:
            theirs.get_by_label("Day of the appointment").fill(timezone.localdate().isoformat())
        theirs.get_by_role("button", name=f"Record it {words}").click()
    expect(theirs.get_by_text("Attended")).to_be_visible()
    page.goto(f"/referrals/{Referral.objects.get().pk}")
    expect(page.get_by_text("The provider, by link").first).to_be_visible()
    page.get_by_text("What came of it", exact=True).first.click()
    page.get_by_label("Was the child helped?").select_option("done")
    page.get_by_role("button", name="Record it What came of it").click()
    page.get_by_text("Close it", exact=True).first.click()
    page.get_by_role("button", name="Record it Close it").click()
    theirs.goto(address)
    expect(theirs.get_by_text("This referral has ended.")).to_be_visible()
    window.close()
    clinics.close()


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("width", [360, 1280])
def test_each_page_of_help_can_be_read_and_used(
    browser: Browser, live_server: object, place: Place, clinic: Provider, width: int, language: str
) -> None:
    who = coordinator(place, language)
    referral = filled(place, clinic, who)
    case, session = case_of(place), place.children[0].contacts.latest("pk").session_id
    window = signed_in(browser, live_server.url, who, width=width, locale=language)
    page = window.new_page()
    found: dict[str, list[str]] = {}
    for name, address in {
        "child": f"/c/{case.pk}", "services": "/services", "provider": f"/services/{clinic.pk}",
        "provider_edit": f"/services/{clinic.pk}/change", "referrals": "/referrals", "referral": f"/referrals/{referral.pk}",
        "refer": f"/c/{case.child_id}/refer?domain=protection", "log": f"/c/{case.child_id}/log", "sessions": "/sessions",
        "session_new": f"/sessions/new?class={place.school_class.pk}", "session": f"/sessions/{session}",
        "needs": "/needs", "needs_children": "/needs/health", "follow_ups": "/referrals/follow-ups",
    }.items():  # fmt: skip
        response = page.goto(address)
        assert response.status == 200, address
        keep_picture(page, f"{name}-{language}-{width}")
        found[name] = wrong_with(page, language)
        assert len(response.body()) < MOST_BYTES, address
    page.goto(f"/referrals/{referral.pk}")
    found["slip"] = _slip(page, language, width)
    link = page.locator("code.long").inner_text()
    theirs = signed_in(browser, live_server.url, None, width=width, locale=language).new_page()
    for name, address in (("link", link), ("link_shut", "/r/nothing")):
        theirs.goto(address)
        keep_picture(theirs, f"{name}-{language}-{width}")
        found[name] = wrong_with(theirs, language)
    window.close()
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def _slip(page: Page, language: str, width: int) -> list[str]:
    page.locator("form[action$='/slip'] button").click()
    keep_picture(page, f"slip-{language}-{width}")
    page.emulate_media(media="print")
    keep_picture(page, f"slip_print-{language}-{width}")
    page.emulate_media(media="screen")
    return wrong_with(page, language)


def filled(place: Place, clinic: Provider, who: User) -> Referral:
    """Referrals in several states, two of them overdue, and a group that has met twice."""
    child = case_of(place).child
    for number, days in enumerate((2, 12, 30)):
        refer(
            child_id=place.children[number].pk, provider_id=clinic.pk, kind="eye_test", domain="health", by=who.pk,
            on=days_ago(days),
        )  # fmt: skip
    referral = refer(
        child_id=child.pk, provider_id=clinic.pk, kind="eye_test", domain="health", by=who.pk, on=days_ago(9),
        asked="Please test both eyes. She sits in front.",
    )  # fmt: skip
    step(referral_id=referral.pk, to="accepted", by=who.pk, on=days_ago(8))
    step(
        referral_id=referral.pk, to="not_attended", barrier="transport", by=who.pk, on=days_ago(1), note="Taxi strike."
    )
    came = [one.pk for one in place.children[:12]]
    hold_session(
        school=place.school, kind="family_programme", came=came, by=who.pk, minutes=90, title="Tuesday families"
    )
    log_contact(child_id=child.pk, kind="vaccination", by=who.pk, minutes=5, note="Second dose.")
    return referral
