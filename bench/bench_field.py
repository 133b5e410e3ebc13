"""`make bench-field`: the field app and ODK Web Forms in one run, lines `figure NAME VALUE UNIT` out.

Debian's Chromium on a processor slowed six times; first visits over 400 kbit/s with two seconds there and back. Both
get the same form of 160 questions over HTTP/2 and TLS, compressed the same way, from the same small server. Answers,
memory, sync and search are those of the real app: enrolled, encrypted, each answer on the disk.

Two things are timed of an answer, inside the page and alike for the app and its floor, from the event of the finger to
the first moment after the next frame has been painted:

* `answer`: a tap on a choice or a key, until it shows. Floor: the same elements under the same style sheet, no program.
* `next_question`: the tap on Next, until the next question shows. The app promises that every answer is on the disk
  (IndexedDB, durability strict) before it does, so the floor it is compared with makes one strict write of 120 bytes
  and then puts a question of as many elements in the place of the last. `bare_page_turn` is the same without the write.

`cached_first_question` is the page of the first visit opened again, all of it from the browser's cache, for both. The
app as a whole has a lock and Today in between, and its own figures, without a network: `app_start` to the painted PIN
pad, `unlock` (the PIN is made slow on purpose, 600,000 rounds; Today drawn) and `app_form_open`, from the tap on a
form to its painted first question.
"""

import csv
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, CDPSession, Page, Playwright, sync_playwright

HERE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HERE))

from bench.field_pages import served  # noqa: E402
from bench.field_weight import FIRST, first_form_bytes, runtime_bytes  # noqa: E402
from bench.large_form import learners, workbook  # noqa: E402
from khula.analysis.packs.device import device_form  # noqa: E402
from khula.analysis.packs.forms import compile_form  # noqa: E402
from khula.server.field import program, together  # noqa: E402
from tests import surroundings  # noqa: E402
from tests.clients.khula_process import served as khula_served  # noqa: E402
from tests.field.a_tablet import until_true  # noqa: E402

PEERS = HERE / "bench/peers"
FIELD = HERE / "field/src"
SLOWER = 6
SLOW_NETWORK = {"offline": False, "latency": 2000, "downloadThroughput": 400_000 / 8, "uploadThroughput": 400_000 / 8}
VIEW = {"width": 412, "height": 915}
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
PIN = "274951"
OURS, PEERS_OWN = ".page .q", ".question-container input, .odk-form input"
#: Notes when something that can be answered has been painted.
WATCH = """
(() => {
  const look = () => {
    if (!document.querySelector(%r)) return setTimeout(look, 10);
    requestAnimationFrame(() => setTimeout(() => { window.seenAt = performance.now(); }));
  };
  look();
})();
"""
#: From a tap or a key to the first moment after what follows has been painted; and from a button to another question.
ANSWERS = """
(() => {
  const painted = (list, event) => requestAnimationFrame(() => setTimeout(() => (window[list] ??= []).push(performance.now() - event.timeStamp)));
  const shown = () => document.querySelector('.page .q')?.dataset.name;
  let watch;
  addEventListener('input', (event) => painted('took', event), true);
  addEventListener('click', (event) => {
    if (!event.target.closest?.('button')) return;
    const before = shown();
    watch?.disconnect();
    watch = new MutationObserver(() => {
      if (!shown() || shown() === before) return;
      watch.disconnect();
      painted('turned', event);
    });
    watch.observe(document, { childList: true, subtree: true });
  }, true);
})();
"""  # noqa: E501


def figure(name: str, value: float, unit: str) -> None:
    print(f"figure {name} {value:.4g} {unit}", flush=True)


def say(line: str) -> None:
    print(f"# {line}", flush=True)


def our_files(plan: bytes, children: bytes) -> dict[str, bytes]:
    """The program as Khula serves it, and the page that shows one form of it at once."""
    rows = list(csv.DictReader(StringIO(children.decode())))
    links = f'<link rel="modulepreload" href="/field/{together.ADDRESS}">'
    links += "".join(
        f'<link rel="preload" href="/{name}" as="fetch" crossorigin>' for name in ("plan.json", "rows.json")
    )
    page = (HERE / "bench/field_try.html").read_text().replace("<!-- preloads -->", links).encode()
    listed = [path for path in program.listed()[1] if path]
    program_files = {f"field/{path}": found.forms[""] for path in listed if (found := program.file_at(path))}
    return {
        "index.html": page, "plan.json": plan, "rows.json": json.dumps(rows).encode(),
        "field_try.js": (HERE / "bench/field_try.js").read_bytes(), **program_files,
    }  # fmt: skip


def peer_files(form_xml: bytes, children: bytes) -> dict[str, bytes]:
    modules = PEERS / "node_modules"
    web_forms = (modules / "@getodk/web-forms/dist").glob("*.js")
    return {
        "index.html": (PEERS / "web_forms.html").read_bytes(),
        "form.xml": form_xml,
        "media/learners.csv": children,
        "peer/vue.js": (modules / "vue/dist/vue.runtime.esm-browser.prod.js").read_bytes(),
        **{f"peer/web-forms/{file.name}": file.read_bytes() for file in web_forms},
    }


@contextmanager
def window(browser: Browser, selector: str, *, network: dict | None = None) -> Iterator[tuple[Page, list[int]]]:
    """A new window of a slow device; the list fills with the bytes that came over the wire."""
    context = browser.new_context(viewport=VIEW, ignore_https_errors=True)
    context.add_init_script(WATCH % selector)
    context.add_init_script(ANSWERS)
    page = context.new_page()
    line = slow(page, network)
    came: list[int] = []
    line.on("Network.loadingFinished", lambda event: came.append(event["encodedDataLength"]))
    yield page, came
    context.close()


def slow(page: Page, network: dict | None) -> CDPSession:
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    line.send("Performance.enable")
    line.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    if network:
        line.send("Network.emulateNetworkConditions", network)
    return line


def first_visit(
    browser: Browser, address: str, selector: str, network: dict | None = SLOW_NETWORK
) -> tuple[float, float]:
    """(seconds from the start of the visit to the first question that can be answered, KB over the wire until then)."""
    with window(browser, selector, network=network) as (page, came):
        page.goto(address, wait_until="commit", timeout=300_000)
        page.wait_for_function("window.seenAt", timeout=300_000)
        return float(page.evaluate("window.seenAt")) / 1000, sum(came) / 1000


def second_visit(browser: Browser, address: str, selector: str) -> float:
    """Seconds from the start of a visit to the first question, everything still being there from the last one."""
    with window(browser, selector) as (page, came):
        page.goto(address, timeout=300_000)
        page.wait_for_function("window.seenAt", timeout=300_000)
        page.wait_for_timeout(3000)
        page.goto("about:blank")
        came.clear()
        page.goto(address, wait_until="commit", timeout=300_000)
        page.wait_for_function("window.seenAt", timeout=300_000)
        if sum(came) > 1000:
            say(f"not all from the cache: {sum(came) / 1000:.1f} KB came")
        return float(page.evaluate("window.seenAt")) / 1000


def beside_the_peer(browser: Browser) -> None:
    """The same form, the same network, the same server: the time to the first question."""
    children = learners(600)
    form, long_form = compile_form(workbook(160)), compile_form(workbook(485))
    for name, files, selector in (
        ("", our_files(device_form(form.xml), children), OURS),
        ("peer_", peer_files(form.xml, children), PEERS_OWN),
    ):
        with served(files) as address:
            visits = [first_visit(browser, f"{address}/", selector) for _ in range(3)]
        figure(f"{name}first_question_s", statistics.median(seconds for seconds, _ in visits), "s")
        figure(f"{name}first_visit_kb", visits[0][1], "KB")
        with served(files, tls=False) as address:
            again_s = [second_visit(browser, f"{address}/", selector) for _ in range(5)]
        figure(f"{name}cached_first_question_s", statistics.median(again_s), "s")
    for name, files, selector in (
        ("", our_files(device_form(long_form.xml), children), OURS),
        ("peer_", peer_files(long_form.xml, children), PEERS_OWN),
    ):
        with served(files) as address:
            opened = [first_visit(browser, f"{address}/", selector, None)[0] for _ in range(3)]
        figure(f"{name}long_form_open_s", statistics.median(opened), "s")


def sizes() -> None:
    """What runs a form; and page, script and screens with the form itself; as `make test` weighs them."""
    figure("form_runtime_kb", runtime_bytes() / 1000, "KB")
    figure("program_kb", sum(_packed(path) for path in program.listed()[1]) / 1000, "KB")
    figure("program_and_form_kb", (sum(map(_packed, FIRST)) + first_form_bytes()) / 1000, "KB")


def _packed(path: str) -> int:
    found = program.file_at(path)
    assert found is not None, path
    return len(found.forms.get("br", found.forms[""]))


def floor(browser: Browser) -> None:
    """What an answer and the next question cost on a page of the same elements with no program."""
    style = program.file_at("shell/app.css")
    assert style is not None
    files = {"index.html": (HERE / "bench/bare_page.html").read_bytes(), "field/shell/app.css": style.forms[""]}
    for address, name in (("", "bare_page_turn"), ("?strict", "bare_page_strict_turn")):
        with served(files) as root, window(browser, OURS) as (page, _):
            page.goto(f"{root}/{address}")
            for number in range(40):
                page.locator("label.choice").nth(number % 5).click()
                page.get_by_role("button", name="Next").click()
                page.locator(f'.q[data-name="q{number + 2}"]').wait_for()
            page.wait_for_timeout(500)
            if not address:
                times("bare_page_answer", page.evaluate("window.took"))
            times(name, page.evaluate("window.turned"))


def times(name: str, milliseconds: list[float]) -> None:
    ordered = sorted(milliseconds)
    figure(f"{name}_p50_ms", statistics.median(ordered), "ms")
    figure(f"{name}_p95_ms", ordered[int(len(ordered) * 0.95)], "ms")
    figure(f"{name}_worst_ms", ordered[-1], "ms")


def real_app(playwright: Playwright) -> None:
    """A school of 1,200 on a tablet: enrolment, first sync, search, an interview of 160 questions, and once more."""
    with (
        TemporaryDirectory() as folder,
        khula_served(Path(folder), "sqlite", "--children", "12", "--bulk", "1188", "--devices", "1") as (
            khula,
            prepared,
        ),
    ):
        command = [sys.executable, "-m", "bench.prepare_field"]
        done = subprocess.run(command, cwd=HERE, env=khula.environment(), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        token = prepared["doors"][0].rsplit("/", 1)[1]
        profile = Path(folder, "profile")
        with tablet(playwright, profile) as page:
            slow(page, SLOW_NETWORK)
            page.goto(f"{khula.address}/field/#k={token}", timeout=300_000)
            page.get_by_label("Choose a PIN").fill(PIN)
            page.get_by_label("The same PIN").fill(PIN)
            if page.get_by_role("checkbox").count():
                page.get_by_role("checkbox").check()
            began = time.monotonic()
            page.get_by_role("button", name="Begin", exact=True).click()
            page.get_by_text("1200 children").or_(page.get_by_text("1,200 children")).wait_for(timeout=300_000)
            figure("first_sync_1200_learners_s", time.monotonic() - began, "s")
            page.evaluate("navigator.serviceWorker.ready.then(() => true)")
            page.wait_for_timeout(20_000)  # the worker fetches the whole program behind the scenes
        with tablet(playwright, profile) as page:
            again(page, khula.address)


def again(page: Page, address: str) -> None:
    """The next morning, without a network."""
    page.add_init_script(WATCH % ".pad")
    line = slow(page, None)
    page.context.set_offline(True)
    page.goto(f"{address}/field/")
    page.locator(".pad").wait_for()
    until_true(page, "window.seenAt > 0")
    shown = float(page.evaluate("window.seenAt"))
    for digit in PIN:
        page.locator(".pad").get_by_role("button", name=digit, exact=True).click()
    began = time.monotonic()
    page.locator(".pad").get_by_role("button", name="OK").click()
    page.get_by_role("heading", name="Today").wait_for()
    figure("unlock_s", time.monotonic() - began, "s")
    page.wait_for_timeout(1500)
    search = page.locator("input[type=search]")
    search.press_sequentially("khumalo", delay=200)
    page.wait_for_timeout(500)
    figure("search_1200_worst_s", max(page.evaluate("window.took")) / 1000, "s")
    search.fill("")
    page.wait_for_timeout(1500)
    page.evaluate("window.turned = []")
    page.get_by_role("button", name="Four voices", exact=True).click()
    until_true(page, "window.turned.length > 0")
    opened = float(page.evaluate("window.turned[0]"))
    figure("app_start_s", shown / 1000, "s")
    figure("app_form_open_s", opened / 1000, "s")
    fill(page)
    times("answer", page.evaluate("window.took"))
    times("next_question", page.evaluate("window.turned"))
    line.send("HeapProfiler.collectGarbage")
    measured = {each["name"]: each["value"] for each in line.send("Performance.getMetrics")["metrics"]}
    figure("heap_mb", measured["JSHeapUsedSize"] / 1_000_000, "MB")
    figure("dom_nodes", measured["Nodes"], "nodes")


def fill(page: Page) -> None:
    """Every question of the long form, answered as a person would: a tap or a few keys, then Next."""
    page.evaluate("(window.took = [], window.turned = [])")
    for _ in range(200):
        question = page.locator(".page .q").first
        if question.locator("label.choice").count():
            question.locator("label.choice").nth(1).click()
        elif question.locator("input[inputmode]").count():
            question.locator("input").first.press_sequentially("2")
        elif question.locator("input").count():
            question.locator("input").first.press_sequentially("Khu")
            page.wait_for_timeout(100)
            if question.locator("label.choice, button").count():
                question.locator("label.choice, button").first.click()
        before = question.get_attribute("data-name")
        page.get_by_role("button", name="Next").click()
        until_true(page, "before => document.querySelector('.page .q')?.dataset.name !== before", before)
        if not page.locator(".page .q").count():
            return


@contextmanager
def tablet(playwright: Playwright, profile: Path) -> Iterator[Page]:
    """One profile on the disk, as on a tablet."""
    context = playwright.chromium.launch_persistent_context(
        str(profile),
        executable_path=surroundings.chromium(),
        args=ARGUMENTS,
        viewport=VIEW,
        locale="en",
        has_touch=True,
    )
    context.add_init_script(ANSWERS)
    context.set_default_timeout(120_000)
    yield context.pages[0] if context.pages else context.new_page()
    context.close()


def main() -> None:
    missing = surroundings.missing(["chromium", "node"])
    if missing:
        raise SystemExit(f"No figures: {missing}")
    surroundings.node_packages(PEERS)
    say(f"{os.cpu_count()} processors, load average {os.getloadavg()[0]:.1f}")
    parts = sys.argv[1:] or ["size", "peer", "floor", "app"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=surroundings.chromium(), args=ARGUMENTS)
        if "size" in parts:
            sizes()
        if "peer" in parts:
            beside_the_peer(browser)
        if "floor" in parts:
            floor(browser)
        if "app" in parts:
            real_app(playwright)
    say(f"load average {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
