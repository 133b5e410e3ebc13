"""The tablet's store in a real browser: nothing readable on the disk, nothing saved is lost in a kill, one writer."""

import base64
import json
import os
import signal
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, sync_playwright

from tests import surroundings
from tests.field.a_tablet import until_true
from tests.journeys.browser import ARGUMENTS

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.needs("node"), pytest.mark.slow]

HOSTILE = Path(__file__).with_name("hostile.mjs")
PIN = "482915"
SLOW_TABLET = 6  # times slower than this machine
#: Names and answers no one else uses, long enough to be found for sure.
PLANTED = [f"Nomvula{at}Zwart{at * 7919 % 1000:03d}" for at in range(25)]
ANSWERS = [f"hungry-every-{at}-evening-{at * 104729 % 1000:03d}" for at in range(25)]

OPEN = """async ({ pin, takeOver }) => {
  const [{ openStore }, sync] = await Promise.all([import('/field/store/store.js'), import('/field/sync/sync.js')]);
  const store = globalThis.store = await openStore();
  globalThis.sync = sync;
  if (!store.people().length) {
    const { enrolment } = await sync.hello('Zanele');
    await store.enrol({ ...enrolment, pin });
  }
  globalThis.desk = await store.unlock(store.people()[0].id, pin, { takeOver });
}"""
DUMP = """async () => {
  const seen = [];
  const read = (value, depth = 0) => {
    if (value instanceof CryptoKey) seen.push(`key ${value.extractable} ${value.type}`);
    else if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) {
      const bytes = value instanceof ArrayBuffer ? new Uint8Array(value) : new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
      seen.push(new TextDecoder().decode(bytes), new TextDecoder('utf-16le').decode(bytes));
    } else if (value && typeof value === 'object') for (const [name, part] of Object.entries(value)) (seen.push(name), read(part, depth + 1));
    else seen.push(String(value));
  };
  for (const { name } of await indexedDB.databases()) {
    const database = await new Promise((resolve) => (indexedDB.open(name).onsuccess = ({ target }) => resolve(target.result)));
    for (const store of database.objectStoreNames) {
      seen.push(store);
      const rows = await new Promise((resolve) => {
        const all = [];
        database.transaction(store).objectStore(store).openCursor().onsuccess = ({ target: { result } }) =>
          result ? (all.push(result.key, result.value), result.continue()) : resolve(all);
      });
      rows.forEach((row) => read(row));
    }
    database.close();
  }
  for (const kept of [localStorage, sessionStorage]) seen.push(JSON.stringify({ ...kept }));
  for (const name of await caches.keys()) for (const request of await (await caches.open(name)).keys()) seen.push(request.url);
  return seen.join('\\n');
}"""


@contextmanager
def served(planted: list[str] | None = None, rows: int = 25) -> Iterator[str]:
    environ = {**os.environ, "PLANTED": json.dumps(planted or []), "ROWS": str(rows)}
    command = [str(surroundings.node()), str(HOSTILE), "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.kill()


def tell(address: str, path: str, what: str = "") -> dict[str, object]:
    with urllib.request.urlopen(f"{address}/{path}", data=what.encode()) as answer:
        told: dict[str, object] = json.load(answer) if path == "stored" else {}
        return told


@pytest.fixture
def tablet(tmp_path: Path) -> Iterator[Callable[[], BrowserContext]]:
    """Switches the tablet on: the same profile each time."""
    with sync_playwright() as playwright:
        contexts: list[BrowserContext] = []

        def on() -> BrowserContext:
            context = playwright.chromium.launch_persistent_context(
                str(tmp_path / "profile"),
                executable_path=surroundings.chromium(),
                args=list(ARGUMENTS),
                timeout=120_000,
            )
            contexts.append(context)
            return context

        yield on
        for context in contexts:
            try:
                context.close()
            except Exception:
                continue


def page_of(context: BrowserContext, address: str, *, unlock: bool = True, take_over: bool = False) -> Page:
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.goto(f"{address}/field/empty.html")
    if unlock:
        page.evaluate(OPEN, {"pin": PIN, "takeOver": take_over})
    return page


def kill(profile: Path) -> None:
    """Every process of this profile's browser, at once, as when the battery is gone."""
    for process in Path("/proc").iterdir():
        try:
            said = (process / "cmdline").read_bytes() if process.name.isdigit() else b""
        except OSError:
            continue
        if f"--user-data-dir={profile}".encode() in said and b"chrom" in said:
            os.kill(int(process.name), signal.SIGKILL)


def written(text: str) -> list[bytes]:
    """The ways a text may stand in a file; base64 at each of its three places."""
    plain = text.encode()
    coded = [base64.b64encode(b"x" * shift + plain)[4 if shift else 0 : -4] for shift in range(3)]
    return [plain, text.encode("utf-16-le"), text.encode("utf-16-be"), plain.hex().encode(), *coded]


def found(folder: Path, texts: list[str]) -> list[str]:
    ways = [(text, way) for text in texts for way in written(text)]
    hits = []
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            content = path.read_bytes()
            hits += [f"{text} in {path.relative_to(folder)}" for text, way in ways if way in content]
    return hits


def test_the_browsers_storage_holds_none_of_fifty_planted_names_and_answers(
    tablet: Callable[[], BrowserContext], tmp_path: Path
) -> None:
    with served(PLANTED) as address:
        context = tablet()
        page = page_of(context, address)
        outcome = page.evaluate("() => sync.sync(desk, {})")
        assert outcome["problem"] == ""
        assert page.evaluate("async () => (await desk.get('list', 'learners')).rows.map(r => r.label)") == PLANTED
        tell(address, "mood", "500")
        page.evaluate(
            """async ([names, answers]) => {
              for (const [at, answer] of answers.entries()) {
                await desk.put('draft', `draft of ${names[at]}`, { child: names[at], answer });
                await desk.note(`draft of ${names[at]}`, { key: '/data/hungry', value: answer });
              }
              for (let at = 0; at < 10; at++)
                await desk.finalise({ instanceId: `uuid:${at}`, formId: 'caregiver', version: '1', made: new Date().toISOString(),
                  xml: `<data><name>${names[at]}</name><hungry>${answers[at]}</hungry></data>`, keep: { answer: answers[at] }, sealed: at > 7 },
                  { files: [{ name: `${names[at]}.txt`, type: 'text/plain', bytes: new TextEncoder().encode(answers[at]) }], draft: `draft of ${names[at]}` });
              await sync.sync(desk, {});
            }""",
            [PLANTED, ANSWERS],
        )
        dump = page.evaluate(DUMP)
        for text in [*PLANTED, *ANSWERS, "Mokoena", "learners", "caregiver", PIN]:
            assert text not in dump, text
        assert "key false secret" in dump
        assert "key false private" in dump
        assert "key true secret" not in dump
        assert "key true private" not in dump
        # The search itself finds what does stand there in the clear.
        page.evaluate(
            """() => new Promise((resolve) => {
              const opening = indexedDB.open('clear');
              opening.onupgradeneeded = () => opening.result.createObjectStore('s').put({ text: 'CanaryInTheClear4711' }, 1);
              opening.onsuccess = resolve;
            })"""
        )
        context.close()
    profile = tmp_path / "profile"
    assert found(profile, ["CanaryInTheClear4711"])
    assert found(profile, [*PLANTED, *ANSWERS]) == []


def test_what_was_called_saved_is_there_after_ten_kills(tablet: Callable[[], BrowserContext], tmp_path: Path) -> None:
    with served() as address:
        saved = 0
        for power_cut in range(10):
            page = page_of(tablet(), address, take_over=True)
            entries = page.evaluate("() => desk.journal('d')")
            assert entries == list(range(len(entries)))
            assert len(entries) >= saved, f"cut {power_cut}: {saved} called saved, {len(entries)} there"
            saved = page.evaluate(
                """async ([from, wait]) => {
                  globalThis.next = from;
                  globalThis.saved = from;
                  (async () => { for (;;) { await desk.note('d', next++); saved = next; } })();
                  await new Promise((resolve) => setTimeout(resolve, wait));
                  return saved;
                }""",
                [len(entries), 60 + 35 * power_cut],
            )
            kill(tmp_path / "profile")
        print(f"figure notes_over_ten_kills {saved} count")


def test_two_tabs_have_one_writer(tablet: Callable[[], BrowserContext]) -> None:
    with served() as address:
        context = tablet()
        first = page_of(context, address)
        first.evaluate("() => { globalThis.why = ''; desk.onlocked = (reason) => (why = reason) }")
        second = page_of(context, address, unlock=False)
        said = f"async (how) => {{ try {{ await ({OPEN})(how); return 'open' }} catch (problem) {{ return problem.code }} }}"
        assert second.evaluate(said, {"pin": PIN, "takeOver": False}) == "busy"
        assert second.evaluate(said, {"pin": PIN, "takeOver": True}) == "open"
        until_true(first, "() => why === 'taken'")
        second.evaluate("() => desk.put('draft', 'd', 1)")
        second.close()  # a tab that is closed lets go
        third = page_of(context, address, unlock=False)
        assert third.evaluate(said, {"pin": PIN, "takeOver": False}) == "open"


def test_revocation_leaves_nothing_that_can_be_read(tablet: Callable[[], BrowserContext]) -> None:
    with served(PLANTED) as address:
        page = page_of(tablet(), address)
        page.evaluate("async () => { await sync.sync(desk, {}); await desk.put('draft', 'd', 'a draft'); }")
        tell(address, "mood", "500")
        page.evaluate(
            """() => desk.finalise({ instanceId: 'uuid:9', formId: 'c', version: '1', made: '2026', xml: '<data>uuid:9</data>' })"""
        )
        tell(address, "mood", "fine")
        tell(address, "revoke", "Zanele")
        assert page.evaluate("async () => (await sync.sync(desk, {})).problem") == "revoked"
        left = page.evaluate(
            """async () => {
              const { Database } = await import('/field/store/database.js');
              const database = new Database();
              const count = {};
              for (const name of ['people', 'records', 'journal', 'sealed']) {
                const rows = await database.pairs(name, undefined);
                count[name] = name === 'people' ? Object.keys(rows[0][1]).sort().join() : rows.length;
              }
              return { ...count, people_shown: store.people().length };
            }"""
        )
        assert left == {
            "people": "about,id,latest,life,seen,sign,wiped,wrong", "records": 0, "journal": 0, "sealed": 1, "people_shown": 0,
        }  # fmt: skip


def test_what_the_store_costs_on_a_weak_tablet(tablet: Callable[[], BrowserContext]) -> None:
    with served(rows=10_000) as address:
        context = tablet()
        page = page_of(context, address)
        assert page.evaluate("() => sync.sync(desk, {}).then(({ problem }) => problem)") == ""
        context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOW_TABLET})
        took = page.evaluate(
            """async (pin) => {
              const took = {};
              const time = async (name, work, times = 1) => {
                const all = [];
                for (let at = 0; at < times; at++) {
                  const start = performance.now();
                  await work(at);
                  all.push(performance.now() - start);
                }
                took[name] = Math.round(all.sort((a, b) => a - b)[times >> 1] * 10) / 10;
              };
              desk.lock();
              await time('store_unlock_ms', async () => { globalThis.desk = await store.unlock(store.people()[0].id, pin); });
              await time('store_note_ms', (at) => desk.note('d', { key: '/data/question', value: `${at}` }), 75);
              await time('store_list_10000_ms', () => desk.get('list', 'learners'));
              const rows = (await desk.get('list', 'learners')).rows.length;
              const file = new Uint8Array(500_000);
              await time('store_finalise_ms', (at) => desk.finalise({ instanceId: `uuid:${at}`, formId: 'c', version: '1', made: '2026',
                xml: '<data>' + 'x'.repeat(20_000) + '</data>' }, { files: [{ name: 'p.jpg', type: 'image/jpeg', bytes: file }] }), 5);
              return { rows, took };
            }""",
            PIN,
        )
        assert took["rows"] == 10_000
        for name, value in took["took"].items():
            print(f"figure {name} {value} ms")
