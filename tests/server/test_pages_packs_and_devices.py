"""Publishing a pack and making devices in the browser: it works, who may not, wrong input, twice."""

import io
import re
import zipfile
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from khula.server.collection.models import Device
from khula.server.collection.queries import sender_of
from khula.server.packs.models import PackVersion
from khula.server.people.roles import Role
from tests.server import page_data

OUTSIDERS = [role for role in Role if role is not Role.ADMINISTRATOR]


def signed_in(role: Role) -> Client:
    client = Client()
    client.force_login(page_data.person(role))
    return client


def zipped(files: dict[str, bytes], folder: str = "") -> SimpleUploadedFile:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, content in files.items():
            archive.writestr(folder + name, content)
    return SimpleUploadedFile("pack.zip", held.getvalue(), "application/zip")


@pytest.fixture(scope="module")
def shipped() -> dict[str, bytes]:
    folder = page_data.PACK_FOLDER
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not Path(path.name).name.startswith(".")
    }


def publish(client: Client, *files: SimpleUploadedFile, **more: str) -> object:
    return client.post("/packs/publish", {"files": list(files), **more})


@pytest.mark.slow
def test_the_shipped_pack_is_published_from_a_zip_and_once_only(shipped: dict[str, bytes]) -> None:
    client = signed_in(Role.ADMINISTRATOR)
    first = publish(client, zipped(shipped, "foundation_phase/"))
    assert first.status_code == 302
    version = PackVersion.objects.get()
    assert first.url == f"/packs?published={version.pk}"
    page = client.get(first.url).content.decode()
    assert version.version in page
    assert "published now" in page
    assert publish(client, zipped(shipped)).status_code == 302
    assert PackVersion.objects.count() == 1


def test_what_is_wrong_is_said_with_sheet_row_and_cure_in_the_readers_language(shipped: dict[str, bytes]) -> None:
    broken = {name: content for name, content in shipped.items() if name != "child.xlsx"}
    client = Client()
    client.force_login(page_data.person(Role.ADMINISTRATOR, language="fr"))
    response = publish(client, zipped(broken))
    page = response.content.decode()
    assert response.status_code == 422
    assert "Le paquet n’est pas publié" in page
    assert re.search(r"pack.xlsx<br>feuille \w+<br>ligne \d+", page)
    assert re.search(r"PACK_\d{3}", page)
    assert not PackVersion.objects.exists()


def test_only_checking_publishes_nothing(shipped: dict[str, bytes]) -> None:
    uploads = [SimpleUploadedFile(name, content) for name, content in shipped.items() if name.endswith(".xlsx")]
    response = publish(signed_in(Role.ADMINISTRATOR), *uploads, check="1")
    assert response.status_code == 200
    assert "Nothing to put right." in response.content.decode()
    assert not PackVersion.objects.exists()


@pytest.mark.parametrize(("name", "content", "said"), [
    ("pack.zip", b"no zip at all", "The zip cannot be opened."),
    ("pack.zip", b"", "The zip cannot be opened."),
    ("pack.xlsx", b"no workbook", "The pack is not published"),
    ("notes.txt", b"hello", "The pack is not published"),
])  # fmt: skip
def test_what_is_no_pack_is_told_apart_from_a_bad_pack(name: str, content: bytes, said: str) -> None:
    response = publish(signed_in(Role.ADMINISTRATOR), SimpleUploadedFile(name, content or b" "))
    assert response.status_code == 422
    assert said in response.content.decode()


def test_no_file_at_all_is_said(client: Client) -> None:
    response = signed_in(Role.ADMINISTRATOR).post("/packs/publish", {})
    assert response.status_code == 422
    assert "No file was chosen." in response.content.decode()


def test_a_zip_that_swells_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("khula.server.dashboard.views.packs.MOST_BYTES", 1000)
    response = publish(signed_in(Role.ADMINISTRATOR), zipped({"pack.xlsx": b"0" * 2000}))
    assert response.status_code == 422
    assert "The zip is too large for a pack." in response.content.decode()


def test_a_zip_brings_nothing_from_outside_its_folder() -> None:
    from khula.server.dashboard.views.packs import _unpacked

    files = {"p/pack.xlsx": b"1", "p/media/a.png": b"2", "../evil": b"3", "/etc/passwd": b"4", "__MACOSX/p/x": b"5"}
    assert _unpacked(zipped(files).read()) == {"pack.xlsx": b"1", "media/a.png": b"2"}


@pytest.mark.parametrize("role", OUTSIDERS)
def test_nobody_else_publishes_or_makes_devices(role: Role) -> None:
    client = signed_in(role)
    if role is Role.COORDINATOR:  # her devices: test_field_devices_page.py
        assert client.get("/packs").status_code == client.post("/packs/publish", {}).status_code == 403
        return
    for address in ("/packs", "/packs/publish", "/devices"):
        assert client.get(address).status_code == 403
    assert client.post("/packs/publish", {}).status_code == 403
    assert client.post("/devices/make", {"label": "x", "user": "1"}).status_code == 403
    assert client.post("/devices/1/revoke").status_code == 403
    assert not Device.objects.exists()


def test_a_device_is_made_and_its_code_shown_once() -> None:
    client = signed_in(Role.ADMINISTRATOR)
    carrier = page_data.person(Role.FIELDWORKER)
    response = client.post("/devices/make", {"label": "Tablet 7", "user": str(carrier.pk)})
    page = response.content.decode()
    assert response.status_code == 201
    token = re.search(r"/v1/key/([\w-]{64})<", page)[1]
    assert sender_of(token).device_id == Device.objects.get().pk
    assert "<svg" in page
    assert response["Cache-Control"] == "no-store"
    assert token not in client.get("/devices").content.decode()


def test_a_revoked_device_is_shut_out_and_revoking_twice_changes_nothing() -> None:
    client = signed_in(Role.ADMINISTRATOR)
    carrier = page_data.person(Role.FIELDWORKER)
    page = client.post("/devices/make", {"label": "Tablet 7", "user": str(carrier.pk)}).content.decode()
    token = re.search(r"/v1/key/([\w-]{64})<", page)[1]
    device = Device.objects.get()
    assert client.get(f"/devices/{device.pk}/revoke").status_code == 405
    assert client.post(f"/devices/{device.pk}/revoke").url == "/devices"
    first = Device.objects.get().revoked_at
    client.post(f"/devices/{device.pk}/revoke")
    assert Device.objects.get().revoked_at == first
    assert sender_of(token) is None
    assert "revoked on" in client.get("/devices").content.decode()


@pytest.mark.parametrize(
    "typed", [{"label": "", "user": ""}, {"label": "x", "user": "999999"}, {"label": "x", "user": "a"}]
)
def test_a_device_without_name_or_carrier_is_not_made(typed: dict[str, str]) -> None:
    response = signed_in(Role.ADMINISTRATOR).post("/devices/make", typed)
    assert response.status_code == 422
    assert not Device.objects.exists()
