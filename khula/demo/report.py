"""The demonstration as it stands in the records: for each figure, what was aimed at and what came out.

The aims are figures published of the study this stands for, or our own where it is silent; the shares are of those
whose answer is known. Read from the stored answers and results, past everything that made them.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from khula.demo.people import SCHOOLS, WAVES
from khula.server.cases.models import Assessment, Case, Voice
from khula.server.collection.models import ConflictCopy, Submission
from khula.server.events.models import Event
from khula.server.schools.models import Child

Answers = Mapping[str, str]
Result = Mapping[str, Any]
Known = bool | None


@dataclass(frozen=True)
class Aim:
    what: str
    aimed: tuple[float | None, float | None, float | None]  # percent, in waves 1, 2 and 3
    holds: Callable[[Answers, Result], Known]
    published: bool = True


def _band(scale: str, *bands: str) -> Callable[[Answers, Result], Known]:
    def holds(_: Answers, result: Result) -> Known:
        band = result["scores"][scale]["band"]
        return None if band is None else band in bands

    return holds


def _says(question: str, *codes: str) -> Callable[[Answers, Result], Known]:
    def holds(answers: Answers, _: Result) -> Known:
        text = answers.get(question)
        return None if text in (None, "dk", "refused", "na") else text in codes

    return holds


def _level(domain: str) -> Callable[[Answers, Result], Known]:
    def holds(_: Answers, result: Result) -> Known:
        level = result["domains"][domain]["level"]
        return None if level == "not enough information" else level in ("medium", "high")

    return holds


def _harsh(answers: Answers, _: Result) -> Known:
    asked = [answers.get(name) for name in ("g_d_shout", "g_d_smack", "g_d_object", "g_violence")]
    if not any(asked):
        return None
    return asked[0] == "2" or asked[1] in ("1", "2") or asked[2] in ("1", "2") or asked[3] in ("yes", "now")


def _fed(answers: Answers, _: Result) -> Known:
    meals = (answers.get("c_supper"), answers.get("c_breakfast"))
    return None if not set(meals) <= {"yes", "no"} else meals == ("yes", "yes")


AIMS = (
    Aim("girls", (46, None, None), lambda _, result: result["context"]["sex"] == "female"),
    Aim("stunted (height for age below -2)", (12.7, None, None), _band("haz", "stunt", "severe_stunt")),
    Aim("underweight (weight for age below -2)", (7.5, None, None), _band("waz", "under", "severe_under")),
    Aim("overweight or obese", (28.2, None, None), _band("baz", "overweight", "obese")),
    Aim("children with difficulties (symptom list positive)", (35, 24, 11), _band("psc_total", "positive")),
    Aim("caregivers with low mood (at or above the cut-off)", (52.6, None, 23.5), _band("ces_total", "positive")),
    Aim("caregivers helped by family or friends", (31.7, None, 69.9), _says("g_support", "2")),
    Aim("children going hungry (16, 0, 6 of 162, 140, 123)", (9.9, 0, 4.9), _says("c_bed_hungry", "2")),
    Aim("supper and breakfast (published: three meals, +18 points)", (62, None, 80), _fed),
    Aim("regular wage (published: full-time employment)", (20, None, 16), _says("g_income", "wage")),
    Aim("Child Support Grant paid", (100, None, 85), _says("g_grant", "yes")),
    Aim("money and home: watch or act now", (None, None, 60), _level("economic")),
    Aim("safety and care: watch or act now", (None, None, 62), _level("protection")),
    Aim("hostile or violent behaviour at home (6 in 10)", (None, None, 60), _harsh),
    Aim("did not pass the hearing test", (5.4, 5.4, 5.4), _says("h_hearing", "refer", "none")),
    Aim("did not pass the sight test", (2.1, 2.1, 2.1), _says("h_vision", "refer", "none")),
)


def report() -> list[str]:
    """Lines to print."""
    if not Child.objects.exists():
        return ["There is no demonstration here yet. Make one with: khula demo"]
    lines = [f"{'':58}{'wave 1':>16}{'wave 2':>16}{'wave 3':>16}", *_found()]
    lines += ["", "Percent, aimed at -> came out (of how many)"]
    waves = {wave: list(_read(wave)) for wave in WAVES}
    lines += [_line(aim, waves) for aim in AIMS]
    return [*lines, "", "Besides", *_besides()]


def _line(aim: Aim, waves: Mapping[int, list[tuple[Answers, Result]]]) -> str:
    cells = []
    for wave, aimed in zip(WAVES, aim.aimed, strict=True):
        known = [holds for each in waves[wave] if (holds := aim.holds(*each)) is not None]
        came = f"{100 * sum(known) / len(known):.1f} ({len(known)})" if known else "-"
        cells.append(f"{'' if aimed is None else f'{aimed:g} -> '}{came}")
    return f"{aim.what:58}" + "".join(f"{cell:>20}" for cell in cells)


def _read(wave: int) -> Iterable[tuple[Answers, Result]]:
    """Each child heard in the wave: all answers that count, and the latest result."""
    cases = Case.objects.filter(wave__number=wave, voices_heard__gt=0)
    answers: dict[int, dict[str, str]] = {}
    for case_id, said in Voice.objects.filter(case__in=cases, current=True).values_list("case_id", "answers"):
        answers.setdefault(case_id, {}).update(msgspec.json.decode(said))
    results = Assessment.objects.filter(case__in=cases).order_by("id").values_list("case_id", "result")
    for case_id, result in dict(results).items():
        yield answers.get(case_id, {}), msgspec.json.decode(result)


def _found() -> Iterable[str]:
    """Children heard: five schools of the city, and all."""
    aimed = [(162, 140, 123), None]
    city = [school.emis_number for school in SCHOOLS if not school.rural]
    heard = Case.objects.filter(voices_heard__gt=0)
    groups = (("children heard, five schools of the city", heard.filter(child__school__emis_number__in=city)),
              ("children heard, all schools", heard))  # fmt: skip
    for (what, cases), aim in zip(groups, aimed, strict=True):
        counts = [cases.filter(wave__number=wave).count() for wave in WAVES]
        cells = [f"{aim[n]} -> {count}" if aim else str(count) for n, count in enumerate(counts)]
        yield f"{what:58}" + "".join(f"{cell:>16}" for cell in cells)


def _besides() -> Iterable[str]:
    looks = Submission.objects.exclude(look_code="").values_list("look_code", flat=True)
    yield f"  children on record: {Child.objects.count()}; left: {Child.objects.exclude(left_on=None).count()}"
    corrected = Submission.objects.filter(state="replaced").count()
    yield f"  forms kept: {Submission.objects.count()}; corrected: {corrected}"
    yield f"  to be looked at: {', '.join(sorted(looks)) or 'none'}; conflict copies: {ConflictCopy.objects.count()}"
    yield f"  alerts raised: {Event.objects.filter(kind='alert.raised').count()}"
    several = Case.objects.filter(voices_heard__gt=1)
    differ = several.exclude(differ="[]").count()
    yield f"  cases in which informants differ in some domain: {differ} of {several.count()}"
    yield f"  work still owed: {Event.objects.exclude(state='done').count()} events"
