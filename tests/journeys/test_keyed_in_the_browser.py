"""A class on paper, in a real browser: sheets that print on A4, keyed by two people, a slip found and decided."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from khula.server.cases.models import Case
from khula.server.keyed.models import Sheet
from khula.server.packs.models import Form
from khula.server.people.models import User
from tests.journeys.browser import chromium, signed_in
from tests.journeys.pseudo_locale import lengthen_styles, longer_english
from tests.journeys.test_pages_in_the_browser import NOT_WHOLE, SIDEWAYS, keep_picture, wrong_with
from tests.server import keying
from tests.server.cast import Cast, a_wave, the_cast

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture(autouse=True)
def _quick_hashes(settings: object) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright keeps a loop running; the records are ours alone
    with chromium() as browser:
        yield browser
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def cast() -> Cast:
    cast = the_cast()
    a_wave(cast, keying.shipped_pack())
    return cast


def speaks(user: User, language: str) -> User:
    user.language = language
    user.save()
    return user


def print_sheets(page: Page, cast: Cast, *informants: str) -> None:
    page.goto(f"/class/{cast.class_1b.pk}/print")
    for informant in informants:
        page.locator(f"#form{Form.objects.get(informant=informant).pk}").check()
    page.locator("main button.main").click()
    page.locator("article.sheet").first.wait_for()


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("width", [360, 1280])
def test_a_person_finds_nothing_in_the_way(
    browser: Browser, live_server: object, cast: Cast, language: str, width: int
) -> None:
    wrong: list[str] = []

    def look(page: Page, name: str, says: str) -> None:
        wrong.extend(f"{name}: {one}" for one in wrong_with(page, says))
        keep_picture(page, f"paper_{name}_{language}_{width}")

    window = signed_in(browser, live_server.url, speaks(cast.teacher, language), width=width, locale=language)
    page = window.new_page()
    page.goto(f"/class/{cast.class_1b.pk}/print")
    look(page, "print", language)
    page.locator("main button.main").click()
    look(page, "print_nothing_chosen", language)
    print_sheets(page, cast, "teacher", "child")
    look(page, "sheets", language)
    sheet = Sheet.objects.get(child=cast.amahle, form__informant="teacher")
    first = keying.anything(sheet, 5)
    page.goto(f"/paper/{sheet.code}")
    look(page, "key", language)
    page.locator("#q2").fill("17")
    page.locator("button[value=finish]").click()
    look(page, "key_wrong", language)
    for place, text in first.items():
        page.locator(f"#{place}").fill(text)
    page.locator("button[value=finish]").click()
    if page.locator("button[value=stands]").count():
        look(page, "key_unfit", language)
        page.locator("button[value=stands]").click()
    look(page, "waits", language)
    window.close()
    second = {**first, "q3": "2" if first["q3"] == "1" else "1", "q0": "1/3/2026"}
    keying.key(cast.coordinator, sheet, second, do="stands")
    window = signed_in(browser, live_server.url, speaks(cast.coordinator, language), width=width, locale=language)
    page = window.new_page()
    page.goto("/paper")
    look(page, "desk", language)
    page.locator("#code").fill("NOCODE")
    page.locator("main button.main").first.click()
    look(page, "desk_wrong_code", language)
    page.locator("#code").fill(sheet.code.lower())
    page.locator("main button.main").first.click()
    look(page, "differs", language)
    page.locator("main button.main").click()
    look(page, "differs_undecided", language)
    page.locator("#w3_1").check()
    page.locator("#w0_2").check()
    page.locator("main button.main").click()
    look(page, "done", language)
    sheet.refresh_from_db()
    assert sheet.state == Sheet.State.HANDED_IN
    assert Case.objects.get(child=cast.amahle).voices_heard == 1
    window.close()
    assert not wrong, "\n".join(wrong)


def test_each_child_begins_on_a_page_of_its_own_and_no_page_is_without_its_code(
    browser: Browser, live_server: object, cast: Cast
) -> None:
    window = signed_in(browser, live_server.url, cast.teacher)
    page = window.new_page()
    print_sheets(page, cast, "teacher")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 794, "height": 2246})  # two pages of A4
    keep_picture(page, "paper_printed")
    assert page.evaluate(SIDEWAYS) <= 0
    assert page.locator("article.sheet").count() == 3
    pages = page.pdf(format="A4", prefer_css_page_size=True).count(b"/Type /Page\n")
    assert pages >= 6
    assert pages % 3 == 0  # as many for each child
    assert page.evaluate("getComputedStyle(document.querySelector('.sheet thead')).display") == "table-header-group"
    assert not page.locator("header.top").is_visible()
    window.close()


@pytest.mark.parametrize("width", [320, 360])
def test_longer_words_break_no_page_of_paper(browser: Browser, live_server: object, cast: Cast, width: int) -> None:
    with longer_english():
        window = signed_in(browser, live_server.url, cast.coordinator, width=width, locale="en")
        lengthen_styles(window)
        page = window.new_page()
        sheet = keying.printed(cast, cast.school.waves.get(), cast.amahle, "teacher")
        wrong = []
        for address in (f"/class/{cast.class_1b.pk}/print", "/paper", f"/paper/{sheet.code}"):
            page.goto(address)
            wrong += [f"{address}: {one}" for one in page.evaluate(NOT_WHOLE)]
            assert page.evaluate(SIDEWAYS) <= 0, address
        window.close()
    assert not wrong, "\n".join(wrong)
