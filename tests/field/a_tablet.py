"""A served Khula and a browser in; a person with a tablet who taps, types, loses the network and is killed, out."""

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Error, Page, Playwright, expect, sync_playwright

from tests import surroundings
from tests.journeys.arguments import ARGUMENTS

PIN = "274951"
PICTURES = os.environ.get("KHULA_PICTURES", "")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LEAST_TARGET = 44
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
SMALL_TARGETS = """least => [...document.querySelectorAll('a, button, label.choice, select, summary, input:not([type=hidden])')]
  .filter(e => e.checkVisibility() && !e.classList.contains('skip') && !e.closest('label.choice, label.tick') )
  .map(e => [e, e.getBoundingClientRect()])
  .filter(([e, box]) => box.height + 0.5 < least || box.width + 0.5 < least)
  .map(([e, box]) => `${e.outerHTML.slice(0, 90)} ${box.width}x${box.height}`)"""


@contextmanager
def playing() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


def until_true(page: Page, expression: str, arg: object = None, *, seconds: float = 30) -> None:
    """What Page.wait_for_function does; that one asks again by eval, which the program's CSP rightly refuses."""
    ends = time.monotonic() + seconds
    problem = ""
    while True:
        try:
            if page.evaluate(expression, arg):
                return
            problem = ""
        except Error as gone:  # the page moved on while it was asked
            problem = gone.message
        if time.monotonic() > ends:
            raise AssertionError(f"Not true after {seconds:.0f} s: {expression} {problem}")
        page.wait_for_timeout(100)


@dataclass
class Tablet:
    """One profile on the disk: what is killed is the browser, what stays is what it had saved."""

    playwright: Playwright
    profile: Path
    address: str
    width: int = 360
    height: int = 640
    language: str = "en"
    name: str = "busi"
    pictures: int = 0
    wrong: list[str] = field(default_factory=list)
    context: BrowserContext | None = None

    def switch_on(self) -> Page:
        self.context = self.playwright.chromium.launch_persistent_context(
            str(self.profile), executable_path=surroundings.chromium(), args=list(ARGUMENTS), headless=True,
            viewport={"width": self.width, "height": self.height}, locale=self.language, base_url=self.address,
            has_touch=True,
        )  # fmt: skip
        page = self.context.pages[0] if self.context.pages else self.context.new_page()
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.wrong.append(f"page error: {error}"))
        page.set_default_timeout(20_000)
        return page

    def _hear(self, message: Any) -> None:
        if (
            message.type == "error"
            and "ERR_INTERNET_DISCONNECTED" not in message.text
            and "Failed to load" not in message.text
        ):
            self.wrong.append(message.text)

    @property
    def page(self) -> Page:
        assert self.context is not None
        return self.context.pages[0]

    def kill(self) -> None:
        """As when the battery is out: the process is gone, nothing is said to the page."""
        assert self.context is not None
        self.context.close()
        self.context = None

    def offline(self, gone: bool = True) -> None:
        assert self.context is not None
        self.context.set_offline(gone)

    # What a person does

    def enrol(self, token: str, *, name: str = "Busi", pin: str = PIN) -> None:
        page = self.page
        page.goto(f"{self.address}/field/#k={token}")
        page.get_by_label(re.compile("Name on the lock screen|Nom sur l’écran")).fill(name)
        assert "#k=" not in page.url
        page.get_by_label(re.compile("^(Choose a PIN|Choisissez un code)")).fill(pin)
        page.get_by_label(re.compile("^(The same PIN|Le même code)")).fill(pin)
        doubt = page.get_by_role("checkbox")
        if doubt.count():
            doubt.check()
        self.look("enrol")
        page.get_by_role("button", name=re.compile("^(Begin|Commencer)$")).click()
        self.on_today()

    def unlock(self, pin: str = PIN) -> None:
        for digit in pin:
            self.page.locator(".pad").get_by_role("button", name=digit, exact=True).click()
        self.page.locator(".pad").get_by_role("button", name="OK").click()

    def on_today(self) -> None:
        expect(self.page.get_by_role("heading", level=1, name=re.compile("^(Today|Aujourd’hui)$"))).to_be_visible(
            timeout=30_000
        )

    # What a person with a screen reader, a small screen or big thumbs would stumble over

    def look(self, name: str) -> None:
        page = self.page
        page.evaluate("scrollTo(0, 0)")
        page.wait_for_timeout(80)
        found = findings(page)
        if page.evaluate(SIDEWAYS) > 0:
            found.append(f"scrolls sideways by {page.evaluate(SIDEWAYS)}")
        found += page.evaluate(SMALL_TARGETS, LEAST_TARGET)
        self.wrong += [f"{name}: {each}" for each in found]
        if PICTURES:
            self.pictures += 1
            page.screenshot(
                path=Path(PICTURES) / f"{self.name}_{self.pictures:03}_{name}_{self.language}_{self.width}.png",
                full_page=True,
            )


def findings(page: Page) -> list[str]:
    from axe_playwright_python.sync_playwright import Axe

    results = Axe().run(page, options={"runOnly": {"type": "tag", "values": RULES}})
    return [f"{one['id']}: {node['html'][:160]}" for one in results.response["violations"] for node in one["nodes"]]
