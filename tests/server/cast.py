"""The fixed cast of every test of records: two schools, three classes, five children, and those who work with them.

Grown up: Mr Thabo Mokoena teaches 1B at Ikusasa Primary; Sr Lindiwe Dlamini is the nurse; Ms Nomsa Khumalo the social
worker; Ms Zanele Mthembu the coordinator; Ms Lindiwe Maseko the psychologist; Mr Sizwe Radebe goes out with the
tablet; Dr Anand Naidoo studies; Mr Hendrik Botha sits in the district office; Ms Refilwe Molefe teaches at another
school and is the stranger. Gogo Thandi cares for Amahle and Sipho. All of them are invented.
"""

from dataclasses import dataclass, field
from datetime import date
from functools import cache
from hashlib import md5, sha256

import msgspec
from django.contrib.auth.hashers import make_password
from django.utils import timezone

from khula.analysis.packs.forms import CompiledForm, compile_form
from khula.analysis.packs.pack import Pack
from khula.server.packs.models import Form, FormMedia, PackVersion
from khula.server.people.models import User
from khula.server.people.roles import Role
from khula.server.schools.actions import (
    add_caregiver,
    add_class,
    add_school,
    appoint,
    enrol_child,
    set_primary_caregiver,
)
from khula.server.schools.models import Caregiver, Child, School, SchoolClass
from khula.server.waves.actions import open_wave
from khula.server.waves.models import Wave
from tests.server.small_pack import small_pack, workbooks

PASSWORD = "umlilo wezintaba"
FIRST_DAY = date(2025, 1, 15)
WAVE_1 = (date(2025, 2, 3), date(2025, 11, 28))
WAVE_2 = (date(2026, 2, 2), date(2199, 12, 31))  # still open whenever the tests run


@dataclass(frozen=True)
class Cast:
    school: School
    other_school: School
    class_1a: SchoolClass
    class_1b: SchoolClass
    other_class: SchoolClass
    amahle: Child  # 1B
    sipho: Child  # 1B, Amahle's brother
    lerato: Child  # 1B
    pieter: Child  # 1A
    rendani: Child  # at the other school
    gogo_thandi: Caregiver
    teacher: User
    nurse: User
    social_worker: User
    psychologist: User
    coordinator: User
    fieldworker: User
    district_official: User
    researcher: User
    administrator: User
    stranger: User
    people: dict[str, User] = field(default_factory=dict)

    @property
    def children_of_1b(self) -> tuple[Child, ...]:
        return self.amahle, self.sipho, self.lerato


def the_cast() -> Cast:
    school = add_school(
        emis_number="700400001", name="Ikusasa Primary School", province="Gauteng", district="Johannesburg Central"
    )
    other = add_school(emis_number="700400002", name="Vukani Primary School", province="Gauteng", district="Ekurhuleni")
    class_1a = add_class(school=school, grade="1", name="1A", year=2025)
    class_1b = add_class(school=school, grade="1", name="1B", year=2025)
    other_class = add_class(school=other, grade="1", name="1A", year=2025)
    amahle = _child("Amahle", "Nkosi", "female", date(2018, 5, 4), class_1b, "zu")
    sipho = enrol_child(
        given_names="Sipho", family_name="Nkosi", sex="male", birth_date=date(2019, 1, 30), school_class=class_1b,
        since=FIRST_DAY, home_language="zu", household=amahle.household,
    )  # fmt: skip
    gogo_thandi = add_caregiver(full_name="Thandi Nkosi", language="zu")
    for child in (amahle, sipho):
        set_primary_caregiver(child=child, caregiver=gogo_thandi, relation="grandmother", since=FIRST_DAY)
    return Cast(
        school=school,
        other_school=other,
        class_1a=class_1a,
        class_1b=class_1b,
        other_class=other_class,
        amahle=amahle,
        sipho=sipho,
        lerato=_child("Lerato", "Mokoena", "female", date(2018, 9, 12), class_1b, "st"),
        pieter=_child("Pieter", "van der Merwe", "male", date(2018, 7, 7), class_1a, "af"),
        rendani=_child("Rendani", "Mudau", "male", date(2018, 3, 21), other_class, "ve"),
        gogo_thandi=gogo_thandi,
        teacher=person("thabo.mokoena", "Mr Thabo Mokoena", Role.TEACHER, school, class_1b),
        nurse=person("lindiwe.dlamini", "Sr Lindiwe Dlamini", Role.NURSE, school),
        social_worker=person("nomsa.khumalo", "Ms Nomsa Khumalo", Role.SOCIAL_WORKER, school),
        psychologist=person("lindiwe.maseko", "Ms Lindiwe Maseko", Role.PSYCHOLOGIST, school),
        coordinator=person("zanele.mthembu", "Ms Zanele Mthembu", Role.COORDINATOR, school),
        fieldworker=person("sizwe.radebe", "Mr Sizwe Radebe", Role.FIELDWORKER, school),
        district_official=person("hendrik.botha", "Mr Hendrik Botha", Role.DISTRICT),
        researcher=person("anand.naidoo", "Dr Anand Naidoo", Role.RESEARCHER),
        administrator=person("fatima.adams", "Ms Fatima Adams", Role.ADMINISTRATOR),
        stranger=person("refilwe.molefe", "Ms Refilwe Molefe", Role.TEACHER, other, other_class),
    )


def _child(given: str, family: str, sex: str, born: date, school_class: SchoolClass, language: str) -> Child:
    return enrol_child(
        given_names=given, family_name=family, sex=sex, birth_date=born, school_class=school_class, since=FIRST_DAY,
        home_language=language,
    )  # fmt: skip


def person(
    username: str, full_name: str, role: Role | None, school: School | None = None,
    school_class: SchoolClass | None = None,
) -> User:  # fmt: skip
    user = User(username=username, full_name=full_name, password=_password())
    user.save()
    if role is not None:
        appoint(user_id=user.pk, role=role, school=school, school_class=school_class)
    return user


@cache
def _password() -> str:
    """Hashed once: the hash is slow on purpose."""
    return make_password(PASSWORD)


# The small pack, published


@cache
def _compiled(version: str) -> tuple[tuple[str, CompiledForm], ...]:
    folder = workbooks(version)
    return tuple((name, compile_form(folder[name])) for name in folder if name != "pack.xlsx")


def publish(pack: Pack | None = None, *, version: str = "1") -> PackVersion:
    """The small pack and its forms as publishing leaves them, without its minutes of checks."""
    pack = pack or small_pack(version)
    kept = PackVersion.objects.create(
        name=pack.name, version=version, content_hash=pack.content_hash,
        content=msgspec.json.encode(pack).decode(), published_at=timezone.now(),
    )  # fmt: skip
    for name, compiled in _compiled(version):
        form = Form.objects.create(
            pack_version=kept, form_id=compiled.form_id, version=compiled.version, informant=name.removesuffix(".xlsx"),
            title=compiled.title, xml=compiled.xml, md5=md5(compiled.xml, usedforsecurity=False).hexdigest(),
        )  # fmt: skip
        for entity_list in compiled.entity_lists:
            FormMedia.objects.create(form=form, filename=f"{entity_list}.csv", kind=FormMedia.Kind.ENTITY_LIST)
    return kept


def a_wave(cast: Cast, pack_version: PackVersion | None = None, *, number: int = 2) -> Wave:
    """Wave 2 is open; wave 1 is the one before it. Both are of the cast's own school."""
    opens_on, closes_on = WAVE_1 if number == 1 else WAVE_2
    return open_wave(
        name=f"Wave {number}", number=number, pack_version=pack_version or publish(), schools=[cast.school],
        opens_on=opens_on, closes_on=closes_on,
    )  # fmt: skip


# What a device hands in


def interview(
    informant: str, child: Child | str, wave: Wave | str, *, said: dict[str, str] | None = None, on: str = "2026-03-02",
    at: str = "09:00", instance: str = "", replaces: str = "", version: str = "1",
) -> bytes:  # fmt: skip
    """A finished form of the small pack, as Collect writes it: one informant about one child in one wave."""
    child_id = child if isinstance(child, str) else child.pk
    wave_id = wave if isinstance(wave, str) else wave.pk
    answers = "".join(f"<{name}>{text}</{name}>" for name, text in (said or {}).items())
    instance = instance or f"uuid:{informant}-{child_id}-{wave_id}-{on}-{at}"
    deprecated = f"<deprecatedID>{replaces}</deprecatedID>" if replaces else ""
    return (
        f'<data id="kh_{informant}" version="{version}"><start>{on}T08:30:00.000+02:00</start>'
        f"<end>{on}T{at}:00.000+02:00</end><today>{on}</today><learner>{child_id}</learner>"
        f"<learner_wave>{wave_id}</learner_wave>{answers}"
        f"<meta><instanceID>{instance}</instanceID>{deprecated}</meta></data>"
    ).encode()


def digest(xml: bytes) -> str:
    return sha256(xml).hexdigest()
