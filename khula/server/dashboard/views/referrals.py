"""Referrals: those open with their age, one with its history, a child referred, a slip made, follow-ups placed."""

from dataclasses import dataclass

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from khula.server.collection.collect_settings import code_of
from khula.server.consent.access import can, posts_that_may
from khula.server.consent.needs import needs
from khula.server.dashboard import queries
from khula.server.dashboard.help_story import NEEDING, shown_referral
from khula.server.dashboard.page_number import page_asked
from khula.server.dashboard.referral_forms import PROBLEMS, StepForm, step_forms
from khula.server.dashboard.status import DOMAINS, look_of, status_of
from khula.server.dashboard.views.provider import short_name
from khula.server.people.models import User
from khula.server.schools.models import Child
from khula.server.services import actions, from_field, links
from khula.server.services import queries as services
from khula.server.services.access import can_read_asked, can_read_words
from khula.server.services.kinds import (
    BARRIERS,
    DECLINED,
    ENDED,
    FOLLOWED_UP,
    OUTCOMES,
    REFERRED_TO_WORDS,
    Words,
    kind_words,
    kinds_for,
)
from khula.server.services.models import FollowUp, ProviderLink, Referral, ReferralStep
from khula.server.services.states import ENDS, NEXT

A_PAGE = 50
SHOWS = (("mine", _("Mine")), ("all", _("All referrals")), ("ended", _("Ended")))


@needs("see referrals")
def referrals(request: HttpRequest) -> HttpResponse:
    """The overdue first; a coordinator sees all of her schools, others begin with their own."""
    today, oversees = timezone.localdate(), bool(can(request.reader, "oversee referrals"))
    show = request.GET.get("show", "")
    if show not in dict(SHOWS):
        show = "all" if oversees else "mine"
    if show == "ended":
        rows = services.ended_referrals(request.reader, on=today)
    else:
        owner = request.user.pk if show == "mine" else None
        rows = services.open_referrals(request.reader, on=today, owner_id=owner)
    page = page_asked(request)
    part = rows[(page - 1) * A_PAGE : page * A_PAGE]
    context = {
        "rows": [shown_referral(row) for row in part],
        "of": len(rows),
        "overdue": sum(row.standing.overdue for row in rows),
        "show": show,
        "shows": SHOWS,
        "earlier": page - 1 if page > 1 else None,
        "later": page + 1 if page * A_PAGE < len(rows) else None,
        "unmatched": len(services.unmatched(request.reader)),
    }
    return render(request, "dashboard/referrals.html", context)


# --- one referral ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ShownStep:
    step: ReferralStep
    who: str | Words
    why: Words
    note: str


@needs("see referrals")
def referral(request: HttpRequest, referral_id: int) -> HttpResponse:
    return _referral_page(request, _seen(request, referral_id))


@require_POST
@needs("move referral")
def take_step(request: HttpRequest, referral_id: int) -> HttpResponse:
    one = _moved(request, referral_id)
    to = request.POST.get("to", "")
    if to not in NEXT[one.state]:
        return _referral_page(request, one, problem=PROBLEMS["not_from_here"])
    form = StepForm(one.state, to, request.POST)
    if form.is_valid():
        try:
            actions.step(referral_id=one.pk, to=to, by=request.user.pk, **form.cleaned_data)
        except actions.Refused as refused:
            form.refuse(refused.code, refused.about)
        else:
            return redirect("referral", one.pk)
    return _referral_page(request, one, form)


@require_POST
@needs("move referral")
def take_back(request: HttpRequest, referral_id: int) -> HttpResponse:
    one = _moved(request, referral_id)
    try:
        actions.take_back_last(referral_id=one.pk, by=request.user.pk)
    except actions.Refused as refused:
        return _referral_page(request, one, problem=PROBLEMS[refused.code])
    return redirect("referral", one.pk)


@require_POST
@needs("oversee referrals")
def change_owner(request: HttpRequest, referral_id: int) -> HttpResponse:
    one = _seen(request, referral_id)
    if not can(request.reader, "oversee referrals", child=one.child):
        raise Http404
    to = request.POST.get("owner", "")
    if to not in {str(pk) for pk, _name in _possible_owners(one)}:
        return _referral_page(request, one, problem=_("Choose a person from the list."))
    actions.hand_over(referral_id=one.pk, to=int(to), by=request.user.pk)
    return redirect("referral", one.pk)


@require_POST
@needs("move referral")
def make_slip(request: HttpRequest, referral_id: int) -> HttpResponse:
    """The page that comes back is the slip, and holds the only copy of its link."""
    one = _moved(request, referral_id)
    if one.state in ENDS or not can_read_asked(request.reader, one.child, one.domain, one.owner_id):
        raise PermissionDenied("not_your_domain")
    link, token = links.make_link(referral_id=one.pk, by=request.user.pk)
    address = request.build_absolute_uri(reverse("provider_link", args=[token]))
    page = {
        "referral": one,
        "child": short_name(one.child.given_names, one.child.family_name),
        "kind": kind_words(one.kind),
        "link": link,
        "address": address,
        "code": mark_safe(code_of(address)),  # noqa: S308 – drawn by segno from an address of ours
    }
    return render(request, "dashboard/slip.html", page, status=201)


@require_POST
@needs("move referral")
def revoke_link(request: HttpRequest, referral_id: int, link_id: int) -> HttpResponse:
    one = _moved(request, referral_id)
    if not ProviderLink.objects.filter(pk=link_id, referral=one).exists():
        raise Http404
    links.revoke_link(link_id=link_id, by=request.user.pk)
    return redirect("referral", one.pk)


def _seen(request: HttpRequest, referral_id: int) -> Referral:
    one = services.referrals_seen_by(request.reader).filter(pk=referral_id).first()
    if one is None:
        raise Http404
    return one


def _moved(request: HttpRequest, referral_id: int) -> Referral:
    one = _seen(request, referral_id)
    if not can(request.reader, "move referral", child=one.child):
        raise Http404
    return one


def _referral_page(
    request: HttpRequest, one: Referral, form: StepForm | None = None, problem: Words = ""
) -> HttpResponse:
    today = timezone.localdate()
    history = services.history_of(one.pk)
    may_move = bool(can(request.reader, "move referral", child=one.child))
    may_hand_over = bool(can(request.reader, "oversee referrals", child=one.child)) and one.state not in ENDS
    reads_asked = can_read_asked(request.reader, one.child, one.domain, one.owner_id)
    forms_ = [form if form and form.to == each.to else each for each in step_forms(one.state)]
    page = {
        "one": shown_referral(services.listed(one, today)),
        "referral": one,
        "asked": one.asked if reads_asked else "",
        "outcome": OUTCOMES.get(one.outcome, ""),
        "history": [_shown_step(request, one, each) for each in history],
        "followed": _followed(request, one),
        "forms": forms_ if may_move else [],
        "wrong_form": form,
        "problem": problem,
        "may_take_back": may_move and len(history) > 1 and not one.later.exists(),
        "may_slip": may_move and reads_asked and one.state not in ENDS,
        "may_again": may_move and one.state in actions.AGAIN_FROM,
        "later": one.later.first(),
        "links": _links(one) if may_move else [],
        "owners": _possible_owners(one) if may_hand_over else [],
    }
    return render(request, "dashboard/referral.html", page, status=422 if form or problem else 200)


def _shown_step(request: HttpRequest, one: Referral, each: ReferralStep) -> ShownStep:
    who: str | Words = each.by.full_name if each.by else ""
    if each.source == ReferralStep.Source.LINK:
        who = _("The provider, by link")
    why = BARRIERS.get(each.barrier) or OUTCOMES.get(each.outcome) or DECLINED.get(each.reason)
    note = each.note if can_read_words(request.reader, one.child, one.domain, each.by_id) else ""
    return ShownStep(each, who, why or ENDED.get(each.reason, ""), note)


def _followed(request: HttpRequest, one: Referral) -> list[tuple[FollowUp, Words, str]]:
    """What was asked afterwards in the field."""
    rows = FollowUp.objects.filter(referral=one, current=True).select_related("asked_by").order_by("day", "pk")
    return [(row, _went(row), _note_of(request, one, row)) for row in rows]


def _went(row: FollowUp) -> Words:
    if row.attended == "no":
        return BARRIERS.get(row.barrier, "")
    return FOLLOWED_UP.get(row.outcome, _("Not known"))


def _note_of(request: HttpRequest, one: Referral, row: FollowUp) -> str:
    return row.note if can_read_words(request.reader, one.child, one.domain, row.asked_by_id) else ""


def _links(one: Referral) -> list[ProviderLink]:
    return list(one.links.filter(revoked_at=None, expires_at__gt=timezone.now()).order_by("pk"))


def _possible_owners(one: Referral) -> list[tuple[int, str]]:
    """Whoever may move it today."""
    posts = posts_that_may("move referral", one.child, timezone.localdate())
    people = User.objects.filter(posts__in=posts).exclude(pk=one.owner_id).distinct().order_by("full_name")
    return list(people.values_list("pk", "full_name"))


# --- a child is referred ---------------------------------------------------------------------------------------------


class ReferForm(forms.Form):
    """One provider's line on the page: its kinds of service that fit, and what is asked."""

    provider = forms.IntegerField(widget=forms.HiddenInput)
    kind = forms.CharField(max_length=40)
    asked = forms.CharField(required=False, max_length=200)


@needs("refer child")
def refer_child(request: HttpRequest, child_id: str) -> HttpResponse:
    """Two taps: the domain on the child's page, the provider here."""
    child = Child.objects.select_related("school", "school_class").filter(pk=child_id).first()
    if child is None or not can(request.reader, "refer child", child=child):
        raise Http404
    domain = _domain_asked(request, child_id)
    earlier = _earlier(request, child)
    problem: Words = ""
    if request.method == "POST":
        try:
            return redirect("referral", _refer(request, child, domain, earlier).pk)
        except actions.Refused as refused:
            problem = PROBLEMS[refused.code]
    return _refer_page(request, child, domain, earlier, problem)


def _domain_asked(request: HttpRequest, child_id: str) -> str:
    """The one asked for, else the gravest the child stands at."""
    asked = request.POST.get("domain") or request.GET.get("domain", "")
    names = [look.name for look in DOMAINS]
    if asked in names:
        return asked
    cases = sorted(queries.cases_of(child_id).values(), key=lambda case: case.case_id)
    levels = cases[-1].levels if cases else {}
    needing = [name for name in names if levels.get(name) in NEEDING]
    return min(needing, key=lambda name: -status_of(levels[name]).rank, default=names[0])


def _earlier(request: HttpRequest, child: Child) -> Referral | None:
    asked = request.POST.get("earlier") or request.GET.get("earlier", "")
    if not asked.isdecimal() or len(asked) > 18:
        return None
    return services.referrals_seen_by(request.reader).filter(pk=int(asked), child=child).first()


def _refer(request: HttpRequest, child: Child, domain: str, earlier: Referral | None) -> Referral:
    form = ReferForm(request.POST)
    offered = {row.provider.pk: row for row in _offered(child, domain)}
    row = offered.get(form.cleaned_data["provider"]) if form.is_valid() else None
    if row is None or form.cleaned_data["kind"] not in row.kinds:
        raise actions.Refused("unknown_code")
    return actions.refer(
        child_id=child.pk, provider_id=row.provider.pk, kind=form.cleaned_data["kind"], domain=domain,
        asked=form.cleaned_data["asked"], by=request.user.pk, earlier_id=earlier.pk if earlier else None,
    )  # fmt: skip


def _offered(child: Child, domain: str) -> list[services.ListedProvider]:
    """Those for this domain: free and confirmed ones first."""
    rows = services.providers(on=timezone.localdate(), domain=domain, districts=[child.school.district])
    return sorted(rows, key=lambda row: (row.full, row.stale))


def _refer_page(
    request: HttpRequest, child: Child, domain: str, earlier: Referral | None, problem: Words
) -> HttpResponse:
    fitting = [kind.code for kind in kinds_for(domain)]
    page = {
        "child": child,
        "look": look_of(domain),
        "looks": DOMAINS,
        "earlier": earlier,
        "problem": problem,
        "rows": [
            (row, [(code, kind_words(code)) for code in fitting if code in row.kinds])
            for row in _offered(child, domain)
        ],
        "may_edit": bool(can(request.reader, "edit services")),
    }
    return render(request, "dashboard/refer.html", page, status=422 if problem else 200)


# --- follow-ups nobody could match -----------------------------------------------------------------------------------


@needs("assign outcome")
def follow_ups(request: HttpRequest) -> HttpResponse:
    return _follow_ups_page(request)


@require_POST
@needs("assign outcome")
def settle_follow_up(request: HttpRequest, follow_up_id: int) -> HttpResponse:
    waiting = next((one for one in services.unmatched(request.reader) if one.pk == follow_up_id), None)
    if waiting is None:
        raise Http404
    chosen = request.POST.get("referral", "")
    if chosen == "none":
        from_field.set_aside(follow_up_id=waiting.pk, by=request.user.pk)
        return redirect("follow_ups")
    own = {str(row.referral.pk) for row in services.referrals_of(request.reader, waiting.child_id, on=waiting.day)}
    if chosen not in own:
        return _follow_ups_page(request, _("Choose the referral it is about."))
    try:
        from_field.assign_follow_up(follow_up_id=waiting.pk, referral_id=int(chosen), by=request.user.pk)
    except actions.Refused:
        return _follow_ups_page(
            request, _("This referral cannot take it from where it stands. Record the step on its own page.")
        )
    return redirect("follow_ups")


def _follow_ups_page(request: HttpRequest, problem: Words = "") -> HttpResponse:
    today = timezone.localdate()
    rows = [
        (
            one,
            REFERRED_TO_WORDS.get(one.referred_to, one.referred_to),
            _went(one),
            [
                shown_referral(row)
                for row in services.referrals_of(request.reader, one.child_id, on=today)
                if row.referral.state not in ENDS
            ],
        )
        for one in services.unmatched(request.reader)
    ]
    page = {"rows": rows, "problem": problem}
    return render(request, "dashboard/follow_ups.html", page, status=422 if problem else 200)
