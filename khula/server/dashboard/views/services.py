"""Services: the directory and each provider in it, what was delivered to a child or a group, needs against services."""

from collections.abc import Iterable
from dataclasses import dataclass

from django import forms
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from khula.server.cases.models import Case
from khula.server.consent.access import Reader, can, reach, schools_for, visible_classes
from khula.server.consent.needs import needs
from khula.server.dashboard import queries
from khula.server.dashboard.referral_forms import PROBLEMS, a_choice, a_day
from khula.server.dashboard.status import DOMAINS, DomainLook, in_order, look_of, status_of
from khula.server.dashboard.views.counts import BASE, FEWEST, rounded
from khula.server.schools.models import Child, School
from khula.server.services import actions
from khula.server.services import directory as writing
from khula.server.services import queries as services
from khula.server.services.kinds import BARRIERS, CONTACT_OUTCOMES, KINDS, SECTORS, Words, kind_words
from khula.server.services.models import GroupSession, Provider

KIND_WORDS = {code: kind.words for code, kind in KINDS.items()}
MOST_MINUTES = 1440


# --- the directory ---------------------------------------------------------------------------------------------------


class ProviderForm(forms.Form):
    """A line of the directory."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=120, error_messages={"required": gettext_lazy("Give it a name.")}
    )
    sector = a_choice(gettext_lazy("Sector"), SECTORS)
    kinds = forms.MultipleChoiceField(
        label=gettext_lazy("Kinds of service"),
        choices=list(KIND_WORDS.items()),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Tick at least one kind of service.")},
    )
    for_whom = forms.CharField(label=gettext_lazy("For whom"), max_length=200, required=False)
    place = forms.CharField(label=gettext_lazy("Where"), max_length=200, required=False)
    district = forms.CharField(label=gettext_lazy("District (empty: for all)"), max_length=80, required=False)
    hours = forms.CharField(label=gettext_lazy("Hours"), max_length=120, required=False)
    capacity = forms.IntegerField(
        label=gettext_lazy("Open referrals at a time (empty: no limit)"),
        required=False,
        min_value=0,
        max_value=9999,
        error_messages={"invalid": gettext_lazy("Give a whole number, or leave it empty.")},
    )
    contact = forms.CharField(label=gettext_lazy("How to reach them"), max_length=160, required=False)

    def __init__(self, *given: object, provider: Provider | None = None, **named: object) -> None:
        super().__init__(*given, **named)
        self.provider = provider

    def clean(self) -> dict[str, object]:
        said = super().clean() or self.cleaned_data
        same = Provider.objects.filter(name=said.get("name", ""), district=said.get("district", ""))
        if same.exclude(pk=self.provider.pk if self.provider else None).exists():
            self.add_error("name", _("The directory has a service of this name here. Change that one."))
        return said


@needs("see services")
def directory(request: HttpRequest) -> HttpResponse:
    """Every word typed must stand somewhere in the line."""
    words, kind = request.GET.get("q", "")[:80], request.GET.get("kind", "")
    rows = services.providers(
        on=timezone.localdate(),
        words=words,
        kind=kind if kind in KINDS else "",
        districts=districts_of(request.reader),
    )
    page = {
        "rows": sorted(rows, key=lambda row: not row.stale) if request.GET.get("stale") else rows,
        "stale": sum(row.stale for row in rows),
        "words": words,
        "kinds": [(code, said, code == kind) for code, said in KIND_WORDS.items()],
        "may_edit": bool(can(request.reader, "edit services")),
        "may_log": bool(can(request.reader, "log service")),
        "may_see_needs": bool(can(request.reader, "see counts")),
    }
    return render(request, "dashboard/services.html", page)


def districts_of(reader: Reader) -> list[str] | None:
    """Where the reader's schools are; None is everywhere."""
    if reach(reader, "see services").everywhere:
        return None
    return list(schools_for(reader, "see services").exclude(district="").values_list("district", flat=True))


@needs("see services")
def provider_page(request: HttpRequest, provider_id: int) -> HttpResponse:
    row = _provider(request, provider_id)
    page = {
        "row": row,
        "provider": row.provider,
        "versions": services.versions_of(provider_id)[:20],
        "barriers": [(BARRIERS.get(code, code), n) for code, n in services.barriers_at(provider_id)],
        "may_edit": bool(can(request.reader, "edit services")),
    }
    return render(request, "dashboard/provider.html", page)


@needs("edit services")
def new_provider(request: HttpRequest) -> HttpResponse:
    here = (districts_of(request.reader) or [""])[0]
    form = ProviderForm(request.POST or None, initial={"district": here})
    if request.method == "POST" and form.is_valid():
        return redirect("provider", writing.add_provider(said=form.cleaned_data, by=request.user.pk).pk)
    return _edit_page(request, form, None)


@needs("edit services")
def change_provider(request: HttpRequest, provider_id: int) -> HttpResponse:
    row = _provider(request, provider_id)
    now = {name: getattr(row.provider, name) for name in writing.FIELDS} | {"kinds": list(row.kinds)}
    form = ProviderForm(request.POST or None, initial=now, provider=row.provider)
    if request.method == "POST" and form.is_valid():
        writing.change_provider(provider_id=provider_id, said=form.cleaned_data, by=request.user.pk)
        return redirect("provider", provider_id)
    return _edit_page(request, form, row.provider)


@require_POST
@needs("edit services")
def confirm_provider(request: HttpRequest, provider_id: int) -> HttpResponse:
    writing.confirm_provider(provider_id=_provider(request, provider_id).provider.pk, by=request.user.pk)
    return redirect("provider", provider_id)


@require_POST
@needs("edit services")
def close_provider(request: HttpRequest, provider_id: int) -> HttpResponse:
    writing.close_provider(provider_id=_provider(request, provider_id).provider.pk, by=request.user.pk)
    return redirect("provider", provider_id)


def _provider(request: HttpRequest, provider_id: int) -> services.ListedProvider:
    rows = services.providers(on=timezone.localdate(), ids=[provider_id], districts=districts_of(request.reader))
    if not rows:
        raise Http404
    return rows[0]


def _edit_page(request: HttpRequest, form: ProviderForm, provider: Provider | None) -> HttpResponse:
    page = {"form": form, "provider": provider}
    return render(request, "dashboard/provider_edit.html", page, status=422 if form.is_bound else 200)


# --- what was delivered ----------------------------------------------------------------------------------------------


class ContactForm(forms.Form):
    """One service in seconds: all but the kind is filled in already."""

    kind = a_choice(gettext_lazy("What was it?"), KIND_WORDS)
    on = a_day(gettext_lazy("On which day?"))
    outcome = a_choice(
        gettext_lazy("How did it go?"), {code: said for code, said in CONTACT_OUTCOMES.items() if code != "absent"}
    )
    minutes = forms.IntegerField(
        label=gettext_lazy("How many minutes?"),
        required=False,
        min_value=0,
        max_value=MOST_MINUTES,
        error_messages={"invalid": gettext_lazy("Give a whole number, or leave it empty.")},
    )
    note = forms.CharField(
        label=gettext_lazy("A word for the team"),
        required=False,
        max_length=600,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


@needs("log service")
def log_contact(request: HttpRequest, child_id: str) -> HttpResponse:
    child = Child.objects.select_related("school", "school_class").filter(pk=child_id).first()
    if child is None or not can(request.reader, "log service", child=child):
        raise Http404
    form = ContactForm(request.POST or None, initial={"on": timezone.localdate(), "outcome": "done"})
    if request.method == "POST" and form.is_valid():
        try:
            actions.log_contact(child_id=child.pk, by=request.user.pk, **form.cleaned_data)
        except actions.Refused as refused:
            form.add_error("on", PROBLEMS[refused.code])
        else:
            return redirect("child", child.pk)
    page = {"child": child, "form": form}
    return render(request, "dashboard/log_contact.html", page, status=422 if form.is_bound else 200)


class SessionForm(forms.Form):
    """A group that met, and who was there."""

    title = forms.CharField(label=gettext_lazy("Name of the group"), max_length=120, required=False)
    kind = a_choice(gettext_lazy("What was it?"), KIND_WORDS)
    on = a_day(gettext_lazy("On which day?"))
    minutes = forms.IntegerField(
        label=gettext_lazy("How many minutes?"), required=False, min_value=0, max_value=MOST_MINUTES
    )
    came = forms.MultipleChoiceField(
        label=gettext_lazy("Who was there?"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Tick each child that came.")},
    )

    def __init__(self, children: Iterable[Child], *given: object, **named: object) -> None:
        super().__init__(*given, **named)
        self.fields["came"].choices = [(child.pk, f"{child} ({child.school_class})") for child in children]


@needs("log service")
def choose_group(request: HttpRequest) -> HttpResponse:
    """The classes it may come from, and the groups that have met before."""
    far = reach(request.reader, "log service")
    met = GroupSession.objects.filter(later=None).annotate(children=Count("contacts")).order_by("-day", "-pk")
    if not far.everywhere:
        met = met.filter(school__in=far.schools) | met.filter(by=request.user.pk)
    classes = (
        visible_classes(request.reader).select_related("school").order_by("school__name", "-year", "grade", "name")
    )
    page = {"classes": classes[:60], "groups": [(one, one.title or kind_words(one.kind)) for one in met[:20]]}
    return render(request, "dashboard/sessions.html", page)


@needs("log service")
def new_session(request: HttpRequest) -> HttpResponse:
    earlier = _session(request, request.GET.get("after", ""))
    expected = _expected(request, earlier)
    if not expected:
        return redirect("sessions")
    begin: dict[str, object] = {"on": timezone.localdate(), "kind": "family_programme"}
    if earlier is not None:
        begin |= {"title": earlier.title, "kind": earlier.kind, "minutes": earlier.minutes}
    form = SessionForm(expected, request.POST or None, initial=begin)
    if request.method == "POST" and form.is_valid():
        came = form.cleaned_data.pop("came")
        absent = [child.pk for child in expected if child.pk not in came] if earlier else []
        try:
            session = actions.hold_session(
                school=expected[0].school, came=came, absent=absent, by=request.user.pk,
                earlier_id=earlier.pk if earlier else None, **form.cleaned_data,
            )  # fmt: skip
        except actions.Refused as refused:
            form.add_error("on" if refused.about == "on" else "came", PROBLEMS[refused.code])
        else:
            return redirect("session", session.pk)
    page = {"form": form, "earlier": earlier, "of": len(expected)}
    return render(request, "dashboard/session_new.html", page, status=422 if form.is_bound else 200)


@needs("log service")
def session_page(request: HttpRequest, session_id: int) -> HttpResponse:
    session = _session(request, str(session_id))
    if session is None:
        raise Http404
    contacts = session.contacts.select_related("child").order_by("child__family_name", "child__given_names")
    seen = [one for one in contacts if can(request.reader, "see contacts", child=one.child)]
    page = {
        "session": session,
        "name": session.title or kind_words(session.kind),
        "kind": kind_words(session.kind),
        "came": [one.child for one in seen if one.outcome != "absent"],
        "absent": [one.child for one in seen if one.outcome == "absent"],
    }
    return render(request, "dashboard/session.html", page)


def _session(request: HttpRequest, number: str) -> GroupSession | None:
    if not number.isdecimal() or len(number) > 18:
        return None
    session = GroupSession.objects.select_related("school", "by").filter(pk=int(number)).first()
    if session is None or session.by_id == request.user.pk:
        return session
    far = reach(request.reader, "log service")
    return session if far.everywhere or session.school_id in far.schools else None


def _expected(request: HttpRequest, earlier: GroupSession | None) -> list[Child]:
    """The group that met before, or the children of the classes chosen; of one school, and within reach."""
    children = Child.objects.filter(left_on=None).select_related("school", "school_class")
    if earlier is not None:
        children = children.filter(contacts__session=earlier)
    else:
        chosen = [int(one) for one in request.GET.getlist("class") if one.isdecimal() and len(one) < 19]
        children = children.filter(school_class__in=visible_classes(request.reader).filter(pk__in=chosen))
    found = [
        child
        for child in children.order_by("school_class__name", "family_name", "given_names", "pk")
        if can(request.reader, "log service", child=child)
    ]
    return [child for child in found if child.school_id == found[0].school_id]


# --- needs against services ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class NeedRow:
    look: DomainLook
    need: int
    getting: int
    waiting: int
    referred: int
    offers: int  # services of the directory for this domain that are not full


@needs("see counts")
def needs_page(request: HttpRequest) -> HttpResponse:
    """Exact for who may see each child; for others rounded, and nothing for few children."""
    asked = request.GET.get("school", "")
    allowed = queries.schools_counted(request.reader, None)
    chosen = [school for school in allowed if asked in ("", str(school.pk))]
    if asked and not chosen:
        raise Http404
    exact = all(can(request.reader, "see needs", school=school.pk) for school in chosen)
    few = not exact and _assessed(chosen) < FEWEST
    page = {
        "rows": [] if few else _need_rows(chosen, exact),
        "few": few,
        "exact": exact,
        "base": BASE,
        "fewest": FEWEST,
        "query": f"?school={asked}" if asked else "",
        "schools": [(school, asked == str(school.pk)) for school in allowed],
        "everywhere": not asked,
        "chosen": chosen[0] if asked else None,
    }
    return render(request, "dashboard/needs.html", page)


def _need_rows(schools: list[School], exact: bool) -> list[NeedRow]:
    today = timezone.localdate()
    found = services.needs_of([school.pk for school in schools], on=today)
    districts = {school.district for school in schools if school.district}
    shown = (lambda count: count) if exact else rounded
    return [
        NeedRow(
            look_of(name), shown(one.need), shown(one.getting), shown(one.waiting), shown(one.referred),
            sum(not row.full for row in services.providers(on=today, domain=name, districts=districts)),
        )
        for name in in_order(tuple(found) or ())
        for one in (found[name],)
    ]  # fmt: skip


def _assessed(schools: list[School]) -> int:
    heard = Case.objects.filter(child__school__in=schools, child__left_on=None, voices_heard__gt=0)
    return heard.values("child").distinct().count()


@needs("see needs")
def children_in_need(request: HttpRequest, domain: str) -> HttpResponse:
    """Exactly the children the numbers count, those who wait first."""
    if domain not in [look.name for look in DOMAINS]:
        raise Http404
    asked = request.GET.get("school", "")
    schools = [one for one in schools_for(request.reader, "see needs") if asked in ("", str(one.pk))]
    rows = services.children_in_need([one.pk for one in schools], on=timezone.localdate(), domain=domain)
    page = {
        "look": look_of(domain),
        "rows": [(row, status_of(row.level), _stands(row)) for row in rows],
        "getting": sum(row.getting for row in rows),
        "waiting": sum(not row.getting for row in rows),
        "query": f"?school={asked}" if asked else "",
    }
    return render(request, "dashboard/needs_children.html", page)


def _stands(row: services.ChildInNeed) -> Words:
    if row.getting:
        return gettext_lazy("Getting help")
    return gettext_lazy("Referred, waiting") if row.referred else gettext_lazy("Waiting")
