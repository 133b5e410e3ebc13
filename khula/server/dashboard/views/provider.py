"""The page behind a slip's code: somebody without an account answers one referral, and sees nothing else.

In: the token in the address. Out: what the slip says, and the steps a provider may record. Which words about the
child stand here, and why no more: docs/adr/0018.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from khula.server.consent.needs import unkept
from khula.server.dashboard.referral_forms import PROBLEMS, StepForm, step_forms
from khula.server.people.declared import ANYONE, declares
from khula.server.services import actions
from khula.server.services.kinds import OUTCOMES, Words, kind_words
from khula.server.services.links import Opened, opened
from khula.server.services.models import ProviderLink
from khula.server.services.states import NEXT, PROVIDERS_STEPS

STATUS = {"unknown": 404, "expired": 410, "revoked": 410, "ended": 410, "too_many": 429}


@declares(ANYONE)
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, token: str) -> HttpResponse:
    found = opened(token, str(request.META.get("REMOTE_ADDR", "")))
    if found.link is None:
        return _plain(render(request, "dashboard/link_shut.html", {"why": found.problem}, status=STATUS[found.problem]))
    if request.method != "POST":
        return _page(request, found.link)
    return _record(request, token, found)


def _record(request: HttpRequest, token: str, found: Opened) -> HttpResponse:
    assert found.link is not None
    state, to = found.link.referral.state, request.POST.get("to", "")
    if to not in NEXT[state] or to not in PROVIDERS_STEPS:
        return _page(request, found.link, problem=PROBLEMS["not_from_here"])
    form = StepForm(state, to, request.POST, note=False)
    if form.is_valid():
        try:
            actions.step(referral_id=found.link.referral_id, to=to, link=found.link, **form.cleaned_data)
        except actions.Refused as refused:
            form.refuse(refused.code, refused.about)
        else:
            return _plain(redirect("provider_link", token))
    return _page(request, found.link, form)


def _page(request: HttpRequest, link: ProviderLink, form: StepForm | None = None, problem: Words = "") -> HttpResponse:
    one = link.referral
    forms = step_forms(one.state, PROVIDERS_STEPS, note=False)
    page = {
        "referral": one,
        "child": short_name(one.child.given_names, one.child.family_name),
        "kind": kind_words(one.kind),
        "outcome": OUTCOMES.get(one.outcome, ""),
        "link": link,
        "forms": [form if form and form.to == each.to else each for each in forms],
        "wrong_form": form,
        "problem": problem,
    }
    return _plain(render(request, "dashboard/link.html", page, status=422 if form or problem else 200))


def short_name(given: str, family: str) -> str:
    """Amahle N.: enough for the desk of a clinic that expects her."""
    return f"{given.split()[0] if given.split() else given} {family[:1]}.".strip()


def _plain(response: HttpResponse) -> HttpResponse:
    """Kept by no browser and found by no search engine."""
    response.headers["X-Robots-Tag"] = "noindex"
    return unkept(response)
