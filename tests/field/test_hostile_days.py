"""Three days with a child: no network, ten dead batteries, then a server that cannot be talked to; each record once after."""

import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Error, Page, expect

from tests.clients.khula_process import Khula, served
from tests.field.a_tablet import Tablet, playing, until_true
from tests.field.bad_network import MOODS, BadNetwork
from tests.field.kill import kill_browser
from tests.field.test_field_journey import fill_to_the_end, start_voice, token

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.slow]

CHILD = "Zanele Mthembu"
DAYS = 3
#: Between two looks at the tablet; shorter than it takes to lock itself.
STEP_MS = 9 * 60_000 + 30_000
STEPS_A_DAY = 20
NIGHT_MS = 24 * 3_600_000 - STEPS_A_DAY * STEP_MS

#: The answers of the interview at hand, as they will stand in its record.
NAMED = """async () => {
  const { openInterview } = await import("/field/program.js").then(({ WHOLE }) => WHOLE["visits/at_hand.js"]);
  const { draft, form } = openInterview();
  return [draft.formId, form.named()];
}"""
#: What the device makes of several voices together.
TOGETHER = """async (answers) => {
  const { WHOLE } = await import("/field/program.js");
  const [{ assess }, { toldBy }, { devicePlan }] = await Promise.all(
    ["meaning/assess.js", "visits/result.js", "visits/forms_here.js"].map((path) => WHOLE[path] ?? import(`/field/${path}`)));
  return assess(await devicePlan(), answers, toldBy(answers));
}"""
COUNT_ROUNDS = "() => { globalThis.rounds = 0; document.addEventListener('synced', () => { rounds += 1 }); }"


class Battery(Tablet):
    """A tablet that goes out without a word."""

    kills = 0

    def kill(self) -> None:
        assert self.context is not None
        kill_browser(self.profile)
        self.kills += 1
        try:
            self.context.close()
        except Error:
            pass
        self.context = None


@pytest.fixture
def khula(tmp_path: Path) -> Iterator[tuple[Khula, dict[str, Any]]]:
    data = tmp_path / "data"
    data.mkdir()
    with served(data, "sqlite", "--children", "12") as got:
        yield got


def test_three_hostile_days_and_each_record_is_on_the_board_once_with_the_devices_levels(
    khula: tuple[Khula, dict[str, Any]], tmp_path: Path
) -> None:
    server, prepared = khula
    network = BadNetwork(server.port)
    with playing() as playwright:
        tablet = Battery(playwright, tmp_path / "profile", network.address)
        page = tablet.switch_on()
        tablet.enrol(token(prepared, 0))
        expect(page.locator(".rows .row").first).to_be_visible(timeout=60_000)
        until_true(page, "Boolean(navigator.serviceWorker.controller)")
        tablet.offline()
        voices = _fill(tablet)
        assert len(voices) == 4
        device = tablet.page.evaluate(
            TOGETHER, {name: value for answers in voices.values() for name, value in answers.items()}
        )
        assert tablet.kills == 10
        assert server.rows("SELECT count(*) FROM collection_submission")[0][0] == 0, "nothing was sent yet"
        tablet.kill()
        page = _days(tablet, network)
        network.mood = lambda path: "fine"
        _until_received(page, tablet)
        tablet.kill()
        network.close()
        assert not tablet.wrong, "\n".join(tablet.wrong)
    _judge(server, device)
    print(f"figure hostile_requests {sum(network.met[mood] for mood in MOODS)} count")


def _fill(tablet: Battery) -> dict[str, dict[str, str]]:
    """The register and the four voices, in English, then in French; two deaths in each. Returns answers by form."""
    tablet.page.locator(".headline button").click()
    fill_to_the_end(tablet, kill_after=3)
    _finish(tablet, 0.0)
    voices: dict[str, dict[str, str]] = {}
    for voice in range(4):
        start_voice(tablet, CHILD, voice)
        if voice == 2:
            tablet.page.locator(".tools select").select_option("fr")
            expect(tablet.page.get_by_role("button", name="Toutes les réponses")).to_be_visible()
        fill_to_the_end(tablet, kill_after=5 + 3 * voice)
        form, answers = tablet.page.evaluate(NAMED)
        voices[form] = answers
        _finish(tablet, 0.06 * voice)
    return voices


def _finish(tablet: Battery, seconds: float) -> None:
    """Finish is tapped and the battery is out: the record is there, or the draft is, at its last page."""
    finish = re.compile("^(Finish|Terminer)$")
    tablet.page.get_by_role("button", name=finish).click(no_wait_after=True)
    tablet.page.wait_for_timeout(seconds * 1000)
    tablet.kill()
    page = tablet.switch_on()
    tablet.offline()
    page.goto(f"{tablet.address}/field/")
    tablet.unlock()
    page.wait_for_selector(".page h2, .headline button")
    page.wait_for_timeout(700)
    if page.locator(".page h2").count():
        while not page.locator("main.review").count():
            page.locator("button.next").click()
            page.wait_for_timeout(200)
        page.get_by_role("button", name=finish).click()
        expect(page.get_by_role("heading", level=1, name=re.compile("Saved on|Enregistré sur"))).to_be_visible()
        page.locator("main").get_by_role("button", name=re.compile("^(Today|Aujourd’hui)$")).click()
    tablet.on_today()


def _days(tablet: Battery, network: BadNetwork) -> Page:
    """Somebody looks at the tablet every ten minutes of a working day, and never once does the network do what it should."""
    chance = random.Random(3)

    def mood(path: str) -> str:
        if path.endswith("/receipts"):
            return chance.choice(MOODS)
        return (
            chance.choice((*MOODS, "fine", "fine", "fine"))
            if "/v1/key/" in path and not path.endswith("/submission")
            else chance.choice(MOODS)
        )

    network.mood = mood
    page = tablet.switch_on()
    page.clock.install()
    page.goto(f"{tablet.address}/field/")
    for _day in range(DAYS):
        tablet.unlock()
        tablet.on_today()
        page.evaluate(COUNT_ROUNDS)
        for _ in range(STEPS_A_DAY):
            page.locator("main h1").first.dispatch_event("pointerdown")
            page.clock.fast_forward(STEP_MS)
            page.wait_for_timeout(150)
            send = page.get_by_role("button", name=re.compile("^(Send and fetch|Envoyer et recevoir)$"))
            if chance.random() < 0.5 and send.is_enabled():
                send.click()
            page.wait_for_timeout(200)
        assert page.evaluate("rounds") >= STEPS_A_DAY // 3
        expect(page.locator(".outbox")).not_to_contain_text(re.compile("Everything is received|Tout est bien arrivé"))
        page.clock.fast_forward(NIGHT_MS)
        expect(page.locator(".pad")).to_be_visible()
    return page


def _until_received(page: Page, tablet: Battery) -> None:
    tablet.unlock()
    tablet.on_today()
    for _ in range(12):
        page.locator("main h1").first.dispatch_event("pointerdown")
        page.clock.fast_forward(STEP_MS)
        page.wait_for_timeout(1500)
        if page.get_by_text(re.compile("Everything is received|Tout est bien arrivé")).count():
            return
    expect(page.locator(".outbox")).to_contain_text(re.compile("Everything is received|Tout est bien arrivé"))


def _judge(server: Khula, device: dict[str, Any]) -> None:
    records = server.rows("SELECT xform_id, instance_id, state, child_id FROM collection_submission")
    assert sorted(str(row[0]) for row in records) == [
        "kh_caregiver",
        "kh_child",
        "kh_health",
        "kh_register",
        "kh_teacher",
    ]
    assert {row[2] for row in records} == {"in case"}
    assert server.rows("SELECT count(*) FROM collection_conflictcopy") == [(0,)]
    children = server.rows("SELECT id FROM schools_child WHERE given_names = 'Zanele' AND family_name = 'Mthembu'")
    assert len(children) == 1
    cases = server.rows("SELECT id, levels, voices_heard, act_now FROM cases_case WHERE child_id = ?", children[0][0])
    assert len(cases) == 1
    case_id, levels, heard, act_now = cases[0]
    assert heard == 4
    assert json.loads(str(levels)) == {name: domain["level"] for name, domain in device["domains"].items()}
    assert act_now == sum(domain["level"] == "high" for domain in device["domains"].values())
    results = server.rows("SELECT result FROM cases_assessment WHERE case_id = ? ORDER BY id DESC", case_id)
    result = json.loads(str(results[0][0]))
    for part in ("scores", "flags", "strengths", "domains", "alerts", "context"):
        assert device[part] == result[part], part
    assert len({domain["level"] for domain in device["domains"].values()}) > 1, "levels that say something"
