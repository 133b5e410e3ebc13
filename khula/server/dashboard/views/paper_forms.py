"""Paper: forms printed for a class, keyed in by the code on each sheet, compared, decided, handed to the door."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_POST

from khula.server.collection.collect_settings import code_of
from khula.server.collection.look_codes import LOOK_CODES
from khula.server.consent.access import can
from khula.server.consent.needs import needs
from khula.server.keyed import actions, queries
from khula.server.keyed.checking import DAY, CannotRead, Checked, Problem, check, clean, fitting, read, shown
from khula.server.keyed.codes import NotACode
from khula.server.keyed.codes import shown as code_shown
from khula.server.keyed.models import Sheet
from khula.server.keyed.paper_form import Choice, Item, questions_in
from khula.server.keyed.queries import Paper, PrintableForm
from khula.server.keyed.skips import instruction
from khula.server.schools.models import Child, SchoolClass
from khula.server.waves.models import Wave

MOST_SHEETS = 200  # at once: more is slow to draw and hard to keep in order
STATES = {
    Sheet.State.ONCE: lazy("keyed once, waits for a second person"),
    Sheet.State.DIFFERS: lazy("the two persons differ: look at the sheet"),
    Sheet.State.AGREED: lazy("agreed, not handed in yet"),
}


@dataclass(frozen=True)
class Line:
    """One question, note or heading of a sheet, flat, as it is read from top to bottom."""

    kind: str
    number: int
    label: str
    hint: str
    when: str
    choices: Sequence[Choice]
    place: str
    wide: bool  # choices below each other
    typed: str = ""
    problem: str = ""

    @property
    def numeric(self) -> bool:
        """Whether the keys for digits are enough."""
        return self.kind == "number" or (bool(self.choices) and self.choices[0].mark.isdigit())


@dataclass(frozen=True)
class Printed:
    child: Child
    code: str
    drawn: SafeString
    lines: list[Line]


@dataclass(frozen=True)
class PrintedForm:
    title: str
    version: str
    language: str
    words: Mapping[str, str]  # of the sheet itself, in its language
    sheets: list[Printed]


# --- printing ---------------------------------------------------------------------------------------------------------


@needs("print forms")
def print_forms(request: HttpRequest, class_id: int) -> HttpResponse:
    """Which forms, for whom and in which language; then the sheets, ready to print."""
    school_class = queries.class_printed_by(request.reader, class_id)
    if school_class is None:
        raise Http404
    wave = queries.wave_printed(school_class.school_id)
    forms = queries.forms_printed(wave) if wave else []
    children = queries.children_printed(school_class)
    page = _choices(school_class, wave, forms, len(children), request)
    if request.method != "POST" or wave is None:
        return render(request, "dashboard/print_forms.html", page)
    chosen = [one for one in forms if not one.cannot and str(one.form.pk) in request.POST.getlist("form")]
    if not chosen:
        return _again(request, page, _("Choose at least one form."))
    wanted = [(one, _whom(request, one, children, wave)) for one in chosen]
    count = sum(len(whom) for _one, whom in wanted)
    if not count:
        return _again(request, page, _("For these forms every voice is heard already. Choose “All children” to print."))
    if count > MOST_SHEETS:
        words = {"n": count, "most": MOST_SHEETS}
        return _again(request, page, _("That is %(n)s sheets at once. Choose fewer forms: at most %(most)s.") % words)
    language = request.POST.get("language", "")
    page["printed"] = [_printed(request, one, whom, wave, language) for one, whom in wanted if whom]
    page["count"] = count
    return render(request, "dashboard/sheets.html", page)


def _choices(
    school_class: SchoolClass, wave: Wave | None, forms: Sequence[PrintableForm], children: int, request: HttpRequest
) -> dict[str, object]:
    languages = dict.fromkeys(code for one in forms for code in one.languages)
    asked = request.POST.get("language") or request.LANGUAGE_CODE
    return {
        "class": school_class,
        "wave": wave,
        "forms": [(one.form, str(one.form.pk) in request.POST.getlist("form"), one.cannot) for one in forms],
        "languages": [(code, _named(code), code == asked) for code in languages],
        "children": children,
        "missing": request.POST.get("who", "missing") == "missing",
    }


def _again(request: HttpRequest, page: dict[str, object], problem: str) -> HttpResponse:
    return render(request, "dashboard/print_forms.html", {**page, "problem": problem}, status=422)


def _named(code: str) -> str:
    try:
        return str(get_language_info(code)["name_local"]).capitalize()
    except KeyError:
        return code


def _whom(request: HttpRequest, one: PrintableForm, children: Sequence[Child], wave: Wave) -> list[Child]:
    may = [child for child in children if can(request.reader, "print forms", child=child)]
    if request.POST.get("who") != "missing":
        return may
    heard = queries.heard(wave.pk, [child.pk for child in may])
    return [child for child in may if (child.pk, one.form.informant) not in heard]


def _printed(
    request: HttpRequest, one: PrintableForm, children: Sequence[Child], wave: Wave, language: str
) -> PrintedForm:
    language = language if language in one.languages else one.languages[0]
    sheets = actions.print_sheets(children=children, forms=[one.form], wave=wave, by=request.user.pk)
    with translation.override(language if language in dict(settings.LANGUAGES) else "en"):
        return PrintedForm(
            title=one.form.title,
            version=one.form.version,
            language=language,
            words={
                "day": _("Day of the talk"),
                "by": _("Filled in by"),
                "how": _("Tick one box with a cross. Where several may be ticked, the question says so."),
                "several": _("Several boxes may be ticked."),
                "keep": _("Once filled in, this sheet is confidential. Keep it locked away until it is keyed in."),
                "version": _("version"),
                "wave": _("Wave"),
                "class": _("Class"),
            },
            sheets=[_drawn(request, sheet, queries.paper_of(sheet, language)) for sheet in sheets],
        )


def _drawn(request: HttpRequest, sheet: Sheet, paper: Paper) -> Printed:
    address = request.build_absolute_uri(f"/paper/{sheet.code}")
    code = mark_safe(code_of(address))  # noqa: S308 – drawn by segno from a text of ours
    return Printed(sheet.child, code_shown(sheet.code), code, list(_lines(paper)))


def _lines(paper: Paper, typed: Mapping[str, str] | None = None, problems: Sequence[Problem] = ()) -> Iterator[Line]:
    words = {one.place: one.words for one in problems}
    for item in _flat(paper.items):
        yield Line(
            kind=item.kind,
            number=item.number,
            label=item.label,
            hint=item.hint,
            when=instruction(item, paper.items),
            choices=item.choices,
            place=item.path,
            wide=any(len(one.label) > 38 for one in item.choices) or len(item.choices) > 6,
            typed=(typed or {}).get(item.path, ""),
            problem=words.get(item.path, ""),
        )


def _flat(items: Sequence[Item]) -> Iterator[Item]:
    for item in items:
        yield item
        yield from _flat(item.inside)


# --- the desk ---------------------------------------------------------------------------------------------------------


@needs("key paper")
def paper_desk(request: HttpRequest) -> HttpResponse:
    """The box for a code, what waits, and for the coordinator how often two persons differed."""
    typed, problem = request.GET.get("code", ""), ""
    if typed:
        try:
            if (sheet := queries.sheet_for(request.reader, typed)) is not None:
                return redirect("sheet", code=sheet.code)
            problem = _("No sheet of yours has this code. Compare it with the sheet, or ask the coordinator.")
        except NotACode:
            problem = _("This is no code of a sheet: a sign is missing or wrong. Compare it with the sheet.")
    waiting = [(one, STATES[Sheet.State(one.state)]) for one in queries.waiting_sheets(request.reader)]
    counts = queries.school_counts(request.reader) if can(request.reader, "look after paper") else []
    page = {"typed": typed[:40], "problem": problem, "waiting": waiting, "counts": counts}
    return render(request, "dashboard/paper.html", page, status=422 if problem else 200)


@require_POST
@needs("look after paper")
def keying_rule(request: HttpRequest, school_id: int) -> HttpResponse:
    if not can(request.reader, "look after paper", school=school_id):
        raise Http404
    actions.set_rule(school_id=school_id, once=request.POST.get("once") == "1", by=request.user.pk)
    return redirect("paper_desk")


# --- one sheet --------------------------------------------------------------------------------------------------------


@needs("key paper")
def sheet(request: HttpRequest, code: str) -> HttpResponse:
    """What is to be done with this sheet now: key it, wait, decide, hand it in; or that it is in."""
    found = _sheet(request, code)
    if found.state in (Sheet.State.PRINTED, Sheet.State.ONCE):
        return _keying(request, found)
    if found.state == Sheet.State.DIFFERS:
        return _deciding(request, found, {}, {})
    return _done(request, found)


@require_POST
@needs("key paper")
def key_sheet(request: HttpRequest, code: str) -> HttpResponse:
    """Keeps what was typed whatever it is; finishes when it can be read and fits, or stands so on the paper."""
    found = _sheet(request, code)
    if found.state not in (Sheet.State.PRINTED, Sheet.State.ONCE):
        return redirect("sheet", code=found.code)
    paper = queries.paper_of(found, request.LANGUAGE_CODE)
    typed = _typed(request, paper)
    if request.POST.get("do") not in ("finish", "stands"):
        actions.keep_typing(sheet_id=found.pk, typed=typed, by=request.user.pk)
        return _keying(request, found, saved=True)
    checked = check(
        paper.plan, paper.items, paper.facts, typed, today=timezone.localdate(), language=request.LANGUAGE_CODE
    )
    stands_so = request.POST["do"] == "stands"
    if checked.wrong or (checked.unfit and not stands_so):
        actions.keep_typing(sheet_id=found.pk, typed=typed, by=request.user.pk)
        return _keying(request, found, checked=checked)
    try:
        actions.finish_and_hand_in(
            sheet_id=found.pk, typed=typed, answers=checked.answers, by=request.user.pk,
            stands_so=bool(checked.unfit), knows_alone=request.POST.get("alone") == "1",
        )  # fmt: skip
    except actions.CannotFinish as problem:
        return _keying(request, found, refused=problem.reason)
    return redirect("sheet", code=found.code)


def _sheet(request: HttpRequest, code: str) -> Sheet:
    """A sheet out of reach reads like one that does not exist."""
    try:
        found = queries.sheet_for(request.reader, code)
    except NotACode:
        found = None
    if found is None:
        raise Http404
    return found


def _typed(request: HttpRequest, paper: Paper) -> dict[str, str]:
    typed = {item.path: clean(request.POST.get(f"q{item.number}", "")) for item in questions_in(paper.items)}
    return {DAY: clean(request.POST.get("q0", "")), **typed}


REFUSED = {
    "twice already": lazy("Two persons have keyed this sheet already. Yours is not needed."),
    "not again": lazy("You keyed this sheet already. Somebody else must key it the second time."),
    "not told": lazy("Say below that nobody else can key it, or leave it to somebody else."),
}


def _keying(
    request: HttpRequest,
    found: Sheet,
    *,
    saved: bool = False,
    checked: Checked | None = None,
    refused: str = "",
) -> HttpResponse:
    """The whole form on one page, filled with what this person has typed; nobody else's answers are on it."""
    done = queries.keyings(found.pk)
    again = any(one.by_id == request.user.pk for one in done)
    alone = again and queries.nobody_else_keys(found, request.user.pk)
    if again and not alone:
        page = {"sheet": found, "code": code_shown(found.code), "refused": REFUSED.get(refused, "")}
        return render(request, "dashboard/sheet_waits.html", page, status=422 if refused else 200)
    paper = queries.paper_of(found, request.LANGUAGE_CODE)
    typed = queries.unfinished(found.pk, request.user.pk)
    wrong, unfit = (checked.wrong, checked.unfit) if checked else ([], [])
    problems = [*wrong, *unfit]
    page = {
        "sheet": found,
        "code": code_shown(found.code),
        "lines": list(_lines(paper, typed, problems)),
        "day": typed.get(DAY, ""),
        "day_problem": next((one.words for one in wrong if one.place == DAY), ""),
        "wrong": wrong,
        "unfit": unfit,
        "saved": saved,
        "alone": alone,
        "refused": REFUSED.get(refused, ""),
        "second": bool(done),
        "language": paper.plan["langs"][0] if request.LANGUAGE_CODE not in paper.plan["langs"] else "",
    }
    return render(request, "dashboard/key_sheet.html", page, status=422 if problems or refused else 200)


# --- deciding and handing in ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Difference:
    number: int
    label: str
    choices: Sequence[Choice]
    first: str
    second: str
    typed: str
    problem: str


def _deciding(
    request: HttpRequest, found: Sheet, typed: Mapping[str, str], problems: Mapping[str, str]
) -> HttpResponse:
    """Both answers side by side for who keyed one of them; anybody else decides from the paper alone."""
    paper = queries.paper_of(found, request.LANGUAGE_CODE)
    done = queries.keyings(found.pk)
    by_place = {item.path: item for item in questions_in(paper.items)}
    may_see = any(one.by_id == request.user.pk for one in done)
    rows = []
    for place in queries.undecided(found.pk):
        item = by_place.get(place)
        answers = [one.answers.get(place, "") for one in done]
        first, second = (shown(item, one) if item else one for one in answers)
        rows.append(
            Difference(
                number=item.number if item else 0,
                label=item.label if item else _("Day of the talk"),
                choices=item.choices if item else (),
                first=first if may_see else "",
                second=second if may_see else "",
                typed=typed.get(place, ""),
                problem=problems.get(place, ""),
            )
        )
    page = {"sheet": found, "code": code_shown(found.code), "rows": rows, "may_see": may_see, "problems": problems}
    return render(request, "dashboard/sheet_differs.html", page, status=422 if problems else 200)


@require_POST
@needs("key paper")
def decide_sheet(request: HttpRequest, code: str) -> HttpResponse:
    """For each difference: what the first person keyed, what the second did, or what the paper says."""
    found = _sheet(request, code)
    if found.state != Sheet.State.DIFFERS:
        return redirect("sheet", code=found.code)
    paper = queries.paper_of(found, request.LANGUAGE_CODE)
    done = queries.keyings(found.pk)
    may_see = any(one.by_id == request.user.pk for one in done)
    by_place = {item.path: item for item in questions_in(paper.items)}
    decided: dict[str, str] = {}
    typed: dict[str, str] = {}
    problems: dict[str, str] = {}
    for place in queries.undecided(found.pk):
        item = by_place.get(place)
        number = item.number if item else 0
        which = request.POST.get(f"w{number}", "")
        typed[place] = clean(request.POST.get(f"q{number}", ""))
        if which in ("1", "2") and may_see:
            decided[place] = done[int(which) - 1].answers.get(place, "")
            continue
        try:
            decided[place] = _from_paper(paper, item, typed[place], blank=which == "blank")
        except CannotRead as problem:
            problems[place] = str(problem)
    if problems:
        return _deciding(request, found, typed, problems)
    actions.decide_and_hand_in(sheet_id=found.pk, decided=decided, by=request.user.pk)
    return redirect("sheet", code=found.code)


def _from_paper(paper: Paper, item: Item | None, typed: str, *, blank: bool) -> str:
    """Raises CannotRead."""
    if not typed.strip() and not blank:
        raise CannotRead(_("Choose one of the answers, or type what the paper says."))
    if item is None:
        checked = check(paper.plan, (), paper.facts, {DAY: typed}, today=timezone.localdate(), language="")
        if checked.wrong:
            raise CannotRead(checked.wrong[0].words)
        return checked.answers[DAY]
    if blank:
        return ""
    return read(paper.plan, item, typed)


@require_POST
@needs("key paper")
def hand_in_sheet(request: HttpRequest, code: str) -> HttpResponse:
    found = _sheet(request, code)
    actions.try_to_hand_in(sheet_id=found.pk, by=request.user.pk)
    return redirect("sheet", code=found.code)


def _done(request: HttpRequest, found: Sheet) -> HttpResponse:
    paper = queries.paper_of(found, request.LANGUAGE_CODE)
    _kept, left_out = fitting(paper.plan, paper.items, paper.facts, queries.agreed_answers(found.pk))
    done = queries.keyings(found.pk)
    look = found.submission.look_code if found.submission_id else ""
    page = {
        "sheet": found,
        "code": code_shown(found.code),
        "times": len(done),
        "alone": any(one.same_person for one in done),
        "left_out": ", ".join(map(str, left_out)),
        "look": LOOK_CODES[look].told(request.LANGUAGE_CODE) if look else "",
    }
    return render(request, "dashboard/sheet_done.html", page)
