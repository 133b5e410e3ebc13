"""The forms beside the voices on a phone: a service contact in seconds, a family that could not go, letters on a card, and
a child who is not safe. None of it counts to a voice.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.clients.khula_process import Khula, served
from tests.field.a_tablet import Tablet, playing, until_true
from tests.field.test_field_journey import finish, token

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.slow]


@pytest.fixture(scope="module")
def khula(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Khula, dict[str, Any]]]:
    with served(tmp_path_factory.mktemp("khula"), "sqlite", "--children", "12", "--devices", "4") as got:
        yield got


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with playing() as playwright:
        yield playwright


@pytest.fixture
def tablet(khula: tuple[Khula, dict[str, Any]], playwright: Playwright, tmp_path: Path) -> Iterator[Tablet]:
    tablet = Tablet(playwright, tmp_path / "profile", khula[0].address, name="beside")
    tablet.switch_on()
    yield tablet
    tablet.kill()
    assert not tablet.wrong, "\n".join(tablet.wrong)


def ready(tablet: Tablet, token: str) -> Page:
    tablet.enrol(token)
    expect(tablet.page.locator(".rows .row").first).to_be_visible(timeout=60_000)
    until_true(tablet.page, "Boolean(navigator.serviceWorker.controller)")
    return tablet.page


def open_child(page: Page, child: str) -> None:
    page.get_by_label("Search a name").fill(child)
    page.locator(".rows .row", has_text=child).first.click()
    page.locator(".voices").first.wait_for()


def write_down(page: Page, form: str) -> None:
    page.locator(".voices li", has_text=form).get_by_role("button").click()
    page.wait_for_selector(".page h2")


def choose(page: Page, name: str, *values: str) -> None:
    for value in values:
        page.locator(f".q[data-name={name}] input[value='{value}']").check(force=True)


def next_page(page: Page) -> None:
    page.locator("button.next").click()
    page.wait_for_timeout(300)


def to_the_end(page: Page) -> None:
    for _ in range(4):
        if not page.locator("main.review").count():
            next_page(page)
    expect(page.locator("main.review")).to_be_visible()


def sent(page: Page) -> None:
    page.get_by_role("button", name="Send and fetch").click()
    expect(page.locator(".outbox")).to_contain_text("Everything is received", timeout=60_000)


def test_what_was_done_for_a_child_is_written_down_on_one_screen_and_no_voice_is_heard(
    khula: tuple[Khula, dict[str, Any]], tablet: Tablet
) -> None:
    server, prepared = khula
    page = ready(tablet, token(prepared, 0))
    tablet.offline()
    open_child(page, "Sipho Nkosi")
    voices = page.locator(".voices").first.inner_text()
    tablet.look("child")
    write_down(page, "Service contact")
    expect(page.locator(".q[data-name=s_minutes]")).to_have_count(0)
    choose(page, "s_kind", "home_visit")
    choose(page, "s_outcome", "partly")
    page.locator(".q[data-name=s_minutes] input").fill("40")
    choose(page, "s_with", "child", "caregiver")
    tablet.look("contact")
    next_page(page)
    expect(page.locator(".q.bad[data-name=s_next_on]")).to_be_visible()  # partly done: it goes on, on a day
    next_on = page.locator(".q[data-name=s_next_on]")
    next_on.locator("input").nth(0).fill("14")
    next_on.locator("select").select_option("3")
    next_on.locator("input").nth(1).fill("2030")
    next_page(page)
    finish(tablet, "contact")
    open_child(page, "Sipho Nkosi")
    assert page.locator(".voices").first.inner_text() == voices
    expect(page.locator(".voices li", has_text="Service contact")).to_contain_text("last from this tablet")
    write_down(page, "Follow-up")
    choose(page, "f_kind", "clinic")
    choose(page, "f_attended", "no")
    next_page(page)
    expect(page.locator(".q.bad[data-name=f_barrier]")).to_be_visible()  # who did not go had a reason
    choose(page, "f_barrier", "transport")
    tablet.look("followup")
    next_page(page)
    finish(tablet, "followup")
    tablet.offline(False)
    sent(page)
    rows = server.rows(
        "SELECT xform_id, state, look_code, xml FROM collection_submission"
        " WHERE xform_id IN ('kh_contact', 'kh_followup') ORDER BY 1"
    )
    assert [row[:3] for row in rows] == [("kh_contact", "in case", ""), ("kh_followup", "in case", "")]
    contact, followup = (bytes(row[3]) for row in rows)  # type: ignore[arg-type]
    assert b"<s_with>child caregiver</s_with>" in contact
    assert b"<s_next_on>2030-03-14</s_next_on>" in contact
    assert b"<f_barrier>transport</f_barrier>" in followup
    assert server.rows("SELECT count(*) FROM cases_voice") == [(0,)]


def test_letters_on_a_card_are_kept_item_by_item_and_stop_after_ten_wrong(
    khula: tuple[Khula, dict[str, Any]], tablet: Tablet
) -> None:
    server, prepared = khula
    page = ready(tablet, token(prepared, 1))
    for child, wrong in (("Sipho Nkosi", (1, 4)), ("Anele Dube", range(10))):
        tablet.on_today()
        open_child(page, child)
        write_down(page, "Letters in one minute")
        expect(page.locator(".page")).to_contain_text("This is not a normed test")
        tablet.look("letters_about")
        choose(page, "l_interview_language", "zu")
        next_page(page)
        choose(page, "l_assent", "yes")
        next_page(page)
        page.get_by_role("button", name="Start the clock").click()
        for item in wrong:
            page.locator(".item").nth(item).click()
        if len(wrong) < 10:
            page.wait_for_timeout(400)  # colours fade in
            tablet.look("letters")
            page.get_by_role("button", name="The child stopped").click()
            page.locator(".item").nth(6).click()
        expect(page.locator(".timed .hint")).to_contain_text(
            "Reached 7, right 5" if len(wrong) < 10 else "Reached 10, right 0"
        )
        next_page(page)
        tablet.look("letters_noted")
        to_the_end(page)
        finish(tablet, "letters")
    sent(page)
    first, second = (
        bytes(row[0]).decode()  # type: ignore[arg-type]
        for row in server.rows("SELECT xml FROM collection_submission WHERE xform_id = 'kh_letters' ORDER BY id")
    )
    assert "<l_letters>m_01 s_03 l_04 t_06 e_07</l_letters>" in first
    assert "<l_letters_wrong>a_02 o_05</l_letters_wrong>" in first
    assert "<l_letters_last>7</l_letters_last>" in first
    assert "<l_right>5</l_right>" in first
    assert "<l_letters_last>10</l_letters_last>" in second
    assert "<l_right>0</l_right>" in second


def test_a_note_about_safety_is_two_taps_away_without_a_network_and_is_not_read_again_on_the_tablet(
    khula: tuple[Khula, dict[str, Any]], tablet: Tablet
) -> None:
    server, prepared = khula
    page = ready(tablet, token(prepared, 2))
    tablet.offline()
    open_child(page, "Sipho Nkosi")
    page.locator("button.unsafe").click()
    page.get_by_role("button", name="Write it down now").click()
    page.wait_for_selector(".page h2")
    page.locator(".q[data-name=learner] label.choice", has_text="Sipho Nkosi").first.click()
    next_page(page)
    choose(page, "k_in_danger", "child")
    next_page(page)
    page.locator("textarea").fill("He said: do not make me go home")
    tablet.look("safety_said")
    next_page(page)
    next_page(page)
    choose(page, "k_safe_now", "no")
    next_page(page)
    expect(page.locator(".page")).to_contain_text("ACT NOW")
    tablet.look("safety_act_now")
    choose(page, "k_told", "nobody")
    to_the_end(page)
    page.get_by_role("button", name="Finish").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Saved on this tablet")
    expect(page.locator("section.alerts")).to_contain_text("Call the social worker now")
    expect(page.locator("main")).not_to_contain_text("What these answers say")
    tablet.look("safety_result")
    page.locator("main").get_by_role("button", name="Today").click()
    open_child(page, "Sipho Nkosi")
    expect(page.locator("main")).to_contain_text("Safety note")
    kept = page.evaluate(
        "import('/field/program.js').then(({ WHOLE }) => WHOLE['visits/caseload.js']).then(({ finished }) => finished()).then((all) => JSON.stringify(all))"
    )
    assert "go home" not in kept
    page.get_by_role("button", name="◀ Today").click()
    tablet.offline(False)
    sent(page)
    rows = server.rows("SELECT id, state, xml FROM collection_submission WHERE xform_id = 'kh_safety'")
    assert [state for _, state, _ in rows] == ["in case"]
    assert b"do not make me go home" in bytes(rows[0][2])  # type: ignore[arg-type]
    raised = server.rows("SELECT alert, urgency, note_id FROM cases_raisedalert")
    assert raised == [("a_k_unsafe", "now", rows[0][0])]
