"""Forms, media and scripts of answers in; filled XForm instances out, made by the engines of ODK Collect and ODK Web Forms.

JavaRosa (`Fill.java`, with ODK Validate's jar from the pyxform wheel) is what a phone runs; `@getodk/xforms-engine`
(`fill.mjs`) is what ODK's browser client runs. Neither shares a line with Khula: what they send is what we must take.
"""

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from lxml import etree

from tests import surroundings

HERE = Path(__file__).resolve().parent
#: What differs between two engines filling the same script at different moments on different devices.
OF_THE_MOMENT = frozenset({"start", "end", "instanceID", "audit"})


@dataclass(frozen=True)
class Task:
    """One form to fill. Without a seed only the script is answered; with one, the rest is answered at random."""

    form: Path
    media: Path
    answers: Mapping[str, str] = field(default_factory=dict)
    seed: int | None = None
    blank: float = 0.0


@dataclass(frozen=True)
class Filled:
    xml: bytes
    answered: Mapping[str, str]  # what a person would have tapped, in order
    asked: Sequence[str]
    problems: Sequence[str]

    def values(self) -> dict[str, str]:
        """Leaf name -> text, as sent."""
        return values_of(self.xml)

    @property
    def instance_id(self) -> str:
        return self.values()["instanceID"]


def values_of(xml: bytes) -> dict[str, str]:
    """Leaf name -> text of an instance. Empty leaves are left out: both engines mean "not answered" by them."""
    root = etree.fromstring(xml, etree.XMLParser(resolve_entities=False, no_network=True))
    leaves = (each for each in root.iter(etree.Element) if len(each) == 0)
    return {etree.QName(each).localname: each.text for each in leaves if each.text}


def fill_with_javarosa(tasks: Sequence[Task]) -> list[Filled]:
    classpath = os.pathsep.join([str(validate_jar()), str(java_classes())])
    return _fill(tasks, ["java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", classpath, "Fill"])


def fill_with_xforms_engine(tasks: Sequence[Task]) -> list[Filled]:
    assert all(task.seed is None for task in tasks), "only Fill.java makes random answers; hand its `answered` on"
    return _fill(tasks, [str(surroundings.node()), "--no-warnings", str(node_program())])


def _fill(tasks: Sequence[Task], command: list[str]) -> list[Filled]:
    with tempfile.TemporaryDirectory() as folder:
        outs = [Path(folder, f"{number}.xml") for number in range(len(tasks))]
        job = Path(folder, "job.json")
        job.write_text(json.dumps({"fills": [_as_json(task, out) for task, out in zip(tasks, outs, strict=True)]}))
        done = subprocess.run([*command, str(job)], capture_output=True, text=True, check=False, timeout=300)
        assert done.returncode == 0, done.stderr[-4000:]
        reports = json.loads(done.stdout)
        return [
            Filled(out.read_bytes(), report["answered"], report["asked"], report["problems"])
            for out, report in zip(outs, reports, strict=True)
        ]


def _as_json(task: Task, out: Path) -> dict[str, object]:
    return {
        "form": str(task.form),
        "media": str(task.media),
        "out": str(out),
        "answers": dict(task.answers),
        "seed": task.seed,
        "blank": task.blank,
    }


def validate_jar() -> Path:
    spec = find_spec("pyxform")
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent / "validators/odk_validate/bin/ODK_Validate.jar"


@cache
def java_classes() -> Path:
    """Fill.java, compiled once per run."""
    folder = Path(tempfile.mkdtemp(prefix="khula-fill-"))
    command = ["javac", "-nowarn", "-cp", str(validate_jar()), "-d", str(folder), str(HERE / "Fill.java")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@cache
def node_program() -> Path:
    """fill.mjs, with its packages beside it: installed from the lock file when they are not there yet."""
    surroundings.node_packages(HERE)
    return HERE / "fill.mjs"
