"""A tablet, a served Khula and a number of kills in; whether all that the screen called saved is there, once, out.

Hands in the page (fingers.js) fill the shipped forms on the real screens without pause. At random moments of filling,
finalising, sending and receipt the browser or the server dies (SIGKILL to the whole process group, no warning) and is
started again, often the browser while the server is still away. After each kill the tablet is looked into, and at the
end the server: what was shown as saved must be in its draft or in its record, each record once.
SIGKILL spares what the operating system has not written yet; that strict durability survives a power cut is IndexedDB's
promise, and not measured here. `python -m tests.field.kill --kills 200`.
"""

import argparse
import hashlib
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lxml import etree
from playwright.sync_api import Error, Page, Request

from tests.clients.khula_process import Khula, served
from tests.field.a_tablet import PIN, Tablet, playing, until_true

HANDS = Path(__file__).with_name("fingers.js").read_text().partition("\nasync ")[2].rstrip().rstrip(";")
#: What is awaited, and how many seconds after it the kill falls at most.
MOMENTS = {
    "waking": 2.0, "filling": 1.2, "saving": 0.02, "finish": 0.3, "finalised": 0.4, "submission": 0.3, "receipts": 0.15,
}  # fmt: skip
NEEDS_SERVER = ("submission", "receipts")
#: Seconds after which a kill comes even though its moment does not.
PATIENCE = 5.0
#: The server stays away until after the browser's death, so often.
LEFT_DOWN = 0.3
QUARTER_HOUR = 16 * 60_000
#: Answers that lead through the shipped forms; others are chosen by chance.
FINE = {
    "t_days_open": ["40", "41"], "t_days_absent": ["3", "5"], "t_days_row": ["2"], "t_days_ill": ["1"], "t_months": ["6", "7"],
    # Nobody is measured: of two readings the screen makes one answer, and these tests hold answers to what was typed.
    "h_assent": ["no"],
    "g_people": ["5", "6"], "g_rooms": ["2"], "c_letters": ["40"], "c_words": ["30"], "r_given_names": ["Tala"],
    "r_class_name": ["1B"], "r_school_emis": ["00400001"], "t_signs": ["none"], "h_danger": ["none"], "g_danger": ["none"],
}  # fmt: skip
#: What the tablet holds, read through the program's own modules.
LOOK = """async () => {
  const [{ desk }, { resume }] = await Promise.all([import("/field/program.js").then(({ WHOLE }) => WHOLE["visits/desk.js"]), import("/field/program.js").then(({ WHOLE }) => WHOLE["visits/interview.js"])]);
  const drafts = {};
  const twice = [];
  for (const [id] of await desk().all("draft")) {
    const interview = await resume(id);
    drafts[id] = Object.fromEntries(Object.entries(interview.form.values()).map(([key, value]) => [key.slice(key.lastIndexOf("/") + 1), value]));
    const numbers = interview.journal.map((entry) => entry.n);
    if (new Set(numbers).size !== numbers.length) twice.push(id);
  }
  const records = {};
  for (const kind of ["outbox", "receipt"])
    for (const [id, { sha256, xml }] of await desk().all(kind)) (records[id.slice(5)] ??= []).push({ kind, sha256, xml: xml ?? "" });
  const registered = ((await desk().get("setting", "registered")) ?? []).map(({ label }) => label);
  return { drafts, twice, records, registered };
}"""


@dataclass
class Verdict:
    kills: int
    saved: int = 0
    finalised: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    where: Counter[str] = field(default_factory=Counter)
    drafts: int = 0
    seconds: float = 0

    @property
    def good(self) -> bool:
        return not (self.lost or self.doubled or self.wrong)

    def __str__(self) -> str:
        found = [*(f"lost: {each}" for each in self.lost), *(f"doubled: {each}" for each in self.doubled), *self.wrong]
        kills = f"{self.kills} kills, saved answers {self.saved}, finalised {self.finalised}"
        return "\n".join([f"{kills}, lost {len(self.lost)}, doubled {len(self.doubled)}", *found])


@dataclass
class Told:
    """One interview, as the screen told of it."""

    saved: dict[str, str] = field(default_factory=dict)
    #: Given after that, and perhaps kept.
    tried: dict[str, set[str]] = field(default_factory=dict)
    #: The answers on the screen when Finish was tapped, and what the screen said of it.
    finishing: dict[str, str] = field(default_factory=dict)
    finalised: bool = False

    def differs(self, there: dict[str, str]) -> list[str]:
        """Names of answers shown as saved that are not there."""
        return [
            name
            for name, value in self.saved.items()
            if there.get(name, "") != value and there.get(name, "") not in self.tried.get(name, ())
        ]


def kill_browser(profile: Path) -> None:
    """The browser of this profile and all its processes at once: nothing is said to the page."""
    own = f"--user-data-dir={profile}".encode()
    for process in Path("/proc").iterdir():
        with suppress(OSError):
            if not process.name.isdigit() or own not in (process / "cmdline").read_bytes().split(b"\0"):
                continue
            group = os.getpgid(int(process.name))
            assert group != os.getpgid(0)
            os.killpg(group, signal.SIGKILL)


class Rounds:
    """The tablet and the server under fire."""

    def __init__(self, khula: Khula, tablet: Tablet, chance: random.Random) -> None:
        self.khula = khula
        self.tablet = tablet
        self.chance = chance
        self.told: dict[str, Told] = {}
        self.saved = 0
        self.page: Page | None = None
        self.starting: threading.Thread | None = None
        self.awaited: tuple[str, Callable[[], None]] | None = None
        self.verdict = Verdict(0)
        self.numbers = 0

    # What the screen says

    def hear(self, what: str, draft: str = "", more: dict[str, str] | None = None) -> None:
        told = self.told.setdefault(draft, Told()) if draft else Told()
        if what == "tap":
            for name, value in (more or {}).items():
                told.tried.setdefault(name, set()).add(value)
        elif what == "saved":
            self.saved += len(more or {})
            told.saved |= more or {}
            for name in more or {}:
                told.tried.pop(name, None)
        elif what == "finish":
            told.finishing = more or {}
        elif what == "finalised":
            told.finalised = True
        self.happened({"tap": "saving", "saved": "filling"}.get(what, what))

    def happened(self, moment: str) -> None:
        if self.awaited and self.awaited[0] == moment:
            (_, strike), self.awaited = self.awaited, None
            threading.Timer(self.chance.uniform(0, MOMENTS[moment]), strike).start()

    def ask(self, request: Request) -> None:
        if "/v1/key/" in request.url:
            path = request.url.partition("?")[0].rpartition("/")[2]
            self.happened({"sealed": "submission"}.get(path, path))

    # On, off, and what is there

    def switch_on(self, shift: int = 0) -> Page:
        page = self.tablet.switch_on()
        page.on("request", self.ask)
        page.expose_binding("heard", lambda _, what, draft, more: self.hear(what, draft, more))
        if shift:
            page.add_init_script(f"{{ const real = Date.now; Date.now = () => real() + {shift}; }}")
        self.page = page
        page.goto(f"{self.tablet.address}/field/")
        page.wait_for_selector(".pad")
        return page

    def switch_off(self) -> None:
        """Playwright lets go of what may be dead already."""
        if self.tablet.context is not None:
            with suppress(Error):
                self.tablet.context.close()
        self.page, self.tablet.context = None, None

    def unlock(self) -> dict[str, Any]:
        """Unlocked by the person; what is there is held against what the screen had said."""
        page = self.page
        assert page is not None
        self.tablet.unlock()
        until_true(
            page, "() => ['#today', '#visit'].includes(location.hash) && Boolean(document.querySelector('main h1'))"
        )
        there = page.evaluate(LOOK)
        self.compare(there)
        return there

    def compare(self, there: dict[str, Any]) -> None:
        """Each interview once on the tablet, with what was saved; from here on, what is there is what was said."""
        drafts, records = there["drafts"], there["records"]
        lost, doubled = self.verdict.lost, self.verdict.doubled
        doubled += [f"entries of the journal of {draft}" for draft in there["twice"]]
        doubled += [
            f"the child {name} on the tablet" for name, count in Counter(there["registered"]).items() if count > 1
        ]
        for draft, told in self.told.items():
            if not told.saved and not told.finishing:
                continue
            copies = (draft in drafts) + len(records.get(draft, []))
            if copies == 0:
                lost.append(f"the interview {draft}")
            if copies > 1:
                doubled.append(f"the interview {draft}")
            if draft in drafts:
                if told.finalised:
                    lost.append(f"the record {draft}, which is a draft again")
                lost += [f"{name} of the draft {draft}" for name in told.differs(drafts[draft])]
                for name in told.saved:
                    told.saved[name] = drafts[draft].get(name, "")
                told.tried.clear()
            for record in records.get(draft, []):
                if record["xml"]:
                    lost += [f"{name} of the record {draft}" for name in self.differs(told, record["xml"])]

    @staticmethod
    def differs(told: Told, xml: str | bytes) -> list[str]:
        """Names of answers that are others in the record than on the screen. A record holds relevant answers only."""
        root = etree.fromstring(xml.encode() if isinstance(xml, str) else xml)
        said = {etree.QName(leaf).localname: leaf.text or "" for leaf in root.iter(etree.Element) if not len(leaf)}
        answers = {name: value for name, value in told.finishing.items() if name in told.saved or name in told.tried}
        return [name for name, value in answers.items() if said.get(name, "") != value] + [
            name for name in told.differs(said) if name in told.finishing
        ]

    def server_on(self) -> None:
        if self.starting:
            self.wait_for(lambda: not self.starting or not self.starting.is_alive(), 90)
            self.starting = None
        if self.khula.process is None:
            self.khula.start()

    def server_begins(self) -> None:
        """The server comes back by itself, while the tablet goes on."""
        if self.khula.process is None and not self.starting:
            self.starting = threading.Thread(target=self.khula.start)
            self.starting.start()

    def wait_for(self, there: Callable[[], bool], seconds: float) -> bool:
        end = time.monotonic() + seconds
        while not there() and time.monotonic() < end:
            if self.page is None:
                time.sleep(0.01)
                continue
            with suppress(Error):
                self.page.wait_for_timeout(10)
        return there()

    # The kills

    def strike(self, number: int) -> None:
        if self.starting and self.starting.is_alive():  # the tablet works and dies on without it
            browser, moment = True, self.chance.choice([each for each in MOMENTS if each not in NEEDS_SERVER])
        else:
            browser, moment = self.chance.random() < 0.5, self.chance.choice(list(MOMENTS))
        if moment in NEEDS_SERVER or not browser:
            self.server_on()
        done = threading.Event()

        def strike() -> None:
            if browser:
                kill_browser(self.tablet.profile)
            else:
                self.khula.kill()
            done.set()

        asleep = self.page is None
        if asleep:
            self.switch_on()
        if moment == "waking":  # before it is unlocked, while it is, or soon after
            threading.Timer(self.chance.uniform(0, MOMENTS[moment]), strike).start()
        if asleep:
            try:
                self.unlock()
                self.begin(number)
            except (Error, IndexError):  # the browser went while somebody was at the lock
                if not done.wait(1):
                    raise
        if moment != "waking":
            self.awaited = (moment, strike)
        if not self.wait_for(done.is_set, PATIENCE):
            (waiting, self.awaited) = (self.awaited, None)
            if waiting:
                moment = "any time"
                strike()
            else:
                done.wait(5)
        self.verdict.kills += 1
        self.verdict.where[f"{moment} {'browser' if browser else 'server'}"] += 1
        if browser:
            self.switch_off()
            self.server_begins()
        elif self.chance.random() > LEFT_DOWN:
            self.server_begins()

    def begin(self, number: int) -> None:
        assert self.page is not None
        self.numbers += 1000
        told = {"seed": number, "pin": PIN, "number": {"next": self.numbers}, "fine": FINE}
        self.page.evaluate(f"told => void (async {HANDS})(told)", told)


def kill_while_filling(
    khula: Khula, prepared: dict[str, Any], profile: Path, *, kills: int, seed: int = 1, seconds: float = 1e9
) -> Verdict:
    """The server must be prepared and running."""
    began = time.monotonic()
    with playing() as playwright:
        tablet = Tablet(playwright, profile, khula.address)
        page = tablet.switch_on()
        tablet.enrol(str(prepared["doors"][0]).rsplit("/", 1)[1])
        page.locator(".rows .row").first.wait_for()
        until_true(page, "Boolean(navigator.serviceWorker.controller)")
        tablet.kill()
        rounds = Rounds(khula, tablet, random.Random(seed))
        for number in range(kills):
            if number and number % 20 == 0:
                so_far = f"saved {rounds.saved}, lost {len(rounds.verdict.lost)}, doubled {len(rounds.verdict.doubled)}"
                print(f"{number} kills, {so_far}, {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
            if time.monotonic() - began > seconds:
                break
            rounds.strike(number * 7919 + seed)
        _end(rounds)
    verdict = rounds.verdict
    verdict.saved = rounds.saved
    verdict.finalised = sum(told.finalised for told in rounds.told.values())
    verdict.seconds = time.monotonic() - began
    return verdict


def _end(rounds: Rounds) -> None:
    """All is on again, hours pass, everything is sent; the server is held against the tablet and the screen."""
    rounds.server_on()
    there: dict[str, Any] = {}
    for hours in range(1, 9):
        rounds.switch_off()
        rounds.switch_on(hours * QUARTER_HOUR)
        there = rounds.unlock()
        page = rounds.page
        assert page is not None
        page.evaluate("""async () => {
          const [{ desk }, { sync }] = await Promise.all([import("/field/program.js").then(({ WHOLE }) => WHOLE["visits/desk.js"]), import("/field/program.js").then(({ WHOLE }) => WHOLE["sync/sync.js"])]);
          return sync(desk());
        }""")
        there = page.evaluate(LOOK)
        if not any(copy["kind"] == "outbox" for copies in there["records"].values() for copy in copies):
            break
    rounds.compare(there)
    rounds.switch_off()
    _judge(rounds, there)


def _judge(rounds: Rounds, there: dict[str, Any]) -> None:
    verdict, khula = rounds.verdict, rounds.khula
    verdict.drafts = len(there["drafts"])
    stored: dict[str, list[tuple[bytes, str]]] = {}
    for instance_id, xml, state in khula.rows("SELECT instance_id, xml, state FROM collection_submission"):
        stored.setdefault(str(instance_id).removeprefix("uuid:"), []).append((bytes(xml), str(state)))  # type: ignore[arg-type]
    for draft, copies in there["records"].items():
        rows = stored.get(draft, [])
        verdict.wrong += [f"not received: {draft}" for copy in copies if copy["kind"] == "outbox"]
        if not rows:
            verdict.lost.append(f"the record {draft}, on the server")
        if any(hashlib.sha256(xml).hexdigest() != copies[0]["sha256"] for xml, _ in rows):
            verdict.wrong.append(f"other bytes on the server: {draft}")
        for xml, _ in rows:
            told = rounds.told.get(draft, Told())
            verdict.lost += [f"{name} of {draft}, on the server" for name in rounds.differs(told, xml)]
    verdict.lost += [
        f"finalised, not on the server: {draft}"
        for draft, told in rounds.told.items()
        if told.finalised and draft not in stored
    ]
    verdict.doubled += [f"{draft} on the server" for draft, rows in stored.items() if len(rows) > 1]
    verdict.doubled += [f"{draft}: on the server, and a draft" for draft in stored if draft in there["drafts"]]
    verdict.wrong += [f"nobody's: {draft}" for draft in stored if draft not in there["records"]]
    verdict.wrong += [f"{state}: {draft}" for draft, rows in stored.items() for _, state in rows if state != "in case"]
    names = Counter(
        str(row[0]) for row in khula.rows("SELECT given_names FROM schools_child WHERE given_names LIKE 'Tala %'")
    )
    verdict.doubled += [f"the child {name} on the server" for name, count in names.items() if count > 1]
    conflicts = khula.rows("SELECT count(*) FROM collection_conflictcopy")[0][0]
    verdict.wrong += [f"conflict copies: {conflicts}"] if conflicts else []


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        data, profile = Path(folder) / "data", Path(folder) / "profile"
        data.mkdir()
        with served(data, "sqlite", "--children", "12") as (khula, prepared):
            verdict = kill_while_filling(khula, prepared, profile, kills=given.kills, seed=given.seed)
    told = ", ".join(f"{moment} {count}" for moment, count in sorted(verdict.where.items()))
    print(f"{verdict.seconds:.0f} s; kills at {told}; drafts left {verdict.drafts}", file=sys.stderr)
    print(verdict, flush=True)
    return 0 if verdict.good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
