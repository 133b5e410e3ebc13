"""Breaks one rule of scoring at a time in a copy of the code, and shows which tests notice. None may pass unnoticed.

    python bench/check_mutations.py [NUMBER …]

Prints a line for each rule and `figure mutations_noticed N of M`; ends with 1 if a broken rule passes every test.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
PLAN = "khula/analysis/plan/"
TESTS = [f"tests/analysis/test_{name}.py" for name in ("assessment", "bands", "safety", "emitters_agree")]


@dataclass(frozen=True)
class Broken:
    """A rule, and the line that keeps it, replaced."""

    rule: str
    file: str
    line: str
    by: str


RULES = [
    Broken(
        "too little evidence is not low",
        PLAN + "domains.py",
        "quiet = t.choose(enough, t.constant(1), t.constant(0))",
        "quiet = t.constant(1)",
    ),
    Broken(
        "a cut-off belongs to the band above it",
        PLAN + "bands.py",
        "math.ceil(start * scale)",
        "math.floor(start * scale) + 1",
    ),
    Broken(
        "ratios are compared by multiplying across",
        PLAN + "bands.py",
        "t.multiply(score.term, t.constant(common))",
        "score.term",
    ),
    Broken(
        "unknown or false is unknown",
        "khula/analysis/one_child.py",
        'None if {_any_missing(again)} else False)"',
        'False)"',
    ),
    Broken(
        "a voice without concern lowers nothing",
        PLAN + "domains.py",
        "    return Levelled(level, have, could_be, ",
        "    level = t.choose(_differ(layers, pack, domain, flags), t.constant(1), level)\n"
        "    return Levelled(level, have, could_be, ",
    ),
    Broken(
        "an implausible answer is missing",
        PLAN + "scales.py",
        "    return t.within(term, low, high)",
        "    return term",
    ),
    Broken(
        "without a score a band stands only where nothing can change it",
        PLAN + "scales.py",
        "place = layers.share(t.choose(t.equals(lowest, highest), lowest, t.missing(lowest.sort)))",
        "place = lowest",
    ),
    Broken(
        "a condition on a band looks at every band still possible",
        PLAN + "bands.py",
        "if band is None or band in names]",
        "if band in names]",
    ),
    Broken(
        "a band could be higher or lower",
        PLAN + "scales.py",
        "for place in (lowest, highest):",
        "for place in (highest,):",
    ),
    Broken(
        "an unknown line of a decision table stops it",
        PLAN + "plan.py",
        'if not condition.known and line.if_unknown != "next":',
        "if False:",
    ),
    Broken(
        "a population is never divided by a literal",
        "khula/analysis/population.py",
        "quotient = left / (right + left * 0.0)",
        "quotient = left / right",
    ),
    Broken(
        "sums have room",
        "khula/analysis/population.py",
        "    return next(width for width, limit in _WIDTHS if -limit <= low and high < limit)",
        "    return pl.Int8",
    ),
]

#: Without shrinking: one failure is enough.
QUICK = (
    "\nfrom hypothesis import Phase, settings\n"
    "settings.register_profile('broken', phases=[Phase.generate])\n"
    "settings.load_profile('broken')\n"
)


def noticed(broken: Broken) -> list[str]:
    """The tests that fail in a copy of the code with this rule broken."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for part in ("khula", "tests", "packs"):
            shutil.copytree(HERE / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(HERE / "pyproject.toml", copy)
        _break(copy / broken.file, broken)
        with (copy / "tests/conftest.py").open("a", encoding="utf-8") as conftest:
            conftest.write(QUICK)
        return _failing(copy)


def _break(file: Path, broken: Broken) -> None:
    text = file.read_text(encoding="utf-8")
    if text.count(broken.line) != 1:
        raise SystemExit(
            f"{broken.file} no longer has the line {broken.line!r} exactly once: mend bench/check_mutations.py"
        )
    file.write_text(text.replace(broken.line, broken.by), encoding="utf-8")


def _failing(copy: Path) -> list[str]:
    options = ["-n", "0", "-q", "-p", "no:randomly", "-p", "no:cacheprovider"]
    surroundings = {
        **os.environ,
        "PYTHONPATH": str(copy),
        "PYTHONDONTWRITEBYTECODE": "1",
        "KHULA_GENERATED_PACKS": "30",
    }
    command = [sys.executable, "-m", "pytest", *options, *TESTS]
    done = subprocess.run(command, cwd=copy, env=surroundings, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(done.stdout + done.stderr)
    return re.findall(r"^FAILED \S+::(\w+)", done.stdout, re.MULTILINE)


def main() -> None:
    chosen = [RULES[int(number) - 1] for number in sys.argv[1:]] or RULES
    unnoticed = 0
    for broken in chosen:
        tests = list(dict.fromkeys(noticed(broken)))
        unnoticed += not tests
        told = ", ".join(tests[:3]) + (f" and {len(tests) - 3} more" if len(tests) > 3 else "")
        print(f"{'noticed ' if tests else 'UNNOTICED'} {broken.rule}: {told}", flush=True)
    print(f"figure mutations_noticed {len(chosen) - unnoticed} of_{len(chosen)}")
    sys.exit(1 if unnoticed else 0)


if __name__ == "__main__":
    main()
