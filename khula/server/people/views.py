"""Signing in and out, and the language switch."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from khula.server.people import actions
from khula.server.people.declared import ANYONE, declares
from khula.server.people.forms import LanguageForm, SignInForm

STATUS = {"PERSON_001": 403, "PERSON_002": 429}


@declares(ANYONE)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return redirect("home") if request.user.is_authenticated else _sign_in_page(request, SignInForm())
    form = SignInForm(request.POST)
    if not form.is_valid():
        return _sign_in_page(request, form, status=422)
    tried = actions.sign_in(request, **form.cleaned_data)
    if tried.user is None:
        form.add_error(None, _why_not(tried.problem))
        return _sign_in_page(request, form, status=STATUS[tried.problem])
    return redirect(_after(request))


def _sign_in_page(request: HttpRequest, form: SignInForm, status: int = 200) -> HttpResponse:
    after = request.POST.get("next") or request.GET.get("next", "")
    return render(request, "people/sign_in.html", {"form": form, "next": after}, status=status)


def _why_not(problem: str) -> str:
    if problem == "PERSON_002":
        return _("Too many tries. Wait 15 minutes, then try again. (PERSON_002)")
    return _("User name and password do not match. Check both and try again. (PERSON_001)")


def _after(request: HttpRequest) -> str:
    after = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(after, allowed_hosts=None) and after.startswith("/")
    return after if ours else settings.LOGIN_REDIRECT_URL


@declares(ANYONE)
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    actions.sign_out(request)
    return redirect("sign_in")


@declares(ANYONE)
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """The switch in the footer: for the profile when signed in, for this browser in any case."""
    form = LanguageForm(request.POST)
    response = HttpResponseRedirect(_after_language(request))  # an address, never the name of a view
    if form.is_valid():
        chosen = form.cleaned_data["language"]
        if request.user.is_authenticated:
            actions.choose_language(user=request.user, language=chosen, by=request.user)
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            chosen,
            max_age=365 * 24 * 3600,
            secure=settings.BEHIND_TLS,
            httponly=True,
            samesite="Lax",
        )
    return response


def _after_language(request: HttpRequest) -> str:
    """Back to where the person was: the page named by the form, else the one the browser came from."""
    came_from = request.POST.get("next") or request.META.get("HTTP_REFERER", "")
    here = {request.get_host()}
    return came_from if url_has_allowed_host_and_scheme(came_from, allowed_hosts=here) else "/"
