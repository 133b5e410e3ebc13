"""The demonstration's schools in; a small invented directory, referrals in each state, and a family programme, out.

Nobody and no service here exists. It is made once, in one piece, after the waves.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import transaction
from django.utils import timezone

from khula.server.cases.models import Case
from khula.server.events.actions import happened
from khula.server.events.models import Event
from khula.server.people.models import User
from khula.server.schools.models import Child, School
from khula.server.services.actions import hold_session, log_contact, refer, step
from khula.server.services.directory import add_provider, close_provider
from khula.server.services.models import Provider

JOHANNESBURG = "Johannesburg Central"
#: name, sector, kinds, for whom, place, district, hours, capacity, days since somebody confirmed it
DIRECTORY = (
    ("Thuso Eye Clinic", "health", ["eye_test"], "Children from 5 years", "12 Mahlaba Street", JOHANNESBURG,
     "Monday to Thursday, 8:00 to 12:00", 3, 20),
    ("Lesedi Community Clinic", "health", ["clinic", "vaccination", "dentist", "ear_test"], "Everybody of the area",
     "1 Kgosi Street", JOHANNESBURG, "Weekdays, 7:30 to 16:00", None, 45),
    ("Khanya Speech and Hearing", "health", ["ear_test", "speech_test"], "Children with a letter from school",
     "Old Hospital, block C", "", "Wednesdays", 6, 130),
    ("Masakhane Food Garden", "organisation", ["food_parcel", "food_garden"], "Families without food",
     "Behind Lesedi Clinic", "", "Fridays from 9:00", None, 10),
    ("Social Development, local office", "social_development", ["social_worker", "grant_help", "home_visit"],
     "Families of the area", "3 Freedom Square", "", "Weekdays, 8:00 to 15:00", 40, 60),
    ("Sihlangene Family Programme", "organisation", ["family_programme", "counselling"],
     "Caregivers with children in Grade R to 3", "At the schools", "", "Tuesday evenings", 24, 30),
    ("District learning support team", "education", ["learning_support", "psychologist"], "Learners of the district",
     "District office", "", "By appointment", None, 95),
    ("Old Mill Homework Club", "organisation", ["homework_club"], "Grades 1 to 3", "Old Mill Hall", "", "", 20, 300),
)  # fmt: skip
CLOSED = "Old Mill Homework Club"


@dataclass(frozen=True)
class _Story:
    """One referral: how many days ago it was sent, to whom, and each step with its day."""

    sent: int
    to: str
    kind: str
    domain: str
    steps: tuple[tuple[str, int, Mapping[str, object]], ...] = ()
    again: bool = False  # the child is referred once more, to somebody else


EYES, CLINIC, FOOD = "Thuso Eye Clinic", "Lesedi Community Clinic", "Masakhane Food Garden"
FAMILIES = "Sihlangene Family Programme"
OFFICE, LEARNING = "Social Development, local office", "District learning support team"
STORIES = (
    _Story(2, EYES, "eye_test", "health"),
    _Story(12, CLINIC, "dentist", "health"),  # nobody has answered: overdue
    _Story(20, CLINIC, "clinic", "health", (("accepted", 6, {}),)),
    _Story(15, EYES, "eye_test", "health", (("accepted", 10, {}), ("appointment", 10, {"appointment_in": 6}))),
    _Story(30, EYES, "eye_test", "health", (("appointment", 25, {"appointment_in": -4}),)),  # its day has passed
    _Story(40, CLINIC, "ear_test", "health", (
        ("accepted", 35, {}), ("appointment", 35, {"appointment_in": -20}),
        ("not_attended", 19, {"barrier": "transport"}),
    )),
    _Story(9, LEARNING, "learning_support", "education", (("declined", 2, {"reason": "full"}),)),
    _Story(28, LEARNING, "psychologist", "psychosocial", (("declined", 23, {"reason": "not_eligible"}),), again=True),
    _Story(33, FOOD, "food_parcel", "nutrition", (
        ("accepted", 31, {}), ("attended", 29, {}), ("outcome", 20, {"outcome": "done"}), ("closed", 19, {}),
    )),
    _Story(50, OFFICE, "grant_help", "economic", (
        ("accepted", 44, {}), ("attended", 30, {}), ("outcome", 8, {"outcome": "partly"}),
    )),
    _Story(26, OFFICE, "social_worker", "protection", (("accepted", 25, {}), ("attended", 21, {}))),
    _Story(18, FOOD, "food_parcel", "nutrition", (("withdrawn", 15, {"reason": "helped_elsewhere"}),)),
)  # fmt: skip
GROUP = 12


def put_up_help(*, today: date, schools: Mapping[int, str]) -> None:
    """`schools`: the number of each school that has a team of its own -> its EMIS number."""
    if Event.objects.filter(kind="demo.help_made").exists():
        return
    day = min(today, timezone.localdate())
    nurse = User.objects.get(username="lindiwe.dlamini")
    social_worker = User.objects.get(username="nomsa.khumalo")
    with transaction.atomic():
        directory = _directory(day)
        for number in sorted(schools)[:2]:
            school = School.objects.get(emis_number=schools[number])
            for place, story in enumerate(STORIES):
                by = social_worker if story.domain in ("protection", "economic") else nurse
                _live(story, _children(school, story.domain), place, directory, by.pk, day)
            _serve(school, social_worker.pk, nurse.pk, day)
        happened(kind="demo.help_made", subject="demo")


def _directory(day: date) -> dict[str, Provider]:
    made = {}
    for name, sector, kinds, for_whom, place, district, hours, capacity, days in DIRECTORY:
        said = {
            "name": name, "sector": sector, "kinds": kinds, "for_whom": for_whom, "place": place,
            "district": district, "hours": hours, "capacity": capacity, "contact": "010 000 0000",
        }  # fmt: skip
        made[name] = add_provider(said=said, on=day - timedelta(days=days))
    close_provider(provider_id=made[CLOSED].pk, on=day - timedelta(days=200))
    return made


def _children(school: School, domain: str) -> list[str]:
    """Those still here, whoever stands gravest in the domain first; the same ones at every start."""
    cases = Case.objects.filter(child__school=school, child__left_on=None).order_by("wave__number", "child_id")
    latest = dict(cases.values_list("child_id", "levels"))
    grave = {child: (f'"{domain}":"high"' not in levels, child) for child, levels in latest.items()}
    return sorted(latest, key=lambda child: grave[child])


def _live(
    story: _Story, children: list[str], place: int, directory: Mapping[str, Provider], by: int, day: date
) -> None:
    if not children:
        return
    sent = refer(
        child_id=children[place % len(children)], provider_id=directory[story.to].pk, kind=story.kind,
        domain=story.domain, by=by, on=day - timedelta(days=story.sent),
    )  # fmt: skip
    for to, ago, said in story.steps:
        words = dict(said)
        if "appointment_in" in words:
            words = {"appointment_on": day + timedelta(days=int(str(words["appointment_in"])))}
        step(referral_id=sent.pk, to=to, on=day - timedelta(days=ago), by=by, **words)
    if story.again:
        refer(
            child_id=sent.child_id, provider_id=directory[FAMILIES].pk, kind="counselling", domain=story.domain, by=by,
            earlier_id=sent.pk, on=day - timedelta(days=1),
        )  # fmt: skip


def _serve(school: School, social_worker: int, nurse: int, day: date) -> None:
    children = [child.pk for child in Child.objects.filter(school=school, left_on=None).order_by("pk")[:GROUP]]
    if not children:
        return
    first = hold_session(
        school=school, kind="family_programme", came=children, by=social_worker, on=day - timedelta(days=14),
        minutes=90, title="Tuesday families",
    )  # fmt: skip
    hold_session(
        school=school, kind="family_programme", came=children[2:] or children, absent=children[:2],
        by=social_worker, on=day - timedelta(days=7), minutes=90, title="Tuesday families", earlier_id=first.pk,
    )  # fmt: skip
    for child_id in children[:4]:
        log_contact(child_id=child_id, kind="vaccination", by=nurse, on=day - timedelta(days=9), minutes=10)
