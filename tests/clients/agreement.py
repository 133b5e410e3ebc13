"""Forms and sequences of answers in; out comes where three engines of XForms say something different, step by step.

The three: JavaRosa (`Drive.java`), which ODK Collect is made of; `@getodk/xforms-engine`, which ODK Web Forms is made of
(`agree.mjs`); and Khula's own evaluator (`agree.mjs` too). After every step all of what a person sees and all of what
would be sent is compared. Khula must say what JavaRosa says. Where the two others differ between themselves, the
difference has a name and a reason in `explained.py`, and Khula stands with JavaRosa.

`python -m tests.clients.agreement --pairs 2000` takes the shipped pack and 2,000 generated pairs, and prints
`figure NAME VALUE UNIT` lines.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from pathlib import Path

from lxml import etree

from khula.analysis.packs.device import device_form
from tests import surroundings
from tests.clients.explained import class_of, own_class_of
from tests.clients.fillers import HERE, validate_jar
from tests.clients.form_shape import Shape
from tests.clients.generated_forms import ENGLISH, Form, Step, Task, make_form, make_steps
from tests.clients.shipped_forms import shipped

PACK = HERE.parents[1] / "packs/foundation_phase"
SEQUENCES_PER_FORM = 4
SEQUENCES_PER_SHIPPED_FORM = 8
FORMS_PER_BATCH = 40
XFORMS = "{http://www.w3.org/2002/xforms}"
#: What says when or where, and so differs by its nature.
OF_THE_MOMENT = {"start", "end", "instanceID", "deviceid"}
_UUID = re.compile(r"(uuid:)?[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")

ENGINES = ("javarosa", "xforms", "khula")

#: (what kind of thing, which question) -> what an engine says of it
State = dict[tuple[str, str], str]


@dataclass(frozen=True)
class Difference:
    """After `step`, of the question `at`: each engine's own word. None: it says nothing of it."""

    pair: str
    step: str
    kind: str
    at: str
    javarosa: str | None
    xforms: str | None
    khula: str | None

    def __str__(self) -> str:
        said = f"JavaRosa {self.javarosa!r}, xforms-engine {self.xforms!r}, Khula {self.khula!r}"
        return f"{self.pair} after {self.step}: {self.kind} of {self.at}: {said}"


@dataclass
class Outcome:
    pairs: int = 0
    looks: int = 0
    facts: int = 0
    from_javarosa: list[Difference] = field(default_factory=list)
    own: Counter[str] = field(default_factory=Counter)  # of Khula from JavaRosa, by its class
    explained: Counter[str] = field(default_factory=Counter)  # between the two others, by its class
    unexplained: list[Difference] = field(default_factory=list)  # between the two others, and no class knows it
    broken: list[str] = field(default_factory=list)

    def __iadd__(self, other: Outcome) -> Outcome:
        self.pairs += other.pairs
        self.looks += other.looks
        self.facts += other.facts
        self.from_javarosa += other.from_javarosa
        self.own += other.own
        self.explained += other.explained
        self.unexplained += other.unexplained
        self.broken += other.broken
        return self


# ---- running the engines


def run(tasks: Sequence[Task], *, khula: bool = True) -> Outcome:
    """All tasks in one start of each engine."""
    outcome = Outcome()
    for task, number, lines in _told(tasks, khula):
        pair, shape = f"{task.name}/{number}", Shape.of(task.xform)
        outcome.pairs += 1
        broken = {name: line["error"] for name, line in lines.items() if "error" in line}
        outcome.broken += [f"{pair}: {name}: {problem}" for name, problem in broken.items()]
        if "javarosa" not in broken:
            said = {name: states(line, shape) for name, line in lines.items() if name not in broken}
            _compare_pair(pair, task.runs[number], said, shape, outcome)
    return outcome


def ends(tasks: Sequence[Task], *, khula: bool = True) -> list[dict[str, State]]:
    """Of each run of each task, what each engine says at its end."""
    return [
        {name: list(states(line, Shape.of(task.xform)))[-1] for name, line in lines.items()}
        for task, _, lines in _told(tasks, khula)
    ]


def _told(tasks: Sequence[Task], khula: bool) -> Iterator[tuple[Task, int, dict[str, dict]]]:
    with tempfile.TemporaryDirectory(prefix="khula-agree-") as name:
        folder = Path(name)
        job = folder / "job.json"
        job.write_text(json.dumps({"forms": [_laid_out(task, folder, khula) for task in tasks]}))
        outs = {engine: folder / f"{engine}.jsonl" for engine in ENGINES if khula or engine != "khula"}
        classpath = os.pathsep.join([str(validate_jar()), str(java_classes())])
        java = ["java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Duser.timezone=Africa/Johannesburg"]
        node = [str(surroundings.node()), "--no-warnings", str(node_program()), str(job)]
        started = [
            _start([*java, "-cp", classpath, "Drive", str(job), str(outs["javarosa"])]),
            _start([*node, str(outs.get("khula", "")), str(outs["xforms"])]),
        ]
        for process in started:
            _, problem = process.communicate(timeout=1800)
            assert process.returncode == 0, problem[-4000:]
        lines = {engine: _lines(out) for engine, out in outs.items()}
        for task in tasks:
            for number in range(len(task.runs)):
                yield task, number, {engine: next(each) for engine, each in lines.items()}


def _laid_out(task: Task, folder: Path, khula: bool) -> dict[str, object]:
    media = folder / task.name
    media.mkdir()
    form = media / "form.xml"
    form.write_text(task.xform)
    for name, text in task.files.items():
        (media / f"{name}.csv").write_text(text)
    laid_out: dict[str, object] = {
        "form": str(form),
        "media": str(media),
        "lists": sorted(task.files),
        "repeats": sorted(Shape.of(task.xform).repeats),
        "runs": [{"steps": [step.as_json() for step in steps]} for steps in task.runs],
    }
    if task.as_it_is:
        laid_out["as_it_is"] = True
    if task.language:
        laid_out["language"] = task.language
    if khula:
        plan = media / "plan.json"
        plan.write_bytes(plan_of(task.xform))
        laid_out["plan"] = str(plan)
    return laid_out


def plan_of(xform: str) -> bytes:
    return device_form(xform.encode())


def _start(command: list[str]) -> subprocess.Popen[str]:
    environment = {**os.environ, "TZ": "Africa/Johannesburg"}
    return subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment, cwd=HERE
    )


@cache
def java_classes() -> Path:
    """Drive.java, compiled once per run."""
    folder = Path(tempfile.mkdtemp(prefix="khula-drive-"))
    command = ["javac", "-nowarn", "-cp", str(validate_jar()), "-sourcepath", str(HERE), "-d", str(folder)]
    done = subprocess.run([*command, str(HERE / "Drive.java")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@cache
def node_program() -> Path:
    surroundings.node_packages(HERE)
    return HERE / "agree.mjs"


# ---- what an engine says, look by look


def _lines(path: Path) -> Iterator[dict]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def states(line: Mapping, shape: Shape) -> Iterator[State]:
    """The whole state after every look, from what changed."""
    asked: dict[str, dict] = {}
    told: dict[str, State] = {}
    sent: State = {}
    for look in line["looks"]:
        for path, each in look.get("asked", {}).items():
            if each is None:
                asked.pop(path, None)
                told.pop(path, None)
            else:
                asked[path] = each
                told[path] = _question(path, each)
        if "xml" in look:
            sent = dict(_sent(look["xml"], shape))
        state: State = {("done", ""): look.get("done", "")}
        for facts in told.values():
            state |= facts
        yield state | sent


def _question(path: str, told: Mapping) -> State:
    state = {
        ("asked", path): "yes",
        ("label", path): _settled(told["label"]),
        ("hint", path): _settled(told["hint"]),
        ("required", path): str(told["required"]),
        ("readonly", path): str(told["readonly"]),
        ("verdict", path): told["verdict"],
    }
    if "choices" in told:
        state["choices", path] = " | ".join(f"{value}={_settled(label)}" for value, label in told["choices"])
    if told.get("message"):
        state["message", path] = _settled(told["message"])
    return state


def _settled(text: str) -> str:
    whole = text.encode("utf-8", "ignore").decode()  # half a sign is no text
    return " ".join(_UUID.sub("UUID", whole).split())


def _sent(xml: str, shape: Shape) -> Iterator[tuple[tuple[str, str], str]]:
    root = etree.fromstring(xml.encode("utf-8", "ignore"))  # half a sign is no text
    yield from _sent_below(root, f"/{etree.QName(root).localname}", f"/{etree.QName(root).localname}", shape)


def _sent_below(
    element: etree._Element, path: str, generic: str, shape: Shape
) -> Iterator[tuple[tuple[str, str], str]]:
    seen: Counter[str] = Counter()
    for child in element.iterchildren(etree.Element):
        name = etree.QName(child).localname
        below, at = f"{generic}/{name}", f"{path}/{name}"
        if below in shape.repeats:
            seen[name] += 1
            at = f"{at}[{seen[name]}]"
        elif name in seen:
            at = f"{at}#{seen[name]}"
            seen[name] += 1
        if name in OF_THE_MOMENT:
            continue
        for attribute, text in child.attrib.items():
            yield ("value", f"{at}@{etree.QName(attribute).localname}"), _UUID.sub("UUID", text)
        if below in shape.groups:
            yield ("group", at), ""
            yield from _sent_below(child, at, below, shape)
        else:
            yield ("value", at), _UUID.sub("UUID", child.text or "")


# ---- comparing


def _compare_pair(
    pair: str, steps: Sequence[Step], said: Mapping[str, Iterator[State]], shape: Shape, outcome: Outcome
) -> None:
    """A difference is told once, when it begins; again only when an engine changes its word."""
    known: set[tuple] = set()
    between: set[str] = set()  # questions of which the two others have said different things
    own: set[str] = set()  # questions of which Khula has said something of its own, for a named reason
    after = ["the start", *(f"{number}. {_in_words(step)}" for number, step in enumerate(steps, 1))]
    for step in after:
        states = {name: next(each) for name, each in said.items()}
        outcome.looks += 1
        right = states["javarosa"]
        outcome.facts += len(right) * (len(states) - 1)
        if all(state == right for state in states.values()):
            continue
        keys = dict.fromkeys(key for state in states.values() for key in state)
        fresh: list[Difference] = []
        ours: list[Difference] = []
        for key in keys:
            words = [states[name].get(key) if name in states else None for name in ENGINES]
            if (key, *words) in known:
                continue
            known.add((key, *words))
            difference = Difference(pair, step, *key, *words)
            if "khula" in states and not _same(difference.javarosa, difference.khula):
                ours.append(difference)
            if "xforms" in states and not _same(difference.javarosa, difference.xforms) and difference.at:
                fresh.append(difference)
        _count_from_javarosa(ours, own, shape, outcome)
        between |= {shape.name(each.at) for each in fresh}
        _explain(fresh, between, shape, outcome)


def _count_from_javarosa(ours: Sequence[Difference], own: set[str], shape: Shape, outcome: Outcome) -> None:
    named = {each: own_class_of(each.javarosa, each.khula, shape.said_of(each.at)) for each in ours}
    own |= {shape.name(each.at) for each, name in named.items() if name is not None}
    for each, name in named.items():
        if name is not None:
            outcome.own[name] += 1
        elif not shape.leans_on(each.at) & own:
            outcome.from_javarosa.append(each)


def _explain(fresh: Sequence[Difference], between: set[str], shape: Shape, outcome: Outcome) -> None:
    """What follows from another difference needs no reason of its own."""
    for each in fresh:
        if shape.leans_on(each.at) & between:
            continue
        name = class_of(each.kind, each.javarosa, each.xforms, shape.said_of(each.at))
        if name is None:
            outcome.unexplained.append(each)
        else:
            outcome.explained[name] += 1


def _same(one: str | None, other: str | None) -> bool:
    """A number may be written 22.0 or 22."""
    if one == other:
        return True
    try:
        return one is not None and other is not None and float(one) == float(other)
    except ValueError:
        return False


def _in_words(step: Step) -> str:
    return f"{step.do} {step.at} {step.text!r}"


# ---- many


def generated(first: int, pairs: int) -> Iterator[Task]:
    for seed in range(first, first + -(-pairs // SEQUENCES_PER_FORM)):
        form: Form = make_form(seed)
        runs = [make_steps(form, number) for number in range(SEQUENCES_PER_FORM)]
        yield Task(f"g{seed}", form.as_xform(), form.files, runs, ENGLISH)


def batches(tasks: Iterable[Task]) -> Iterator[list[Task]]:
    waiting = iter(tasks)
    while batch := list(islice(waiting, FORMS_PER_BATCH)):
        yield batch


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=2000)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--without-khula", action="store_true", help="only the two others")
    parser.add_argument("--show", type=int, default=40, help="so many differences in full")
    options = parser.parse_args()
    outcome = run(list(shipped(PACK, runs=SEQUENCES_PER_SHIPPED_FORM)), khula=not options.without_khula)
    print(f"figure shipped_pairs {outcome.pairs} pairs")
    print(f"figure shipped_differences {len(outcome.from_javarosa)} facts")
    for batch in batches(generated(options.first, options.pairs)):
        outcome += run(batch, khula=not options.without_khula)
        print(f"{outcome.pairs} pairs, {outcome.looks} looks", file=sys.stderr, flush=True)
    for problem in outcome.broken[: options.show]:
        print(problem)
    for difference in [*outcome.from_javarosa[: options.show], *outcome.unexplained[: options.show]]:
        print(difference)
    for name, times in outcome.own.most_common():
        print(f"Khula's own: {name}, {times} times")
    for name, times in outcome.explained.most_common():
        print(f"explained: {name}, {times} times")
    print(f"figure pairs {outcome.pairs} pairs")
    print(f"figure comparisons {outcome.looks} states")
    print(f"figure facts {outcome.facts} facts")
    print(f"figure differences {len(outcome.from_javarosa)} facts")
    print(f"figure explained_differences {outcome.own.total()} facts")
    print(f"figure explained_between_the_others {outcome.explained.total()} facts")
    print(f"figure unexplained_between_the_others {len(outcome.unexplained)} facts")
    return 1 if outcome.from_javarosa or outcome.unexplained or outcome.broken else 0


if __name__ == "__main__":
    sys.exit(main())
