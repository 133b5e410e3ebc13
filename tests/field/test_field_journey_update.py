"""A new version of the program never comes between a person and a question: it waits on the tablet until Today."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.clients.khula_process import HERE, Khula
from tests.field.a_tablet import Tablet, playing, until_true
from tests.field.test_field_journey import start_voice, token

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.slow]


class Moved(Khula):
    """A Khula that runs from a copy, so that its program can be changed under way."""

    def environment(self) -> dict[str, str]:
        return {**super().environment(), "PYTHONPATH": str(self.data / "program")}


@pytest.fixture
def khula(tmp_path: Path) -> Iterator[tuple[Khula, dict[str, Any]]]:
    leave_out = shutil.ignore_patterns("node_modules", "__pycache__")
    for part in ("khula", "field"):
        shutil.copytree(HERE / part, tmp_path / "program" / part, ignore=leave_out)
    khula = Moved(tmp_path)
    prepared = khula.prepare("--children", "12")
    khula.start()
    yield khula, prepared
    khula.stop()


def test_a_new_version_waits_until_today(khula: tuple[Khula, dict[str, Any]], tmp_path: Path) -> None:
    server, prepared = khula
    with playing() as playwright:
        tablet = Tablet(playwright, tmp_path / "profile", server.address)
        page = tablet.switch_on()
        tablet.enrol(token(prepared, 0))
        expect(page.locator(".rows .row").first).to_be_visible(timeout=60_000)
        until_true(page, "Boolean(navigator.serviceWorker.controller)")
        tablet.kill()
        page = tablet.switch_on()
        page.goto(f"{server.address}/field/")
        tablet.unlock()
        tablet.on_today()
        start_voice(tablet, "Sipho Nkosi", 2)
        words = tmp_path / "program/field/src/words/en.js"
        words.write_text(words.read_text().replace('"Send and fetch"', '"Fetch and send"'))
        page.evaluate("() => { window.sameAsBefore = true }")
        page.evaluate("navigator.serviceWorker.getRegistration().then((one) => one.update())")
        until_true(page, "navigator.serviceWorker.getRegistration().then((one) => Boolean(one.waiting))")
        page.locator(".page input").first.fill("7")
        page.locator("button.next").click()
        page.wait_for_timeout(500)
        assert page.evaluate("window.sameAsBefore")
        page.get_by_role("button", name="Pause").click()
        tablet.on_today()
        expect(page.locator(".update")).to_contain_text("A new version of Khula")
        expect(page.get_by_role("button", name="Send and fetch")).to_be_visible()
        tablet.look("update")
        page.get_by_role("button", name="Start it now").click()
        expect(page.locator(".pad")).to_be_visible(timeout=20_000)
        tablet.offline()
        tablet.unlock()
        tablet.on_today()
        expect(page.get_by_role("button", name="Fetch and send")).to_be_visible()
        page.locator("section", has_text="Begun, not finished").locator("button.row").click()
        page.wait_for_selector(".page h2")
        page.get_by_role("button", name="All answers").click()
        expect(page.locator(".answers button", has_text="how many months")).to_contain_text("7")
        tablet.kill()
    assert not tablet.wrong, "\n".join(tablet.wrong)
