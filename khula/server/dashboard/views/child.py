"""The child page: six rows by waves, then each domain with its level, its reasons and what helps."""

from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from khula.server.cases.meaning import meaning_of
from khula.server.consent.needs import needs
from khula.server.dashboard import queries
from khula.server.dashboard.child_address import short
from khula.server.dashboard.child_story import Telling, Why, alerts_for, domain_stories
from khula.server.dashboard.help_story import help_story
from khula.server.dashboard.plan_beside import Beside, beside_levels
from khula.server.dashboard.queries import CaseOfWave, ChildFacts, HeardVoice, LatestAssessment, WaveOfSchool
from khula.server.dashboard.status import DIFFER, DOMAINS, SEX, VOICES, DomainLook, Status, in_order, look_of, status_of
from khula.server.dashboard.why import why_for

RELATIONS = {
    "mother": _("mother"),
    "father": _("father"),
    "grandmother": _("grandmother"),
    "grandfather": _("grandfather"),
    "aunt": _("aunt"),
    "uncle": _("uncle"),
    "sister": _("sister"),
    "brother": _("brother"),
    "foster": _("foster parent"),
}


@dataclass(frozen=True)
class StripRow:
    look: DomainLook
    # level, ≠ or nothing, whether it is the wave of this page, a practitioner's own level or nothing
    cells: list[tuple[Status, str, bool, Status | None]]


@dataclass(frozen=True)
class ShownWave:
    wave: WaveOfSchool
    address: str
    school: str  # "" where it is the child's present one
    here: bool


@needs("see child")
def case(request: HttpRequest, case_id: int) -> HttpResponse:
    """A child in the wave of this case."""
    place = queries.case_place(case_id)
    if place is None:
        raise Http404
    return _child_page(request, place[0], place[1])


@needs("see child")
def child(request: HttpRequest, child_id: str) -> HttpResponse:
    """A child in the wave asked for, or the last that has opened."""
    return _child_page(request, child_id)


def _child_page(request: HttpRequest, child_id: str, wave_id: str = "") -> HttpResponse:
    facts = queries.child_seen_by(request.reader, child_id)
    if facts is None:
        raise Http404
    today = timezone.localdate()
    waves = queries.waves_of(facts.school_id)
    cases = queries.cases_of(child_id)
    earlier = queries.waves_elsewhere(request.reader, waves, cases)
    asked = request.GET.get("wave", "")
    wave = next((one for one in (*waves, *earlier) if one.id == wave_id and not asked), None)
    wave = wave or queries.pick_wave(waves, asked, today)[0]
    case = cases.get(wave.id) if wave else None
    beside = beside_levels(
        request.reader, child_id, facts, case.case_id if case else None, translation.get_language()[:2]
    )
    shown = sorted((*waves, *earlier), key=lambda one: (one.opens_on, one.number))
    page = {
        "child": facts,
        "age": _years(facts.birth_date, today),
        "sex": SEX.get(facts.sex, ""),
        "relation": RELATIONS.get(facts.relation, ""),
        "wave": wave,
        "waves": _waves_shown(shown, earlier, cases, wave),
        "strip": _strip(shown, cases, wave, beside),
        "beside": beside,
        "help": help_story(request.reader, child_id, facts, case.levels if case else None, today),
        "differ": DIFFER,
        # An id with a slash in it has no address of its own: there the child is named in words.
        "report": "/concerns" if "/" in child_id else f"/c/{quote(short(child_id))}/concern",
        "paper": "" if "/" in child_id else f"/c/{quote(short(child_id))}",
    }
    then = case if wave in earlier else None
    return render(request, "dashboard/child.html", page | _of_wave(request, facts, wave, case, then))


def _waves_shown(
    shown: list[WaveOfSchool], earlier: list[WaveOfSchool], cases: dict[str, CaseOfWave], here: WaveOfSchool | None
) -> list[ShownWave]:
    """Numbers say which wave of one school; a wave of an earlier school is asked for by its case."""
    names = queries.schools_named(cases[wave.id].school_id for wave in earlier)
    return [
        ShownWave(
            wave,
            f"/c/{cases[wave.id].case_id}" if wave in earlier else f"?wave={wave.number}",
            names.get(cases[wave.id].school_id or 0, "") if wave in earlier else "",
            wave == here,
        )
        for wave in shown
    ]


def _years(born: date | None, today: date) -> int | None:
    if born is None:
        return None
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def _strip(
    waves: list[WaveOfSchool], cases: dict[str, CaseOfWave], here: WaveOfSchool | None, beside: Beside
) -> list[StripRow]:
    domains = dict.fromkeys(look.name for look in DOMAINS) | dict.fromkeys(
        name for case in cases.values() for name in case.levels
    )
    return [
        StripRow(
            look_of(name),
            [
                (*_strip_cell(name, case), wave == here, beside.judged(case.case_id if case else None, name))
                for wave in waves
                for case in (cases.get(wave.id),)
            ],
        )
        for name in in_order(tuple(domains))
    ]


def _strip_cell(domain: str, case: CaseOfWave | None) -> tuple[Status, str]:
    if case is None:
        return status_of(None), ""
    return status_of(case.levels.get(domain)), DIFFER if domain in case.differ else ""


def _of_wave(
    request: HttpRequest,
    facts: ChildFacts,
    wave: WaveOfSchool | None,
    case: CaseOfWave | None,
    then: CaseOfWave | None,
) -> dict[str, object]:
    """What this reader is told of the chosen wave."""
    if wave is None:
        return {"heard": [], "stories": [], "alerts": []}
    language = translation.get_language()[:2]
    voices = queries.voices_of(case.case_id) if case else {}
    latest = queries.latest_assessment(case.case_id) if case else None
    raised = queries.alerts_of(case.case_id) if case else []
    pack = queries.pack_of(latest.pack_hash if latest else wave.pack_hash)
    telling = Telling(request.reader, facts, pack, language, _why(latest, voices, language), then, _kept(voices))
    return {
        "heard": _heard(voices),
        "stories": domain_stories(telling, latest.result if latest else {}),
        "alerts": alerts_for(request.reader, facts, pack, raised, language, then),
        "latest": latest,
    }


def _kept(voices: dict[str, HeardVoice]) -> frozenset[str]:
    return frozenset().union(*(voice.kept for voice in voices.values()))


def _why(latest: LatestAssessment | None, voices: dict[str, HeardVoice], language: str) -> Why:
    """Rules are made ready only where something has been assessed."""
    if latest is None:
        return lambda _flag: ()
    return why_for(meaning_of(latest.pack_hash), latest.result.get("context", {}), voices, language)


def _heard(voices: dict[str, HeardVoice]) -> list[tuple[str | Promise, HeardVoice | None]]:
    return [(words, voices.get(voice)) for voice, words in VOICES.items()]
