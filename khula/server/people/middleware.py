"""Around every page: the session ends after 30 idle minutes or 12 hours, and the page speaks the person's language.

In: a request with a session and a user. Out: the same request, signed out if its time is over, with its language.
Requests of devices (`/v1/`) carry no session and are left alone.
"""

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import SESSION_KEY, logout
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

Answer = Callable[[HttpRequest], HttpResponse]
IDLE_SECONDS = 30 * 60
WHOLE_SECONDS = 12 * 60 * 60
NOTE_SECONDS = 60  # how exact "last seen" is: one write a minute at most


class SessionTime:
    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and not request.path.startswith("/v1/"):
            self._keep_time(request)
        return self.answer(request)

    @staticmethod
    def _keep_time(request: HttpRequest) -> None:
        session, now = request.session, timezone.now().timestamp()
        if SESSION_KEY not in session:
            return
        if "seen_at" not in session or "signed_in_at" not in session:
            session["signed_in_at"] = session["seen_at"] = now
        elif now - session["seen_at"] > IDLE_SECONDS or now - session["signed_in_at"] > WHOLE_SECONDS:
            logout(request)
        elif now - session["seen_at"] > NOTE_SECONDS:
            session["seen_at"] = now


class Language:
    """The profile's language; before sign-in the language cookie, then what the browser asks for."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = self._language(request)
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self.answer(request)
        response.headers.setdefault("Content-Language", language)
        return response

    @staticmethod
    def _language(request: HttpRequest) -> str:
        user = None if request.path.startswith("/v1/") else request.user
        if user is not None and user.is_authenticated and user.language in dict(settings.LANGUAGES):
            return user.language
        return translation.get_language_from_request(request)
