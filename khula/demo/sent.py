"""Invented children, their talks and the published forms → finished forms, in the order and with the faults of a field.

Most arrive in their wave; some only in the next. A few are corrected, asked twice, about a child nobody knows, of a
form nobody published, cut off, or changed under the same id: what a door must live with.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from uuid import NAMESPACE_URL, UUID, uuid5

from khula.demo.calendar import Talk, WaveDates, day_of_talk, talk
from khula.demo.fill import FormToFill
from khula.demo.lives import INFORMANTS, Answers, Year
from khula.demo.people import InventedChild

NOT_HEARD = (0.03, 0.035, 0.07)  # of each kind of voice in each wave
LATE = {1: ("teacher", 9), 2: ("health", 5)}  # in the wave: whose forms, and how many, arrive only in the next
SCHOOL_WITHOUT_NURSE_YET = 4  # in the third wave
CORRECTED, ASKED_TWICE = 5, 2  # in each wave


@dataclass(frozen=True)
class Sent:
    """One finished form and who sends it."""

    xml: bytes
    by: str  # username
    late: bool = False


@dataclass(frozen=True)
class Place:
    """What the server knows of a wave and of a child's row on the devices."""

    wave_id: str
    dates: WaveDates
    rows: Mapping[str, dict[str, str]]  # child -> row of the list of learners
    senders: Mapping[tuple[str, str], str]  # (school number, informant) -> username


def sent_in(
    year: Year, place: Place, children: Iterable[InventedChild], forms: Mapping[str, FormToFill], today: date
) -> Iterator[Sent]:
    """Every form of the wave, those that will be late among them."""
    heard = [
        (child, informant, talk(day_of_talk(place.dates, child, informant), child.id, informant))
        for child in children
        for informant in INFORMANTS
        if _is_heard(place.dates.number, child, informant)
    ]
    heard = [each for each in heard if each[2].day < today]
    late = _late(place.dates.number, heard)
    for child, informant, when in heard:
        said = dict(year.answers(child)[informant])
        yield _form(place, forms[informant], child, informant, when, said, late=(child.id, informant) in late)
    yield from _corrected(year, place, forms, heard, late)
    yield from _asked_twice(year, place, forms, heard, today)


def _is_heard(wave: int, child: InventedChild, informant: str) -> bool:
    if wave == 3 and informant == "health" and child.school.number == SCHOOL_WITHOUT_NURSE_YET:
        return False
    return Random(f"{wave}:{child.id}:{informant}:heard").random() >= NOT_HEARD[wave - 1]  # noqa: S311


Heard = list[tuple[InventedChild, str, Talk]]


def _late(wave: int, heard: Heard) -> set[tuple[str, str]]:
    whose, count = LATE.get(wave, ("", 0))
    of_them = [child.id for child, informant, _ in heard if informant == whose]
    return {(child_id, whose) for child_id in Random(wave).sample(of_them, min(count, len(of_them)))}  # noqa: S311


def _corrected(
    year: Year, place: Place, forms: Mapping[str, FormToFill], heard: Heard, late: set[tuple[str, str]]
) -> Iterator[Sent]:
    """A few forms are opened again on the device the next day, and one answer is put right."""
    usual = [each for each in heard if each[1] == "caregiver" and (each[0].id, each[1]) not in late]
    hurt = [each for each in heard if each[1] == "child" and year.answers(each[0])["child"].get("c_hurt") == "yes"]
    chosen = Random(place.dates.number).sample(usual, min(CORRECTED - 1, len(usual)))  # noqa: S311
    for child, informant, when in [*chosen, *hurt[:1]]:
        said = dict(year.answers(child)[informant])
        if informant == "caregiver":
            rooms = said.get("g_rooms", "")
            said["g_rooms"] = str(int(rooms) + 1) if rooms.isdigit() else "3"
        else:
            said["c_hurt"] = "no"  # the alert stays, marked as no longer said
        yield _form(place, forms[informant], child, informant, when, said, version=2)


def _asked_twice(
    year: Year, place: Place, forms: Mapping[str, FormToFill], heard: Heard, today: date
) -> Iterator[Sent]:
    """Two fieldworkers talked with the same child: the later talk counts, and a person is asked to look."""
    talks = [each for each in heard if each[1] == "child" and each[2].day < today - timedelta(days=6)]
    for child, informant, when in Random(100 + place.dates.number).sample(talks, min(ASKED_TWICE, len(talks))):  # noqa: S311
        again = Talk(when.start + timedelta(days=3), when.end + timedelta(days=3))
        said = dict(year.answers(child)[informant])
        said["c_happy"] = "1"
        yield _form(place, forms[informant], child, informant, again, said, version=3)


def _form(
    place: Place, form: FormToFill, child: InventedChild, informant: str, when: Talk, said: Answers,
    *, version: int = 1, late: bool = False,
) -> Sent:  # fmt: skip
    by = place.senders[child.school.emis_number, informant]
    preloads = {
        **when.as_device_writes(), "deviceid": f"khula-demo:{by}", "username": by,
        "instanceID": instance_of(child.id, place.dates.number, informant, version),
    }  # fmt: skip
    if version == 2:
        preloads["deprecatedID"] = instance_of(child.id, place.dates.number, informant, 1)
    xml = form.fill({**said, "learner": child.id}, preloads, place.rows[child.id])
    return Sent(xml, by, late)


def instance_of(child_id: str, wave: int, informant: str, version: int = 1) -> str:
    return f"uuid:{uuid5(NAMESPACE_URL, f'khula-demo:{child_id}:{wave}:{informant}:{version}')}"


def registrations(
    children: Iterable[InventedChild], place: Place, form: FormToFill, grade_of: Mapping[str, tuple[str, str]]
) -> Iterator[Sent]:
    """Children a fieldworker met who were on no list; `grade_of`: child -> grade, name of the class."""
    for child in children:
        grade, class_name = grade_of[child.id]
        by = place.senders[child.school.emis_number, "child"]
        when = talk(place.dates.opens_on + timedelta(days=2), child.id, "child")
        said = {
            "r_given_names": child.given_names, "r_family_name": child.family_name, "r_sex": child.sex,
            "r_birth_date": child.birth_date.isoformat(), "r_birth_date_exact": "yes", "r_grade": grade,
            "r_class_name": class_name, "r_school_emis": child.school.emis_number, "r_home_language": child.language,
        }  # fmt: skip
        preloads = {
            **when.as_device_writes(), "deviceid": f"khula-demo:{by}", "username": by, "entity": child.id,
            "label": child.full_name, "instanceID": instance_of(child.id, place.dates.number, "register"),
        }  # fmt: skip
        yield Sent(form.fill(said, preloads, {}), by)


def to_be_looked_at(good: Sent) -> Iterator[Sent]:
    """What a person must look at: each made from one good form."""
    xml, by = good.xml, good.by
    stranger = str(UUID(int=0x5EED_0000_0000_4000_8000_0000_0000_0001))
    learner = _between(xml, b"<learner>", b"</learner>")
    instance = _between(xml, b"<instanceID>", b"</instanceID>")
    version = _between(xml, b' version="', b'"')
    other = xml.replace(instance, b"uuid:" + str(uuid5(NAMESPACE_URL, "khula-demo:stranger")).encode())
    yield Sent(other.replace(b"<learner>" + learner, b"<learner>" + stranger.encode()), by)
    other = xml.replace(instance, b"uuid:" + str(uuid5(NAMESPACE_URL, "khula-demo:version")).encode())
    yield Sent(other.replace(b' version="' + version, b' version="2019010101', 1), by)
    yield Sent(xml[: len(xml) // 2], by)
    yield Sent(xml.replace(b"<c_likes_school>0", b"<c_likes_school>1").replace(b"<c_pain>0", b"<c_pain>1"), by)


def _between(xml: bytes, start: bytes, end: bytes) -> bytes:
    return xml.partition(start)[2].partition(end)[0]
