"""A number of children in; an installation with a school, a teacher, devices, the shipped pack and an open wave out.

Run inside an installation's surroundings, in a process of its own: `python -m tests.clients.prepare --children 12`.
The last line it prints is JSON: what the tests must know to knock, to sign in and to look afterwards.
"""

import argparse
import json
import uuid
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import django

PACK = Path(__file__).resolve().parents[2] / "packs/foundation_phase"
PASSWORD = "seven jacarandas in bloom"
NAMES = ["Lerato Mabaso", "Sipho Nkosi", "Anele Dube", "Thandeka Khoza", "Pieter Botha", "Naledi Molefe"]


def prepare(children: int, devices: int, bulk: int, put_right: bool = False) -> dict[str, object]:
    from django.core.management import call_command
    from django.db import transaction

    call_command("migrate", verbosity=0)
    with transaction.atomic():
        return _filled(children, devices, bulk, put_right)


def _filled(children: int, devices: int, bulk: int, put_right: bool) -> dict[str, object]:
    from django.utils import timezone

    from khula.analysis.packs.reader import read
    from khula.server.collection.actions import make_device
    from khula.server.packs.actions import publish
    from khula.server.people.models import User
    from khula.server.schools.actions import add_class, add_school, appoint, enrol_child
    from khula.server.waves.actions import open_wave
    from tests.clients.put_right import workbook

    today = timezone.localdate()
    teacher = User.objects.create_user("thabo.mokoena", "Thabo Mokoena", PASSWORD)
    fieldworker = User.objects.create_user("busi.ndlovu", "Busi Ndlovu", PASSWORD)
    school = add_school(emis_number="00400001", name="Thuthuka Primary", province="Gauteng")
    school_class = add_class(school=school, grade="1", name="1B", year=today.year)
    appoint(user_id=teacher.pk, role="teacher", school=school, school_class=school_class)
    appoint(user_id=fieldworker.pk, role="fieldworker", school=school)
    files = read(PACK).files
    version = publish({**files, "put_right.xlsx": workbook()} if put_right else files, by=teacher.pk)
    ids = []
    for number in range(children):
        given, family = NAMES[number % len(NAMES)].split()
        child = enrol_child(
            given_names=given if number < len(NAMES) else f"{given} {number}",
            family_name=family,
            sex=("female", "male")[number % 2],
            birth_date=today - timedelta(days=365 * 6 + 30 * (number % 30)),
            school_class=school_class,
            since=today,
            home_language="zu",
            child_id=str(uuid.uuid4()),
        )
        ids.append(child.pk)
    ids += _many(bulk, school_class)
    wave = open_wave(
        name="Wave 1", number=1, pack_version=version, schools=[school],
        opens_on=today - timedelta(days=7), closes_on=today + timedelta(days=60),
    )  # fmt: skip
    tokens = [make_device(user=fieldworker, label=f"Tablet {number + 1}")[1] for number in range(devices)]
    more = _more_people(school, teacher, make_device) if put_right else {}
    return {
        **more,
        "doors": [f"/v1/key/{token}" for token in tokens],
        "username": teacher.username,
        "password": PASSWORD,
        "class_id": school_class.pk,
        "school_id": school.pk,
        "emis_number": school.emis_number,
        "wave": wave.pk,
        "children": ids,
    }


def _more_people(school: Any, teacher: Any, make_device: Any) -> dict[str, object]:
    """A tablet that carries one class only, and somebody who is asked about what two people changed."""
    from khula.server.people.models import User
    from khula.server.schools.actions import appoint

    coordinator = User.objects.create_user("nomsa.sithole", "Nomsa Sithole", PASSWORD)
    appoint(user_id=coordinator.pk, role="coordinator", school=school)
    return {
        "class_door": f"/v1/key/{make_device(user=teacher, label='The teacher’s tablet')[1]}",
        "coordinator": coordinator.username,
    }


def _many(bulk: int, school_class: Any) -> list[str]:
    """Children for a load: written down at once, with nothing that devices would be told of them."""
    from khula.server.schools.models import Child

    children = [
        Child(
            id=str(uuid.uuid4()), school_id=school_class.school_id, school_class=school_class,
            given_names=f"Learner {number}", family_name="Khumalo", sex=("female", "male")[number % 2],
            birth_date=date(2019, 1 + number % 12, 1 + number % 28),
        )
        for number in range(bulk)
    ]  # fmt: skip
    Child.objects.bulk_create(children, batch_size=500)
    return [child.id for child in children]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--children", type=int, default=12)
    parser.add_argument("--bulk", type=int, default=0)
    parser.add_argument("--devices", type=int, default=4)
    parser.add_argument("--put-right", action="store_true", help="a form more, which changes children on the list")
    given = parser.parse_args()
    django.setup()
    print(json.dumps(prepare(given.children, given.devices, given.bulk, given.put_right)))


if __name__ == "__main__":
    main()
