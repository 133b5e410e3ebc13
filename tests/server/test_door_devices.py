"""Who may knock: each device by its own token, until it is revoked; and what no answer and no log may give away."""

import base64
import json
import logging
import re
import zlib
from typing import Any
from xml.etree import ElementTree

import pytest

from khula.server import wsgi
from khula.server.collection.actions import make_device, revoke_device
from khula.server.collection.collect_settings import settings_png, settings_qr, settings_text
from khula.server.collection.models import Device, Submission
from khula.server.collection.queries import devices
from tests.server.knocking import Phone, fieldworker, meal, nothing_follows, published

__all__ = ["nothing_follows"]
pytestmark = pytest.mark.usefixtures("nothing_follows")
PLACES = ("formList", "submission", "forms/1/form.xml", "forms/1/manifest", "lists/learners.csv", "", "nowhere")


def test_a_token_has_64_characters_and_is_kept_nowhere() -> None:
    device, token = make_device(user=fieldworker(), label="Tablet 7")
    assert re.fullmatch(r"[\w-]{64}", token)
    assert token not in str(Device.objects.filter(pk=device.pk).values().get())


@pytest.mark.parametrize("token", ["x" * 64, "x", "", "ë" * 64, "../..", "x" * 5000])
@pytest.mark.parametrize("place", PLACES)
def test_an_unknown_device_is_turned_away_without_being_asked_for_a_password(token: str, place: str) -> None:
    said = Phone(token=token).get(place)
    assert said.status_code == 403
    assert "WWW-Authenticate" not in said
    assert said["X-OpenRosa-Version"] == "1.0"
    assert "new settings code" in said.content.decode()


def test_a_revoked_device_is_out_at_once_and_cannot_be_told_from_an_unknown_one() -> None:
    published()
    phone = Phone()
    assert phone.get("formList").status_code == 200
    assert phone.device is not None
    revoke_device(device_id=phone.device.pk)
    for place in PLACES:
        revoked, unknown = phone.get(place), Phone(token="y" * 64).get(place)
        assert (revoked.status_code, revoked.content) == (403, unknown.content)
    assert phone.client.head(phone.url("submission")).status_code == 403
    assert phone.post(meal()).status_code == 403
    assert not Submission.objects.exists()


def test_revoking_one_device_leaves_the_persons_others_alone() -> None:
    user = fieldworker()
    one, other = Phone(user), Phone(user)
    assert one.device is not None
    revoke_device(device_id=one.device.pk)
    assert other.get("formList").status_code == 200


def test_the_devices_of_somebody_who_has_left_are_out() -> None:
    phone = Phone()
    phone.user.is_active = False
    phone.user.save()
    assert phone.get("formList").status_code == 403


@pytest.mark.parametrize("place", ["formList", "formlist", "FormList", "formList/", "submission/", "Submission"])
def test_capitals_and_a_last_slash_do_not_matter(place: str) -> None:
    assert Phone().get(place).status_code in (200, 204)


@pytest.mark.parametrize(
    ("method", "place", "status"),
    [("GET", "nowhere", 404), ("POST", "formList", 405), ("DELETE", "submission", 405), ("GET", "forms/99/form.xml", 404),
     ("GET", "forms/99/manifest", 404), ("GET", "forms/1/media/x.png", 404), ("HEAD", "formList", 200),
     ("GET", "lists/learners/00000000000000000000000000000000.csv", 404), ("GET", "forms/abc/form.xml", 404)],
)  # fmt: skip
def test_every_answer_wears_the_headers_of_openrosa(method: str, place: str, status: int) -> None:
    phone = Phone()
    said = phone.client.generic(method, phone.url(place))
    assert said.status_code == status
    assert said["X-OpenRosa-Version"] == "1.0"
    assert said["X-OpenRosa-Accept-Content-Length"] == "100000000"
    assert said["Date"]
    if status >= 400:
        assert said["Content-Type"] == "text/xml; charset=utf-8"
        assert b"OpenRosaResponse" in said.content


def test_a_host_that_is_not_ours_is_not_written_into_addresses() -> None:
    phone = Phone()
    said = phone.client.get(phone.url("formList"), headers={"Host": "evil.example"})
    assert said.status_code == 400
    assert b"evil" not in said.content


def test_neither_tokens_nor_answers_stand_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    published()
    phone = Phone()
    caplog.set_level(logging.DEBUG)
    logging.getLogger("django.db.backends").setLevel(logging.INFO)
    phone.post(meal(extra="<secret>hungry</secret>"))
    phone.post(b"<data>hungry")
    phone.get("nowhere")
    Phone(token="z" * 64).get("formList")
    assert phone.token not in caplog.text
    assert "z" * 64 not in caplog.text
    assert "hungry" not in caplog.text


def test_an_error_of_ours_is_told_by_its_kind_alone(monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("supper=0 for Lerato")

    phone = Phone()
    monkeypatch.setattr("khula.server.collection.door._base", fails)
    said = phone.get("formList")
    assert said.status_code == 503
    assert "Lerato" not in said.content.decode() + caplog.text
    assert "RuntimeError" in caplog.text


def test_the_served_application_answers_as_the_test_client_does() -> None:
    published()
    phone = Phone()
    seen: list[Any] = []
    environ = {
        "REQUEST_METHOD": "GET", "PATH_INFO": phone.url("formList"), "QUERY_STRING": "", "SERVER_NAME": "testserver",
        "SERVER_PORT": "80", "HTTP_HOST": "testserver", "wsgi.url_scheme": "http", "wsgi.input": None,
    }  # fmt: skip
    body = b"".join(wsgi.application(environ, lambda *given: seen.append(given)))
    assert seen[0][0] == "200 OK"
    assert body == phone.get("formList").content


def test_the_list_says_who_carries_what_and_how_much_came() -> None:
    published()
    phone, idle = Phone(), Phone()
    phone.get("formList")
    phone.post(meal())
    assert idle.device is not None
    revoke_device(device_id=idle.device.pk)
    first, second = devices()
    assert (first.label, first.full_name, first.submissions) == ("Tablet 7", "Mx Sipho Ndlovu", 1)
    assert first.last_seen_at is not None
    assert second.revoked_at is not None


# The code that sets a device up


URL = "https://khula.example.org/v1/key/" + "x" * 64


def told(language: str) -> dict[str, Any]:
    packed = base64.b64decode(settings_text(URL, project="Khula Thandanani", language=language))
    return json.loads(zlib.decompress(packed))


def test_the_code_holds_what_collect_needs_to_start() -> None:
    settings = told("fr")
    assert settings["general"]["server_url"] == URL
    assert settings["general"]["form_update_mode"] == "match_exactly"
    assert settings["general"]["autosend"] == "wifi_and_cellular"
    assert settings["general"]["app_language"] == "fr"
    assert settings["project"]["name"] == "Khula Thandanani"
    assert settings["admin"] == {}


def test_a_language_that_collect_does_not_have_is_left_to_the_device() -> None:
    assert "app_language" not in told("nso")


def test_the_code_can_stand_in_a_page_and_on_paper() -> None:
    svg = settings_qr(URL, project="Khula", language="en")
    assert ElementTree.fromstring(svg).tag.endswith("svg")
    assert "style=" not in svg
    assert settings_png(URL, project="Khula", language="en").startswith(b"\x89PNG")
    assert len(settings_text(URL, project="Khula", language="en")) < 4000
