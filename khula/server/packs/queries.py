"""Reading packs and their forms: a pack by the version that was published, a form by what a device says it is."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import msgspec
from django.db import connection

from khula.analysis.packs.device import FormNotForDevice, device_form
from khula.analysis.packs.pack import Pack
from khula.server.packs.definition import Definition, define
from khula.server.packs.models import Form, PackVersion

#: Held alone while publishing, shared by whoever stores submissions: no record falls between the two.
PUBLISHING_LOCK = 7_206_041


@dataclass(frozen=True, slots=True)
class FormFacts:
    """What the door must know of a form to take in a submission of it."""

    id: int
    pack_version_id: int
    informant: str
    state: str
    md5: str


def pack_of(pack_version_id: int) -> Pack:
    """The pack as it was published. What was published never changes, so it is read once per process."""
    return _pack(PackVersion.objects.values_list("content_hash", flat=True).get(pk=pack_version_id))


@lru_cache(maxsize=16)
def _pack(content_hash: str) -> Pack:
    content = PackVersion.objects.values_list("content", flat=True).get(content_hash=content_hash)
    return msgspec.json.decode(content, type=Pack)


def form_facts(form_id: str, version: str) -> FormFacts | None:
    """Asked anew for each submission, so that a form published or closed a moment ago is known as such.

    Packs that share a form share its bytes; the submission counts for the newest of them.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, pack_version_id, informant, state, md5 FROM packs_form WHERE form_id = %s AND version = %s"
            " ORDER BY id DESC LIMIT 1",
            [form_id, version],
        )
        row = cursor.fetchone()
    return FormFacts(*row) if row else None


def form_is_known(form_id: str) -> bool:
    return Form.objects.filter(form_id=form_id).exists()


def definition_of(form: FormFacts) -> Definition:
    """What a submission of the form may hold."""
    return _definition(form.md5)


@lru_cache(maxsize=64)
def _definition(md5: str) -> Definition:
    """By the hash of its bytes: read once per process."""
    xml = Form.objects.filter(md5=md5).values_list("xml", flat=True)[:1].get()
    return define(bytes(xml))


def plan_of_form(form_pk: int) -> tuple[bytes, str] | None:
    """The plan the field app runs and its MD5; None when the form is gone or asks what the field app cannot do.

    It is compiled, not kept, so that it always fits the program this server hands out: some 30 ms, once per process.
    """
    md5 = Form.objects.filter(pk=form_pk).values_list("md5", flat=True).first()
    return _plan(md5) if md5 else None


@lru_cache(maxsize=64)
def _plan(md5: str) -> tuple[bytes, str] | None:
    xml = Form.objects.filter(md5=md5).values_list("xml", flat=True)[:1].get()
    try:
        plan = device_form(bytes(xml))
    except FormNotForDevice:
        return None
    return plan, hashlib.md5(plan, usedforsecurity=False).hexdigest()


class _Asked(msgspec.Struct):
    form: str = ""
    sensitivity: str = ""


class _Labelled(msgspec.Struct):
    form: str = ""
    label: dict[str, str] = {}


class _Questions(msgspec.Struct):
    """Of a pack only what is asked here."""

    questions: dict[str, _Asked] = {}
    instruments: dict[str, _Labelled] = {}


def sealed_questions(form_pk: int) -> tuple[str, ...]:
    """The questions whose answers nobody reads again on the device once the record is finished (S4)."""
    form_id, content_hash = Form.objects.values_list("form_id", "pack_version__content_hash").get(pk=form_pk)
    return _sealed(form_id, content_hash)


@lru_cache(maxsize=64)
def _sealed(form_id: str, content_hash: str) -> tuple[str, ...]:
    asked = _questions(content_hash).questions
    return tuple(name for name, one in asked.items() if one.form == form_id and one.sensitivity == "S4")


def titles_of_form(form_pk: int) -> dict[str, str]:
    """What the form is called, by language. An XLSForm has one title; where the form asks one instrument alone, the
    pack's words for that instrument are its title in the other languages. Else it has none in them.
    """
    form = Form.objects.values_list("form_id", "title", "pack_version__content_hash").get(pk=form_pk)
    return dict(_titles(*form))


@lru_cache(maxsize=64)
def _titles(form_id: str, title: str, content_hash: str) -> Mapping[str, str]:
    labels = [one.label for one in _questions(content_hash).instruments.values() if one.form == form_id]
    return {**(labels[0] if len(labels) == 1 else {}), "en": title}


@lru_cache(maxsize=8)
def _questions(content_hash: str) -> _Questions:
    content = PackVersion.objects.values_list("content", flat=True).get(content_hash=content_hash)
    return msgspec.json.decode(content, type=_Questions)
