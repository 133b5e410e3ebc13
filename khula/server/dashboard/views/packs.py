"""Packs: which versions are published, and publishing another one: workbooks or a zip in, findings or a version out."""

import lzma
import zipfile
import zlib
from collections.abc import Iterable
from io import BytesIO
from pathlib import PurePosixPath

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from khula.analysis.packs.check import check_reading
from khula.analysis.packs.findings import PackUnreadable
from khula.analysis.packs.reader import read
from khula.server.consent.access import can
from khula.server.consent.needs import needs
from khula.server.dashboard import queries
from khula.server.packs.actions import PackRefused, publish

MOST_FILES = 500
MOST_FINDINGS = 200  # more than anybody puts right before checking again
MOST_BYTES = 200_000_000  # unpacked


class UploadRefused(Exception):
    """What was handed in is no pack at all; the text says what to do."""


@needs("see packs")
def packs(request: HttpRequest) -> HttpResponse:
    page = {
        "versions": queries.pack_versions(),
        "may_publish": bool(can(request.reader, "publish pack")),
        "published": request.GET.get("published", ""),
    }
    return render(request, "dashboard/packs.html", page)


@needs("publish pack")
def publish_pack(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return _page(request)
    try:
        files = _handed_in(request.FILES.getlist("files"))
        if "check" in request.POST:
            findings = list(check_reading(read(files), on=timezone.localdate()))
            return _page(request, findings, checked=True, status=422 if findings else 200)
        version = publish(files, by=request.user.pk)
    except UploadRefused as problem:
        return _page(request, problem=str(problem), status=422)
    except (PackRefused, PackUnreadable) as problem:
        return _page(request, problem.findings, status=422)
    return redirect(f"/packs?published={version.pk}")


def _page(
    request: HttpRequest, findings: Iterable = (), *, problem: str = "", checked: bool = False, status: int = 200
) -> HttpResponse:
    language = translation.get_language()[:2]
    rows = [(finding, *finding.told(language)) for finding in findings]
    errors = sum(finding.blocks_publishing for finding, *_words in rows)
    page = {"findings": rows[:MOST_FINDINGS], "found": len(rows), "errors": errors, "problem": problem,
            "checked": checked}  # fmt: skip
    return render(request, "dashboard/publish.html", page, status=status)


def _handed_in(uploads: list[UploadedFile]) -> dict[str, bytes]:
    if not uploads:
        raise UploadRefused(_("No file was chosen. Choose the zip of the pack, or its workbooks."))
    if len(uploads) == 1 and uploads[0].name.lower().endswith(".zip"):
        return _unpacked(uploads[0].read())
    return {PurePosixPath(upload.name).name: upload.read() for upload in uploads}


def _unpacked(content: bytes) -> dict[str, bytes]:
    """The files of a zip, without the folder they may lie in; nothing outside it, and not without end."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            members = [one for one in archive.infolist() if not one.is_dir() and not _beside_the_pack(one.filename)]
            if len(members) > MOST_FILES or sum(one.file_size for one in members) > MOST_BYTES:
                raise UploadRefused(_("The zip is too large for a pack. Put only the files of the pack in it."))
            top = _folder_of([one.filename for one in members])
            return {one.filename.removeprefix(top): archive.read(one) for one in members}
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, OSError, NotImplementedError, RuntimeError, EOFError):
        raise UploadRefused(_("The zip cannot be opened. Make it anew, without a password.")) from None


def _beside_the_pack(name: str) -> bool:
    """What computers add on their own, and names that lead out of the folder."""
    parts = PurePosixPath(name).parts
    return ".." in parts or name.startswith("/") or any(part == "__MACOSX" or part.startswith(".") for part in parts)


def _folder_of(names: list[str]) -> str:
    """ "my_pack/" when pack.xlsx lies in it, else nothing."""
    found = next((name for name in names if PurePosixPath(name).name == "pack.xlsx"), "pack.xlsx")
    return found.removesuffix("pack.xlsx")
