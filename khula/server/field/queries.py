"""What a tablet carries along: who carries it, the forms' plans, the children to ask about, and what has arrived."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from urllib.parse import quote

import msgspec
from django.db import connection
from django.db.models import Q
from django.utils import timezone

from khula.analysis.device_meaning import device_plan
from khula.server.cases.models import Case
from khula.server.collection.models import ConflictCopy, Submission, SubmissionFile
from khula.server.collection.offer import OfferedForm, forms_for, manifest_files
from khula.server.consent.access import VOICES, Reader, can, reach, reader_of, visible_children_sql
from khula.server.field.keys import as_base64, seal_key
from khula.server.packs import queries as packs
from khula.server.packs.models import Form, PackVersion
from khula.server.people.models import User
from khula.server.schools.models import School, SchoolClass
from khula.server.waves.models import Assignment, Wave
from khula.server.waves.queries import current_wave_of_school

#: How long a tablet may go without meeting the server before its store can no longer be opened.
SHARE_DAYS = 7
ASK = "ask about child"
levels_of = msgspec.json.Decoder(dict[str, str]).decode


def reader_behind(user_id: int) -> tuple[User, Reader]:
    user = User.objects.get(pk=user_id)
    return user, reader_of(user, timezone.localdate())


# Who carries the tablet


def hello(*, user_id: int, share: bytes) -> dict[str, object]:
    user, reader = reader_behind(user_id)
    key_id, jwk = seal_key()
    school = _first_school(reader)
    return {
        "person": {
            "id": str(user.pk),
            "name": user.full_name,
            "language": user.language,
            "role": reader.roles[0] if reader.roles else "",
        },
        "school": {"name": school.name, "emis": school.emis_number} if school else None,
        "share": as_base64(share),
        "share_days": SHARE_DAYS,
        "seal_key": {"id": key_id, "jwk": jwk},
        "time": timezone.now().isoformat(timespec="milliseconds"),
    }


def _first_school(reader: Reader) -> School | None:
    named = [post.school_id for post in reader.posts if post.school_id is not None]
    return School.objects.filter(pk=named[0]).first() if named else None


# What is asked


def plans(user_id: int) -> list[dict[str, object]]:
    """The forms on offer that the field app can run; addresses are below the device's own."""
    offered = [(form, plan[1]) for form in forms_for(user_id) if (plan := packs.plan_of_form(form.id)) is not None]
    informants = dict(Form.objects.filter(pk__in=[form.id for form, _ in offered]).values_list("pk", "informant"))
    return [_listed(form, md5, informants[form.id]) for form, md5 in offered]


def _listed(form: OfferedForm, md5: str, informant: str) -> dict[str, object]:
    files = list(manifest_files(form.id) or ())
    return {
        "form_id": form.form_id,
        "version": form.version,
        "md5": md5,
        "url": f"field/plans/{form.id}.json",
        "informant": informant,
        "title": packs.titles_of_form(form.id),
        "lists": sorted(file.filename.removesuffix(".csv") for file in files if file.kind != "file"),
        "media": [
            {"name": file.filename, "md5": file.md5, "url": f"forms/{form.id}/media/{quote(file.filename)}"}
            for file in files
            if file.kind == "file"
        ],
        "sealed": packs.sealed_questions(form.id),
    }


def plan_of(form_pk: int) -> tuple[bytes, str] | None:
    """The plan of a form on offer and its MD5; None when the form is gone, or asks what the field app cannot do."""
    offered = Form.objects.filter(pk=form_pk).exclude(state=Form.State.CLOSED).exists()
    return packs.plan_of_form(form_pk) if offered else None


def meaning(user_id: int) -> bytes | None:
    """How the answers are scored: by the pack of the wave the person's school is in, else the newest published."""
    _, reader = reader_behind(user_id)
    school = _first_school(reader)
    wave = current_wave_of_school(school.pk, on=timezone.localdate()) if school else None
    newest = PackVersion.objects.order_by("-published_at", "-pk").values_list("pk", flat=True)
    version = wave.pack_version_id if wave else newest.first()
    return _meaning(version) if version else None


@lru_cache(maxsize=8)
def _meaning(pack_version_id: int) -> bytes:
    """What was published never changes, so it is made once per process."""
    return device_plan(packs.pack_of(pack_version_id))


# Whom to ask about


_CHILDREN = """
SELECT child.id, child.given_names, child.family_name, child.sex, child.birth_date, child.home_language,
       child.school_id, child.school_class_id, class.grade, class.name
FROM schools_child child LEFT JOIN schools_schoolclass class ON class.id = child.school_class_id
WHERE child.left_on IS NULL AND {visible}
ORDER BY class.grade, class.name, child.family_name, child.given_names, child.id
"""


@dataclass(frozen=True, slots=True)
class _Child:
    id: str
    given_names: str
    family_name: str
    sex: str
    birth_date: date | str | None
    language: str
    school_id: int
    school_class_id: int | None
    grade: str | None
    class_name: str | None


def today(user_id: int) -> dict[str, object]:
    """The children this person may ask about, which voices are awaited, and, for the team, what is known so far."""
    _, reader = reader_behind(user_id)
    children = _children(reader)
    waves = {
        school: current_wave_of_school(school, on=timezone.localdate())
        for school in sorted({child.school_id for child in children})
    }
    voices = _voices(reader, [wave.pk for wave in waves.values() if wave])
    known = _known([child.id for child in children if can(reader, "see child", child=child)])
    first = _first_school(reader)
    here = waves.get(first.pk) if first else None
    return {
        "as_of": timezone.now().isoformat(timespec="seconds"),
        "wave": _wave(here or next((wave for wave in waves.values() if wave), None)),
        "classes": _classes(children, first),
        "children": [
            {
                "id": child.id,
                "name": f"{child.given_names} {child.family_name}".strip(),
                "sex": child.sex,
                "birth_date": str(child.birth_date) if child.birth_date else None,
                "grade": child.grade or "",
                "class": child.class_name or "",
                "language": child.language,
                "voices": _voices_of(child, waves[child.school_id], voices),
                "known": known.get(child.id),
            }
            for child in children
        ],
    }


def _classes(children: Iterable[_Child], first: School | None) -> list[dict[str, str]]:
    """The classes of this year at the schools of these children and of this person: a child registered on the tablet
    has the grade of the class it is put in, there as here.
    """
    schools = {child.school_id for child in children} | ({first.pk} if first else set())
    rows = SchoolClass.objects.filter(school__in=schools, year=timezone.localdate().year).order_by("school_id", "name")
    columns = rows.values_list("school__emis_number", "name", "grade")
    return [{"school": school, "name": name, "grade": grade} for school, name, grade in columns]


def _children(reader: Reader) -> list[_Child]:
    visible, params = visible_children_sql(reader, action=ASK)
    with connection.cursor() as cursor:
        cursor.execute(_CHILDREN.format(visible=visible), params)
        rows = [_Child(*row) for row in cursor.fetchall()]
    return [child for child in rows if can(reader, ASK, child=child)]


def _wave(wave: Wave | None) -> dict[str, str] | None:
    if wave is None:
        return None
    days = {"opens_on": wave.opens_on.isoformat(), "closes_on": wave.closes_on.isoformat()}
    return {"id": wave.pk, "name": wave.name, **days}


def _voices(reader: Reader, waves: Sequence[str]) -> dict[tuple[str, str], dict[str, date | None]]:
    """(child, wave) -> informant -> day of the talk; of the schools this person works at."""
    asked = Assignment.objects.filter(wave_id__in=waves)
    far = reach(reader, ASK)
    if not far.everywhere:
        asked = asked.filter(Q(child__school__in=far.schools) | Q(child__school_class__in=far.classes))
    found: dict[tuple[str, str], dict[str, date | None]] = {}
    for child_id, wave_id, informant, heard_on in asked.values_list("child_id", "wave_id", "informant", "heard_on"):
        found.setdefault((child_id, wave_id), {})[informant] = heard_on
    return found


def _voices_of(
    child: _Child, wave: Wave | None, voices: Mapping[tuple[str, str], Mapping[str, date | None]]
) -> dict[str, dict[str, object]]:
    asked = voices.get((child.id, wave.pk), {}) if wave else {}
    return {
        voice: {"asked": voice in asked, "heard_on": day.isoformat() if (day := asked.get(voice)) else None}
        for voice in VOICES
    }


def _known(child_ids: Sequence[str]) -> dict[str, dict[str, object]]:
    """The levels of the last wave in which somebody has spoken of the child."""
    found: dict[str, dict[str, object]] = {}
    for start in range(0, len(child_ids), 500):
        rows = Case.objects.filter(child_id__in=child_ids[start : start + 500], voices_heard__gt=0)
        for child_id, levels, at in rows.order_by("wave__opens_on", "wave__number", "pk").values_list(
            "child_id", "levels", "assessed_at"
        ):
            found[child_id] = {"as_of": at.isoformat(timespec="seconds") if at else None, "levels": levels_of(levels)}
    return found


# What has arrived


def receipts(user_id: int, instance_ids: Sequence[str]) -> dict[str, dict[str, object]]:
    """Of this person's own records, those that are here: hash of the XML and of each file. Others are as absent.

    Under `copies` stands the same of whatever else this person has sent under the id, with other bytes.
    """
    ids = [one for one in dict.fromkeys(instance_ids) if 0 < len(one) <= 255 and "\0" not in one]
    arrived = [*_submitted(user_id, ids), *_copies(user_id, ids), *_kept_under_hash(user_id, ids)]
    files = _files_of(arrived)
    found: dict[str, list[dict[str, object]]] = {}
    for one in arrived:
        entry = {
            "sha256": one.sha256,
            "received_at": one.at.isoformat(timespec="seconds"),
            "state": one.state,
            "files": files.get((one.table, one.pk), {}),
        }
        found.setdefault(one.instance_id, []).append(entry)
    return {one: found[one][0] | ({"copies": found[one][1:]} if found[one][1:] else {}) for one in ids if one in found}


def receipt_file(records: Iterable[tuple[int, str]]) -> bytes:
    """(person, instance id) of records in; the file that gives a tablet without a network their receipts, out.

    It needs no signature: the hash of a record is known to who has opened it, and nobody else can.
    """
    mine: dict[int, list[str]] = {}
    for owner, instance_id in records:
        mine.setdefault(owner, []).append(instance_id)
    found = {one: entry for owner, ids in mine.items() for one, entry in receipts(owner, ids).items()}
    return msgspec.json.encode({"khula_receipts": 1, "receipts": found})


@dataclass(frozen=True, slots=True)
class _Arrived:
    table: str
    pk: int
    instance_id: str
    sha256: str
    at: datetime
    state: str


def _form_ids() -> list[str]:
    """With them, the database finds records by the index of (form, instance id)."""
    return list(Form.objects.order_by().values_list("form_id", flat=True).distinct())


def _submitted(user_id: int, ids: Sequence[str]) -> list[_Arrived]:
    rows = Submission.objects.filter(xform_id__in=_form_ids(), instance_id__in=ids, device__user_id=user_id)
    return [_Arrived("record", *row) for row in rows.values_list("pk", "instance_id", "sha256", "received_at", "state")]


def _copies(user_id: int, ids: Sequence[str]) -> list[_Arrived]:
    rows = ConflictCopy.objects.filter(xform_id__in=_form_ids(), instance_id__in=ids, device__user_id=user_id)
    return [
        _Arrived("copy", *row, "conflict")
        for row in rows.order_by("-pk").values_list("pk", "instance_id", "sha256", "received_at")
    ]


def _kept_under_hash(user_id: int, ids: Sequence[str]) -> list[_Arrived]:
    """What the server could not read, or not work with, is kept under its hash and waits for a person."""
    rows = Submission.objects.filter(
        state=Submission.State.QUARANTINED, said_instance_id__in=ids, device__user_id=user_id
    ).exclude(look_code="")  # these words let SQLite find the index
    return [
        _Arrived("record", *row)
        for row in rows.order_by("-pk").values_list("pk", "said_instance_id", "sha256", "received_at", "state")
    ]


def _files_of(arrived: Iterable[_Arrived]) -> dict[tuple[str, int], dict[str, str]]:
    """(table, id) of a record or a copy -> name of each of its files -> hash."""
    keys = {(one.table, one.pk) for one in arrived}
    records = SubmissionFile.objects.filter(
        submission_id__in=[pk for table, pk in keys if table == "record"], with_copy=None
    )
    copied = SubmissionFile.objects.filter(with_copy_id__in=[pk for table, pk in keys if table == "copy"])
    found: dict[tuple[str, int], dict[str, str]] = {}
    for table, rows, column in (("record", records, "submission_id"), ("copy", copied, "with_copy_id")):
        for pk, name, sha256 in rows.order_by("pk").values_list(column, "name", "file_id"):
            found.setdefault((table, pk), {})[name] = sha256
    return found
