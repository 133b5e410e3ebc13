"""The library of what can be done: shipped lines and those written here in, suggestions for a flag or a domain out.

A shipped line is copied into the records when an action first uses it or somebody first edits it, so that what was
agreed reads for ever as it read that day. What was written here stands before what is shipped.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from khula.server.events.actions import happened
from khula.server.plans.models import Intervention

SHIPPED = Path(__file__).with_name("library.csv")
EVERY = "*"


@dataclass(frozen=True)
class Line:
    """One thing that can be done, as it reads now."""

    code: str
    version: int
    suggest: tuple[str, ...]
    domains: tuple[str, ...]
    role: str
    words_en: str
    words_fr: str
    slip_en: str
    slip_fr: str
    local: bool = False
    withdrawn: bool = False

    def words(self, language: str) -> str:
        return self.words_fr if language == "fr" else self.words_en

    def fits(self, domain: str) -> bool:
        return domain in self.domains or EVERY in self.domains


@cache
def shipped() -> dict[str, Line]:
    """The lines that come with Khula."""
    with SHIPPED.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {
        row["code"]: Line(
            row["code"], int(row["version"]), tuple(row["suggest"].split()), tuple(row["domains"].split()), row["role"],
            row["words_en"], row["words_fr"], row["slip_en"], row["slip_fr"],
        )
        for row in rows
    }  # fmt: skip


def library(*, withdrawn: bool = False) -> list[Line]:
    """Every line that is offered, by code; with those taken out where asked (one statement)."""
    here = {row.code: line_of(row) for row in Intervention.objects.filter(current=True, local=True)}
    lines = shipped() | here
    return [lines[code] for code in sorted(lines) if withdrawn or not lines[code].withdrawn]


def line_of(row: Intervention) -> Line:
    return Line(
        row.code, row.version, tuple(row.suggest.split()), tuple(row.domains.split()), row.role, row.words_en,
        row.words_fr, row.slip_en, row.slip_fr, row.local, row.withdrawn,
    )  # fmt: skip


def suggestions(domain: str, asked_for: Iterable[str], lines: Iterable[Line] | None = None) -> list[Line]:
    """What can be done in a domain: first what its flags ask for by code, then the rest. Empty: none available."""
    asked = set(asked_for)
    fitting = [line for line in (library() if lines is None else lines) if line.fits(domain)]
    return sorted(fitting, key=lambda line: (not asked & set(line.suggest), line.code))


def versions_of(code: str) -> list[Intervention]:
    """Every version kept of a line, newest first."""
    return list(Intervention.objects.filter(code=code).select_related("by").order_by("-version"))


def kept(code: str) -> Intervention:
    """The line as it reads now, in the records. Raises KeyError where no such line is offered."""
    row = Intervention.objects.filter(code=code, current=True, local=True).first()
    if row is not None:
        if row.withdrawn:
            raise KeyError(code)
        return row
    return _kept_as_shipped(shipped()[code])


def _kept_as_shipped(line: Line) -> Intervention:
    """A newer shipped line takes the place of an older one; the older one stays for the actions that used it."""
    Intervention.objects.filter(code=line.code, current=True).exclude(version=line.version).update(current=False)
    row, _ = Intervention.objects.get_or_create(
        code=line.code, version=line.version,
        defaults={
            "suggest": " ".join(line.suggest), "domains": " ".join(line.domains), "role": line.role,
            "words_en": line.words_en, "words_fr": line.words_fr, "slip_en": line.slip_en, "slip_fr": line.slip_fr,
            "at": timezone.now(),
        },
    )  # fmt: skip
    return row


@transaction.atomic
def change_line(
    *,
    code: str,
    words_en: str,
    words_fr: str,
    domains: Iterable[str],
    role: str,
    suggest: Iterable[str] = (),
    slip_en: str = "",
    slip_fr: str = "",
    withdrawn: bool = False,
    by: int,
) -> Intervention:
    """Write a line anew, as its next version; a code nobody knows is a new line."""
    if code in shipped() and not Intervention.objects.filter(code=code).exists():
        _kept_as_shipped(shipped()[code])
    before = Intervention.objects.select_for_update().filter(code=code).order_by("-version").first()
    Intervention.objects.filter(code=code, current=True).update(current=False)
    row = Intervention.objects.create(
        code=code, version=before.version + 1 if before else 1, suggest=" ".join(suggest), domains=" ".join(domains),
        role=role, words_en=words_en, words_fr=words_fr, slip_en=slip_en, slip_fr=slip_fr, local=True,
        withdrawn=withdrawn, by_id=by, at=timezone.now(),
    )  # fmt: skip
    happened(kind="library.changed", subject=row.pk, facts={"code": code, "version": row.version}, by=by)
    return row
