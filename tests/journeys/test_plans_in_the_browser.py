"""The pages of plans in a real browser: from Home to an action that is done, on every width, with nothing for axe."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import pytest
from playwright.sync_api import Browser

from khula.server.cases.models import Case
from khula.server.people.models import User
from khula.server.people.roles import Role
from khula.server.plans import actions, red_cells
from khula.server.plans.models import Action
from tests.journeys.browser import chromium, signed_in
from tests.journeys.test_pages_in_the_browser import NOT_WHOLE, keep_picture, wrong_with
from tests.server import page_data
from tests.server.page_data import Place

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.django_db(transaction=True), pytest.mark.slow]
LATER = date(2199, 1, 1)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright keeps a loop running; the records are ours alone
        with chromium() as browser:
            yield browser


@dataclass(frozen=True)
class Planned:
    """A child with an overdue action, one that is done, a wish and a judgement; other red cells wait."""

    place: Place
    case: Case
    domain: str
    action: Action
    worker: User


@pytest.fixture
def planned() -> Planned:
    place = page_data.school_with_class(20)
    for case in Case.objects.filter(wave=place.waves[1]):
        red_cells.settle(case.child_id)
    case = Case.objects.filter(wave=place.waves[1]).order_by("-act_now", "-watch", "id").first()
    page_data.caregiver_of(case.child)
    worker = page_data.person(Role.SOCIAL_WORKER, school=place.school)
    red = [name for name, level in red_cells.levels_of(case).items() if level == "high"]
    domain = min(red, key=lambda name: name == "protection")  # nothing of safety goes home
    found = json.loads(case.assessments.latest("id").result)["domains"][domain]["raised"][0]
    action = actions.plan_action(
        child=case.child, domain=domain, case=case, flag=found, goal="Eats every day, and comes to school with strength.",
        what="Bring food on Friday, and ask the aunt to cook", owner_id=worker.pk, review_on=LATER, for_all=True,
        on_slip=True, by=worker.pk,
    )  # fmt: skip
    more = {"need": action.need, "owner_id": worker.pk, "review_on": LATER, "by": worker.pk}
    late = actions.add_action(intervention="food_parcel", on_slip=True, **more)
    Action.objects.filter(pk=late.pk).update(review_on=date(2026, 9, 1))
    done = actions.add_action(what="Phone the clinic", **more)
    actions.finish_action(action=done, done=True, result="It has a place.", on=date(2026, 6, 6), by=worker.pk)
    actions.note_strength_or_wish(child=case.child, kind="wish", words="To play.", on_slip=True, by=worker.pk)
    actions.override_level(case=case, domain=domain, level="medium", reason="There is food.", by=worker.pk)
    return Planned(place, case, domain, action, worker)


def addresses(planned: Planned) -> list[str]:
    child = planned.case.child_id
    return ["/home", "/tasks?whose=all", f"/c/{planned.case.pk}", f"/c/{child}/plan", f"/c/{child}/plan/{planned.domain}",
            f"/action/{planned.action.pk}", f"/c/{child}/close", f"/c/{child}/caregiver", "/library"]  # fmt: skip


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing_and_nothing_sticks_out(
    browser: Browser, live_server: object, planned: Planned, language: str, width: int
) -> None:
    User.objects.filter(pk=planned.worker.pk).update(language=language)
    coordinator = page_data.person(Role.COORDINATOR, school=planned.place.school, language=language)
    wrong: list[str] = []
    for who, pages in ((planned.worker, addresses(planned)), (coordinator, ["/library/food_parcel", "/library/new"])):
        window = signed_in(browser, live_server.url, who, width=width, locale=language)
        page = window.new_page()
        for number, address in enumerate(pages):
            assert page.goto(address).status == 200, address
            keep_picture(page, f"plans_{who.pk}_{number}_{language}_{width}")
            spoken = language if not address.endswith("/caregiver") else page.evaluate("document.documentElement.lang")
            wrong += [f"{address}: {one}" for one in [*wrong_with(page, spoken), *page.evaluate(NOT_WHOLE)]]
        window.close()
    assert not wrong, "\n".join(wrong)


@pytest.mark.acceptance_team
def test_from_home_in_two_taps_to_a_decision_without_script(
    browser: Browser, live_server: object, planned: Planned
) -> None:
    window = signed_in(browser, live_server.url, planned.worker, width=360, java_script_enabled=False)
    page = window.new_page()
    page.goto("/home")
    page.locator("section[aria-labelledby=first] li", has_text="decide by").first.get_by_role("link").click()
    page.get_by_role("link", name="Decide what to do").first.click()
    page.get_by_label("What is done, in your own words").fill("Talk with the aunt")
    page.get_by_label("Who does it").select_option(label=planned.worker.full_name)
    page.get_by_label("When you look at it again").first.fill("2199-01-01")
    page.get_by_role("button", name="Save the action").click()
    assert page.get_by_text("Say what the need is").first.is_visible()
    assert page.get_by_label("What is done, in your own words").input_value() == "Talk with the aunt"
    page.get_by_label("In your own words", exact=True).fill("Nobody cooks.")
    page.get_by_role("button", name="Save the action").click()
    page.get_by_role("link", name="Talk with the aunt").click()
    page.get_by_label("What came of it").fill("She cooks on Mondays.")
    page.get_by_role("button", name="Save", exact=True).click()
    assert page.get_by_text("She cooks on Mondays.").is_visible()
    window.close()
