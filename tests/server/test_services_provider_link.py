"""The slip and its link: one referral, no account, nothing of the child but what the slip says, and plain words after."""

import logging
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from khula.server.cases.models import Case
from khula.server.events.models import Event
from khula.server.people.models import SignInFailure
from khula.server.plain_log import PlainFormatter
from khula.server.services.actions import Refused, step
from khula.server.services.links import MOST_WRONG, make_link, opened, revoke_link
from khula.server.services.models import Provider, ProviderLink, Referral
from khula.server.services.states import PROVIDERS_STEPS
from tests.server.cast import Cast, a_wave, the_cast
from tests.server.services_data import EYES, eye_clinic, referred

TODAY = timezone.localdate
ON = TODAY().isoformat()


@pytest.fixture
def cast() -> Cast:
    return the_cast()


@pytest.fixture
def referral(cast: Cast) -> Referral:
    a_wave(cast)
    Case.objects.filter(child=cast.amahle).update(levels='{"health": "high"}')
    return referred(cast, eye_clinic())


@pytest.fixture
def address(referral: Referral) -> str:
    return f"/r/{make_link(referral_id=referral.pk)[1]}"


def answer(address: str, **said: object) -> int:
    return Client().post(address, {"on": ON, **said}).status_code


def told(address: str, language: str = "en") -> str:
    page = Client(headers={"Accept-Language": language}).get(address).content.decode()
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


@pytest.mark.acceptance_team
def test_the_slip_is_printed_with_the_code_that_opens_it(cast: Cast, referral: Referral) -> None:
    client = Client()
    client.force_login(cast.nurse)
    response = client.post(f"/referrals/{referral.pk}/slip")
    slip = response.content.decode()
    assert response.status_code == 201 and "<svg" in slip and 'class="qr"' in slip
    address = re.search(r"http://testserver(/r/[\w-]+)<", slip)[1]
    for words in (
        "Amahle N.",
        "born in 2018",
        "Ikusasa Primary School",
        "Eye test",
        "Please test both eyes",
        EYES["name"],
    ):
        assert words in slip
    assert "Nkosi" not in slip and "Act now" not in slip
    assert Client().get(address).status_code == 200
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.acceptance_team
def test_a_provider_without_an_account_answers_step_by_step(cast: Cast, referral: Referral, address: str) -> None:
    assert answer(address, to="accepted") == 302
    assert answer(address, to="appointment", appointment_on="2199-03-04") == 302
    assert answer(address, to="not_attended") == 422  # why, must be said
    assert answer(address, to="not_attended", barrier="transport") == 302
    assert answer(address, to="attended") == 302
    assert answer(address, to="outcome", outcome="partly") == 302
    referral.refresh_from_db()
    assert (referral.state, referral.outcome) == ("outcome", "partly")
    steps = referral.steps.order_by("number")[1:]
    assert {(row.source, row.by_id) for row in steps} == {("link", None)}
    assert {row.link_id for row in steps} == {ProviderLink.objects.get().pk}
    client = Client()
    client.force_login(cast.nurse)
    assert "The provider, by link" in client.get(f"/referrals/{referral.pk}").content.decode()


@pytest.mark.acceptance_team
def test_the_clinic_scans_the_slip_and_says_she_came(referral: Referral, address: str) -> None:
    assert answer(address, to="attended") == 302
    referral.refresh_from_db()
    assert referral.state == "attended"


@pytest.mark.acceptance_team
def test_the_link_tells_only_what_the_slip_says(cast: Cast, referral: Referral, address: str) -> None:
    referred(cast, Provider.objects.get(), child=cast.sipho)
    step(referral_id=referral.pk, to="accepted", note="CANARY", by=cast.nurse.pk)
    shown = told(address)
    for words in ("Amahle N.", "born in 2018", "Ikusasa Primary School", "Eye test", "Please test both eyes"):
        assert words in shown
    secrets = ("Nkosi", "CANARY", "Sipho", "Act now", "1B", cast.amahle.pk, "grandmother", "Thandi", "2018-05-04")
    assert [word for word in secrets if word in Client().get(address).content.decode()] == []


def test_it_opens_nothing_else(cast: Cast, referral: Referral, address: str) -> None:
    client = Client()
    client.get(address)
    for place in (f"/referrals/{referral.pk}", f"/c/{cast.amahle.pk}", "/services", "/referrals", "/home"):
        assert client.get(place).status_code == 302
    for to in ("closed", "withdrawn", "sent", "nonsense", ""):
        assert answer(address, to=to, reason="other") == 422
    with pytest.raises(Refused):
        step(referral_id=referral.pk, to="withdrawn", reason="other", link=ProviderLink.objects.get())
    assert "withdrawn" not in PROVIDERS_STEPS and referral.steps.count() == 1


def test_the_page_speaks_french(address: str) -> None:
    shown = told(address, "fr")
    assert "Votre réponse" in shown and "Your answer" not in shown


@pytest.mark.acceptance_team
@pytest.mark.parametrize(
    ("after", "words"),
    [("ended", "has ended"), ("expired", "new slip"), ("revoked", "taken this link back"), ("unknown", "not whole")],
)
def test_afterwards_it_says_so_in_plain_words(
    cast: Cast, referral: Referral, address: str, after: str, words: str
) -> None:
    if after == "ended":
        step(referral_id=referral.pk, to="withdrawn", reason="moved_away", by=cast.nurse.pk)
    elif after == "expired":
        ProviderLink.objects.update(expires_at=timezone.now())
    elif after == "revoked":
        revoke_link(link_id=ProviderLink.objects.get().pk, by=cast.nurse.pk)
    else:
        address += "x"
    response = Client().get(address)
    assert response.status_code == (404 if after == "unknown" else 410)
    assert words in response.content.decode() and "Amahle" not in response.content.decode()
    steps = referral.steps.count()
    assert Client().post(address, {"to": "accepted", "on": ON}).status_code == response.status_code
    assert referral.steps.count() == steps


def test_the_token_is_kept_nowhere(referral: Referral) -> None:
    link, token = make_link(referral_id=referral.pk)
    assert len(token) >= 40 and token not in str(link.__dict__)
    assert not [event for event in Event.objects.all() if token in event.facts + event.subject]


def test_no_log_line_holds_the_token(caplog: pytest.LogCaptureFixture, address: str) -> None:
    token = address.removeprefix("/r/")
    ProviderLink.objects.update(expires_at=timezone.now())
    with caplog.at_level(logging.DEBUG):
        Client().get(address)
        Client().post(address, {"to": "accepted"})
    lines = [PlainFormatter("{levelname} {name} {message}", style="{").format(record) for record in caplog.records]
    assert lines and not [line for line in lines if token in line]


@pytest.mark.acceptance_team
def test_guessing_is_slowed_and_a_right_link_is_still_let_in(address: str) -> None:
    codes = [Client().get(f"/r/guess{number}").status_code for number in range(MOST_WRONG + 2)]
    assert codes == [404] * MOST_WRONG + [429] * 2
    assert Client().get(address).status_code == 200
    assert opened("another", "10.9.8.7").problem == "unknown"  # another network is not held up
    SignInFailure.objects.update(at=timezone.now() - timedelta(minutes=16))
    assert Client().get("/r/guess").status_code == 404


def test_an_earlier_slip_goes_on_opening_until_it_is_revoked(cast: Cast, referral: Referral, address: str) -> None:
    _link, token = make_link(referral_id=referral.pk)
    assert Client().get(address).status_code == Client().get(f"/r/{token}").status_code == 200
    client = Client()
    client.force_login(cast.nurse)
    first = ProviderLink.objects.earliest("pk")
    assert client.post(f"/referrals/{referral.pk}/links/{first.pk}/revoke").status_code == 302
    assert (Client().get(address).status_code, Client().get(f"/r/{token}").status_code) == (410, 200)
    other = referred(cast, Provider.objects.get(), child=cast.lerato)
    assert client.post(f"/referrals/{other.pk}/links/{first.pk}/revoke").status_code == 404


def test_a_form_from_elsewhere_is_refused(address: str) -> None:
    assert Client(enforce_csrf_checks=True).post(address, {"to": "accepted", "on": ON}).status_code == 403
