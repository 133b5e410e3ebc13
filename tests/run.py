"""`make test`: what is missing is said first and last, every test runs, and one plain line gives the real counts.

Records are tested on both databases: everything once on SQLite, then tests/server once more on PostgreSQL.
"""

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

HERE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HERE))

from tests import surroundings  # noqa: E402


@dataclass
class Counts:
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def counted(report: Path) -> Counts:
    """The counts of one run, from its own report: an error counts as failed, and so does an unreadable report."""
    try:
        suites = ElementTree.parse(report).getroot().iter("testsuite")
    except (OSError, ElementTree.ParseError):
        return Counts(failed=1)
    counts = Counts()
    for suite in suites:
        total, skipped = int(suite.get("tests", 0)), int(suite.get("skipped", 0))
        failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        counts.passed += total - failed - skipped
        counts.failed += failed
        counts.skipped += skipped
    return counts


def pytest_run(name: str, arguments: list[str], report: Path, **environment: str) -> Counts:
    print(f"\n== {name}", flush=True)
    command = [sys.executable, "-m", "pytest", f"--junitxml={report}", "-o", "junit_family=xunit1", "-q", *arguments]
    began = time.monotonic()
    code = subprocess.run(command, cwd=HERE, env={**os.environ, **environment}, check=False).returncode
    counts = counted(report)
    if code not in (0, 1, 5):  # pytest itself broke, or was killed: never report that as good
        print(f"\n== pytest ended with code {code} before it was through", flush=True)
        counts.failed = max(counts.failed, 1)
    print(f"== {name}: {counts} in {time.monotonic() - began:.0f} s", flush=True)
    return counts


def say_missing(missing: dict[str, str]) -> None:
    for name, why in missing.items():
        print(f"Missing: {name}: {why}. Its tests are skipped.", flush=True)


def main(extra: list[str]) -> int:
    missing = surroundings.missing()
    say_missing(missing)
    workers = os.environ.get("KHULA_TEST_WORKERS", str(min(2, os.cpu_count() or 1)))
    parallel = ["-n", workers, "--dist", "loadfile"]
    with tempfile.TemporaryDirectory() as folder:
        runs = [
            pytest_run("everything, on SQLite", ["tests", *parallel, *extra], Path(folder, "1.xml")),
            pytest_run(
                "records, on PostgreSQL",
                ["tests/server", *parallel, *extra],
                Path(folder, "2.xml"),
                KHULA_TEST_DATABASE="postgresql",
            ),
        ]
    whole = Counts(*(sum(getattr(run, field) for run in runs) for field in ("passed", "failed", "skipped")))
    print()
    say_missing(missing)
    not_whole = surroundings.all_required() and whole.skipped
    if not_whole:
        print("KHULA_REQUIRE_ALL is set, and tests were skipped.")
    print(whole)
    return 1 if whole.failed or not_whole or not whole.passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
