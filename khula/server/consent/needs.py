"""The guard before a page: signed in, and allowed by the policy; else the sign-in page or a plain refusal.

In: the name of an action of `consent.access`. Out: a decorator that declares it, checks it and hands the view
`request.reader`. Nothing a signed-in person is shown may be kept by the browser or anything in between.
"""

from collections.abc import Callable
from functools import wraps
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from khula.server.consent.access import can, reader_of
from khula.server.people.declared import SIGNED_IN, declares

View = Callable[..., HttpResponse]


def needs(action: str) -> Callable[[View], View]:
    """Only for readers whom the policy grants this action somewhere; the view narrows it to the object."""

    def around(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: object, **named: object) -> HttpResponse:
            if not request.user.is_authenticated:
                return to_sign_in(request)
            request.reader = reader_of(request.user, timezone.localdate())
            if action != SIGNED_IN:
                decision = can(request.reader, action)
                if not decision:
                    raise PermissionDenied(decision.reason)
            return unkept(view(request, *args, **named))

        return declares(action)(guarded)

    return around


def to_sign_in(request: HttpRequest) -> HttpResponse:
    after = request.get_full_path() if request.method == "GET" else ""
    return redirect(reverse("sign_in") + ("?" + urlencode({"next": after}) if after else ""))


def unkept(response: HttpResponse) -> HttpResponse:
    response.headers["Cache-Control"] = "no-store"
    return response
