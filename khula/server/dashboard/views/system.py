"""Whether the server is well, and what it says when a page cannot be shown."""

from importlib.metadata import version

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render

from khula.server.consent.access import can
from khula.server.consent.needs import needs
from khula.server.dashboard import queries
from khula.server.events.actions import MOST_TRIES, try_again
from khula.server.events.models import Event
from khula.server.people.declared import ANYONE, declares

ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><rect width="24" height="24" rx="5" fill="#0d5c46"/>'
    '<path d="M12 20v-8M12 12c0-4-3-6-7-6 0 4 3 6 7 6zM12 10c0-4 3-6 7-6 0 4-3 6-7 6z" fill="none" stroke="#fff"'
    ' stroke-width="1.8" stroke-linejoin="round"/></svg>'
)


@declares(ANYONE)
def health(request: HttpRequest) -> HttpResponse:
    """For the machine that watches this one: one statement, no names, no numbers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()
    return JsonResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})


@needs("see system")
def system(request: HttpRequest) -> HttpResponse:
    """For those who look after it: is anything owed, has anything been given up, when did something last come in."""
    if request.method == "POST":
        return put_work_back(request)
    owed = queries.events_owed()
    page = {
        "owed": owed,
        "waiting": sum(n for _, state, _, n in owed if state == Event.State.WAITING),
        "given_up": sum(n for _, state, _, n in owed if state == Event.State.FAILED),
        "tries": MOST_TRIES,
        "may_put_back": bool(can(request.reader, "put work back")),
        "last": queries.last_received(),
        "version": version("khula"),
        "database": {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[connection.vendor],
    }
    return render(request, "dashboard/system.html", page)


@needs("put work back")
def put_work_back(request: HttpRequest) -> HttpResponse:
    """What was given up is tried again, now that a person thinks its cause is mended."""
    try_again(by=request.user.pk)
    return redirect("system")


@declares(ANYONE)
def icon(request: HttpRequest) -> HttpResponse:
    return HttpResponse(ICON, content_type="image/svg+xml", headers={"Cache-Control": "max-age=604800"})


def refused(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _plain(request, "403.html", 403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _plain(request, "404.html", 404)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _plain(request, "400.html", 400)


def failed(request: HttpRequest) -> HttpResponse:
    return _plain(request, "500.html", 500)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _plain(request, "403_csrf.html", 403)


def _plain(request: HttpRequest, template: str, status: int) -> HttpResponse:
    """A page that says what to do and holds nothing of what was asked for."""
    response = render(request, template, status=status)
    response.headers["Cache-Control"] = "no-store"
    return response
