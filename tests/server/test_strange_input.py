"""Addresses and forms nobody writes by hand: each is refused in words, none breaks the server."""

import io
import zipfile

import pytest
from django.test import Client

from khula.server.cases.models import Case
from khula.server.dashboard.views.packs import UploadRefused, _unpacked
from khula.server.events.queries import owed
from khula.server.people.roles import Role
from khula.server.schools.models import Child
from tests.server import page_data
from tests.server.cast import a_wave, interview, the_cast
from tests.server.knocking import Phone, published, school
from tests.server.test_schools_and_waves import REGISTER, REGISTERED

MORE_THAN_A_DATABASE_COUNTS = 10**30


def coordinator() -> Client:
    client = Client()
    client.force_login(page_data.person(Role.COORDINATOR, school=school()))
    return client


@pytest.mark.parametrize("page", ["²", "٣", "-1", "1" * 5000, "0", "x"])
@pytest.mark.parametrize("place", ["home", "ledger"])
def test_a_page_number_that_is_none_shows_the_first_page(place: str, page: str) -> None:
    assert coordinator().get(f"/{place}", {"page": page}).status_code == 200


@pytest.mark.parametrize("place", ["ledger", "c", "class"])
def test_a_number_no_record_can_have_is_no_page(place: str) -> None:
    assert coordinator().get(f"/{place}/{MORE_THAN_A_DATABASE_COUNTS}").status_code == 404


def test_a_child_address_with_a_nul_is_no_page() -> None:
    assert coordinator().get("/c/%00").status_code == 404


@pytest.mark.parametrize("after", ["foo", "home", "//elsewhere.example", "http://[", "https://elsewhere.example/"])
def test_the_language_switch_leads_back_to_a_page_of_ours(after: str) -> None:
    answer = Client().post("/language", {"language": "fr", "next": after})
    assert answer.status_code == 302
    assert "elsewhere" not in answer.url


@pytest.mark.parametrize("place", [
    "lists/a%00b.csv", "lists/" + "x" * 65 + ".csv", "lists/a%00b/integrity?id=1", "lists/learners/integrity?id=%00",
    "forms/1/media/a%00b.png", "lists/a%00b/" + "0" * 32 + ".csv",
])  # fmt: skip
def test_a_device_that_asks_for_what_cannot_be_is_told_so(place: str) -> None:
    published()
    assert Phone().get(place).status_code < 500


def test_a_zip_with_damaged_bytes_is_refused_in_words() -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("pack.xlsx", b"pack " * 1000)
    damaged = bytearray(content.getvalue())
    damaged[40:48] = b"\xff" * 8
    with pytest.raises(UploadRefused):
        _unpacked(bytes(damaged))


def test_a_device_whose_clock_stands_at_the_beginning_of_time_is_heard() -> None:
    cast = the_cast()
    wave = a_wave(cast)
    xml = interview("teacher", cast.amahle, wave, said={"t_learn": "0"})
    ended = b"<end>0001-01-01T00:30:00.000+02:00</end>"
    Phone(cast.fieldworker).post(xml.replace(b"<end>2026-03-02T09:00:00.000+02:00</end>", ended))
    assert not owed().exists()
    assert Case.objects.get(child=cast.amahle, wave=wave).voices_heard == 1


def test_a_child_whose_class_was_told_in_a_whole_sentence_is_enrolled() -> None:
    cast = the_cast()
    a_wave(cast)
    class_name = b"the class of Mrs Dlamini behind the big hall, opposite the kitchen"
    register = REGISTER.replace(b">1b<", b">%s<" % class_name).replace(b"<e:label>", b"<e:label>" + b"x" * 100)
    Phone(cast.fieldworker).post(register)
    assert not owed().exists()
    assert Child.objects.filter(pk=REGISTERED).exists()
