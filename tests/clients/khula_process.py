"""A folder and a database in; a served Khula to talk to over the wire, to kill, and to look into afterwards, out."""

import http.client
import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg

from tests import surroundings

HERE = Path(__file__).resolve().parents[2]
SECONDS_TO_START = 90


@dataclass
class Khula:
    """One installation: its data, its port, and the process that serves it while there is one."""

    data: Path
    database_url: str = ""  # "" is SQLite in `data`
    port: int = field(default_factory=lambda: free_port())
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def address(self) -> str:
        return f"http://{self.host}"

    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "KHULA_DATA": str(self.data),
            "KHULA_DATABASE": self.database_url,
            "KHULA_SECRET_KEY": "only for tests; no installation has it",
            "DJANGO_SETTINGS_MODULE": "khula.server.settings",
            "PYTHONPATH": str(HERE),
        }

    def start(self) -> None:
        """Serve, and return once somebody answers."""
        log = (self.data / "server.log").open("ab")
        command = [str(Path(sys.executable).with_name("khula")), "serve", "--port", str(self.port)]
        self.process = subprocess.Popen(
            command, cwd=HERE, env=self.environment(), stdout=log, stderr=log, start_new_session=True
        )
        end = time.monotonic() + SECONDS_TO_START
        while not self.answers():
            assert self.process.poll() is None, self.log()
            assert time.monotonic() < end, f"no answer in {SECONDS_TO_START} s\n{self.log()}"
            time.sleep(0.02)

    def answers(self) -> bool:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            line.request("HEAD", "/v1/key/nobody/submission")
            line.getresponse().read()
        except (OSError, http.client.HTTPException):
            return False
        finally:
            line.close()
        return True

    def log(self) -> str:
        path = self.data / "server.log"
        return path.read_text(errors="replace")[-4000:] if path.exists() else ""

    def kill(self) -> None:
        """No warning, no farewell: as when the power goes. All processes of the server at once."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None

    def stop(self) -> None:
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()
            return
        self.process = None

    def cpu_seconds(self) -> float:
        """User and system time of the server so far, its children included."""
        assert self.process is not None
        return sum(cpu_of(pid) for pid in _family(self.process.pid))

    def prepare(self, *arguments: str) -> dict[str, object]:
        """Run tests/clients/prepare.py inside this installation; returns what it prints."""
        command = [sys.executable, "-m", "tests.clients.prepare", *arguments]
        done = subprocess.run(command, cwd=HERE, env=self.environment(), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-4000:]
        answer: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
        return answer

    def rows(self, statement: str, *parameters: object) -> list[tuple[object, ...]]:
        """What the database holds, read past the server. `?` stands for a parameter."""
        if self.database_url:
            with psycopg.connect(self.database_url, autocommit=True) as line:
                return line.execute(statement.replace("?", "%s"), list(parameters)).fetchall()  # type: ignore[arg-type]
        line_ = sqlite3.connect(self.data / "khula.sqlite3", timeout=60)
        try:
            return line_.execute(statement, parameters).fetchall()
        finally:
            line_.close()


@contextmanager
def served(data: Path, database: str = "sqlite", *arguments: str, serve: bool = True) -> Iterator[tuple[Khula, dict]]:
    """A prepared and served Khula on the database asked for ("sqlite" or "postgresql"); nothing is left of it after."""
    with _database(database) as url:
        khula = Khula(data, url)
        prepared = khula.prepare(*arguments)
        if serve:
            khula.start()
        try:
            yield khula, prepared
        finally:
            khula.stop()


@contextmanager
def _database(kind: str) -> Iterator[str]:
    if kind == "sqlite":
        yield ""
        return
    name = f"khula_clients_{uuid4().hex[:12]}"
    with psycopg.connect(surroundings.POSTGRESQL, autocommit=True) as line:
        line.execute(f'CREATE DATABASE "{name}"')  # type: ignore[arg-type]
    try:
        yield urlsplit(surroundings.POSTGRESQL)._replace(path=f"/{name}").geturl()
    finally:
        with psycopg.connect(surroundings.POSTGRESQL, autocommit=True) as line:
            line.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')  # type: ignore[arg-type]


def free_port() -> int:
    """Below those that the system gives to outgoing lines: a server that is started again must find its own free."""
    for port in random.sample(range(20_000, 32_000), 200):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError("no free port between 20000 and 32000")


def _family(pid: int) -> Sequence[int]:
    """A process and all its descendants."""
    found = [pid]
    for each in found:
        for children in Path(f"/proc/{each}/task").glob("*/children"):
            found += [int(child) for child in children.read_text().split()]
    return found


def cpu_of(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
