"""What tests of the door share: small invented forms published, a device, and posts as ODK Collect makes them."""

import hashlib
from collections.abc import Mapping
from functools import cache
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from pyxform.xls2xform import convert

from khula.server.collection.actions import make_device
from khula.server.collection.models import Device
from khula.server.packs.models import Form, FormMedia, PackVersion
from khula.server.people.models import User
from khula.server.people.roles import Role
from khula.server.schools.models import Post, School

MEAL = """
| survey | | | | | |
| | type | name | label::English (en) | label::French (fr) | calculation |
| | start | start | | | |
| | today | today | | | |
| | audit | audit | | | |
| | select_one_from_file learners.csv | learner | Learner | Élève | |
| | calculate | learner_wave | | | instance('learners')/root/item[name=${learner}]/wave |
| | begin_group | food | Food | Repas | |
| | select_one yn | supper | Did you have supper? | As-tu dîné ? | |
| | text | who_cooks | Who cooks? | Qui cuisine ? | |
| | end_group | | | | |
| | image | plate | A photo of the plate | Une photo | |
| choices | | | | |
| | list_name | name | label::English (en) | label::French (fr) |
| | yn | 1 | Yes | Oui |
| | yn | 0 | No | Non |
| settings | | | | |
| | form_id | version | form_title | client_editable |
| | meal | VERSION | A meal | yes |
"""
ENROL = """
| survey | | | | | |
| | type | name | label::English (en) | label::French (fr) | save_to |
| | text | given_names | Given names | Prénoms | given_names |
| | text | family_name | Family name | Nom | family_name |
| | text | school_emis | School number | Numéro | school_emis |
| | text | grade | Grade | Classe | grade |
| settings | | | | | |
| | form_id | version | form_title | client_editable | |
| | enrol | 1 | Enrol | yes | |
| entities | | | | | |
| | list_name | label | entity_id | create_if | update_if |
| | learners | concat(${given_names}, ' ', ${family_name}) | | | |
"""

THANDANANI = "700123456"

NO_FLOW: dict[str, tuple[Any, ...]] = {}


@pytest.fixture
def nothing_follows(settings: Any) -> None:
    """The door alone: what the case makes of a record has its own tests."""
    settings.FLOW = "tests.server.knocking.NO_FLOW"


@cache
def xform(markdown: str) -> bytes:
    return convert(markdown).xform.encode()


def published(
    markdown: str = MEAL,
    *,
    version: str = "1",
    informant: str = "child",
    state: str = "open",
    media: Mapping[str, bytes] | None = None,
) -> Form:
    """One form of a pack of its own, straight into the records; publishing whole packs has its own tests."""
    xml = xform(markdown.replace("VERSION", version))
    pack = PackVersion.objects.create(
        name=f"of {markdown[:40]!r}"[:50], version=uuid4().hex, content_hash=uuid4().hex, content="{}",
        published_at=timezone.now(),
    )  # fmt: skip
    form_id, title = ("meal", "A meal") if "| meal |" in markdown else ("enrol", "Enrol")
    form = Form.objects.create(
        pack_version=pack, form_id=form_id, version=version, informant=informant, title=title, xml=xml,
        md5=hashlib.md5(xml, usedforsecurity=False).hexdigest(), state=state,
    )  # fmt: skip
    if "learners.csv" in markdown:
        FormMedia.objects.create(form=form, filename="learners.csv", kind=FormMedia.Kind.ENTITY_LIST)
    for name, content in (media or {}).items():
        FormMedia.objects.create(
            form=form, filename=name, content=content, content_type="image/png",
            md5=hashlib.md5(content, usedforsecurity=False).hexdigest(),
        )  # fmt: skip
    return form


def school(emis: str = "700123456", name: str = "Thandanani Primary") -> School:
    return School.objects.get_or_create(emis_number=emis, defaults={"name": name})[0]


def fieldworker(*, language: str = "en", at: School | None = None, username: str = "") -> User:
    user = User.objects.create(
        username=username or f"f{uuid4().hex[:12]}", full_name="Mx Sipho Ndlovu", language=language, password="!"
    )
    Post.objects.create(user=user, role=Role.FIELDWORKER, school=at or school())
    return user


class Phone:
    """ODK Collect, as far as the door can tell."""

    def __init__(self, user: User | None = None, token: str | None = None) -> None:
        self.client = Client()
        self.device: Device | None = None
        if token is None:
            self.user = user or fieldworker()
            self.device, token = make_device(user=self.user, label="Tablet 7")
        self.token = token

    def url(self, place: str) -> str:
        return f"/v1/key/{self.token}/{place}"

    def get(self, place: str, **headers: str) -> Any:
        return self.client.get(self.url(place), headers={"X-OpenRosa-Version": "1.0", **headers})

    def post(
        self, xml: bytes, files: Mapping[str, bytes] | None = None, *, incomplete: bool = False, query: str = ""
    ) -> Any:
        parts = [("xml_submission_file", "form.xml", "text/xml", xml)]
        parts += [(name, name, "application/octet-stream", content) for name, content in (files or {}).items()]
        if incomplete:
            parts.append(("*isIncomplete*", "", "", b"yes"))
        return self.send(multipart(parts), query=query)

    def send(
        self, body: bytes, content_type: str = 'multipart/form-data; boundary="limit"', query: str = "", **more: Any
    ) -> Any:
        return self.client.post(self.url("submission") + query, data=body, content_type=content_type, **more)


def multipart(parts: list[tuple[str, str, str, bytes]], boundary: str = "limit") -> bytes:
    """(name, file name, content type, content) of each part."""
    out = []
    for name, filename, kind, content in parts:
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"'
        head += f'; filename="{filename}"' if filename else ""
        head += f"\r\nContent-Type: {kind}" if kind else ""
        out.append(head.encode() + b"\r\n\r\n" + content + b"\r\n")
    return b"".join(out) + f"--{boundary}--\r\n".encode()


def new_id() -> str:
    return f"uuid:{uuid4()}"


def record(
    entity_id: str, *, create: str = "", update: str = "", base: object = "", trunk: object = "", branch: str = "",
    label: str | None = "Lerato Khoza", instance_id: str = "", deprecated: str = "", dataset: str = "learners",
    given: str = "Lerato", family: str = "Khoza", grade: str = "1", emis: str = THANDANANI,
) -> bytes:  # fmt: skip
    """A registration or a correction of a learner, as a device writes it."""
    attributes = f'dataset="{dataset}" id="{entity_id}" baseVersion="{base}" trunkVersion="{trunk}" branchId="{branch}"'
    attributes += f' create="{create}"' if create else ""
    attributes += f' update="{update}"' if update else ""
    named = f"<label>{label}</label>" if label is not None else ""
    old = f"<deprecatedID>{deprecated}</deprecatedID>" if deprecated else ""
    return (
        f'<data id="enrol" version="1"><given_names>{given}</given_names><family_name>{family}</family_name>'
        f"<school_emis>{emis}</school_emis><grade>{grade}</grade>"
        f"<meta><instanceID>{instance_id or new_id()}</instanceID>{old}"
        f"<entity {attributes}>{named}</entity></meta></data>"
    ).encode()


def meal(
    instance_id: str | None = None,
    *,
    version: str = "1",
    supper: str = "1",
    learner: str = "",
    wave: str = "",
    deprecated: str = "",
    plate: str = "",
    audit: str = "",
    extra: str = "",
    form_id: str = "meal",
) -> bytes:
    replaces = f"<orx:deprecatedID>{deprecated}</orx:deprecatedID>" if deprecated else ""
    log = f"<orx:audit>{audit}</orx:audit>" if audit else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><data xmlns:orx="http://openrosa.org/xforms" id="{form_id}"'
        f' version="{version}"><start>2026-02-03T08:00:00.000+02:00</start><today>2026-02-03</today>'
        f"<learner>{learner}</learner><learner_wave>{wave}</learner_wave>"
        f"<food><supper>{supper}</supper><who_cooks>gogo</who_cooks></food><plate>{plate}</plate>{extra}"
        f"<orx:meta>{log}<orx:instanceID>{instance_id or new_id()}</orx:instanceID>{replaces}</orx:meta></data>"
    ).encode()
