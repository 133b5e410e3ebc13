"""`make bench-river`: a served Khula in, lines `figure NAME VALUE UNIT` about the way of an answer out.

Posts are real OpenRosa posts of the shipped caregiver form, each with an id of its own and about a child of its own,
over loopback, in runs of four seconds; every one is stored, assessed and committed before it is answered. Server and
load share this machine's processors, so figures of one run compare with each other, less with another machine's.
CPU is user and system time of the server, and on PostgreSQL also of the backends that serve it (not of its writers).
"""

import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HERE))

from bench.load import request_of  # noqa: E402
from tests import surroundings  # noqa: E402
from tests.clients.collect import Collect, multipart  # noqa: E402
from tests.clients.instances import Blank  # noqa: E402
from tests.clients.khula_process import Khula, cpu_of, served  # noqa: E402
from tests.clients.pages import Reader  # noqa: E402

CLIENTS = (1, 8, 32)
SECONDS = float(os.environ.get("KHULA_BENCH_SECONDS", "4"))
MOST_PER_SECOND = 2_500  # how many requests are made ready for a run
WARM_UP = 200


def figure(name: str, value: float, unit: str) -> None:
    print(f"figure {name} {value:.4g} {unit}", flush=True)


def say(line: str) -> None:
    print(f"# {line}", flush=True)


def submissions(database: str) -> None:
    """How many submissions a second, and what each costs, at 1, 8 and 32 clients."""
    suffix = "" if database == "sqlite" else f"_{database}"
    wanted = WARM_UP + sum(int(SECONDS * min(MOST_PER_SECOND, 1_200 * clients)) for clients in CLIENTS)
    with (
        tempfile.TemporaryDirectory() as folder,
        served(Path(folder), database, "--children", "4", "--bulk", str(wanted)) as (khula, prepared),
    ):
        requests = ready_requests(khula, prepared)
        run(khula, [next(requests) for _ in range(WARM_UP)], clients=4, seconds=60)
        for clients in CLIENTS:
            share = [next(requests) for _ in range(int(SECONDS * min(MOST_PER_SECOND, 1_200 * clients)))]
            before = cpu(khula)
            done = run(khula, share, clients=clients, seconds=SECONDS)
            cost = (cpu(khula) - before) * 1000 / done["answered"]
            rate = done["answered"] / done["seconds"]
            figure(f"submissions_per_s_{clients}_clients{suffix}", rate, "1/s")
            figure(f"cpu_ms_per_submission_{clients}_clients{suffix}", cost, "ms")
            say(f"{database}, {clients} clients: median {done['median_ms']:.1f} ms, p95 {done['p95_ms']:.1f} ms")
            if clients == 8:
                figure(f"cpu_ms_per_submission{suffix}", cost, "ms")
        check_nothing_was_only_received(khula)


def ready_requests(khula: Khula, prepared: dict) -> Iterator[bytes]:
    """Whole HTTP requests, each for another child; made by putting ids into one filled form."""
    door = prepared["doors"][0]
    form = next(each for each in Collect.at(khula.address + door).refresh() if each.listed.form_id == "kh_caregiver")
    blank, chance = Blank(form.xml), random.Random(8)
    marks = {"learner": "LEARNER" + "-" * 29, "learner_wave": prepared["wave"]}
    templates = [blank.filled(blank.at_random(chance) | marks, instance_id="uuid:" + "I" * 36) for _ in range(50)]
    boundary = uuid.uuid4().hex
    for number, child in enumerate(prepared["children"]):
        xml = templates[number % len(templates)].replace(marks["learner"].encode(), child.encode())
        xml = xml.replace(b"I" * 36, str(uuid.UUID(int=chance.getrandbits(128), version=4)).encode())
        body, content_type = multipart(xml, {}, boundary=boundary)
        yield request_of(f"{door}/submission?deviceID=collect%3Abench", khula.host, body, content_type)


def run(khula: Khula, requests: list[bytes], *, clients: int, seconds: float) -> dict:
    """One run of the load, in a process of its own."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"".join(requests))
        file.flush()
        job = {
            "port": khula.port, "requests": file.name, "sizes": [len(each) for each in requests],
            "clients": clients, "seconds": seconds,
        }  # fmt: skip
        command = [sys.executable, "-m", "bench.load"]
        done = subprocess.run(command, cwd=HERE, input=json.dumps(job), capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"the load broke: {done.stderr[-2000:]}\n{khula.log()}")
    result = json.loads(done.stdout)
    if set(result["statuses"]) != {"201"}:
        raise SystemExit(f"not every post was taken and used: {result['statuses']}")
    return result


def cpu(khula: Khula) -> float:
    """Seconds the server has used, and on PostgreSQL the backends of its database."""
    seconds = khula.cpu_seconds()
    if khula.database_url:
        found = khula.rows("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
        seconds += sum(cpu_of(int(str(pid))) for (pid,) in found)
    return seconds


def check_nothing_was_only_received(khula: Khula) -> None:
    """A rate of submissions that were stored but not assessed would be another figure."""
    states = khula.rows("SELECT state, count(*) FROM collection_submission GROUP BY state")
    owed = khula.rows("SELECT kind, problem, count(*) FROM events_event WHERE state <> 'done' GROUP BY kind, problem")
    say(f"states {dict(states)}, owed {owed}")  # type: ignore[arg-type]
    if [state for state, _ in states] != ["in case"] or owed:
        raise SystemExit("not every submission was assessed")


def voice_to_flag() -> None:
    """From the last informant's post to the flag in the board's HTML, over HTTP: the post and the page."""
    with (
        tempfile.TemporaryDirectory() as folder,
        served(Path(folder), "sqlite", "--children", "40") as (khula, prepared),
    ):
        times = flag_times(khula, prepared, children=20)
    figure("voice_to_flag_s", statistics.median(times), "s")
    figure("voice_to_flag_s_slowest", max(times), "s")


def flag_times(khula: Khula, prepared: dict, *, children: int) -> list[float]:
    """Seconds, child by child. Three voices are there already; the fourth makes the board say *Act now*."""
    collect = Collect.at(khula.address + prepared["doors"][0])
    blanks = {form.listed.form_id: Blank(form.xml) for form in collect.refresh()}
    reader = Reader(khula.host)
    reader.sign_in(prepared["username"], prepared["password"])
    board = f"/class/{prepared['class_id']}"
    chance, times = random.Random(4), []
    for child in prepared["children"]:
        about = {"learner": child, "learner_wave": prepared["wave"]}
        for form_id in ("kh_child", "kh_caregiver", "kh_health"):
            assert collect.post(blanks[form_id].filled(about)).status == 201
        last = blanks["kh_teacher"].filled(blanks["kh_teacher"].at_random(chance) | about)
        flagged = _in_need(reader.get(board))
        began = time.perf_counter()
        assert collect.post(last).status == 201
        now = _in_need(reader.get(board))
        took = time.perf_counter() - began
        if now > flagged:  # the random answers may not raise a flag; those children say nothing about the time
            times.append(took)
        if len(times) == children:
            break
    return times


def _in_need(page: str) -> int:
    """How many cells of the board say *Act now*."""
    return len(re.findall("■", page))


def scoring() -> None:
    """The figures of scoring, from their own bench."""
    bench = HERE / "bench/bench_scoring.py"
    if bench.exists():
        subprocess.run([sys.executable, str(bench)], cwd=HERE, check=True)


def say_how_busy() -> None:
    """Others' work on the same processors lowers rates and raises costs: said beside the figures, before and after."""
    say(f"{os.cpu_count()} processors, load average {os.getloadavg()[0]:.1f}")


def main() -> None:
    say_how_busy()
    submissions("sqlite")
    missing = surroundings.missing(["postgresql"])
    if missing:
        say(f"no figures of PostgreSQL: {missing}")
    else:
        submissions("postgresql")
    voice_to_flag()
    say_how_busy()
    scoring()


if __name__ == "__main__":
    main()
