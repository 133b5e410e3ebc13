"""What a teacher, a nurse and a fieldworker meet in a day: a lock, a child who says no, a correction, a child in danger."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.clients.khula_process import Khula, served
from tests.field.a_tablet import PIN, Tablet, playing, until_true
from tests.field.test_field_journey import fill_to_the_end, finish, start_voice, token

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.slow]


@pytest.fixture(scope="module")
def khula(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Khula, dict[str, Any]]]:
    with served(
        tmp_path_factory.mktemp("khula"), "sqlite", "--children", "12", "--bulk", "1200", "--devices", "10"
    ) as got:
        yield got


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with playing() as playwright:
        yield playwright


@pytest.fixture
def tablet(khula: tuple[Khula, dict[str, Any]], playwright: Playwright, tmp_path: Path) -> Iterator[Tablet]:
    tablet = Tablet(playwright, tmp_path / "profile", khula[0].address)
    tablet.switch_on()
    yield tablet
    tablet.kill()
    assert not tablet.wrong, "\n".join(tablet.wrong)


def ready(tablet: Tablet, token: str) -> Page:
    tablet.enrol(token)
    page = tablet.page
    expect(page.locator(".rows .row").first).to_be_visible(timeout=60_000)
    until_true(page, "Boolean(navigator.serviceWorker.controller)")
    return page


def next_question(page: Page) -> None:
    page.locator("button.next").click()
    page.wait_for_timeout(250)


def choose(page: Page, value: str) -> None:
    page.locator(f".page input[value='{value}']").last.check(force=True)


def received(page: Page) -> None:
    page.get_by_role("button", name="Send and fetch").click()
    expect(page.locator(".outbox")).to_contain_text("Everything is received", timeout=60_000)


def test_a_child_registered_offline_can_be_asked_at_once_and_its_no_is_kept_as_a_refusal(
    khula: tuple[Khula, dict[str, Any]], tablet: Tablet
) -> None:
    server, prepared = khula
    page = ready(tablet, token(prepared, 0))
    tablet.offline()
    page.locator(".headline button").click()
    fill_to_the_end(tablet)
    finish(tablet, "register")
    start_voice(tablet, "Zanele Mthembu", 0)
    next_question(page)
    tablet.look("assent")
    choose(page, "no")
    next_question(page)
    expect(page.locator(".page")).to_contain_text("That is fine")
    next_question(page)
    finish(tablet, "refused")
    tablet.offline(False)
    received(page)
    rows = server.rows("SELECT state, xml FROM collection_submission WHERE xform_id = 'kh_child'")
    assert [state for state, xml in rows if b"<c_assent>no</c_assent>" in bytes(xml)] == ["in case"]  # type: ignore[arg-type]


def test_the_child_can_stop_at_any_question_and_what_was_said_is_kept(
    khula: tuple[Khula, dict[str, Any]], tablet: Tablet
) -> None:
    page = ready(tablet, token(khula[1], 1))
    start_voice(tablet, "Sipho Nkosi", 0)
    choose(page, "zu")
    next_question(page)
    choose(page, "yes")
    next_question(page)
    tablet.look("child_mode")
    assert page.locator("main.for-child .choice").count() == 5
    choose(page, "2")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".page")).to_contain_text("That is fine")
    page.get_by_role("button", name="All answers").click()
    expect(page.locator(".answers").first).to_be_visible()
    expect(page.locator("main")).to_contain_text("wants to stop")
    expect(page.locator("main")).to_contain_text("Do you like going to school?No")
    finish(tablet, "stopped")


def test_two_taps_lead_from_every_screen_to_help_and_back_to_the_same_question(
    khula: tuple[Khula, dict[str, Any]], tablet: Tablet
) -> None:
    page = ready(tablet, token(khula[1], 2))
    tablet.offline()

    def helped() -> None:
        before = page.locator("main").inner_text()
        page.locator("button.unsafe").click()
        expect(page.get_by_role("heading", level=1, name="This child is not safe now")).to_be_visible()
        assert page.locator("a[href='tel:116']").is_visible()
        page.get_by_role("button", name="Leave this page").click()
        expect(page.locator("a[href='tel:116']")).to_have_count(0)
        page.wait_for_timeout(300)
        assert page.locator("main").inner_text()[:60] == before[:60]

    helped()
    page.get_by_role("button", name="See records").click()
    page.wait_for_timeout(300)
    helped()
    page.get_by_role("button", name="Back").click()
    tablet.on_today()
    start_voice(tablet, "Anele Dube", 0)
    choose(page, "zu")
    next_question(page)
    choose(page, "yes")
    next_question(page)
    assert page.locator("main.for-child").count()
    helped()
    assert page.locator("main.for-child").count()
    page.locator("button.unsafe").click()
    tablet.look("safety")


def test_what_is_practised_never_reaches_the_server(khula: tuple[Khula, dict[str, Any]], tablet: Tablet) -> None:
    server, prepared = khula
    before = server.rows("SELECT count(*) FROM collection_submission")
    page = ready(tablet, token(prepared, 3))
    page.get_by_role("button", name="Practise with invented children").click()
    expect(page.locator(".practising")).to_be_visible()
    tablet.look("practice")
    start_voice(tablet, "Lerato Practice", 2)
    fill_to_the_end(tablet)
    assert page.locator(".practice").is_visible()
    finish(tablet, "practice")
    expect(page.locator(".practising")).to_be_visible()
    page.get_by_role("button", name="End practice").click()
    expect(page.locator(".outbox")).to_contain_text("Everything is received")
    received(page)
    assert page.get_by_text("Lerato Practice").count() == 0
    assert server.rows("SELECT count(*) FROM collection_submission") == before


def test_the_lock_keeps_the_draft_and_shows_nothing_to_who_goes_back(
    khula: tuple[Khula, dict[str, Any]], tablet: Tablet
) -> None:
    page = ready(tablet, token(khula[1], 4))
    tablet.offline()
    start_voice(tablet, "Naledi Molefe", 2)
    page.locator(".page input").first.fill("7")
    name = page.locator(".q[data-name]").first.get_attribute("data-name")
    page.evaluate("""() => {
      const now = Date.now(); Date.now = () => now + 11 * 60_000;
      document.dispatchEvent(new Event("visibilitychange"));
    }""")
    expect(page.locator(".pad")).to_be_visible()
    expect(page.locator("#said")).to_contain_text("Locked after ten minutes")
    page.go_back()
    page.wait_for_timeout(400)
    assert "Molefe" not in page.content()
    tablet.unlock("111222")
    expect(page.locator("#said")).to_contain_text("4 tries")
    tablet.look("locked")
    tablet.unlock(PIN)
    page.wait_for_selector(".page h2")
    assert page.locator(".q[data-name]").first.get_attribute("data-name") == name
    assert page.locator(".page input").first.input_value() == "7"


def test_after_five_wrong_pins_nothing_is_readable_but_what_was_finished_can_be_sent(
    khula: tuple[Khula, dict[str, Any]], tablet: Tablet
) -> None:
    server, prepared = khula
    page = ready(tablet, token(prepared, 5))
    tablet.offline()
    start_voice(tablet, "Thandeka Khoza", 2)
    fill_to_the_end(tablet)
    finish(tablet, "teacher")
    page.get_by_role("button", name=re.compile("^Lock")).click()
    for _ in range(5):
        tablet.unlock("111222")
        expect(page.locator("#said")).to_contain_text(re.compile("Wrong PIN|destroyed"))
        page.wait_for_timeout(300)
    expect(page.locator("#said")).to_contain_text("Five wrong PINs")
    tablet.offline(False)
    page.goto(f"{server.address}/field/")
    expect(page.locator("main")).to_contain_text("Nobody is enrolled")
    before = server.rows("SELECT count(*) FROM collection_submission")[0][0]
    page.get_by_text("Help with the PIN").click()
    page.get_by_role("button", name="Send finished records without a PIN").click()
    expect(page.locator("#said")).to_contain_text("Sent: 1")
    assert server.rows("SELECT count(*) FROM collection_submission")[0][0] == int(str(before)) + 1


def test_a_record_that_was_sent_is_corrected_and_the_language_changes_in_the_middle(
    khula: tuple[Khula, dict[str, Any]], tablet: Tablet
) -> None:
    """The caregiver said no: a record without answers under seal, which alone may be opened again on the tablet."""
    server, prepared = khula
    page = ready(tablet, token(prepared, 6))
    start_voice(tablet, "Pieter Botha", 1)
    choose(page, "no")
    next_question(page)
    next_question(page)
    finish(tablet, "declined")
    received(page)
    page.get_by_label("Search a name").fill("Pieter Botha")
    page.locator(".rows .row", has_text="Pieter Botha").first.click()
    tablet.look("child_with_record")
    page.get_by_role("button", name="Correct").click()
    page.wait_for_selector(".page h2")
    page.locator(".tools select").select_option("fr")
    expect(page.get_by_role("button", name="Toutes les réponses")).to_be_visible()
    page.get_by_role("button", name="Toutes les réponses").click()
    expect(page.locator("main")).to_contain_text("Ceci corrige une fiche")
    page.locator(".answers button", has_text="accord pour parler avec moi").click()
    page.wait_for_selector(".page h2")
    choose(page, "yes")
    page.get_by_role("button", name="Toutes les réponses").click()
    page.get_by_role("button", name="Terminer").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Enregistré")
    page.locator("main").get_by_role("button", name="Aujourd’hui").click()
    page.get_by_role("button", name="Envoyer et recevoir").click()
    expect(page.locator(".outbox")).to_contain_text("Tout est bien arrivé", timeout=60_000)
    rows = server.rows("SELECT state, xml FROM collection_submission WHERE xform_id = 'kh_caregiver' ORDER BY id DESC")
    assert b"<deprecatedID>uuid:" in bytes(rows[0][1])  # type: ignore[arg-type]
    assert b"<g_consent>yes</g_consent>" in bytes(rows[0][1])  # type: ignore[arg-type]


def test_a_sealed_answer_cannot_be_read_again_after_finishing_and_stays_when_the_rest_is_corrected(
    khula: tuple[Khula, dict[str, Any]], tablet: Tablet
) -> None:
    server, prepared = khula
    page = ready(tablet, token(prepared, 8))
    tablet.offline()
    start_voice(tablet, "Lerato Mabaso", 0)
    fill_to_the_end(tablet)  # c_hurt: yes
    finish(tablet, "child")
    page.get_by_label("Search a name").fill("Lerato Mabaso")
    page.locator(".rows .row", has_text="Lerato Mabaso").first.click()
    expect(page.locator(".voices").first).to_be_visible()
    expect(page.locator("main")).to_contain_text("cannot be read again here")
    assert page.get_by_text("ACT NOW").count() == 0
    page.get_by_role("button", name="Correct").click()
    page.wait_for_selector(".page h2")
    page.get_by_role("button", name="All answers").click()
    sealed = page.locator(".answers li", has_text="stays as it was, under seal")
    expect(sealed).to_have_count(3)  # afraid at home, hurt, touched
    tablet.look("review_under_seal")
    sealed.nth(1).get_by_role("button").click()
    expect(page.locator(".page")).to_contain_text("the answer given before stays")
    assert page.locator(".page input:checked").count() == 0
    tablet.look("question_under_seal")
    page.get_by_role("button", name="All answers").click()
    page.locator(".answers button", has_text="Do you like going to school").click()
    choose(page, "2")
    page.get_by_role("button", name="All answers").click()
    page.get_by_role("button", name="Finish").click()
    expect(page.locator("main")).to_contain_text("Answers under seal stay as they were said")
    tablet.look("result_under_seal")
    assert page.locator(".six").count() == 0, "a level without them could be lower than what was said"
    page.locator("main").get_by_role("button", name="Today").click()
    tablet.offline(False)
    received(page)
    rows = server.rows("SELECT state, xml FROM collection_submission WHERE xform_id = 'kh_child' ORDER BY id")
    first, second = rows[-2:]
    assert (first[0], second[0]) == ("replaced", "in case")
    assert b"<c_hurt>yes</c_hurt>" in bytes(first[1])  # type: ignore[arg-type]
    assert b"<c_hurt>" not in bytes(second[1])  # type: ignore[arg-type]
    voices = server.rows("SELECT answers, kept, current FROM cases_voice WHERE informant = 'child' ORDER BY id")
    answers, kept, current = voices[-1]
    assert json.loads(str(answers))["c_hurt"] == "yes"
    assert "c_hurt" in str(kept).split()
    assert current
    alert = server.rows(
        "SELECT alert.still_true FROM cases_raisedalert alert JOIN cases_case one ON one.id = alert.case_id"
        " JOIN schools_child child ON child.id = one.child_id WHERE child.given_names = 'Lerato'"
        " AND child.family_name = 'Mabaso' AND alert.alert = 'a_c_hurt'"
    )
    assert [bool(still) for (still,) in alert] == [True]


def test_a_name_is_found_among_twelve_hundred(khula: tuple[Khula, dict[str, Any]], tablet: Tablet) -> None:
    page = ready(tablet, token(khula[1], 7))
    search = page.locator("input[type=search]")
    search.fill("learner 1150")
    expect(page.locator(".rows .row")).to_have_count(1)
    search.fill("khumalo")
    expect(page.locator(".rows .row")).to_have_count(
        50
    )  # the rest behind a button: a weak tablet draws no thousand rows
    search.fill("zzz")
    expect(page.locator(".rows .row")).to_have_count(0)


def test_the_keyboard_alone_leads_from_today_to_the_end_of_a_question(
    khula: tuple[Khula, dict[str, Any]], tablet: Tablet
) -> None:
    page = ready(tablet, token(khula[1], 9))

    def until(selector: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("one => document.activeElement.matches(one)", selector):
                return
        raise AssertionError(f"{selector} is not reached")

    until("input[type=search]")
    page.keyboard.type("Naledi Molefe")
    until(".rows button.row")
    page.keyboard.press("Enter")
    page.wait_for_selector(".voices")
    assert page.evaluate("document.activeElement.tagName") == "H1"
    for _ in range(3):
        until(".voices button")
    page.keyboard.press("Enter")
    page.wait_for_selector(".page h2")
    assert page.evaluate("document.activeElement.tagName") == "H2"
    until(".page input")
    page.keyboard.type("99")
    page.keyboard.press("Enter")
    error = page.locator(".q.bad .error")
    expect(error).to_contain_text("Write a whole number from 0 to 60")
    assert error.get_attribute("id") in str(page.locator(".q.bad input").get_attribute("aria-describedby"))
    assert page.evaluate("document.activeElement.getAttribute('aria-invalid')") == "true"
    page.keyboard.press("Control+a")
    page.keyboard.type("9")
    page.keyboard.press("Enter")
    until_true(page, "document.querySelector('.far .count').textContent.startsWith('3 ')")
    assert page.evaluate("document.activeElement.tagName") == "H2"
    until(".page input[type=radio]")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".choice.on")).to_have_count(1)
    expect(page.locator(".saved")).to_have_class("saved saved")
