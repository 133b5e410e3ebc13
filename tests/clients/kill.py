"""A served Khula and a number of kills in; whether every acknowledged submission is there, once, and assessed, out.

Devices post without pause. At random moments the server dies as in a power cut (SIGKILL to all its processes, no
warning) and is started again. What was not acknowledged is sent again, as Collect does.
`python -m tests.clients.kill --kills 200` does it on both databases.
"""

import argparse
import hashlib
import http.client
import random
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.clients.collect import Collect
from tests.clients.instances import Blank
from tests.clients.khula_process import Khula, served

DEVICES = 4
#: Seconds a server lives on after its first acknowledgement, at most: kills fall into every stage of a post.
LONGEST_LIFE = 0.7
#: One life in five ends at any moment after its start, perhaps before it has acknowledged anything.
SHORT_LIVES = 0.2
SECONDS_TO_ACKNOWLEDGE = 60
INFORMANTS = ("kh_child", "kh_caregiver", "kh_teacher", "kh_health")


@dataclass
class Posted:
    acknowledged: dict[str, str] = field(default_factory=dict)  # instance id -> sha256 of its bytes
    refused: list[int] = field(default_factory=list)
    resent: int = 0


@dataclass
class Verdict:
    kills: int
    acknowledged: int
    resent: int
    lost: list[str]
    doubled: list[str]
    not_assessed: list[str]
    refused: list[int]
    damaged: str

    @property
    def good(self) -> bool:
        return not (self.lost or self.doubled or self.not_assessed or self.refused or self.damaged)

    def __str__(self) -> str:
        return (
            f"{self.kills} kills, {self.acknowledged} acknowledged, {self.resent} sent again;"
            f" lost {len(self.lost)}, doubled {len(self.doubled)}, not assessed {len(self.not_assessed)},"
            f" refused {self.refused or 'none'}, database {self.damaged or 'sound'}"
        )


def kill_while_posting(khula: Khula, prepared: dict, *, kills: int, seed: int = 1) -> Verdict:
    """The server must be prepared, and not be running yet."""
    chance = random.Random(seed)
    khula.start()
    records = _records(khula, prepared, chance)
    posted, stop = Posted(), threading.Event()
    doors = [khula.address + door for door in prepared["doors"][:DEVICES]]
    posters = [threading.Thread(target=_post, args=(door, records, posted, stop)) for door in doors]
    for each in posters:
        each.start()
    try:
        for number in range(kills):
            if number and number % 20 == 0:
                print(f"{number} kills, {len(posted.acknowledged)} acknowledged", file=sys.stderr, flush=True)
            if chance.random() > SHORT_LIVES:
                _wait_for_one_more(posted)
            time.sleep(chance.uniform(0, LONGEST_LIFE))
            khula.kill()
            khula.start()
        _wait_for_one_more(posted)
    finally:
        stop.set()
        for each in posters:
            each.join()
    khula.stop()
    return _judge(khula, posted, kills)


def _wait_for_one_more(posted: Posted) -> None:
    before, end = len(posted.acknowledged), time.monotonic() + SECONDS_TO_ACKNOWLEDGE
    while len(posted.acknowledged) == before:
        assert time.monotonic() < end, f"nothing acknowledged in {SECONDS_TO_ACKNOWLEDGE} s"
        time.sleep(0.005)


def _records(khula: Khula, prepared: dict, chance: random.Random) -> Iterator[tuple[str, bytes]]:
    """Instance id and XML: each informant about each child, again and again."""
    forms = Collect.at(khula.address + prepared["doors"][0]).refresh()
    blanks = [Blank(form.xml) for form in forms if form.listed.form_id in INFORMANTS]
    lock = threading.Lock()

    def endless() -> Iterator[tuple[str, bytes]]:
        while True:
            for child in prepared["children"]:
                for blank in blanks:
                    instance_id = f"uuid:{uuid.UUID(int=chance.getrandbits(128), version=4)}"
                    said = blank.at_random(chance) | {"learner": child, "learner_wave": prepared["wave"]}
                    yield instance_id, blank.filled(said, instance_id=instance_id)

    source = endless()

    class Shared(Iterator[tuple[str, bytes]]):
        def __next__(self) -> tuple[str, bytes]:
            with lock:
                return next(source)

    return Shared()


def _post(door: str, records: Iterator[tuple[str, bytes]], posted: Posted, stop: threading.Event) -> None:
    collect = Collect.at(door)
    for instance_id, xml in records:
        while not stop.is_set():
            try:
                status = collect.post(xml).status
            except (OSError, http.client.HTTPException):
                posted.resent += 1
                time.sleep(0.02)
                continue
            if status in (201, 202):
                posted.acknowledged[instance_id] = hashlib.sha256(xml).hexdigest()
                break
            if status != 503:
                posted.refused.append(status)
                break
            posted.resent += 1
        if stop.is_set():
            return


def _judge(khula: Khula, posted: Posted, kills: int) -> Verdict:
    stored: dict[str, list[str]] = {}
    for instance_id, sha256 in khula.rows("SELECT instance_id, sha256 FROM collection_submission"):
        stored.setdefault(str(instance_id), []).append(str(sha256))
    heard = {str(row[0]) for row in khula.rows(HEARD)}
    return Verdict(
        kills=kills,
        acknowledged=len(posted.acknowledged),
        resent=posted.resent,
        lost=[each for each, sha256 in posted.acknowledged.items() if sha256 not in stored.get(each, [])],
        doubled=[each for each, rows in stored.items() if len(rows) > 1],
        not_assessed=[each for each in posted.acknowledged if each not in heard],
        refused=posted.refused,
        damaged=_damage(khula),
    )


#: Heard: the voice stands in a case whose columns come from an assessment made after the voice arrived.
HEARD = """
SELECT s.instance_id FROM collection_submission s
JOIN cases_voice v ON v.submission_id = s.id
JOIN cases_case c ON c.id = v.case_id AND c.assessed_at >= s.received_at
WHERE s.state = 'in case'
  AND EXISTS (SELECT 1 FROM cases_assessment a WHERE a.case_id = c.id AND a.input_hash = c.input_hash)
"""


def _damage(khula: Khula) -> str:
    """What SQLite finds wrong with its own file, and what is owed on the work list; "" when nothing."""
    owed = khula.rows("SELECT kind, problem FROM events_event WHERE state <> 'done'")
    broken = [] if khula.database_url else [row for row in khula.rows("PRAGMA integrity_check") if row != ("ok",)]
    return str(owed + broken) if owed or broken else ""


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], action="append")
    given = parser.parse_args(arguments)
    good = True
    for database in given.database or ["sqlite", "postgresql"]:
        with (
            tempfile.TemporaryDirectory() as folder,
            served(Path(folder), database, "--children", "200", serve=False) as (khula, prepared),
        ):
            verdict = kill_while_posting(khula, prepared, kills=given.kills, seed=given.seed)
        print(f"{database}: {verdict}", flush=True)
        good = good and verdict.good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
