"""A day with the field app: a link, a PIN, no network, five forms in two languages, the battery out in between, and each
record once on the server.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.clients.khula_process import Khula, served
from tests.field.a_tablet import Tablet, playing, until_true

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.slow]

#: What is answered where the choice matters; otherwise the first answer offered, or a number the question allows.
GIVEN = {
    "c_hurt": "yes", "h_weight_kg": "14.2", "h_weight_again": "14.3", "h_height_cm": "110", "h_height_again": "110.4",
    "t_days_open": "40", "t_days_absent": "3", "t_days_row": "2", "t_days_ill": "1", "t_months": "6",
    "g_people": "5", "g_rooms": "2", "c_letters": "40", "c_words": "30", "r_given_names": "Zanele", "r_family_name": "Mthembu",
    "r_class_name": "1B", "r_school_emis": "00400001", "t_signs": "none", "h_danger": "none", "g_danger": "none",
}  # fmt: skip


@pytest.fixture(scope="module")
def khula(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Khula, dict[str, Any]]]:
    with served(tmp_path_factory.mktemp("khula"), "sqlite", "--children", "12") as (khula, prepared):
        yield khula, prepared


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with playing() as playwright:
        yield playwright


def token(prepared: dict[str, Any], number: int) -> str:
    return str(prepared["doors"][number]).rsplit("/", 1)[1]


def name_of(page: Page, question: int = 0) -> str:
    """Which question is on the screen, by the name the form gives it."""
    return str(page.locator(".q[data-name]").nth(question).get_attribute("data-name"))


def answer(page: Page, question: Any) -> None:
    name = question.get_attribute("data-name")
    if question.locator("label.choice").count():
        wanted = GIVEN.get(name)
        choice = (
            question.locator(f"input[value='{wanted}']") if wanted else question.locator("label.choice input").first
        )
        if not choice.is_checked():
            choice.check(force=True)
    elif question.locator(".date").count():
        born = name == "r_birth_date"
        inputs = question.locator(".date input")
        inputs.nth(0).fill("14")
        question.locator(".date select").select_option("3")
        inputs.nth(1).fill("2020" if born else "2026")
    elif question.locator("input[type=text], textarea").count():
        question.locator("input[type=text], textarea").first.fill(GIVEN.get(name, "fine"))


def fill_to_the_end(tablet: Tablet, looks: str = "", kill_after: int = 0) -> int:
    """Taps through the interview until all answers are shown; the tablet is killed once on the way, if asked."""
    page = tablet.page
    for number in range(1, 160):
        page.wait_for_selector(".page h2")
        for question in page.locator(".q[data-name]").all():
            if question.is_visible():
                answer(page, question)
        if looks and number % 12 == 1:
            tablet.look(f"{looks}_{number}")
        expect(page.locator(".saved")).to_have_class("saved saved")
        if number == kill_after:
            here = name_of(page)
            tablet.kill()
            page = tablet.switch_on()
            tablet.offline()
            page.goto(f"{tablet.address}/field/")
            tablet.unlock()
            page.wait_for_selector(".page h2")
            assert name_of(page) == here, "the interview goes on at the same question"
        before = page.locator(".far .count").inner_text(), name_of(page)
        page.locator("button.next").click()
        until_true(
            page,
            """([count, name]) => Boolean(document.querySelector("main.review")) ||
               [document.querySelector(".far .count")?.textContent, document.querySelector(".q[data-name]")?.dataset.name] + "" !== [count, name] + "" ||
               Boolean(document.querySelector(".q.bad"))""",
            arg=list(before),
        )
        assert not page.locator(".q.bad").count(), page.locator(".q.bad").inner_text()
        if page.locator("main.review").count():
            return number
    raise AssertionError("the interview does not end")


def finish(tablet: Tablet, name: str) -> None:
    page = tablet.page
    tablet.look(f"review_{name}")
    page.get_by_role("button", name=re.compile("^(Finish|Terminer)$")).click()
    expect(
        page.get_by_role("heading", level=1, name=re.compile("Saved on this tablet|Enregistré sur cette tablette"))
    ).to_be_visible()
    tablet.look(f"result_{name}")
    page.locator("main").get_by_role("button", name=re.compile("^(Today|Aujourd’hui)$")).click()
    tablet.on_today()


def start_voice(tablet: Tablet, child: str, voice: int) -> None:
    page = tablet.page
    page.get_by_label(re.compile("Search a name|Chercher un nom")).fill(child)
    page.locator(".rows .row", has_text=child).first.click()
    page.locator(".voices li").nth(voice).get_by_role("button").click()
    page.wait_for_selector(".page h2")


@pytest.mark.parametrize(("number", "language"), [(0, "en"), (1, "fr")])
def test_five_forms_without_a_network_and_each_record_once_on_the_server(
    khula: tuple[Khula, dict[str, Any]], playwright: Playwright, tmp_path: Path, number: int, language: str
) -> None:
    server, prepared = khula
    before = submissions(server)
    tablet = Tablet(playwright, tmp_path / "profile", server.address, language=language)
    page = tablet.switch_on()
    page.goto(f"{server.address}/field/")
    page.evaluate("code => localStorage.setItem('language', code)", language)
    tablet.enrol(token(prepared, number))
    expect(page.locator(".rows .row").first).to_be_visible(timeout=30_000)
    until_true(page, "Boolean(navigator.serviceWorker.controller)")
    tablet.offline()
    tablet.look("today")
    child = page.locator(".rows .row b").first.inner_text()
    page.locator(".headline button").click()
    fill_to_the_end(tablet, "register")
    finish(tablet, "register")
    for voice, name in enumerate(("child", "caregiver", "teacher", "health")):
        start_voice(tablet, child, voice)
        fill_to_the_end(tablet, name if language == "en" or voice == 0 else "", kill_after=6 + voice)
        finish(tablet, name)
    page = tablet.page
    expect(page.locator(".outbox")).to_contain_text("5")
    assert submissions(server) == before, "nothing was sent yet"
    tablet.look("today_waiting")
    tablet.offline(False)
    page.get_by_role("button", name=re.compile("^(Send and fetch|Envoyer et recevoir)$")).click()
    expect(page.locator(".outbox")).to_contain_text(
        re.compile("Everything is received|Tout est bien arrivé"), timeout=60_000
    )
    tablet.look("today_received")
    tablet.kill()
    assert submissions(server) - before == 5
    assert not tablet.wrong, "\n".join(tablet.wrong)


def submissions(server: Khula) -> int:
    ids = server.rows("SELECT instance_id FROM collection_submission")
    assert len(ids) == len(set(ids))
    return len(ids)
