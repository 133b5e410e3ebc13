"""What a tablet that lies about gives away: the browser's history and session files, the lock screen, the next person."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.clients.khula_process import Khula, served
from tests.field.a_tablet import Tablet, playing
from tests.field.test_field_journey import fill_to_the_end, finish, start_voice, submissions, token
from tests.field.test_store_in_the_browser import found

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.slow]

LOCK = "button[aria-label^='Lock']"


@pytest.fixture(scope="module")
def khula(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Khula, dict[str, Any]]]:
    with served(tmp_path_factory.mktemp("khula"), "sqlite", "--children", "12") as got:
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
    if tablet.context:
        tablet.kill()
    assert not tablet.wrong, "\n".join(tablet.wrong)


def ready(tablet: Tablet, token: str) -> Page:
    tablet.enrol(token)
    expect(tablet.page.locator(".rows .row").first).to_be_visible(timeout=60_000)
    return tablet.page


def test_the_browsers_history_and_session_files_hold_no_name_no_answer_and_no_pin(
    khula: tuple[Khula, dict[str, Any]], tablet: Tablet
) -> None:
    page = ready(tablet, token(khula[1], 0))
    names = page.locator(".rows .row b:first-child").all_inner_texts()
    assert len(names) > 10
    titles = set()
    for name in names[:3]:
        page.get_by_label("Search a name").fill(name)
        page.locator(".rows .row", has_text=name).first.click()
        expect(page.get_by_role("heading", level=1)).to_have_text(name)
        titles.add(page.title())
        page.go_back()
        tablet.on_today()
    start_voice(tablet, names[0], 2)
    titles.add(page.title())
    page.locator(".page input").first.fill("47")
    expect(page.locator(".saved")).to_have_class("saved saved")
    page.get_by_role("button", name="All answers").click()
    expect(page.locator(".answers").first).to_be_visible()
    titles.add(page.title())
    assert not [title for title in titles if any(part in title for name in names for part in name.split())], titles
    assert page.locator("select:not([autocomplete=off]), input:not([autocomplete=off])").count() == 0
    assert page.locator("input[type=password]").count() == 0
    page.locator(LOCK).click()
    expect(page.locator(".pad")).to_be_visible()
    tablet.kill()
    kept = [path for path in tablet.profile.rglob("*") if path.name == "History" or path.parent.name == "Sessions"]
    assert any(
        b"One child" in path.read_bytes() or "One child".encode("utf-16-le") in path.read_bytes() for path in kept
    )
    assert found(tablet.profile, names) == []


def test_the_lock_screen_comes_at_once_also_when_the_disk_does_not_answer(
    khula: tuple[Khula, dict[str, Any]], tablet: Tablet
) -> None:
    page = ready(tablet, token(khula[1], 1))
    name = page.locator(".rows .row b").first.inner_text()
    start_voice(tablet, name, 2)
    page.evaluate("""async () => {
      const { desk } = await import("/field/program.js").then(({ WHOLE }) => WHOLE["visits/desk.js"]);
      desk().put = () => new Promise(() => {});
    }""")
    page.locator(LOCK).click()
    expect(page.locator(".pad")).to_be_visible(timeout=1000)
    assert name not in page.content()
    page.go_back()
    expect(page.locator(".pad")).to_be_visible(timeout=1000)
    page.wait_for_timeout(3200)
    assert (
        page.evaluate(
            "import('/field/program.js').then(({ WHOLE }) => WHOLE['visits/desk.js']).then(({ unlocked }) => unlocked())"
        )
        is False
    )
    tablet.unlock()
    page.wait_for_selector(".page h2")


def test_finished_records_are_carried_from_the_lock_screen_and_the_next_person_sees_no_search(
    khula: tuple[Khula, dict[str, Any]], tablet: Tablet
) -> None:
    page = ready(tablet, token(khula[1], 2))
    tablet.offline()
    name = page.locator(".rows .row b").first.inner_text()
    start_voice(tablet, name, 2)
    fill_to_the_end(tablet)
    finish(tablet, "teacher")
    page.get_by_label("Search a name").fill(name)
    page.locator(LOCK).click()
    expect(page.locator("main")).to_contain_text("1 finished record waits here, sealed.")
    page.locator("summary").click()
    tablet.look("lock_help")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as a file to carry").click()
    assert re.fullmatch(r"khula-[\d-]+-\w+\.khula", download.value.suggested_filename)
    assert name.encode() not in Path(download.value.path()).read_bytes()
    for _ in range(5):
        tablet.unlock("111222")
        expect(page.locator("#said")).to_contain_text(re.compile("Wrong PIN|destroyed"))
        page.wait_for_timeout(300)
    tablet.offline(False)
    before = submissions(khula[0])
    tablet.enrol(token(khula[1], 3), name="Thandi")
    expect(page.get_by_label("Search a name")).to_have_value("")
    page.locator(LOCK).click()
    expect(page.locator("main")).to_contain_text("1 finished record waits here, sealed.")
    page.locator("summary").click()
    page.get_by_role("button", name="Send finished records without a PIN").click()
    expect(page.locator("#said")).to_contain_text("Sent: 1")
    assert submissions(khula[0]) == before + 1
