"""Every page in a real browser: nothing for axe to find, no script needed, no sideways scrolling, room for thumbs."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page

from khula.server.cases.models import Case
from khula.server.collection.actions import make_device, put_entities
from khula.server.collection.models import Entity, EntityVersion, Submission
from khula.server.people.models import User
from khula.server.people.roles import Role
from tests.journeys.browser import chromium, signed_in
from tests.journeys.pseudo_locale import lengthen_packs, lengthen_styles, longer, longer_english
from tests.server import page_data
from tests.server.page_data import PACK_FOLDER, Place

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.django_db(transaction=True), pytest.mark.slow]

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
MOST_BYTES = 50_000
LEAST_TARGET = 44
MOST_HEIGHT = 6000  # of a page kept as a whole
PICTURES = os.environ.get("KHULA_PICTURES", "")  # a folder: every page is also kept there as a picture

#: Links that stand inside a sentence or a list of facts may be as high as its line.
SMALL_TARGETS = """least => [...document.querySelectorAll('a, button, input:not([type=hidden]), select, textarea, summary')]
  .filter(e => e.checkVisibility() && !e.classList.contains('skip') && !e.closest('dd, td:not(.a), .over'))
  .map(e => [e, e.getBoundingClientRect()])
  .filter(([e, box]) => box.height + 0.5 < least || box.width + 0.5 < least)
  .map(([e, box]) => `${e.outerHTML.slice(0, 90)} ${box.width}x${box.height}`)"""
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


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
def place() -> Place:
    place = page_data.school_with_class(40)
    page_data.caregiver_of(place.children[0])
    case = case_of(place)
    page_data.raise_alert(case)
    sizwe = page_data.person(Role.FIELDWORKER, school=place.school)
    tablet = make_device(user=sizwe, label="Tablet 7")[0]
    Submission.objects.create(
        xform_id="kh_child", instance_id="uuid:1", sha256="0" * 64, xml=b"", device=tablet, state="quarantined",
        look_code="unknown_wave", received_at=timezone.now(), child_id=place.children[0].pk,
    )  # fmt: skip
    changed_twice(place)
    return place


def changed_twice(place: Place) -> None:
    """Two people said different things of one child, and of another each something else; the marks as the door sets
    them (tests/server/test_pages_rows.py goes through the door).
    """
    by = page_data.person(Role.TEACHER, school=place.school)
    for child, changes, mark in (
        (place.children[0], ({"birth_date": "2019-05-05"}, {"birth_date": "2018-05-05"}), "hard"),
        (place.children[1], ({"sex": "male"}, {"grade": "2"}), "soft"),
    ):
        for data in ({"birth_date": "2019-01-01", "sex": "female", "grade": "1"}, *changes):
            put_entities("learners", [(child.pk, str(child), data, str(place.school.pk))], by=by.pk)
        Entity.objects.filter(pk=child.pk).update(conflict=mark)
        names = '["birth_date"]' if mark == "hard" else "[]"
        EntityVersion.objects.filter(entity=child.pk, version=3).update(
            base_version=1, conflict=mark, conflicting=names, submission=Submission.objects.get()
        )


def case_of(place: Place) -> Case:
    return Case.objects.filter(wave=place.waves[1]).order_by("-act_now", "-watch", "id").first()


def people(place: Place, language: str) -> dict[str, User | None]:
    """Who visits which pages."""
    roles = (Role.TEACHER, Role.SOCIAL_WORKER, Role.COORDINATOR, Role.RESEARCHER, Role.ADMINISTRATOR)
    found = {
        role.value: page_data.person(
            role, school=place.school, language=language,
            school_class=place.school_class if role is Role.TEACHER else None,
        )
        for role in roles
    }  # fmt: skip
    return {"nobody": None, "no post": page_data.person(None, language=language), **found}


def pages(place: Place) -> dict[str, list[str]]:
    case, klass, entry = case_of(place).pk, place.school_class.pk, Submission.objects.get().pk
    return {
        "nobody": ["/", "/sign-in", "/nothing-here"],
        "no post": ["/home"],
        "teacher": ["/home", f"/class/{klass}", f"/class/{klass}?wave=1&only=act&sort=health", f"/c/{case}"],
        "social_worker": ["/alerts", "/concerns", f"/c/{case}", f"/c/{case}?wave=1", "/profile", "/counts"],
        "coordinator": [
            "/alerts/named",
            "/ledger",
            f"/ledger/{entry}",
            "/ledger?show=all",
            "/ledger?show=lists",
            "/counts",
        ],
        "researcher": ["/counts"],
        "administrator": ["/packs", "/packs/publish", "/devices", "/devices/take-in", "/system"],
    }


def findings(page: Page) -> list[str]:
    from axe_playwright_python.sync_playwright import Axe

    results = Axe().run(page, options={"runOnly": {"type": "tag", "values": RULES}})
    return [f"{one['id']}: {node['html'][:160]}" for one in results.response["violations"] for node in one["nodes"]]


def wrong_with(page: Page, language: str) -> list[str]:
    """What a person with a screen reader, a small screen or big thumbs would stumble over."""
    open_everything(page)
    found = findings(page)
    if page.evaluate(SIDEWAYS) > 0:
        found.append(f"scrolls sideways by {page.evaluate(SIDEWAYS)}")
    if page.evaluate("document.documentElement.lang") != language:
        found.append("wrong language")
    return found + page.evaluate(SMALL_TARGETS, LEAST_TARGET)


def keep_picture(page: Page, name: str) -> None:
    if PICTURES:
        whole = page.evaluate("document.body.scrollHeight") < MOST_HEIGHT
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=whole)


def open_everything(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing_on_any_page(
    browser: Browser, live_server: object, place: Place, language: str, width: int
) -> None:
    wrong: dict[str, list[str]] = {}
    visited = 0
    visitors = people(place, language)
    for who, addresses in pages(place).items():
        window = signed_in(browser, live_server.url, visitors[who], width=width, locale=language)
        page = window.new_page()
        said: list[str] = []
        page.on("console", lambda message, said=said: said.append(message.text) if message.type == "error" else None)
        for address in addresses:
            said.clear()
            response = page.goto(address)
            found = wrong_with(page, language)
            keep_picture(page, f"{who}{address.replace('/', '_')}_{language}_{width}".replace("?", "_"))
            expected = 404 if "nothing" in address else 403 if (who, address) == ("social_worker", "/counts") else 200
            if response.status != expected:
                found.append(f"status {response.status}")
            found += [text for text in said if "status of 40" not in text]
            visited += 1
            if found:
                wrong[f"{who} {address}"] = found
        window.close()
    assert not wrong, "\n".join(f"{where}: {one}" for where, found in wrong.items() for one in found)
    assert visited == 26


def make_a_device(page: Page) -> None:
    page.goto("/devices")
    page.locator("[name=label]").fill("Tablet 8")
    page.locator("[name=user]").select_option(index=1)
    page.locator("form[action='/devices/make'] button").click()
    page.locator("svg.qr").nth(1).wait_for()


def upload_half_a_pack(page: Page) -> None:
    page.goto("/packs/publish")
    page.locator("[name=files]").set_input_files(PACK_FOLDER / "pack.xlsx")
    page.locator("button[name=check]").click()
    assert page.locator("table tbody tr").count() > 5


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("do", [make_a_device, upload_half_a_pack])
def test_axe_finds_nothing_on_pages_that_answer_a_form(
    browser: Browser, live_server: object, place: Place, language: str, width: int, do: Callable[[Page], None]
) -> None:
    visitor = page_data.person(Role.ADMINISTRATOR, language=language)
    window = signed_in(browser, live_server.url, visitor, width=width, locale=language)
    page = window.new_page()
    do(page)
    found = wrong_with(page, language)
    keep_picture(page, f"{do.__name__}_{language}_{width}")
    window.close()
    assert not found, "\n".join(found)


def test_it_still_fits_a_window_of_320(browser: Browser, live_server: object, place: Place) -> None:
    """Also what a window of 640 shows at 200 %."""
    visitors = people(place, "fr")
    for who, addresses in pages(place).items():
        window = signed_in(browser, live_server.url, visitors[who], width=320, locale="fr")
        page = window.new_page()
        for address in addresses:
            page.goto(address)
            open_everything(page)
            assert page.evaluate(SIDEWAYS) <= 0, address
        window.close()


#: Boxes whose words stick out of them or are cut, and lines of words that leave the window. What scrolls by itself
#: (wide tables) may hold more than it shows; what is there for the ear only, or waits off the page, is left out.
NOT_WHOLE = """() => {
  const found = [], wide = document.documentElement.clientWidth
  const apart = e => e.closest('.vh, .skip, .po, svg, select, option') || !e.checkVisibility()
  const said = e => `${e.tagName.toLowerCase()}.${e.className} "${e.textContent.trim().slice(0, 60)}"`
  for (const e of document.body.querySelectorAll('*')) {
    if (apart(e) || getComputedStyle(e).display === 'inline') continue
    const box = e.getBoundingClientRect()
    if (box.right <= 0) continue
    if (e.scrollWidth > e.clientWidth + 1) found.push(`wider than its box by ${e.scrollWidth - e.clientWidth}: ${said(e)}`)
    const cuts = getComputedStyle(e).overflowY !== 'visible'
    if (cuts && e.scrollHeight > e.clientHeight + 1) found.push(`cut below: ${said(e)}`)
  }
  const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (words.nextNode()) {
    const node = words.currentNode, e = node.parentElement
    if (!node.data.trim() || apart(e)) continue
    const line = document.createRange()
    line.selectNodeContents(node)
    for (const box of line.getClientRects())
      if (box.right > wide + 1 || (box.left < -1 && box.right > 0)) found.push(`leaves the window: ${said(e)}`)
    const holder = e.closest('button, .button, .tag, .board td, .board th, label, .wrong, .alerts, .domain')
    if (!holder || getComputedStyle(holder).display === 'inline') continue
    const outer = holder.getBoundingClientRect()
    for (const box of line.getClientRects())
      if (box.right > outer.right + 1 || box.left < outer.left - 1 || box.bottom > outer.bottom + 1)
        found.push(`sticks out: ${said(holder)}`)
  }
  return [...new Set(found)]
}"""


@pytest.mark.parametrize("width", [320, 360])
def test_words_that_are_two_fifths_longer_break_no_page(
    browser: Browser, live_server: object, place: Place, width: int
) -> None:
    """As in a language with longer words: no sideways scrolling, nothing cut, nothing beside its box."""
    lengthen_packs()
    wrong: list[str] = []
    grown = 0
    with longer_english():
        visitors = people(place, "en")
        for who, addresses in pages(place).items():
            window = signed_in(browser, live_server.url, visitors[who], width=width, locale="en")
            lengthen_styles(window)
            page = window.new_page()
            for address in addresses:
                page.goto(address)
                open_everything(page)
                keep_picture(page, f"longer_{who}{address.replace('/', '_').replace('?', '_')}_{width}")
                grown += longer("Skip to the content") in page.content()
                found = page.evaluate(NOT_WHOLE)
                if page.evaluate(SIDEWAYS) > 0:
                    found.append(f"scrolls sideways by {page.evaluate(SIDEWAYS)}")
                wrong += [f"{who} {address}: {one}" for one in found]
            window.close()
    assert not wrong, "\n".join(wrong)
    assert grown == sum(map(len, pages(place).values()))


@pytest.mark.parametrize("do", [make_a_device, upload_half_a_pack])
def test_longer_words_break_no_page_that_answers_a_form(
    browser: Browser, live_server: object, place: Place, do: Callable[[Page], None]
) -> None:
    with longer_english():
        visitor = page_data.person(Role.ADMINISTRATOR)
        window = signed_in(browser, live_server.url, visitor, width=360, locale="en")
        lengthen_styles(window)
        page = window.new_page()
        do(page)
        keep_picture(page, f"longer_{do.__name__}_360")
        found = page.evaluate(NOT_WHOLE)
        assert page.evaluate(SIDEWAYS) <= 0
        window.close()
    assert not found, "\n".join(found)


def test_everything_can_be_done_without_script(browser: Browser, live_server: object, place: Place) -> None:
    case = case_of(place)
    teacher = page_data.person(
        Role.TEACHER, school=place.school, school_class=place.school_class, username="thabo", password="umlilo omkhulu"
    )
    window = signed_in(browser, live_server.url, None, java_script_enabled=False)
    page = window.new_page()
    page.goto(f"/class/{place.school_class.pk}")
    page.get_by_label("User name").fill("thabo")
    page.get_by_label("Password").fill("umlilo omkhulu")
    page.get_by_role("button", name="Sign in").click()
    assert page.url.endswith(f"/class/{place.school_class.pk}")
    page.get_by_role("link", name="Act now only").click()
    page.get_by_role("link", name=str(case.child)).first.click()
    assert page.get_by_role("heading", level=1).inner_text() == str(case.child)
    page.get_by_role("button", name="Français").click()
    assert page.get_by_text("En bref").is_visible()
    page.get_by_role("button", name="Se déconnecter").click()
    assert page.url.endswith("/sign-in")
    page.goto("/home")
    assert "/sign-in" in page.url
    teacher.refresh_from_db()
    assert teacher.language == "fr"
    window.close()


def test_the_keyboard_alone_leads_from_the_board_to_the_reason(
    browser: Browser, live_server: object, place: Place
) -> None:
    nurse = page_data.person(Role.SOCIAL_WORKER, school=place.school)
    window = signed_in(browser, live_server.url, nurse)
    page = window.new_page()
    page.goto(f"/class/{place.school_class.pk}")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('td.a') !== null"):
            break
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    page.wait_for_url("**/c/**")
    for _ in range(60):
        if page.evaluate("document.activeElement.tagName") == "SUMMARY":
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.parentElement.open")
    window.close()


def test_a_first_visit_costs_less_than_fifty_kilobytes(browser: Browser, live_server: object, place: Place) -> None:
    """Bytes as they are, before any compression: page, style sheet and pictures."""
    worker = page_data.person(Role.SOCIAL_WORKER, school=place.school)
    for address in ("/home", f"/class/{place.school_class.pk}", f"/c/{case_of(place).pk}"):
        window = signed_in(browser, live_server.url, worker)
        page = window.new_page()
        bodies: dict[str, int] = {}
        page.on("response", lambda response, bodies=bodies: bodies.update({response.url: len(response.body())}))
        page.goto(address, wait_until="networkidle")
        assert any("khula.css" in url for url in bodies)
        assert any("pictures.svg" in url for url in bodies)
        assert sum(bodies.values()) <= MOST_BYTES, bodies
        window.close()


def test_on_paper_a_class_sheet_keeps_its_words_and_leaves_out_what_cannot_be_pressed(
    browser: Browser, live_server: object, place: Place
) -> None:
    worker = page_data.person(Role.SOCIAL_WORKER, school=place.school)
    window = signed_in(browser, live_server.url, worker)
    page = window.new_page()
    page.goto(f"/class/{place.school_class.pk}")
    page.emulate_media(media="print")
    assert not page.get_by_role("navigation").first.is_visible()
    assert not page.get_by_role("button").first.is_visible()
    assert page.get_by_text(worker.full_name).is_visible()
    assert page.locator(".board").get_by_text("Act now").first.is_visible()
    pages_of_paper = page.pdf(format="A4").count(b"/Type /Page\n")
    assert 1 <= pages_of_paper <= 2
    page.goto(f"/c/{case_of(place).pk}")
    assert not page.get_by_text("Needs a person at once").is_visible()
    assert page.get_by_role("heading", name="Food").is_visible()
    page.emulate_media(media="screen")
    assert page.get_by_text("Needs a person at once").is_visible()
    window.close()
