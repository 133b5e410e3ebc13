"""What a device is offered: the forms of open packs and of waves still under way, and the files they need."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection
from django.utils import timezone

from khula.server.collection.models import EntityList
from khula.server.packs.models import Form, FormMedia


@dataclass(frozen=True, slots=True)
class OfferedForm:
    id: int
    form_id: str
    version: str
    title: str
    md5: str
    has_media: bool


@dataclass(frozen=True, slots=True)
class OfferedFile:
    filename: str
    kind: str
    md5: str


@dataclass(frozen=True, slots=True)
class Medium:
    content: bytes
    md5: str
    content_type: str


def forms_for(user_id: int) -> list[OfferedForm]:
    """The newest version of each form, and an older one as long as a wave that has not closed uses it; by title."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT f.id, f.form_id, f.version, f.title, f.md5,"
            " EXISTS (SELECT 1 FROM packs_formmedia m WHERE m.form_id = f.id) FROM packs_form f"
            " WHERE f.state = 'open' OR (f.state = 'closing' AND EXISTS (SELECT 1 FROM waves_wave w"
            " WHERE w.pack_version_id = f.pack_version_id AND w.closes_on >= %s))"
            " ORDER BY f.title, f.form_id, f.id",
            [timezone.localdate()],
        )
        offered = [OfferedForm(*row[:5], bool(row[5])) for row in cursor.fetchall()]
    # Of two packs with the same form, the newer one's: it is the same form to the device.
    return list({(form.title, form.form_id, form.version): form for form in offered}.values())


def xml_of(form_pk: int) -> tuple[bytes, str] | None:
    row = Form.objects.filter(pk=form_pk).exclude(state=Form.State.CLOSED).values_list("xml", "md5").first()
    return (bytes(row[0]), row[1]) if row else None


def manifest_files(form_pk: int) -> Iterable[OfferedFile] | None:
    if not Form.objects.filter(pk=form_pk).exclude(state=Form.State.CLOSED).exists():
        return None
    rows = FormMedia.objects.filter(form_id=form_pk).order_by("filename").values_list("filename", "kind", "md5")
    approved = {f"{name}.csv" for name in EntityList.objects.filter(needs_approval=True).values_list("name", flat=True)}
    return [OfferedFile(filename, _kind(kind, filename in approved), md5) for filename, kind, md5 in rows]


def _kind(kind: str, needs_approval: bool) -> str:
    """A list that a coordinator approves is not added to on the device."""
    if kind == FormMedia.Kind.ENTITY_LIST and needs_approval:
        return FormMedia.Kind.APPROVAL_ENTITY_LIST
    return kind


def file_of(form_pk: int, filename: str) -> Medium | None:
    row = (
        FormMedia.objects.filter(form_id=form_pk, filename=filename, kind=FormMedia.Kind.FILE)
        .values_list("content", "md5", "content_type")
        .first()
    )
    return Medium(bytes(row[0] or b""), row[1], row[2]) if row else None
