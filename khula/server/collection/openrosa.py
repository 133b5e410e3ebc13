"""The XML documents of OpenRosa out: form list, manifest, integrity, and the message shown on the device.

Collect rejects a whole list when one entry lacks an id, a name or an address, so the dataclasses have no optional ones.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from xml.sax.saxutils import escape

XML = "text/xml; charset=utf-8"
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
# No XML document may hold these, however they are written.
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class ListedForm:
    form_id: str
    name: str
    version: str
    md5: str
    download_url: str
    manifest_url: str  # "" when the form needs no files


@dataclass(frozen=True, slots=True)
class ListedFile:
    filename: str
    md5: str
    download_url: str
    kind: str  # file, entityList, approvalEntityList
    integrity_url: str  # "" for ordinary files


def form_list(forms: Iterable[ListedForm]) -> bytes:
    rows = "".join(map(_listed_form, forms))
    return f'{_HEAD}<xforms xmlns="http://openrosa.org/xforms/xformsList">{rows}</xforms>'.encode()


def _listed_form(form: ListedForm) -> str:
    manifest = f"<manifestUrl>{_text(form.manifest_url)}</manifestUrl>" if form.manifest_url else ""
    return (
        f"<xform><formID>{_text(form.form_id)}</formID><name>{_text(form.name)}</name>"
        f"<version>{_text(form.version)}</version><hash>md5:{form.md5}</hash>"
        f"<downloadUrl>{_text(form.download_url)}</downloadUrl>{manifest}</xform>"
    )


def manifest(files: Iterable[ListedFile]) -> bytes:
    rows = "".join(map(_listed_file, files))
    return f'{_HEAD}<manifest xmlns="http://openrosa.org/xforms/xformsManifest">{rows}</manifest>'.encode()


def _listed_file(file: ListedFile) -> str:
    kind = "" if file.kind == "file" else f' type="{_text(file.kind)}"'
    integrity = f"<integrityUrl>{_text(file.integrity_url)}</integrityUrl>" if file.integrity_url else ""
    return (
        f"<mediaFile{kind}><filename>{_text(file.filename)}</filename><hash>md5:{file.md5}</hash>"
        f"<downloadUrl>{_text(file.download_url)}</downloadUrl>{integrity}</mediaFile>"
    )


def integrity(gone: Iterable[tuple[str, bool]]) -> bytes:
    """For each entity asked about: is it off the list?"""
    rows = "".join(
        f'<entity id="{_text(entity_id)}"><deleted>{"true" if deleted else "false"}</deleted></entity>'
        for entity_id, deleted in gone
    )
    return f"{_HEAD}<data><entities>{rows}</entities></data>".encode()


@cache
def message(sentence: str, nature: str = "") -> bytes:
    """What the device shows. `nature` is "submit_success" or "error", as Collect and its kin know them."""
    kind = f' nature="{nature}"' if nature else ""
    return (
        f'{_HEAD}<OpenRosaResponse xmlns="http://openrosa.org/http/response">'
        f"<message{kind}>{_text(sentence)}</message></OpenRosaResponse>"
    ).encode()


def _text(words: str) -> str:
    return escape(_FORBIDDEN.sub("", words), {'"': "&quot;"})
