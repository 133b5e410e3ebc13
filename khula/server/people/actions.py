"""Signing in and out, and what a person may change about themselves.

In: what was typed. Out: the user, or the reason why not; every sign-in and change of password is an event.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth import authenticate, login, logout, update_session_auth_hash
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

from khula.server.events.actions import happened
from khula.server.people.models import SignInFailure, User

WINDOW = timedelta(minutes=15)
#: Failed tries within the window before a wait: for one name from one address, and for one name from anywhere.
MOST_FROM_ONE_PLACE = 5
MOST_FROM_ANYWHERE = 30


@dataclass(frozen=True)
class SignedIn:
    user: User | None
    problem: str = ""  # "", "PERSON_001" (does not match) or "PERSON_002" (too many tries)


def sign_in(request: HttpRequest, *, username: str, password: str) -> SignedIn:
    """Check name and password; an unknown name costs as much time as a wrong password (Django hashes either way)."""
    now = timezone.now()
    keys = _keys(username, str(request.META.get("REMOTE_ADDR", "")))
    if _too_many(keys, now):
        return SignedIn(None, "PERSON_002")
    user = authenticate(request, username=username, password=password)
    if user is None:
        _count_failure(keys, now)
        return SignedIn(None, "PERSON_001")
    with transaction.atomic():
        SignInFailure.objects.filter(key=keys[0]).delete()
        login(request, user)
        request.session["signed_in_at"] = request.session["seen_at"] = now.timestamp()
        happened(kind="person.signed_in", subject=user.pk, by=user.pk)
    return SignedIn(user)


def sign_out(request: HttpRequest) -> None:
    user = request.user
    if user.is_authenticated:
        with transaction.atomic():
            happened(kind="person.signed_out", subject=user.pk, by=user.pk)
            logout(request)


@transaction.atomic
def choose_language(*, user: User, language: str, by: User) -> None:
    """Set the language of a person's pages; it must be one of the languages offered."""
    if language not in dict(settings.LANGUAGES):
        raise ValueError(f"No pages in the language {language!r}.")
    User.objects.filter(pk=user.pk).update(language=language)
    happened(kind="person.language_chosen", subject=user.pk, facts={"language": language}, by=by.pk)


@transaction.atomic
def change_password(request: HttpRequest, *, user: User, password: str, by: User) -> None:
    """A new password ends the person's other sessions; this one goes on."""
    user.set_password(password)
    user.save(update_fields=["password"])
    update_session_auth_hash(request, user)
    happened(kind="person.password_changed", subject=user.pk, by=by.pk)


def _keys(username: str, address: str) -> tuple[str, str]:
    name = username.strip().lower()
    return tuple(
        salted_hmac("khula.people.sign_in", text, algorithm="sha256").hexdigest()
        for text in (f"{name}\n{address}", name)
    )


def _too_many(keys: tuple[str, str], now: datetime) -> bool:
    lately = SignInFailure.objects.filter(at__gt=now - WINDOW)
    limits = zip(keys, (MOST_FROM_ONE_PLACE, MOST_FROM_ANYWHERE), strict=True)
    return any(lately.filter(key=key).count() >= most for key, most in limits)


def _count_failure(keys: tuple[str, str], now: datetime) -> None:
    SignInFailure.objects.filter(at__lt=now - 4 * WINDOW).delete()
    SignInFailure.objects.bulk_create(SignInFailure(key=key, at=now) for key in keys)
