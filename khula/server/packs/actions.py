"""Publishing: the files of a pack in; its forms offered to devices and its rules scoring from now on, or findings out.

What was published never changes. A correction is a new version; the older one stays for the waves that use it.
"""

import hashlib
import mimetypes
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

import msgspec
from django.db import connection, transaction
from django.utils import timezone

from khula.analysis.packs.check import check_reading
from khula.analysis.packs.findings import Finding, PackUnreadable
from khula.analysis.packs.forms import CompiledForm, compile_form
from khula.analysis.packs.pack import Form as PackForm
from khula.analysis.packs.pack import Pack
from khula.analysis.packs.reader import Reading, read
from khula.server.events.actions import happened
from khula.server.packs.definition import define
from khula.server.packs.models import Form, FormMedia, PackFile, PackVersion
from khula.server.packs.queries import PUBLISHING_LOCK


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a sound pack cannot be published beside those that are; told like a finding of the check."""

    code: str
    file: str
    words: Mapping[str, str]
    sheet: str = ""
    row: int = 0
    column: str = ""
    severity: str = "error"
    blocks_publishing: bool = True

    @property
    def problem(self) -> str:
        return self.told("en")[0]

    @property
    def cure(self) -> str:
        return self.told("en")[1]

    def told(self, language: str) -> tuple[str, str]:
        problem, cure = OBSTACLES[self.code].get(language[:2]) or OBSTACLES[self.code]["en"]
        return problem.format(**self.words), cure.format(**self.words)


OBSTACLES: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "PUBLISH_001": {
        "en": (
            "Version {version} of the pack {pack} is published already, with other content.",
            "Give this one a new version, in the row `version` of the sheet `pack`.",
        ),
        "fr": (
            "La version {version} du paquet {pack} est déjà publiée, avec un autre contenu.",
            "Donnez à celui-ci une nouvelle version, ligne `version` de la feuille `pack`.",
        ),
    },
    "PUBLISH_002": {
        "en": (
            "Version {version} of the form {form} is published already, and this one asks something else.",
            "Give the form a new version, in the column `version` of its sheet `settings`.",
        ),
        "fr": (
            "La version {version} du formulaire {form} est déjà publiée, et celui-ci demande autre chose.",
            "Donnez au formulaire une nouvelle version, colonne `version` de sa feuille `settings`.",
        ),
    },
    "PUBLISH_003": {
        "en": (
            "The form {form} uses the file {medium}, which is not in the pack.",
            "Add it to the folder `media`, or correct its name in the form.",
        ),
        "fr": (
            "Le formulaire {form} utilise le fichier {medium}, qui n’est pas dans le paquet.",
            "Ajoutez-le au dossier `media`, ou corrigez son nom dans le formulaire.",
        ),
    },
    "PUBLISH_004": {
        "en": (
            "The form {form} has no version, so a device cannot tell it from the next one.",
            "Write one in the column `version` of its sheet `settings`.",
        ),
        "fr": (
            "Le formulaire {form} n’a pas de version : un appareil ne peut pas le distinguer du suivant.",
            "Écrivez-en une dans la colonne `version` de sa feuille `settings`.",
        ),
    },
}


class PackRefused(Exception):
    """Nothing was published; `findings` say what to put right, each with code, place, problem and cure."""

    def __init__(self, findings: Iterable[Finding | Obstacle]) -> None:
        self.findings = tuple(findings)
        super().__init__(", ".join(sorted({finding.code for finding in self.findings})))


@dataclass(frozen=True, slots=True)
class _Compiled:
    form: PackForm
    compiled: CompiledForm
    media: Mapping[str, bytes]


def publish(files: Mapping[str, bytes], *, by: int | None = None) -> PackVersion:
    """Check, compile and publish the pack. The same files again are the same version. Raises PackRefused."""
    reading = _checked(files)
    pack = reading.pack
    known = PackVersion.objects.filter(content_hash=pack.content_hash).first()
    if known is not None:
        return known
    compiled = [_compile(form, reading.files) for form in pack.forms]
    with transaction.atomic():
        _keep_submissions_out()
        _refuse(_obstacles(pack, compiled))
        version = _store(pack, reading.files, by)
        for one in compiled:
            _offer(version, one)
        _let_older_forms_run_out(version)
        # Records that waited for one of these forms are taken up again (flow.py).
        happened(kind="pack.published", subject=version.pk, facts={"name": pack.name, "version": pack.version}, by=by)
    return version


@transaction.atomic
def close_form(*, form_id: str, version: str, by: int | None = None) -> None:
    """From now on, what still arrives for this version waits for a person."""
    if (
        Form.objects.filter(form_id=form_id, version=version)
        .exclude(state=Form.State.CLOSED)
        .update(state=Form.State.CLOSED)
    ):
        happened(kind="form.closed", subject=form_id, facts={"version": version}, by=by)


def _checked(files: Mapping[str, bytes]) -> Reading:
    try:
        reading = read(files)
    except PackUnreadable as problem:
        raise PackRefused(problem.findings) from None
    _refuse(finding for finding in check_reading(reading, on=timezone.localdate()) if finding.blocks_publishing)
    return reading


def _refuse(findings: Iterable[Finding | Obstacle]) -> None:
    if stand_in_the_way := list(findings):
        raise PackRefused(stand_in_the_way)


def _compile(form: PackForm, files: Mapping[str, bytes]) -> _Compiled:
    compiled = compile_form(files[form.workbook], files)
    by_name = {PurePosixPath(name).name: content for name, content in files.items()}
    return _Compiled(form, compiled, {name: by_name[name] for name in compiled.media if name in by_name})


def _keep_submissions_out() -> None:
    """Until this is committed nobody stores a submission: one that is judged by the old forms is stored before."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [PUBLISHING_LOCK])


def _obstacles(pack: Pack, compiled: Iterable[_Compiled]) -> Iterable[Obstacle]:
    if PackVersion.objects.filter(name=pack.name, version=pack.version).exists():
        yield Obstacle("PUBLISH_001", "pack.xlsx", {"pack": pack.name, "version": pack.version}, "pack")
    for one in compiled:
        form_id, version, file = one.compiled.form_id, one.compiled.version, one.form.workbook
        if not version:
            yield Obstacle("PUBLISH_004", file, {"form": form_id}, "settings")
        md5 = _md5(one.compiled.xml)
        if Form.objects.filter(form_id=form_id, version=version).exclude(md5=md5).exists():
            yield Obstacle("PUBLISH_002", file, {"form": form_id, "version": version}, "settings")
        for medium in one.compiled.media:
            if medium not in one.media:
                yield Obstacle("PUBLISH_003", file, {"form": form_id, "medium": medium}, "survey")


def _store(pack: Pack, files: Mapping[str, bytes], by: int | None) -> PackVersion:
    version = PackVersion.objects.create(
        name=pack.name,
        version=pack.version,
        content_hash=pack.content_hash,
        content=msgspec.json.encode(pack).decode(),
        published_at=timezone.now(),
        published_by_id=by,
    )
    PackFile.objects.bulk_create(
        PackFile(pack_version=version, name=name, content=content) for name, content in files.items()
    )
    return version


def _offer(version: PackVersion, one: _Compiled) -> None:
    compiled = one.compiled
    form = Form.objects.create(
        pack_version=version,
        form_id=compiled.form_id,
        version=compiled.version,
        informant=one.form.informant,
        title=compiled.title or compiled.form_id,
        xml=compiled.xml,
        md5=_md5(compiled.xml),
        lists=msgspec.json.encode(_lists(compiled)).decode(),
    )
    for name, content in one.media.items():
        FormMedia.objects.create(
            form=form, filename=name, content=content, md5=_md5(content),
            content_type=mimetypes.guess_type(name)[0] or "application/octet-stream",
        )  # fmt: skip
    for name in compiled.entity_lists:
        FormMedia.objects.create(form=form, filename=f"{name}.csv", kind=FormMedia.Kind.ENTITY_LIST)


def _lists(compiled: CompiledForm) -> dict[str, list[str]]:
    """Entity lists that the form reads or writes, with the properties it writes."""
    writes = sorted(set(define(compiled.xml).save_to.values()))
    return {
        name: writes if name in compiled.saves_to else []
        for name in sorted({*compiled.entity_lists, *compiled.saves_to})
    }


def _let_older_forms_run_out(version: PackVersion) -> None:
    """Earlier forms of this pack, and earlier versions of its forms under whatever pack."""
    form_ids = list(version.forms.values_list("form_id", flat=True))
    earlier = Form.objects.filter(state=Form.State.OPEN).exclude(pack_version=version)
    ids = set(earlier.filter(form_id__in=form_ids).values_list("pk", flat=True))
    ids |= set(earlier.filter(pack_version__name=version.name).values_list("pk", flat=True))
    Form.objects.filter(pk__in=ids).update(state=Form.State.CLOSING)


def _md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()
