"""What a device is offered: forms, the files they need, and the documents that say where they are."""

import gzip
import hashlib
import re
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khula.server.collection import openrosa
from khula.server.collection.actions import put_entities
from khula.server.collection.models import EntityList
from tests.server.knocking import ENROL, MEAL, Phone, nothing_follows, published, school

__all__ = ["nothing_follows"]
pytestmark = pytest.mark.usefixtures("nothing_follows")
LIST = "{http://openrosa.org/xforms/xformsList}"
MANIFEST = "{http://openrosa.org/xforms/xformsManifest}"


def md5(content: bytes) -> str:
    return "md5:" + hashlib.md5(content, usedforsecurity=False).hexdigest()


def entries(said: Any, space: str, row: str) -> list[dict[str, str]]:
    """Each entry as the device reads it: name of the element -> text."""
    root = ElementTree.fromstring(said.content)
    return [{part.tag.removeprefix(space): part.text or "" for part in one} for one in root.iter(f"{space}{row}")]


def forms(phone: Phone, query: str = "") -> list[dict[str, str]]:
    return entries(phone.get("formList" + query), LIST, "xform")


def files(phone: Phone, form_pk: int) -> dict[str, dict[str, str]]:
    said = phone.get(f"forms/{form_pk}/manifest")
    return {one["filename"]: one for one in entries(said, MANIFEST, "mediaFile")}


# The list of forms


def test_every_form_is_listed_with_all_that_collect_demands_or_it_would_reject_the_whole_list() -> None:
    published(), published(ENROL, informant="register")
    phone = Phone()
    assert phone.get("formList")["Content-Type"] == "text/xml; charset=utf-8"
    for form in forms(phone):
        assert set(form) >= {"formID", "name", "version", "hash", "downloadUrl"}
        assert all(form.values())
        assert form["downloadUrl"].startswith("http://testserver/v1/key/")


def test_forms_are_listed_by_title_and_a_form_without_files_has_no_manifest() -> None:
    published(ENROL, informant="register"), published()
    listed = forms(Phone())
    assert [form["name"] for form in listed] == ["A meal", "Enrol"]
    assert ["manifestUrl" in form for form in listed] == [True, False]


def test_a_device_may_ask_for_one_form() -> None:
    published(), published(ENROL, informant="register")
    assert [form["formID"] for form in forms(Phone(), "?formID=enrol&verbose=true&deviceID=x")] == ["enrol"]
    assert forms(Phone(), "?formID=nobody") == []


def test_the_form_served_has_the_hash_that_was_listed() -> None:
    published()
    phone = Phone()
    (listed,) = forms(phone)
    form = phone.client.get(listed["downloadUrl"] + "?deviceID=x")
    assert md5(form.content) == listed["hash"]
    assert form["Content-Type"] == "text/xml; charset=utf-8"
    assert phone.client.get(listed["downloadUrl"], headers={"If-None-Match": form["ETag"]}).status_code == 304


def test_addresses_are_secure_where_the_way_to_us_is(settings: Any) -> None:
    published()
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    said = Phone().get("formList", **{"X-Forwarded-Proto": "https"})
    assert entries(said, LIST, "xform")[0]["downloadUrl"].startswith("https://testserver/")


# The files of a form


def test_a_picture_is_served_as_it_was_listed() -> None:
    form = published(MEAL, media={"a plate & fork.png": b"picture"})
    phone = Phone()
    listed = files(phone, form.pk)["a plate & fork.png"]
    said = phone.client.get(listed["downloadUrl"])
    assert (said.content, said["Content-Type"], md5(said.content)) == (b"picture", "image/png", listed["hash"])
    assert phone.client.get(listed["downloadUrl"], headers={"If-None-Match": said["ETag"]}).status_code == 304
    assert phone.client.get(listed["downloadUrl"], headers={"If-None-Match": '"other"'}).status_code == 200


def test_a_list_is_marked_as_one_and_has_a_place_to_ask_who_is_off_it() -> None:
    form = published()
    phone = Phone()
    said = phone.get(f"forms/{form.pk}/manifest")
    (medium,) = ElementTree.fromstring(said.content).iter(f"{MANIFEST}mediaFile")
    assert medium.get("type") == "entityList"
    listed = files(phone, form.pk)["learners.csv"]
    assert phone.client.get(listed["integrityUrl"] + "?id=a,b").content.count(b"<deleted>false</deleted>") == 2


def test_a_list_that_needs_approval_says_so_to_the_device() -> None:
    form = published()
    EntityList.objects.create(name="learners", needs_approval=True)
    said = Phone().get(f"forms/{form.pk}/manifest").content.decode()
    assert 'type="approvalEntityList"' in said


def test_the_list_served_has_the_hash_that_was_listed_also_when_it_has_changed_since() -> None:
    EntityList.objects.create(name="learners")
    form = published()
    phone = Phone()
    listed = files(phone, form.pk)["learners.csv"]
    put_entities("learners", [("4f8ad3b5-61b0-4a2e-9a0d-8f3a1c5e7b21", "Anele", {}, str(school().pk))])
    assert md5(phone.client.get(listed["downloadUrl"]).content) == listed["hash"]
    again = files(phone, form.pk)["learners.csv"]
    assert again["hash"] != listed["hash"]
    assert md5(phone.client.get(again["downloadUrl"]).content) == again["hash"]


def test_a_list_is_sent_zipped_to_who_can_unzip_it() -> None:
    form = published()
    phone = Phone()
    url = files(phone, form.pk)["learners.csv"]["downloadUrl"]
    plain, zipped = phone.client.get(url), phone.client.get(url, headers={"Accept-Encoding": "gzip"})
    assert zipped["Content-Encoding"] == "gzip"
    assert gzip.decompress(zipped.content) == plain.content
    assert phone.client.get(url, headers={"If-None-Match": zipped["ETag"]}).status_code == 304


@given(st.text(max_size=60))
def test_no_title_or_name_breaks_the_documents(words: str) -> None:
    listed = openrosa.form_list([openrosa.ListedForm("f", words, words, "0" * 32, f"http://x/{words}", words)])
    names = openrosa.manifest([openrosa.ListedFile(words, "0" * 32, words, "entityList", words)])
    for document in (listed, names, openrosa.integrity([(words, True)]), openrosa.message(words)):
        ElementTree.fromstring(document)
    assert re.match(rb'<\?xml version="1.0" encoding="UTF-8"\?>\n<xforms ', listed)
