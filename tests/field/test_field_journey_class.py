"""Forms that ask for more: the shipped class at a glance (`kh-grid`), letters against the clock (`kh-timed`) and the forms
beside the voices; and a form of our own with every other kind of question.
"""

from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from playwright.sync_api import Page, Playwright, Route, expect

from khula.analysis.packs.device import device_form
from khula.analysis.packs.forms import compile_form
from tests.clients.khula_process import Khula, served
from tests.field.a_tablet import Tablet, playing, until_true
from tests.field.test_field_journey import token

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.slow]

HEAD = [
    "type",
    "name",
    "label::English (en)",
    "label::French (fr)",
    "appearance",
    "required",
    "calculation",
    "parameters",
    "hint::English (en)",
]
LEARNER = ["select_one_from_file learners.csv", "learner", "Which learner?", "Quel élève ?", "autocomplete", "yes"]
READING = [
    LEARNER,
    ["select_multiple letters", "letters", "Letter sounds", "Sons", "kh-timed-60-3"],
    ["integer", "letters_last", "Reached", "Atteint"],
    ["integer", "letters_seconds", "Seconds", "Secondes"],
    ["time", "at", "What time is it?", "Quelle heure ?"],
    ["range", "far", "How far is school?", "À quelle distance ?", "", "", "", "start=0 end=10 step=1"],
    ["rank seen", "order", "Put them in order", "Ordre"],
    ["image", "photo", "A photo", "Une photo"],
    ["geopoint", "place", "Where?", "Où ?"],
    ["acknowledge", "read", "Tell the child that it is over", "Dites que c’est fini"],
    ["select_multiple seen", "some", "Which of these?", "Lesquels ?"],
    ["date", "born", "When?", "Quand ?"],
    ["text", "words", "In your words", "Vos mots", "multiline"],
]  # fmt: skip


def form(form_id: str, rows: list[list[str]]) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "survey"
    for row in [HEAD, *rows]:
        sheet.append(row)
    choices = book.create_sheet("choices")
    choices.append(["list_name", "name", "label::English (en)", "label::French (fr)"])
    for value, label in enumerate(("Well", "A little", "Trouble")):
        choices.append(["seen", str(value), label, label])
    for letter in "mastpionebd":
        choices.append(["letters", letter, letter, letter])
    settings = book.create_sheet("settings")
    settings.append(["form_title", "form_id", "version", "default_language"])
    settings.append([form_id, form_id, "1", "English (en)"])
    out = BytesIO()
    book.save(out)
    return device_form(compile_form(out.getvalue()).xml)


@pytest.fixture(scope="module")
def khula(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Khula, dict[str, Any]]]:
    with served(tmp_path_factory.mktemp("khula"), "sqlite", "--children", "40") as got:
        yield got


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with playing() as playwright:
        yield playwright


@pytest.fixture
def tablet(khula: tuple[Khula, dict[str, Any]], playwright: Playwright, tmp_path: Path) -> Iterator[Tablet]:
    tablet = Tablet(playwright, tmp_path / "profile", khula[0].address, width=800, height=1280, name="class")
    tablet.switch_on()
    yield tablet
    tablet.kill()
    assert not tablet.wrong, "\n".join(tablet.wrong)


def carry_more_forms(tablet: Tablet) -> None:
    plan = form("kh_reading", READING)

    def listed(route: Route) -> None:
        found = route.fetch().json()
        found.append(
            {"form_id": "kh_reading", "version": "1", "md5": "kh_reading", "url": "field/plans/kh_reading.json",
             "informant": "reading", "title": {"en": "kh_reading", "fr": "kh_reading"}, "lists": ["learners"],
             "media": []}
        )  # fmt: skip
        route.fulfill(json=found)

    assert tablet.context is not None
    tablet.context.route("**/field/plans", listed)
    tablet.context.route("**/field/plans/kh_reading.json", answering(plan))


def answering(plan: bytes) -> Callable[[Route], None]:
    return lambda route: route.fulfill(body=plan, content_type="application/json", headers={"ETag": '"1"'})


def ready(tablet: Tablet, token: str) -> Page:
    tablet.enrol(token)
    expect(tablet.page.locator(".rows .row").first).to_be_visible(timeout=60_000)
    return tablet.page


def test_a_class_of_forty_on_five_items_without_a_network(khula: tuple[Khula, dict[str, Any]], tablet: Tablet) -> None:
    page = ready(tablet, token(khula[1], 0))
    tablet.offline()
    page.get_by_role("button", name="Whole class on one screen").click()
    expect(page.locator("tbody tr")).to_have_count(40)
    assert page.evaluate("document.querySelectorAll('*').length") < 2000
    for row in range(3):  # the second child: a little worry in three of the five
        for cell in range(5):
            button = page.locator("tbody tr").nth(row).locator("button.cell").nth(cell)
            for _ in range(2 if row == 1 and cell < 3 else 1):
                button.click()
                page.wait_for_timeout(60)
    page.locator("tbody tr").nth(3).locator("button.cell").first.click()
    tablet.look("grid")
    tap_all = (
        "() => document.querySelectorAll('tbody tr')[4].querySelectorAll('button.cell').forEach((one) => one.click())"
    )
    page.evaluate(tap_all)  # faster than an interview can be begun
    expect(page.locator("tbody tr").nth(4).locator("button.cell.given")).to_have_count(5)
    begun = page.evaluate(
        "import('/field/program.js').then(({ WHOLE }) => WHOLE['visits/at_hand.js']).then(({ drafts }) => drafts()).then((all) => all.map((one) => one.child))"
    )
    assert len(begun) == len(set(begun)) == 5
    page.get_by_role("button", name="Finish complete rows").dblclick()
    expect(page.get_by_text("◐ on this tablet")).to_have_count(4)
    assert (
        page.evaluate(
            "import('/field/program.js').then(({ WHOLE }) => WHOLE['visits/carrying.js']).then(({ waitingHere }) => waitingHere())"
        )
        == 4
    )
    expect(page.get_by_role("button", name="Longer form")).to_have_count(1)
    expect(page.locator("tbody tr").nth(1).get_by_role("button", name="Longer form")).to_be_visible()
    expect(page.locator("button.cell.given")).to_have_count(1)
    tablet.look("grid_done")
    page.get_by_role("button", name="Today").first.click()
    expect(page.locator(".outbox")).to_contain_text("4 records")
    page.get_by_role("button", name="Whole class on one screen").click()
    page.get_by_role("button", name="Longer form").click()
    expect(page.get_by_role("heading", level=2).first).to_contain_text("Answer from what you yourself saw this term")


def next_question(page: Page) -> None:
    page.locator("button.next").click()
    page.wait_for_timeout(300)
    assert not page.locator(".q.bad").count(), page.locator(".q.bad").inner_text()


def test_a_reading_task_goes_on_by_the_clock_through_a_kill_and_every_kind_of_question_can_be_answered(
    khula: tuple[Khula, dict[str, Any]], tablet: Tablet
) -> None:
    carry_more_forms(tablet)
    page = ready(tablet, token(khula[1], 1))
    until_true(page, "Boolean(navigator.serviceWorker.controller)")
    page.locator(".rows .row").first.click()
    page.locator(".voices li", has_text="kh_reading").get_by_role("button").click()
    page.get_by_role("button", name="Start the clock").click()
    page.locator(".item").nth(1).click()
    page.locator(".item").nth(4).click()
    expect(page.locator(".saved")).to_have_class("saved saved")
    left = int(page.locator(".clock").inner_text().split()[0])
    tablet.kill()
    page = tablet.switch_on()
    carry_more_forms(tablet)
    page.wait_for_timeout(2000)
    page.goto(f"{tablet.address}/field/")
    tablet.unlock()
    page.wait_for_selector(".clock")
    assert int(page.locator(".clock").inner_text().split()[0]) <= left - 2
    expect(page.locator(".wrong-item")).to_have_count(2)
    tablet.look("timed")
    page.get_by_role("button", name="The child stopped").click()
    page.locator(".item").nth(6).click()
    expect(page.locator(".timed .hint")).to_contain_text("Reached 7, right 5")
    next_question(page)
    assert page.locator(".page input").input_value() == "7"
    next_question(page)
    assert 1 <= int(page.locator(".page input").input_value()) <= 60
    next_question(page)
    page.locator("input[type=time]").fill("07:30")
    next_question(page)
    page.get_by_role("button", name="More", exact=True).click()
    tablet.look("range")
    next_question(page)
    page.get_by_role("button", name="Move down: Well").click()
    tablet.look("rank")
    next_question(page)
    page.locator("input[type=file]").set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": picture()})
    expect(page.locator("img.taken")).to_be_visible()
    tablet.look("photo")
    next_question(page)
    assert tablet.context is not None
    tablet.context.grant_permissions(["geolocation"])
    tablet.context.set_geolocation({"latitude": -26.2, "longitude": 28.04, "accuracy": 12})
    page.get_by_role("button", name="Take the position").click()
    expect(page.locator(".page output")).to_contain_text("within 12 m")
    next_question(page)
    page.locator(".page input").check(force=True)
    next_question(page)
    page.locator(".page input").nth(0).check(force=True)
    page.locator(".page input").nth(2).check(force=True)
    next_question(page)
    page.locator(".date input").nth(0).fill("31")
    page.locator(".date select").select_option("2")
    page.locator(".date input").nth(1).fill("2026")
    expect(page.locator(".date + .error")).to_contain_text("does not exist")
    tablet.look("date_wrong")
    page.locator(".date input").nth(0).fill("28")
    next_question(page)
    page.locator("textarea").fill("A few words & <signs>")
    next_question(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("All answers")
    tablet.look("review_all_kinds")
    page.get_by_role("button", name="Finish").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Saved on this tablet")
    page.wait_for_timeout(4000)
    rows = khula[0].rows("SELECT id, xml FROM collection_submission WHERE xform_id = 'kh_reading'")
    assert len(rows) == 1
    xml = bytes(rows[0][1]).decode()  # type: ignore[arg-type]
    assert "<letters>m s t i o</letters>" in xml
    assert "<far>1</far>" in xml
    assert "<order>1 0 2</order>" in xml
    assert "<some>0 2</some>" in xml
    assert "A few words &amp; &lt;signs&gt;" in xml
    files = khula[0].rows("SELECT name FROM collection_submissionfile WHERE submission_id = ?", rows[0][0])
    assert len(files) == 1, files


def picture() -> bytes:
    from base64 import b64decode

    dot = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    return b64decode(dot)
