"""PDF of what a reader sees of a child or a class: SNA 1, SNA 2, the child sheet, the class sheet."""

from collections.abc import Callable, Sequence

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from khula.server.cases.meaning import meaning_of
from khula.server.consent.needs import needs
from khula.server.dashboard import queries, sheets
from khula.server.dashboard.child_story import Telling, domain_stories
from khula.server.dashboard.status import DOMAINS
from khula.server.dashboard.views.class_board import FIRST
from khula.server.dashboard.why import why_for
from khula.server.paper.sheet import Part, pdf
from khula.server.plans.queries import needs_of
from khula.server.schools.models import School


@needs("see child")
def sna_1(request: HttpRequest, child_id: str) -> HttpResponse:
    return _in_english(request, child_id, sheets.sna_1, "SNA 1")


@needs("see child")
def sna_2(request: HttpRequest, child_id: str) -> HttpResponse:
    return _in_english(request, child_id, sheets.sna_2, "SNA 2")


def _in_english(
    request: HttpRequest, child_id: str, drawn: Callable[[sheets.Case], Sequence[Part]], name: str
) -> HttpResponse:
    """The policy's forms are English, as the district that takes them reads them."""
    with translation.override("en"):
        case = _case(request, child_id, sheets.InLearnerProfile)
        return _paper(drawn(case), name, "en")


@needs("see child")
def child_sheet(request: HttpRequest, child_id: str) -> HttpResponse:
    return _paper(sheets.child_sheet(_case(request, child_id)), _("Child sheet"), _language())


@needs("see board")
def class_sheet(request: HttpRequest, class_id: int) -> HttpResponse:
    school_class = queries.class_seen_by(request.reader, class_id)
    if school_class is None:
        raise Http404
    wave, before = queries.pick_wave(
        queries.waves_of(school_class.school_id), request.GET.get("wave", ""), timezone.localdate()
    )  # fmt: skip
    children = queries.board(request.reader, class_id, wave and wave.id, before and before.id)
    title = _("Class %(name)s") % {"name": school_class.name}
    under = f"{school_class.school.name} · {wave.name if wave else _('No wave has opened yet.')}"
    parts = sheets.class_sheet(title, under, DOMAINS, sorted(children, key=FIRST))
    return _paper(parts, _("Class sheet"), _language())


def _language() -> str:
    return translation.get_language()[:2]


def _case(request: HttpRequest, child_id: str, told: type[Telling] = Telling) -> sheets.Case:
    """What the child page would tell this reader of the wave asked for, or of the last that has opened."""
    facts = queries.child_seen_by(request.reader, child_id)
    if facts is None:
        raise Http404
    waves = queries.waves_of(facts.school_id)
    wave = queries.pick_wave(waves, request.GET.get("wave", ""), timezone.localdate())[0]
    case = queries.cases_of(child_id).get(wave.id) if wave else None
    if wave is None:
        raise Http404
    language = _language()
    heard = queries.voices_of(case.case_id) if case else {}
    latest = queries.latest_assessment(case.case_id) if case else None
    pack = queries.pack_of(latest.pack_hash if latest else wave.pack_hash)
    context = latest.result.get("context", {}) if latest else {}
    why = why_for(meaning_of(latest.pack_hash), context, heard, language) if latest else lambda _flag: ()
    telling = told(request.reader, facts, pack, language, why)
    return sheets.Case(
        child=facts,
        school=School.objects.get(pk=facts.school_id),
        wave=wave.name,
        assessed_on=timezone.localtime(latest.at).date() if latest else None,
        heard=heard,
        stories=domain_stories(telling, latest.result if latest else {}),
        telling=telling,
        needs=needs_of(child_id),
        grades=sheets.grades_of(child_id),
    )


def _paper(parts: Sequence[Part], name: str, language: str) -> HttpResponse:
    """The file's name gives nobody away."""
    printed = timezone.localtime().strftime("%Y-%m-%d %H:%M")
    content = pdf(parts, title=name, language=language, foot=f"Khula · {name} · {printed}")
    file = name.lower().replace(" ", "-").encode("ascii", "ignore").decode() or "sheet"
    return HttpResponse(
        content, content_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{file}.pdf"'}
    )  # fmt: skip
