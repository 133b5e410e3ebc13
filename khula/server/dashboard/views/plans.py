"""A child's plan: what is needed, what is agreed, by whom and until when; the caregiver's page; the library.

Each view fetches the child through the policy, makes one call and renders; what was refused stands beside its box.
"""

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_POST

from khula.server.cases.models import Case
from khula.server.consent.access import can
from khula.server.consent.needs import needs
from khula.server.dashboard import plan_story
from khula.server.dashboard.plan_forms import (
    ActionForm,
    ChangeForm,
    CloseForm,
    FinishForm,
    JudgeForm,
    LineForm,
    NoActionForm,
    NoteForm,
)
from khula.server.dashboard.plan_story import Reading
from khula.server.dashboard.status import DOMAINS, in_order, look_of, status_of
from khula.server.people.roles import Role
from khula.server.plans import actions
from khula.server.plans import queries as plans
from khula.server.plans.library import change_line, library, suggestions, versions_of
from khula.server.plans.models import Action, Need
from khula.server.plans.red_cells import counting, levels_of
from khula.server.schools.models import Child

LANGUAGES_OF_PAGES = ("en", "fr")


# Whose plan


def _child(request: HttpRequest, child_id: str, action: str) -> Child:
    """The child, if this reader may do this about it; else nothing, as for a child that does not exist."""
    child = Child.objects.select_related("school", "school_class").filter(pk=child_id).first()
    if child is None or not can(request.reader, action, child=child):
        raise Http404
    return child


def _language() -> str:
    return translation.get_language()[:2]


def _reading(request: HttpRequest, child: Child) -> Reading:
    return Reading(request.reader, child, _language())


def _latest_case(child: Child, domain: str = "") -> Case | None:
    """The case in which the domain was last known; else the last that was heard."""
    found = {cell.domain: cell.case_id for cell in counting(child.pk)}
    cases = Case.objects.filter(child=child).select_related("child", "school_class", "wave__pack_version")
    cases = cases.defer("wave__pack_version__content")
    if domain in found:
        return cases.get(pk=found[domain])
    return cases.filter(voices_heard__gt=0).order_by("-wave__opens_on").first() or cases.order_by("-id").first()


@needs("see plan")
def plan(request: HttpRequest, child_id: str) -> HttpResponse:
    return _plan_page(request, _child(request, child_id, "see plan"), NoteForm())


def _plan_page(request: HttpRequest, child: Child, form: forms.Form, status: int = 200) -> HttpResponse:
    reading = _reading(request, child)
    closed = plans.closed_plans_of(child.pk)
    judged = plans.overrides_of(child.pk)
    page = {
        "child": child,
        "plan": plans.open_plan_of(child.pk),
        "needs": [plan_story.shown_need(reading, need, child.pk) for need in plans.needs_of(child.pk)],
        "red": [(look_of(task.domain), task) for task in plans.red_tasks_of(child.pk)],
        "no_actions": [
            (look_of(one.domain), one, reading.may_read_typed(one.domain, one.by_id, False))
            for one in plans.no_actions_of(child.pk)
        ],
        "notes": plans.notes_of(child.pk),
        "domains": _domains(child, judged),
        "closed": [(one, _needs_then(reading, child, one.pk)) for one in closed],
        "form": form,
        "may_change": bool(can(request.reader, "change plan", child=child)),
    }
    return render(request, "dashboard/plan.html", page, status=status)


def _domains(child: Child, judged: dict) -> list[tuple]:
    """Every domain with its level and, beside it, the one a practitioner gave it."""
    cells = {cell.domain: cell for cell in counting(child.pk)}
    cases = {case.pk: levels_of(case) for case in Case.objects.filter(child=child)}
    shown = []
    for name in in_order({look.name: None for look in DOMAINS} | cells):
        cell = cells.get(name)
        own = judged.get((cell.case_id, name)) if cell else None
        computed = cases[cell.case_id].get(name) if cell else None
        shown.append((look_of(name), status_of(computed), status_of(own.level) if own else None))
    return shown


def _needs_then(reading: Reading, child: Child, plan_id: int) -> list[plan_story.ShownNeed]:
    return [plan_story.shown_need(reading, need, child.pk) for need in plans.needs_of(child.pk, plan_id=plan_id)]


# One domain: act, leave it, judge it


@needs("see plan")
def domain(request: HttpRequest, child_id: str, domain: str) -> HttpResponse:
    child = _child(request, child_id, "see plan")
    return _domain_page(request, child, domain)


def _domain_page(
    request: HttpRequest,
    child: Child,
    domain: str,
    *,
    act: ActionForm | None = None,
    leave: NoActionForm | None = None,
    judge: JudgeForm | None = None,
) -> HttpResponse:
    reading = _reading(request, child)
    case = _case_with(child, domain)
    flags = plan_story.flags_of_domain(reading, case, domain)
    computed = status_of(levels_of(case).get(domain))
    own = plans.overrides_of(child.pk).get((case.pk, domain))
    needs_here = [need for need in plans.needs_of(child.pk) if need.domain == domain]
    red = [task for task in plans.red_tasks_of(child.pk) if task.domain == domain]
    page = {
        "child": child,
        "look": look_of(domain),
        "case": case,
        "computed": computed,
        "judged": plan_story.shown_judgement(reading, own) if own else None,
        "flags": [(status_of(rule.level), reading.telling(case).words(rule.say)) for rule in flags],
        "needs": [plan_story.shown_need(reading, need, child.pk) for need in needs_here],
        "red": red[0] if red else None,
        "no_action": next((one for one in plans.no_actions_of(child.pk) if one.domain == domain), None),
        "act": act or _action_form(reading, child, domain),
        "leave": leave or NoActionForm(auto_id="leave_%s"),
        "judge": judge or JudgeForm(initial={"level": own.level if own else computed.level}),
        "may_change": bool(can(request.reader, "change plan", child=child)),
        "may_judge": bool(can(request.reader, "override level", child=child, domain=domain)),
        "goes_home": domain not in plan_story.NEVER_SENT_HOME,
    }
    wrong = any(form is not None and form.errors for form in (act, leave, judge))
    return render(request, "dashboard/plan_domain.html", page, status=422 if wrong else 200)


def _case_with(child: Child, domain: str) -> Case:
    case = _latest_case(child, domain)
    if case is None or domain not in levels_of(case):
        raise Http404
    return case


def _action_form(reading: Reading, child: Child, domain: str, *given: object) -> ActionForm:
    case = _case_with(child, domain)
    flags = plan_story.flags_of_domain(reading, case, domain)
    telling = reading.telling(case)
    here = [need for need in plans.needs_of(child.pk) if need.domain == domain and reading.may_read(need)]
    known = {need.flag for need in here}
    choices = [(f"need:{need.pk}", reading.need_words(need)) for need in here]
    choices += [(f"flag:{rule.name}", telling.words(rule.say)) for rule in flags if rule.name not in known]
    offered = suggestions(domain, [rule.suggest for rule in flags])
    caregiver, siblings = plans.siblings_by_caregiver(child.pk)
    reachable = [one for one in siblings if can(reading.reader, "change plan", child=one)]
    return ActionForm(
        *given,
        needs=choices,
        suggestions=[(line.code, line.words(reading.language)) for line in offered],
        owners=plans.owners_for(child),
        siblings=[(one.pk, one.given_names) for one in reachable] if caregiver else [],
        initial={"for_all": bool(flags) and all(map(telling.on_paper, flags))},
    )


@require_POST
@needs("change plan")
def act(request: HttpRequest, child_id: str, domain: str) -> HttpResponse:
    """A need, what it should come to, and who does what until when: together or not at all."""
    child = _child(request, child_id, "change plan")
    form = _action_form(_reading(request, child), child, domain, request.POST)
    if form.is_valid():
        try:
            actions.plan_action(
                child=child, domain=domain, case=_case_with(child, domain), by=request.user.pk, language=_language(),
                **_said(form),
            )  # fmt: skip
        except actions.Refused as refused:
            form.add_error(refused.field if refused.field in form.fields else None, refused.words)
        else:
            return redirect("plan", child.pk)
    return _domain_page(request, child, domain, act=form)


def _said(form: ActionForm) -> dict[str, object]:
    """The form's answers as `plan_action` takes them."""
    said = form.cleaned_data
    kind, _colon, which = said["need"].partition(":")
    plain = ("words", "goal", "intervention", "what", "review_on", "siblings", "for_all", "on_slip")
    return {
        **{name: said[name] for name in plain},
        "need_id": int(which) if kind == "need" else None,
        "flag": which if kind == "flag" else "",
        "owner_id": int(said["owner"]),
    }


@require_POST
@needs("change plan")
def leave(request: HttpRequest, child_id: str, domain: str) -> HttpResponse:
    """Record that nothing is done for now, and why; or take that back."""
    child = _child(request, child_id, "change plan")
    case = _case_with(child, domain)
    if "withdraw" in request.POST:
        actions.withdraw_no_action(case=case, domain=domain, by=request.user.pk)
        return redirect("plan", child.pk)
    form = NoActionForm(request.POST, auto_id="leave_%s")
    if form.is_valid():
        try:
            actions.record_no_action(case=case, domain=domain, by=request.user.pk, **form.cleaned_data)
        except actions.Refused as refused:
            form.add_error(refused.field, refused.words)
        else:
            return redirect("plan", child.pk)
    return _domain_page(request, child, domain, leave=form)


@require_POST
@needs("override level")
def judge(request: HttpRequest, child_id: str, domain: str) -> HttpResponse:
    """A practitioner's own level beside the computed one; or take it back."""
    child = _child(request, child_id, "see plan")
    if not can(request.reader, "override level", child=child, domain=domain):
        raise Http404
    case = _case_with(child, domain)
    if "withdraw" in request.POST:
        actions.withdraw_override(case=case, domain=domain, by=request.user.pk)
        return redirect("plan_domain", child.pk, domain)
    form = JudgeForm(request.POST)
    if form.is_valid():
        reason = form.cleaned_data["judged_because"]
        level = form.cleaned_data["level"]
        actions.override_level(case=case, domain=domain, level=level, reason=reason, by=request.user.pk)
        return redirect("plan_domain", child.pk, domain)
    return _domain_page(request, child, domain, judge=form)


# One action


def _action(request: HttpRequest, action_id: int, may: str) -> tuple[Action, Child, Need]:
    """The action with the first child of its need that this reader may work with."""
    found = Action.objects.select_related("need__plan", "owner", "intervention").filter(pk=action_id).first()
    if found is None:
        raise Http404
    need = plans.need_whole(found.need_id)
    child = next((one for one in need.children.all() if can(request.reader, may, child=one)), None)
    if child is None:
        raise Http404
    return found, child, need


@needs("see plan")
def action(request: HttpRequest, action_id: int) -> HttpResponse:
    found, child, need = _action(request, action_id, "see plan")
    return _action_page(request, found, child, need)


def _action_page(
    request: HttpRequest,
    found: Action,
    child: Child,
    need: Need,
    *,
    change: ChangeForm | None = None,
    finish: FinishForm | None = None,
) -> HttpResponse:
    reading = _reading(request, child)
    may_read = reading.may_read(need)
    page = {
        "child": child,
        "action": found,
        "shown": plan_story.shown_action(reading, found, may_read),
        "need": plan_story.shown_need(reading, need, child.pk),
        "readable": reading.what(found, may_read) == found.what,
        "change": change or _change_form(found, child),
        "finish": finish or FinishForm(initial={"on": timezone.localdate()}),
        "may_change": bool(can(request.reader, "change plan", child=child)),
    }
    wrong = any(form is not None and form.errors for form in (change, finish))
    return render(request, "dashboard/action.html", page, status=422 if wrong else 200)


def _change_form(found: Action, child: Child, *given: object) -> ChangeForm:
    initial = {"what": found.what, "owner": str(found.owner_id), "review_on": found.review_on}
    return ChangeForm(*given, owners=plans.owners_for(child), initial=initial)


@require_POST
@needs("change plan")
def change_action(request: HttpRequest, action_id: int) -> HttpResponse:
    found, child, need = _action(request, action_id, "change plan")
    reading = _reading(request, child)
    if reading.what(found, reading.may_read(need)) != found.what:
        raise Http404  # nobody writes over what she may not read
    form = _change_form(found, child, request.POST)
    if form.is_valid():
        said = form.cleaned_data
        try:
            actions.change_action(
                action=found, what=said["what"], owner_id=int(said["owner"]), review_on=said["review_on"],
                by=request.user.pk,
            )  # fmt: skip
        except actions.Refused as refused:
            form.add_error(refused.field if refused.field in form.fields else None, refused.words)
        else:
            return redirect("plan", child.pk)
    return _action_page(request, found, child, need, change=form)


@require_POST
@needs("change plan")
def finish_action(request: HttpRequest, action_id: int) -> HttpResponse:
    found, child, need = _action(request, action_id, "change plan")
    form = FinishForm(request.POST)
    if form.is_valid():
        said = form.cleaned_data
        try:
            actions.finish_action(
                action=found, done=said["done"] == "yes", result=said["result"], on=said["on"], by=request.user.pk
            )
        except actions.Refused as refused:
            form.add_error(refused.field if refused.field in form.fields else None, refused.words)
        else:
            return redirect("plan", child.pk)
    return _action_page(request, found, child, need, finish=form)


# Strengths, the child's wish, the end of a plan


@require_POST
@needs("change plan")
def note(request: HttpRequest, child_id: str) -> HttpResponse:
    child = _child(request, child_id, "change plan")
    form = NoteForm(request.POST)
    if not form.is_valid():
        return _plan_page(request, child, form, status=422)
    actions.note_strength_or_wish(child=child, by=request.user.pk, **form.cleaned_data)
    return redirect("plan", child.pk)


@needs("change plan")
def close(request: HttpRequest, child_id: str) -> HttpResponse:
    child = _child(request, child_id, "change plan")
    open_plan = plans.open_plan_of(child.pk)
    if open_plan is None:
        raise Http404
    form = CloseForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            actions.close_plan(plan=open_plan, by=request.user.pk, **form.cleaned_data)
        except actions.Refused as refused:
            form.add_error(refused.field, refused.words)
        else:
            return redirect("plan", child.pk)
    page = {"child": child, "form": form}
    return render(request, "dashboard/plan_close.html", page, status=422 if form.errors else 200)


# The caregiver's page


@needs("see plan")
def caregiver(request: HttpRequest, child_id: str) -> HttpResponse:
    """In plain words and in her language: what is going well, what was agreed, whom to call. Nothing restricted."""
    child = _child(request, child_id, "see plan")
    caregiver, _siblings = plans.siblings_by_caregiver(child.pk)
    asked = request.GET.get("language", "")
    hers = caregiver.language if caregiver else ""
    language = next((one for one in (asked, hers, _language()) if one in LANGUAGES_OF_PAGES), "en")
    notes = [one for one in plans.notes_of(child.pk) if one.on_slip]
    page = {
        "child": child,
        "caregiver": caregiver,
        "language": language,
        "strengths": plan_story.strengths_for_home(child, _latest_case(child), language)
        + [one.words for one in notes if one.kind == "strength"],
        "wishes": [one.words for one in notes if one.kind == "wish"],
        "agreed": plan_story.agreed_at_home(plans.needs_of(child.pk), language),
    }
    with override(language):
        return render(request, "dashboard/caregiver.html", page | {"LANGUAGE_CODE": language})


# The library


@needs("see library")
def show_library(request: HttpRequest) -> HttpResponse:
    language = _language()
    lines = library(withdrawn=bool(can(request.reader, "edit library")))
    page = {
        "domains": [(look, [(line, line.words(language)) for line in lines if line.fits(look.name)])
                    for look in DOMAINS],
        "may_edit": bool(can(request.reader, "edit library")),
    }  # fmt: skip
    return render(request, "dashboard/library.html", page)


@needs("edit library")
def line(request: HttpRequest, code: str) -> HttpResponse:
    """One line of the library: written anew as its next version, or a new one."""
    known = {one.code: one for one in library(withdrawn=True)}.get(code)
    if known is None and code != "new":
        raise Http404
    initial = {
        "words_en": known.words_en, "words_fr": known.words_fr, "slip_en": known.slip_en, "slip_fr": known.slip_fr,
        "domains": known.domains, "role": known.role, "suggest": " ".join(known.suggest), "withdrawn": known.withdrawn,
    } if known else {"role": Role.SOCIAL_WORKER}  # fmt: skip
    form = LineForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        said = form.cleaned_data | {"suggest": form.cleaned_data["suggest"].split()}
        change_line(code=known.code if known else _new_code(), by=request.user.pk, **said)
        return redirect(reverse("library"))
    page = {
        "form": form,
        "code": code,
        "known": known,
        "versions": versions_of(code) if known else [],
        "title": known.words(_language()) if known else _("A new line"),
    }
    return render(request, "dashboard/library_line.html", page, status=422 if form.errors else 200)


def _new_code() -> str:
    """Codes of lines written here; those that are shipped have words for names."""
    return f"own_{timezone.now():%Y%m%d%H%M%S%f}"
