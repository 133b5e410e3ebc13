"""Phones that fetched everything and are out of reach of any network in; the records they fill meanwhile, out.

JavaRosa fills the forms, as in Collect. What a finished form says of a child stands on the phone's own list at once,
so that the next form on that phone finds it there.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.clients.collect import Collect, Downloaded
from tests.clients.fillers import Filled, Task, fill_with_javarosa

LEARNERS = "learners"
AUDIT = "audit.csv"


@dataclass(frozen=True)
class Visit:
    """One form to fill: about a child of the phone's list, or (register) about a new one."""

    form_id: str
    answers: Mapping[str, str]
    child: str = ""
    seed: int | None = None  # what the answers leave open is answered by chance

    def script(self) -> dict[str, str]:
        return {**({"learner": self.child} if self.child else {}), **self.answers}


@dataclass(frozen=True)
class Finished:
    """A record as it leaves the phone."""

    filled: Filled
    xml: bytes
    files: Mapping[str, bytes]
    child: str  # the one it registers or is about

    @property
    def instance_id(self) -> str:
        return self.filled.instance_id


@dataclass
class Phone:
    collect: Collect
    folder: Path
    forms: dict[str, Downloaded] = field(default_factory=dict)

    def meet_server(self) -> None:
        """Fetch all that is offered, and the list as it is now."""
        self.forms = {form.listed.form_id: form for form in self.collect.refresh()}
        for form_id, form in self.forms.items():
            (self.folder / f"{form_id}.xml").write_bytes(form.xml)
            for name, content in form.media.items():
                (self.folder / name).write_bytes(content)

    def row(self, child: str) -> dict[str, str]:
        return self.collect.entities[LEARNERS].rows[child]

    def task(self, visit: Visit) -> Task:
        (self.folder / f"{LEARNERS}.csv").write_bytes(self.collect.entities[LEARNERS].as_csv())
        return Task(self.folder / f"{visit.form_id}.xml", self.folder, visit.script(), seed=visit.seed)

    def finish(self, visit: Visit, filled: Filled) -> Finished:
        assert filled.problems == [], filled.problems
        xml = re.sub(rb"<(\w+:)?audit\s*/>", rb"<\1audit>%s</\1audit>" % AUDIT.encode(), filled.xml)
        assert AUDIT.encode() in xml, "every shipped form keeps an audit"
        made = self.collect.entities[LEARNERS].learn_from(self.forms[visit.form_id].xml, xml)
        return Finished(filled, xml, {AUDIT: audit_of(filled)}, visit.child or made or "")


def fill(visits: Sequence[tuple[Phone, Visit]]) -> list[Finished]:
    """All at the same moment, each on a phone of its own or on a list that the others do not change."""
    done = fill_with_javarosa([phone.task(visit) for phone, visit in visits])
    return [phone.finish(visit, filled) for (phone, visit), filled in zip(visits, done, strict=True)]


def audit_of(filled: Filled) -> bytes:
    """What Collect notes beside the answers: when which question was on the screen."""
    rows = [f"question,/data/{name},{1000 * number},{1000 * number + 900}" for number, name in enumerate(filled.asked)]
    return "\n".join(["event,node,start,end", *rows, ""]).encode()
