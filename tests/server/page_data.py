"""A school for the tests of pages: class 1B with as many invented children as asked, two waves, voices, levels, alerts.

Written straight into the records, without the scoring: these tests are about who is shown what, and how.
"""

import json
import random
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from uuid import UUID

import msgspec

from khula.analysis.packs.pack import Pack
from khula.analysis.packs.reader import read_pack
from khula.server.cases.models import Assessment, Case, RaisedAlert, Voice
from khula.server.collection.models import Submission
from khula.server.packs.models import PackVersion
from khula.server.people.models import User
from khula.server.people.roles import Role
from khula.server.schools.models import Caregiver, CareRelationship, Child, Post, School, SchoolClass
from khula.server.waves.models import Wave

PACK_FOLDER = Path(__file__).resolve().parents[2] / "packs" / "foundation_phase"
GIVEN = [
    "Lerato",
    "Thandeka",
    "Sipho",
    "Naledi",
    "Kagiso",
    "Ayanda",
    "Mpho",
    "Zinhle",
    "Bongani",
    "Refilwe",
    "Tshepo",
    "Nomvula",
    "Katlego",
    "Lwazi",
    "Palesa",
    "Themba",
    "Amahle",
    "Karabo",
    "Siyabonga",
    "Boitumelo",
    "Rendani",
    "Tintswalo",
    "Pieter",
    "Aaliyah",
    "Keabetswe",
    "Unathi",
    "Lindokuhle",
    "Zodwa",
    "Kgotso",
    "Anathi",
]
FAMILY = [
    "Mokoena",
    "Dlamini",
    "Khumalo",
    "Nkosi",
    "Mthembu",
    "Sithole",
    "Mahlangu",
    "Botha",
    "Naidoo",
    "van~der~Merwe",
    "Maluleke",
    "Ndlovu",
    "Zulu",
    "Molefe",
    "Mabaso",
    "Radebe",
    "Tshabalala",
    "Mudau",
    "Baloyi",
    "Adams",
]
INFORMANTS = ("child", "caregiver", "teacher", "health")
NOW = datetime(2026, 6, 3, 9, 30, tzinfo=UTC)


@cache
def pack() -> Pack:
    return read_pack(PACK_FOLDER)


@cache
def pack_json() -> str:
    return msgspec.json.encode(pack()).decode()


@dataclass(frozen=True)
class Place:
    school: School
    school_class: SchoolClass
    waves: tuple[Wave, ...]
    children: tuple[Child, ...]


def published() -> PackVersion:
    found, _ = PackVersion.objects.get_or_create(
        content_hash=pack().content_hash,
        defaults={
            "name": pack().name,
            "version": pack().version,
            "content": pack_json(),
            "published_at": NOW,
        },
    )
    return found


def school_with_class(children: int = 40, *, name: str = "Ikageng Primary School", emis: str = "700141234") -> Place:
    school = School.objects.create(name=name, emis_number=emis, province="Gauteng", district="Johannesburg Central")
    school_class = SchoolClass.objects.create(school=school, grade="1", name="1B", year=2026)
    version = published()
    waves = tuple(
        Wave.objects.create(
            id=str(UUID(int=random.Random(f"{emis} {number}").getrandbits(128), version=4)),
            number=number,
            name=f"Wave {number}, {year}",
            pack_version=version,
            opens_on=date(year, 2, 1),
            closes_on=date(year, 11, 30),
        )
        for number, year in ((1, 2025), (2, 2026))
    )
    for wave in waves:
        wave.schools.add(school)
    chance = random.Random(emis)
    born = tuple(_child(chance, school_class) for _ in range(children))
    for child in born:
        for wave in waves:
            _case(chance, child, wave)
    return Place(school, school_class, waves, born)


def _child(chance: random.Random, school_class: SchoolClass) -> Child:
    return Child.objects.create(
        id=str(UUID(int=chance.getrandbits(128), version=4)),
        school=school_class.school,
        school_class=school_class,
        given_names=chance.choice(GIVEN),
        family_name=chance.choice(FAMILY).replace("~", " "),
        sex=chance.choice(("female", "male")),
        birth_date=date(2019, chance.randint(1, 12), chance.randint(1, 28)),
        home_language=chance.choice(("zu", "st", "en")),
    )


def _case(chance: random.Random, child: Child, wave: Wave) -> Case:
    heard = [one for one in INFORMANTS if chance.random() < 0.85]
    domains = {name: _domain(chance, name, heard) for name in pack().domains}
    levels = {name: domain["level"] for name, domain in domains.items()}
    case = Case.objects.create(
        child=child,
        wave=wave,
        school_class=child.school_class,
        levels=json.dumps(levels),
        differ=json.dumps([name for name, domain in domains.items() if domain["informants_differ"]]),
        voices_heard=len(heard),
        act_now=list(levels.values()).count("high"),
        watch=list(levels.values()).count("medium"),
        assessed_at=NOW,
    )
    strengths = {name: chance.random() < 0.4 for name in pack().strengths}
    assessment(case, {"domains": domains, "strengths": strengths})
    return case


def assessment(case: Case, result: dict) -> Assessment:
    return Assessment.objects.create(
        case=case,
        pack_version=case.wave.pack_version,
        input_hash="9f2c" * 16,
        result=json.dumps(result),
        at=NOW,
    )


def _domain(chance: random.Random, name: str, heard: list[str]) -> dict:
    flags = [flag for flag in pack().flags.values() if flag.domain == name and flag.informant in heard]
    draw = chance.random()
    level = "high" if draw < 0.12 else "medium" if draw < 0.34 else "low" if draw < 0.85 else "not enough information"
    raised = [flag for flag in flags if flag.level == level][:2] if level in ("high", "medium") else []
    if not raised and level in ("high", "medium"):
        level = "low"
    watch = [flag for flag in flags if flag.level == "watch"][: chance.randint(0, 1)]
    loud = {flag.informant for flag in raised}
    quiet = {flag.informant for flag in flags if flag.level in ("high", "medium")} - loud
    said = dict.fromkeys(INFORMANTS, "not known") | dict.fromkeys(quiet, "no concern") | dict.fromkeys(loud, "concern")
    return {
        "level": level,
        "raised": [flag.name for flag in (*raised, *watch)],
        "have": 4 if level != "not enough information" else 1,
        "need": pack().domains[name].needs_at_least,
        "missing": list(pack().domains[name].needs[:2]) if level == "not enough information" else [],
        "could_be": "high" if level == "not enough information" else None,
        "informants_differ": bool(loud and quiet),
        "said": said,
    }


def raise_alert(case: Case, alert: str = "a_c_hurt") -> RaisedAlert:
    return RaisedAlert.objects.create(
        case=case,
        alert=alert,
        pack_version=case.wave.pack_version,
        urgency=pack().alerts[alert].urgency,
        raised_at=NOW,
    )


def voice(case: Case, informant: str, answers: dict[str, str], *, asked_on: date = date(2026, 5, 14)) -> Voice:
    instance = f"uuid:{informant}-{case.pk}"
    submission = Submission.objects.create(
        xform_id=f"kh_{informant}",
        instance_id=instance,
        sha256="0" * 64,
        xml=b"<data/>",
        received_at=NOW,
        state=Submission.State.IN_CASE,
        child_id=case.child_id,
    )
    return Voice.objects.create(
        case=case,
        informant=informant,
        submission=submission,
        pack_version=case.wave.pack_version,
        instance_id=instance,
        answers=json.dumps(answers),
        asked_on=asked_on,
    )


def caregiver_of(child: Child, full_name: str = "Thandi Mokoena", relation: str = "grandmother") -> None:
    person = Caregiver.objects.create(id=str(UUID(int=child.school_id)), full_name=full_name)
    CareRelationship.objects.create(
        child=child, caregiver=person, relation=relation, primary=True, since=date(2025, 1, 1)
    )


NAMES = {
    Role.TEACHER: "Thabo Mokoena",
    Role.NURSE: "Lindiwe Dlamini",
    Role.SOCIAL_WORKER: "Nomsa Khumalo",
    Role.PSYCHOLOGIST: "Lindiwe Maseko",
    Role.COORDINATOR: "Zanele Mthembu",
    Role.FIELDWORKER: "Sizwe Radebe",
    Role.DISTRICT: "Hendrik Botha",
    Role.RESEARCHER: "Anand Naidoo",
    Role.ADMINISTRATOR: "Fatima Adams",
}


def person(
    role: Role | None,
    *,
    school: School | None = None,
    school_class: SchoolClass | None = None,
    language: str = "en",
    password: str | None = None,
    username: str = "",
) -> User:
    name = NAMES.get(role, "Stranger") if role else "Stranger"
    count = User.objects.count()
    user = User.objects.create_user(username or f"{name.lower().replace(' ', '.')}{count}", name, password, language)
    if role is not None:
        Post.objects.create(user=user, role=role, school=school, school_class=school_class)
    return user
