"""An empty database in; six invented schools with three waves of talks, handed in at the real door, out.

Everything has an id that follows from the seed, and every step looks whether it is done already: a demonstration that
was cut off (a closed lid, a full disk) is finished by the next start, not made twice.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from khula.demo.beside import beside_the_voices
from khula.demo.calendar import WaveDates, day_of_talk, waves_before
from khula.demo.fill import FormToFill, form_to_fill
from khula.demo.help import put_up_help
from khula.demo.lives import INFORMANTS, Year
from khula.demo.people import NEWCOMERS_IN, SCHOOLS, WAVES, InventedCaregiver, InventedChild, InventedSchool, invent
from khula.demo.plans import make_plans
from khula.demo.post import Application, post_all
from khula.demo.sent import Place, Sent, registrations, sent_in, to_be_looked_at
from khula.server.collection.actions import make_device, revoke_device
from khula.server.collection.models import Device
from khula.server.events.actions import happened
from khula.server.events.models import Event
from khula.server.events.queries import facts_of
from khula.server.packs.actions import publish
from khula.server.packs.models import Form, PackVersion
from khula.server.people.models import User
from khula.server.people.roles import Role
from khula.server.schools.actions import (
    add_caregiver,
    add_class,
    add_school,
    appoint,
    child_left,
    enrol_child,
    move_child,
    set_primary_caregiver,
)
from khula.server.schools.models import Caregiver, Child, Household, Post, School, SchoolClass
from khula.server.waves.actions import open_wave
from khula.server.waves.models import Wave

SHIPPED = Path("packs") / "foundation_phase"
#: An installed wheel carries the pack beside this file; a checkout has it where it is worked on.
PACK = next(
    (folder / SHIPPED for folder in Path(__file__).resolve().parents if (folder / SHIPPED).is_dir()),
    Path(__file__).resolve().parent / SHIPPED,
)
Say = Callable[[str], None]
TWO_CLASSES = 60  # a school with more children than this has two classes of each grade


@dataclass(frozen=True)
class SignIn:
    role: Role
    username: str
    full_name: str
    schools: tuple[int, ...] | None  # numbers of the schools; None = all there are


SIGN_INS = (
    SignIn(Role.TEACHER, "thabo.mokoena", "Mr Thabo Mokoena", (1,)),
    SignIn(Role.NURSE, "lindiwe.dlamini", "Sr Lindiwe Dlamini", (1, 2, 3, 4, 5, 6)),
    SignIn(Role.SOCIAL_WORKER, "nomsa.khumalo", "Ms Nomsa Khumalo", (1, 2)),
    SignIn(Role.COORDINATOR, "zanele.mthembu", "Ms Zanele Mthembu", (1, 2, 3, 4, 5, 6)),
    SignIn(Role.RESEARCHER, "anand.naidoo", "Dr Anand Naidoo", None),
    SignIn(Role.PSYCHOLOGIST, "lindiwe.maseko", "Ms Lindiwe Maseko", (1, 2, 3, 4, 5, 6)),
    SignIn(Role.FIELDWORKER, "sizwe.radebe", "Mr Sizwe Radebe", (1, 2, 3)),
    SignIn(Role.FIELDWORKER, "hlulani.chauke", "Ms Hlulani Chauke", (4, 5, 6)),
    SignIn(Role.DISTRICT, "hendrik.botha", "Mr Hendrik Botha", None),
    SignIn(Role.ADMINISTRATOR, "fatima.adams", "Ms Fatima Adams", None),
)
#: Those the first start prints.
FIRST_SIGN_INS = (Role.TEACHER, Role.NURSE, Role.SOCIAL_WORKER, Role.COORDINATOR, Role.RESEARCHER)


class NotEmpty(Exception):
    """There are schools here that are not of the demonstration."""


@dataclass
class _Stage:
    """What has been put up so far."""

    application: Application
    pack: PackVersion
    password: str
    today: date
    say: Say
    invented: Sequence[InventedSchool]
    forms: dict[str, FormToFill] = field(default_factory=dict)
    schools: dict[str, School] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    late: list[Sent] = field(default_factory=list)
    posted: Counter[int] = field(default_factory=Counter)


def is_made() -> bool:
    return Event.objects.filter(kind="demo.made").exists()


def make_demo(
    *,
    application: Application,
    password: str,
    today: date,
    say: Say,
    pack: Path = PACK,
    schools: Sequence[InventedSchool] = SCHOOLS,
) -> None:
    """Make the demonstration, or finish one that was cut off. Raises NotEmpty, PackRefused, NotTaken."""
    today = _begun_on(today)
    say(f"Publishing the pack {pack.name} …")
    stage = _Stage(application, _published(pack), password, today, say, schools)
    waves = waves_before(today)
    children = invent(waves[0].year, schools)
    with transaction.atomic():
        _put_up_schools(stage)
        _put_up_people(stage)
    stage.forms = {
        form.informant: form_to_fill(bytes(form.xml)) for form in Form.objects.filter(pack_version=stage.pack)
    }
    for dates in waves:
        _live_through(stage, dates, children)
    put_up_help(today=today, schools={school.number: school.emis_number for school in stage.invented})
    say(f"{make_plans()} plans were begun.")
    with transaction.atomic():
        happened(kind="demo.made", subject="demo", facts={"today": today})
    say(f"{sum(stage.posted.values())} forms were handed in.")


def _begun_on(today: date) -> date:
    """The day the demonstration was begun: its dates follow from it, also when it is finished later."""
    begun = Event.objects.filter(kind="demo.begun").first()
    if begun is not None:
        return date.fromisoformat(facts_of(begun)["today"])
    if School.objects.exists():
        raise NotEmpty
    with transaction.atomic():
        happened(kind="demo.begun", subject="demo", facts={"today": today})
    return today


def _published(pack: Path) -> PackVersion:
    files = {path.relative_to(pack).as_posix(): path.read_bytes() for path in sorted(pack.rglob("*")) if path.is_file()}
    return publish(files)


# Who is there


def _put_up_schools(stage: _Stage) -> None:
    for school in stage.invented:
        stage.schools[school.emis_number] = School.objects.filter(emis_number=school.emis_number).first() or add_school(
            emis_number=school.emis_number, name=school.name, province=school.province, district=school.district
        )


def _put_up_people(stage: _Stage) -> None:
    kept = make_password(stage.password)  # hashed once: the hash is slow on purpose
    for sign_in in SIGN_INS:
        user = _person(sign_in.username, sign_in.full_name, kept)
        for school in _schools_of(stage, sign_in):
            _post(user, sign_in.role, school)
        stage.tokens[sign_in.username] = _device(user, f"Tablet of {sign_in.full_name}")
    for school in stage.invented:
        for username, full_name in school.teachers:
            user = _person(username, full_name, kept)
            if username not in stage.tokens:
                stage.tokens[username] = _device(user, f"Phone of {full_name}")


def _person(username: str, full_name: str, kept_password: str) -> User:
    user, _ = User.objects.get_or_create(
        username=username, defaults={"full_name": full_name, "password": kept_password}
    )
    return user


def _device(user: User, label: str) -> str:
    """A new token; the one of an earlier try is known to nobody and no longer opens the door."""
    for device in Device.objects.filter(user=user, label=label, revoked_at=None):
        revoke_device(device_id=device.pk)
    return make_device(user=user, label=label)[1]


def _schools_of(stage: _Stage, sign_in: SignIn) -> list[School | None]:
    if sign_in.schools is None:
        return [None]
    if sign_in.role == Role.TEACHER:
        return []  # a teacher's post is with a class, see `_appoint_teachers`
    return [stage.schools[each.emis_number] for each in stage.invented if each.number in sign_in.schools]


def _post(user: User, role: Role, school: School | None, school_class: SchoolClass | None = None) -> None:
    if not Post.objects.filter(user=user, role=role, school=school, school_class=school_class, until=None).exists():
        appoint(user_id=user.pk, role=role, school=school, school_class=school_class)


def _appoint_teachers(stage: _Stage, dates: WaveDates, classes: Mapping[str, SchoolClass]) -> None:
    """The younger and the older class of each school, this year."""
    for school in stage.invented:
        own = [cls for cls in classes.values() if cls.school_id == stage.schools[school.emis_number].pk]
        usual = sorted({cls.pk: cls for cls in own}.values(), key=lambda cls: ("R123".index(cls.grade), cls.name))
        usual = [cls for cls in usual if cls.name.endswith("A")][-2:]
        for (username, _), cls in zip(school.teachers, usual, strict=False):
            user = User.objects.get(username=username)
            Post.objects.filter(user=user, role=Role.TEACHER, until=None).exclude(school_class=cls).update(
                until=dates.opens_on
            )
            _post(user, Role.TEACHER, cls.school, cls)


# A year


def _live_through(stage: _Stage, dates: WaveDates, children: list[InventedChild]) -> None:
    began = timezone.now()
    here = [child for child in children if child.found_in(dates.number)]
    made = Event.objects.filter(kind="demo.wave_made", subject=str(dates.number)).exists()
    classes = _classes(stage, dates, children)
    wave_id = str(uuid5(NAMESPACE_URL, f"khula-demo:wave:{dates.number}"))
    if not made:
        _begin(stage, dates, wave_id, children, classes)
    place = Place(wave_id, dates, _rows(here, wave_id, dates, classes), _senders(stage.invented))
    newcomers = [child for child in here if child.by_device and dates.number == NEWCOMERS_IN]
    if newcomers:
        place.rows[newcomers[0].id]["wave"] = ""  # talked with before the tablet had fetched the new list
    year = Year(dates.number, here, lambda child, informant: day_of_talk(dates, child, informant))
    sent = list(sent_in(year, place, here, stage.forms, stage.today))
    sent += beside_the_voices(year, place, here, stage.forms, stage.today)
    if not made:
        _meet_newcomers(stage, place, newcomers, classes)
        _hand_in(stage, dates, sent)
        stage.say(f"{dates.name}: {len(here)} children, {(timezone.now() - began).total_seconds():.0f} s")
    stage.late = [each for each in sent if each.late]


def _begin(
    stage: _Stage,
    dates: WaveDates,
    wave_id: str,
    children: list[InventedChild],
    classes: Mapping[str, SchoolClass],
) -> None:
    with transaction.atomic():
        for child in children:
            _settle_child(dates, child, classes)
        if not Wave.objects.filter(pk=wave_id).exists():
            open_wave(
                wave_id=wave_id,
                name=dates.name,
                number=dates.number,
                pack_version=stage.pack,
                schools=list(stage.schools.values()),
                opens_on=dates.opens_on,
                closes_on=dates.closes_on,
            )
        _appoint_teachers(stage, dates, classes)


def _hand_in(stage: _Stage, dates: WaveDates, sent: list[Sent]) -> None:
    """Everything of this wave that is in time, and what the wave before owed."""
    now = [each for each in sent if not each.late]
    if dates.number == WAVES[-1]:
        now += to_be_looked_at(next(each for each in sent if b'id="kh_child"' in each.xml[:400]))
    stage.posted += post_all(stage.application, stage.tokens, [*now, *stage.late])
    with transaction.atomic():
        happened(kind="demo.wave_made", subject=str(dates.number))


def _classes(stage: _Stage, dates: WaveDates, children: Iterable[InventedChild]) -> dict[str, SchoolClass]:
    """child -> the class it is in this year."""
    classes: dict[tuple[str, str], SchoolClass] = {}
    of_child = {}
    for number, child in enumerate(children):
        school = stage.schools[child.school.emis_number]
        grade = child.grades[dates.number - 1]
        name = f"{grade}{'B' if child.school.children[0] > TWO_CLASSES and number % 2 else 'A'}"
        if (child.school.emis_number, name) not in classes:
            known = SchoolClass.objects.filter(school=school, name=name, year=dates.year).first()
            classes[child.school.emis_number, name] = known or add_class(
                school=school, grade=grade, name=name, year=dates.year
            )
        of_child[child.id] = classes[child.school.emis_number, name]
    return of_child


def _settle_child(dates: WaveDates, invented: InventedChild, classes: Mapping[str, SchoolClass]) -> None:
    """Enrolled in the first year; later moved up, gone, or with somebody new who cares for it."""
    if invented.by_device:
        return
    first_day = date(dates.year, 1, 15)
    child = Child.objects.filter(pk=invented.id).first()
    if child is None:
        _enrol(invented, classes[invented.id], first_day)
    elif invented.left and not invented.found_in(dates.number):
        if child.left_on is None:
            child_left(child=child, on=dates.opens_on - timedelta(days=90))
    else:
        move_child(child=child, school_class=classes[invented.id], on=first_day)
        if invented.next_caregiver and dates.number == 2:
            _cares(child, invented.next_caregiver, first_day)


def _enrol(invented: InventedChild, school_class: SchoolClass, since: date) -> None:
    household, _ = Household.objects.get_or_create(id=invented.household)
    child = enrol_child(
        child_id=invented.id, given_names=invented.given_names, family_name=invented.family_name, sex=invented.sex,
        birth_date=invented.birth_date, home_language=invented.language, household=household,
        school_class=school_class, since=since,
    )  # fmt: skip
    _cares(child, invented.caregiver, since)


def _cares(child: Child, invented: InventedCaregiver, since: date) -> None:
    caregiver = Caregiver.objects.filter(pk=invented.id).first() or add_caregiver(
        caregiver_id=invented.id, full_name=invented.full_name, language=invented.language
    )
    set_primary_caregiver(child=child, caregiver=caregiver, relation=invented.relation, since=since)


def _rows(
    children: Iterable[InventedChild], wave_id: str, dates: WaveDates, classes: Mapping[str, SchoolClass]
) -> dict[str, dict[str, str]]:
    """The list of learners as the devices had it in this wave."""
    return {
        child.id: {
            "name": child.id,
            "label": child.full_name,
            "given_names": child.given_names,
            "family_name": child.family_name,
            "sex": child.sex,
            "birth_date": child.birth_date.isoformat(),
            "grade": classes[child.id].grade,
            "language": child.language,
            "school": child.school.name,
            "class": classes[child.id].name,
            "wave": wave_id,
        }
        for child in children
    }


def _senders(schools: Sequence[InventedSchool]) -> dict[tuple[str, str], str]:
    return {
        (school.emis_number, informant): _sender(school, informant) for school in schools for informant in INFORMANTS
    }


def _sender(school: InventedSchool, informant: str) -> str:
    if informant == "health":
        return "lindiwe.dlamini"
    if informant == "teacher":
        return school.teachers[0][0]
    return "sizwe.radebe" if school.number <= 3 else "hlulani.chauke"


def _meet_newcomers(
    stage: _Stage, place: Place, newcomers: list[InventedChild], classes: Mapping[str, SchoolClass]
) -> None:
    """They are enrolled by the form a fieldworker fills in; who cares for them is written down afterwards."""
    grade_of = {child.id: (classes[child.id].grade, classes[child.id].name) for child in newcomers}
    sent = list(registrations(newcomers, place, stage.forms["register"], grade_of))
    stage.posted += post_all(stage.application, stage.tokens, sent)
    with transaction.atomic():
        for invented in newcomers:
            _cares(Child.objects.get(pk=invented.id), invented.caregiver, place.dates.opens_on)
