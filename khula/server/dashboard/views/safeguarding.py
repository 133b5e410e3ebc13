"""Safeguarding: alerts for those who are told of them, who is named, and reports of concern (Form 22) of their authors.

What a reader is not told of is answered as an address that does not exist.
"""

from datetime import datetime
from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from khula.server.consent.access import can
from khula.server.consent.needs import needs
from khula.server.dashboard.child_address import short
from khula.server.safeguarding import alerts, concerns, form22, queries
from khula.server.safeguarding.clocks import WAITS, waited
from khula.server.safeguarding.models import Concern, ConcernRecord, Urgency
from khula.server.safeguarding.queries import ToldAlert

# --- alerts ----------------------------------------------------------------------------------------------------------


@needs("see alerts")
def alerts_page(request: HttpRequest) -> HttpResponse:
    """Only for those who are told of alerts; for the others there is no such page."""
    if not queries.is_designated(request.reader):
        raise Http404
    told = queries.alerts_for(request.reader, translation.get_language()[:2])
    page = {
        "waiting": [_alert_row(one) for one in told if one.acknowledged_at is None],
        "taken_up": [_alert_row(one) for one in told if one.acknowledged_at is not None],
        "done": request.GET.get("done", ""),
    }
    return render(request, "dashboard/alerts.html", page)


def _alert_row(one: ToldAlert) -> dict[str, object]:
    urgency = Urgency(one.urgency).label if one.urgency in Urgency else Urgency.NOW.label
    return {"alert": one, "urgency": urgency, "address": short(one.child_id)}


@needs("see alerts")
def note_page(request: HttpRequest, duty_id: int) -> HttpResponse:
    """The safety note behind an alert, for those who are told of it."""
    found = queries.note_behind(request.reader, duty_id, translation.get_language()[:2])
    if found is None:
        raise Http404
    told, answers = found
    return render(request, "dashboard/safety_note.html", {**_alert_row(told), "answers": answers})


@require_POST
@needs("see alerts")
def acknowledge(request: HttpRequest, duty_id: int) -> HttpResponse:
    """This person takes the alert up. Who was first stays, also when two press at once."""
    if queries.alert_for(request.reader, duty_id, "en") is None:
        raise Http404
    first = alerts.acknowledge(duty_id=duty_id, by=request.user.pk)
    return redirect(f"/alerts?done={'taken' if first else 'before'}")


class DesignationForm(forms.Form):
    user = forms.TypedChoiceField(
        label=gettext_lazy("Person"), coerce=int,
        error_messages={
            "required": gettext_lazy("Choose a person."),
            "invalid_choice": gettext_lazy("Choose a person from the list."),
        },
    )  # fmt: skip
    rank = forms.TypedChoiceField(
        label=gettext_lazy("When this person is told"), coerce=int,
        choices=((1, gettext_lazy("First")), (2, gettext_lazy("When nobody has taken it up in time")),
                 (3, gettext_lazy("Third")), (4, gettext_lazy("Fourth"))),
    )  # fmt: skip
    least_urgent = forms.ChoiceField(
        label=gettext_lazy("Of which alerts"),
        choices=((Urgency.WEEK, gettext_lazy("All")), (Urgency.TODAY, gettext_lazy("Those for now and for today")),
                 (Urgency.NOW, gettext_lazy("Those for now only"))),
    )  # fmt: skip

    def __init__(self, school_id: int, *given: object, **named: object) -> None:
        super().__init__(*given, **named, prefix=f"s{school_id}")
        people = queries.may_be_named(school_id)
        self.fields["user"].choices = [("", _("Choose a person")), *people]


@needs("name designated")
def designations(request: HttpRequest) -> HttpResponse:
    return _designations_page(request)


@require_POST
@needs("name designated")
def name_designated(request: HttpRequest, school_id: int) -> HttpResponse:
    if not can(request.reader, "name designated", school=school_id):
        raise Http404
    form = DesignationForm(school_id, request.POST)
    if form.is_valid():
        try:
            alerts.name_designated(school_id=school_id, by=request.user.pk, **_named(form))
            return redirect("designations")
        except alerts.AlreadyNamed:
            form.add_error("user", _("This person is named already. End that first, then name the person anew."))
    return _designations_page(request, {school_id: form}, status=422)


def _named(form: DesignationForm) -> dict[str, object]:
    given = form.cleaned_data
    return {"user_id": given["user"], "rank": given["rank"], "least_urgent": given["least_urgent"]}


@require_POST
@needs("name designated")
def end_designation(request: HttpRequest, designation_id: int) -> HttpResponse:
    schools = [one.pk for one in queries.schools_naming(request.reader)]
    if not any(one.pk == designation_id for one in queries.designations_at(schools)):
        raise Http404
    alerts.end_designation(designation_id=designation_id, by=request.user.pk)
    return redirect("designations")


def _designations_page(
    request: HttpRequest, filled: dict[int, DesignationForm] | None = None, status: int = 200
) -> HttpResponse:
    """One school at a time: an administrator has hundreds."""
    schools = queries.schools_naming(request.reader)
    asked = request.GET.get("school", "") or str(next(iter(filled or {}), ""))
    here = next((one for one in schools if str(one.pk) == asked), schools[0] if schools else None)
    form = (filled or {}).get(here.pk) or DesignationForm(here.pk) if here else None
    named = list(queries.designations_at([here.pk])) if here else []
    page = {
        "school": here,
        "schools": [(one, one == here) for one in schools],
        "named": [(one, Urgency(one.least_urgent).label) for one in named],
        "form": form,
    }
    return render(request, "dashboard/designations.html", page, status=status)


# --- reports of concern ----------------------------------------------------------------------------------------------


class BeginForm(forms.Form):
    child_names = forms.CharField(
        label=gettext_lazy("Name of the child, as far as you know it"), max_length=160,
        error_messages={"required": gettext_lazy("Write the child’s name, or how the child is called.")},
    )  # fmt: skip
    school = forms.TypedChoiceField(
        label=gettext_lazy("School"), coerce=int,
        error_messages={
            "required": gettext_lazy("Choose the school."),
            "invalid_choice": gettext_lazy("Choose a school from the list."),
        },
    )  # fmt: skip


@needs("report concern")
def begin_concern(request: HttpRequest) -> HttpResponse:
    """From any page: a child named in words. Below it the reports this reader may see."""
    schools = queries.schools_to_report_at(request.reader)
    form = BeginForm(request.POST or None)
    form.fields["school"].choices = [(one.pk, one.name) for one in schools]
    if request.method == "POST" and form.is_valid():
        school = next(one for one in schools if one.pk == form.cleaned_data["school"])
        started = concerns.start(
            school=school, child=None, by=request.user, child_names=form.cleaned_data["child_names"]
        )  # fmt: skip
        return redirect("concern", started.pk)
    now = timezone.now()
    page = {
        "form": form,
        "may_name": bool(can(request.reader, "name designated")),
        "concerns": [_concern_row(request, one, now) for one in queries.visible_concerns(request.reader)[:200]],
    }
    return render(request, "dashboard/begin_concern.html", page, status=422 if request.method == "POST" else 200)


def _concern_row(request: HttpRequest, one: Concern, now: datetime) -> dict[str, object]:
    content = queries.content_of(one)[1]
    names = f"{content.get('child_names', '')} {content.get('child_surname', '')}".strip()
    return {"one": one, "child": names, "waits": _waits(one, now), "own": one.author_id == request.user.pk}


def _waits(concern: Concern, now: datetime) -> dict[str, object]:
    recorded = concern.state in (Concern.State.REPORTED, Concern.State.NOT_REPORTED)
    mark, words = WAITS[waited(concern.started_at, recorded=recorded, now=now)]
    state = Concern.State(concern.state).label
    symbol = {"a": "▲", "w": "◆", "o": "●"}[mark]
    return {"mark": mark, "symbol": symbol, "words": state if recorded else words, "state": state}


@needs("report concern")
def start_concern(request: HttpRequest, child_id: str) -> HttpResponse:
    """From a child's page or from an alert: one button between it and the form, filled in with what is known."""
    child = queries.child_to_report(request.reader, child_id)
    if child is None:
        raise Http404
    if request.method == "POST":
        alert_id = queries.alert_behind(request.reader, request.POST.get("alert", ""), child.pk)
        started = concerns.start(school=child.school, child=child, by=request.user, alert_id=alert_id)
        return redirect("concern", started.pk)
    return render(request, "dashboard/start_concern.html", {"child": child, "alert": request.GET.get("alert", "")})


@needs("report concern")
def concern(request: HttpRequest, concern_id: UUID) -> HttpResponse:
    """The form: its author writes in it, those of a designated role read it."""
    found = _concern_or_404(request, concern_id)
    if request.method != "POST":
        return _concern_page(request, found)
    if found.author_id != request.user.pk:
        raise Http404
    content = form22.understood(dict(request.POST.lists()))
    seen = request.POST.get("version", "")
    complete = "complete" in request.POST
    try:
        concerns.save(
            concern_id=found.pk, seen=int(seen) if seen.isdecimal() and len(seen) < 6 else 0, content=content,
            by=request.user.pk, complete=complete,
        )  # fmt: skip
    except concerns.NotComplete as problem:
        return _not_complete(request, found, content, problem, complete=complete)
    except concerns.ChangedMeanwhile:
        return _concern_page(request, found, typed=content, changed=True, status=409)
    return redirect(f"/concerns/{found.pk}?saved={'completed' if complete else 'draft'}")


def _not_complete(
    request: HttpRequest, found: Concern, content: dict[str, str], problem: concerns.NotComplete, *, complete: bool
) -> HttpResponse:
    """A draft is kept even so: nothing that was typed is lost."""
    if found.state == Concern.State.DRAFT and complete:
        version = queries.content_of(found)[0]
        concerns.save(concern_id=found.pk, seen=version.number, content=content, by=request.user.pk)
    return _concern_page(request, found, typed=content, lacking=problem.fields, status=422)


class RecordForm(forms.Form):
    to = forms.ChoiceField(label=gettext_lazy("Reported to"), choices=ConcernRecord.To.choices)
    office = forms.CharField(label=gettext_lazy("Station or office, and who took it"), max_length=200, required=False)
    how = forms.ChoiceField(label=gettext_lazy("How"), choices=ConcernRecord.How.choices, required=False)
    day = forms.DateField(label=gettext_lazy("Day"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    hour = forms.TimeField(label=gettext_lazy("Time"), required=False, widget=forms.TimeInput(attrs={"type": "time"}))
    receipt = forms.CharField(label=gettext_lazy("Case number, reference or receipt"), max_length=120, required=False)
    reason = forms.CharField(label=gettext_lazy("If not reported: why"), max_length=2000, required=False)

    def clean(self) -> dict[str, object]:
        given = super().clean()
        nobody = given.get("to") == ConcernRecord.To.NOBODY
        if nobody and not (given.get("reason") or "").strip():
            self.add_error("reason", _("Write why you decided not to report."))
        if not nobody and not given.get("day") and "day" not in self.errors:
            self.add_error("day", _("Give the day on which it was reported."))
        if not nobody and not (given.get("office") or "").strip():
            self.add_error("office", _("Write which station or office took the report."))
        if given.get("day") and given["day"] > timezone.localdate():
            self.add_error("day", _("This day has not come yet. Give the day on which it was reported."))
        return given


@require_POST
@needs("report concern")
def record_concern(request: HttpRequest, concern_id: UUID) -> HttpResponse:
    """Where it went, or why nowhere; by its author or by whoever looks after it."""
    found = _concern_or_404(request, concern_id)
    form = RecordForm(request.POST)
    if form.is_valid():
        try:
            concerns.record(concern_id=found.pk, by=request.user.pk, **_recorded(form.cleaned_data))
            return redirect(f"/concerns/{found.pk}?saved=recorded")
        except concerns.StillADraft:
            form.add_error("to", _("Complete the form first, then record where it went."))
    return _concern_page(request, found, form=form, status=422)


def _recorded(given: dict) -> dict[str, object]:
    day, hour = given["day"], given["hour"] or datetime.min.time()
    at = timezone.make_aware(datetime.combine(day, hour)) if day else None
    kept = {name: given[name].replace("\0", "").strip() for name in ("office", "how", "receipt", "reason")}
    return {"to": given["to"], "reported_at": at, **kept}


@needs("report concern")
def form_22(request: HttpRequest, concern_id: UUID) -> HttpResponse:
    """The paper. Its name gives nobody away."""
    found = _concern_or_404(request, concern_id)
    version, content = queries.content_of(found)
    content_pdf = form22.printed(found, version, content)
    name = 'inline; filename="form-22.pdf"'
    return HttpResponse(content_pdf, content_type="application/pdf", headers={"Content-Disposition": name})


def _concern_or_404(request: HttpRequest, concern_id: UUID) -> Concern:
    found = queries.concern_for(request.reader, concern_id)
    if found is None:
        raise Http404
    return found


def _concern_page(
    request: HttpRequest, found: Concern, *, typed: dict[str, str] | None = None, lacking: list[str] | None = None,
    changed: bool = False, form: RecordForm | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    found = queries.concern_for(request.reader, found.pk) or found
    version, content = queries.content_of(found)
    shown = content if typed is None else typed
    now = timezone.localtime()
    begun = {"day": now.date().isoformat(), "hour": f"{now:%H:%M}"}
    page = {
        "concern": found,
        "version": version,
        "sections": [(part, [_asked(one, shown, lacking or []) for one in part.fields]) for part in form22.SECTIONS],
        "lacking": [(name, _("%(field)s: fill this in first.") % {"field": form22.FIELDS[name].label})
                    for name in lacking or []],
        "changed": changed,
        "own": found.author_id == request.user.pk,
        "waits": _waits(found, timezone.now()),
        "draft": found.state == Concern.State.DRAFT,
        "records": [(one, ConcernRecord.To(one.to).label, ConcernRecord.How(one.how).label if one.how else "")
                    for one in found.records.select_related("by").order_by("pk")],
        "form": form or RecordForm(initial=begun),
        "saved": request.GET.get("saved", ""),
    }  # fmt: skip
    return render(request, "dashboard/concern.html", page, status=status)


def _asked(field: form22.Field, content: dict[str, str], lacking: list[str]) -> dict[str, object]:
    value = content.get(field.name, "")
    chosen = value.split()
    return {
        "field": field,
        "value": value,
        "choices": [(code, words, code in chosen) for code, words in field.choices],
        "wrong": field.name in lacking,
    }
