"""Signing in: who may, who may not, how often one may try, and when it ends."""

import time
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from khula.server.events.models import Event
from khula.server.people.actions import MOST_FROM_ANYWHERE, MOST_FROM_ONE_PLACE
from khula.server.people.models import SignInFailure, User
from khula.server.people.roles import Role
from tests.server import page_data

PASSWORD = "umlilo wezintaba"


@pytest.fixture(autouse=True)
def _quick_hashes(request: pytest.FixtureRequest, settings: object) -> None:
    """Hashing is slow on purpose; only the test of time needs it so."""
    if "takes_as_long" not in request.node.name:
        settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def nomsa(_quick_hashes: None) -> User:
    place = page_data.school_with_class(0)
    return page_data.person(Role.SOCIAL_WORKER, school=place.school, password=PASSWORD, username="nomsa.khumalo")


def try_to_sign_in(client: Client, password: str, username: str = "nomsa.khumalo", **more: str) -> object:
    return client.post("/sign-in", {"username": username, "password": password, **more})


def test_name_and_password_open_the_first_page(client: Client, nomsa: User) -> None:
    response = try_to_sign_in(client, PASSWORD, "Nomsa.Khumalo")
    assert (response.status_code, response.url) == (302, "/home")
    assert client.get("/home").status_code == 200
    assert Event.objects.filter(kind="person.signed_in", subject=str(nomsa.pk)).count() == 1


def test_a_wrong_password_and_an_unknown_name_read_alike(client: Client, nomsa: User) -> None:
    wrong = try_to_sign_in(client, "something else")
    unknown = try_to_sign_in(client, "something else", "nobody.here")
    assert wrong.status_code == unknown.status_code == 403
    assert "PERSON_001" in wrong.content.decode()
    assert "Nomsa" not in wrong.content.decode()


def test_an_unknown_name_takes_as_long_as_a_wrong_password(client: Client, nomsa: User) -> None:
    """Both hash a password; without that an unknown name answers some hundred times sooner."""

    def seconds(username: str) -> float:
        SignInFailure.objects.all().delete()
        start = time.perf_counter()
        try_to_sign_in(client, "something else", username)
        return time.perf_counter() - start

    known = min(seconds("nomsa.khumalo") for _ in range(3))
    unknown = min(seconds("nobody.here") for _ in range(3))
    assert 0.4 < unknown / known < 2.5


def test_nothing_typed_is_a_question_not_a_failure(client: Client, nomsa: User) -> None:
    response = client.post("/sign-in", {"username": "", "password": ""})
    assert response.status_code == 422
    assert "Type your user name." in response.content.decode()
    assert not SignInFailure.objects.exists()


def test_after_five_failures_from_one_place_there_is_a_wait(client: Client, nomsa: User) -> None:
    for _ in range(MOST_FROM_ONE_PLACE):
        assert try_to_sign_in(client, "wrong").status_code == 403
    blocked = try_to_sign_in(client, PASSWORD)
    assert blocked.status_code == 429
    assert "PERSON_002" in blocked.content.decode()
    elsewhere = Client(REMOTE_ADDR="10.0.0.9")
    assert try_to_sign_in(elsewhere, PASSWORD).status_code == 302
    SignInFailure.objects.update(at=timezone.now() - timedelta(minutes=16))
    assert try_to_sign_in(client, PASSWORD).status_code == 302


def test_guessing_from_many_places_is_slowed_too(nomsa: User) -> None:
    for n in range(MOST_FROM_ANYWHERE):
        assert try_to_sign_in(Client(REMOTE_ADDR=f"10.0.{n}.1"), "wrong").status_code == 403
    assert try_to_sign_in(Client(REMOTE_ADDR="10.9.9.9"), PASSWORD).status_code == 429


def test_a_name_typed_wrongly_is_not_kept_as_it_was_typed(client: Client, nomsa: User) -> None:
    try_to_sign_in(client, "x", "my secret password")
    assert all("secret" not in failure.key for failure in SignInFailure.objects.all())


def test_who_left_cannot_sign_in(client: Client, nomsa: User) -> None:
    User.objects.update(is_active=False)
    assert try_to_sign_in(client, PASSWORD).status_code == 403


@pytest.mark.parametrize("to", ["https://elsewhere.example/", "//elsewhere.example/", "javascript:alert(1)"])
def test_signing_in_leads_to_no_other_site(client: Client, nomsa: User, to: str) -> None:
    assert try_to_sign_in(client, PASSWORD, next=to).url == "/home"


def test_signing_in_leads_back_to_the_page_asked_for(client: Client, nomsa: User) -> None:
    asked = client.get("/class/7?sort=name")
    assert asked.status_code == 302
    assert asked.url == "/sign-in?next=%2Fclass%2F7%3Fsort%3Dname"
    assert 'value="/class/7?sort=name"' in client.get(asked.url).content.decode()
    assert try_to_sign_in(client, PASSWORD, next="/class/7?sort=name").url == "/class/7?sort=name"


def test_signing_out_is_a_post_and_ends_the_session(client: Client, nomsa: User) -> None:
    try_to_sign_in(client, PASSWORD)
    assert client.get("/sign-out").status_code == 405
    assert client.get("/home").status_code == 200
    assert client.post("/sign-out").url == "/sign-in"
    assert client.get("/home").status_code == 302
    assert client.post("/sign-out").status_code == 302


@pytest.mark.parametrize(("key", "after", "still_in"), [
    ("seen_at", timedelta(minutes=29), True),
    ("seen_at", timedelta(minutes=31), False),
    ("signed_in_at", timedelta(hours=11, minutes=59), True),
    ("signed_in_at", timedelta(hours=12, minutes=1), False),
])  # fmt: skip
def test_a_session_ends_after_half_an_hour_idle_or_twelve_hours(
    client: Client, nomsa: User, key: str, after: timedelta, still_in: bool
) -> None:
    try_to_sign_in(client, PASSWORD)
    session = client.session
    session[key] -= after.total_seconds()
    session.save()
    assert (client.get("/home").status_code == 200) == still_in
    assert Session.objects.exists() == still_in


def test_a_new_password_ends_the_other_sessions(client: Client, nomsa: User) -> None:
    other = Client()
    for each in (client, other):
        try_to_sign_in(each, PASSWORD)
    wrong = client.post("/profile", {"now": "no", "new": "short"})
    assert wrong.status_code == 422
    assert "This is not your password." in wrong.content.decode()
    saved = client.post("/profile", {"now": PASSWORD, "new": "amanzi aphuzekayo"})
    assert saved.url == "/profile?saved=password"
    assert client.get("/home").status_code == 200
    assert other.get("/home").status_code == 302
    assert try_to_sign_in(Client(), "amanzi aphuzekayo").status_code == 302


@pytest.mark.parametrize("new", ["short", "password123", "          "])
def test_a_weak_password_is_refused(client: Client, nomsa: User, new: str) -> None:
    try_to_sign_in(client, PASSWORD)
    assert client.post("/profile", {"now": PASSWORD, "new": new}).status_code == 422


def test_the_language_is_the_profiles(client: Client, nomsa: User) -> None:
    try_to_sign_in(client, PASSWORD)
    assert "<html lang=en>" in client.get("/home").content.decode()
    assert client.post("/language", {"language": "fr"}, headers={"referer": "http://testserver/home?page=1"}).url == (
        "http://testserver/home?page=1"
    )
    page = client.get("/home").content.decode()
    assert "<html lang=fr>" in page
    assert "Se déconnecter" in page
    again = Client(headers={"accept-language": "en"})
    try_to_sign_in(again, PASSWORD)
    assert "<html lang=fr>" in again.get("/home").content.decode()
    assert client.post("/profile", {"language": "en"}).url == "/profile?saved=language"
    assert "<html lang=en>" in client.get("/home").content.decode()


def test_before_sign_in_the_browsers_language_counts_until_one_is_chosen(client: Client) -> None:
    assert "<html lang=fr>" in client.get("/", headers={"accept-language": "fr-ML,fr;q=0.9"}).content.decode()
    assert client.post("/language", {"language": "fr"}, headers={"referer": "https://elsewhere.example/"}).url == "/"
    assert "<html lang=fr>" in client.get("/").content.decode()
    client.post("/language", {"language": "tlh"})
    assert "<html lang=fr>" in client.get("/").content.decode()


def test_a_form_without_its_token_is_refused_in_plain_words(nomsa: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    response = try_to_sign_in(strict, PASSWORD)
    assert response.status_code == 403
    assert "This form is too old" in response.content.decode()
