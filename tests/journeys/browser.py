"""A real browser for journeys: Debian's Chromium through Playwright, signed in as one of the cast."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from khula.server.people.models import User
from tests import surroundings
from tests.journeys.arguments import ARGUMENTS


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=surroundings.chromium(), args=list(ARGUMENTS))
        yield browser
        browser.close()


def signed_in(
    browser: Browser, address: str, user: User | None, *, width: int = 1280, **more: object
) -> BrowserContext:
    """A window of its own; the sign-in page itself has its own journey."""
    context = browser.new_context(viewport={"width": width, "height": 800}, base_url=address, **more)
    if user is not None:
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.create()
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session.session_key, "url": address}])
    return context
