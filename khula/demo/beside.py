"""What was answered in a wave → the forms beside the voices that people would send: help given, referrals asked after,
a class at a glance, letters on a card, and a note about a child who is not safe.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from itertools import islice
from random import Random

from khula.demo.calendar import SOUTH_AFRICA, Talk, day_of_talk
from khula.demo.fill import FormToFill
from khula.demo.lives import Answers, Year
from khula.demo.people import WAVES, InventedChild
from khula.demo.sent import Place, Sent, instance_of

Said = Mapping[str, str]

#: What is done for a child, when these answers call for it.
HELP: Mapping[str, Callable[[Said], bool]] = {
    "food_parcel": lambda said: said.get("hhs_1") == "yes" or said.get("c_bed_hungry") == "2",
    "grant_help": lambda said: said.get("g_grant") in ("never", "applied", "stopped"),
    "counselling": lambda said: said.get("c_worried") == "2" or said.get("t_sad") in ("2", "3"),
    "learning_support": lambda said: said.get("t_fn_learn") in ("2", "3"),
    "home_visit": lambda said: said.get("g_support") == "0",
}
#: To whom a child is sent, when these answers call for it.
REFERRED: Mapping[str, Callable[[Said], bool]] = {
    "clinic": lambda said: (
        "refer" in (said.get("h_vision"), said.get("h_hearing")) or said.get("h_mouth") in ("pain", "decay")
    ),
    "home_affairs": lambda said: said.get("g_birth_cert") == "no",
    "sassa": lambda said: said.get("g_grant") == "never",
    "psychologist": lambda said: said.get("h_concern") == "2",
}
SOME_FOLLOW_UPS = 4  # of referrals made on paper: a person says where they belong
COMES_ABOUT = 0.6  # of what is called for
OUTCOMES = (("done", 74), ("partly", 10), ("not_home", 9), ("rescheduled", 5), ("refused", 2))
BARRIERS = (
    ("transport", 30), ("money", 20), ("work", 18), ("too_far_wait", 14), ("closed", 8), ("consent", 6),
    ("language", 4),
)  # fmt: skip
#: An item of the class at a glance and the teacher's own answers that it follows; from 2 on they worry.
GLANCES: Mapping[str, tuple[str, ...]] = {
    "tg_learning": ("t_fn_learn", "t_fn_attend"),
    "tg_friends": ("t_sad", "t_behave"),
    "tg_food": ("t_hungry",),
    "tg_body": ("t_fn_see", "t_fn_hear", "t_fn_walk"),
    "tg_things": ("t_uniform", "t_stationery"),
}
LETTERS = tuple("maslotenikbuhdpewaygzrfonvtijsckuxmqlhbd")  # of the card, row by row


def beside_the_voices(
    year: Year, place: Place, children: Iterable[InventedChild], forms: Mapping[str, FormToFill], today: date
) -> Iterator[Sent]:
    """Help in every wave; the rest in the last: some follow-ups, and at the first school a class and letters."""
    here = list(children)
    yield from _called_for(HELP, "service", _contact, year, place, here, forms, today)
    if place.dates.number != WAVES[-1]:
        return
    follow_ups = _called_for(REFERRED, "followup", _follow_up, year, place, here, forms, today)
    yield from islice(follow_ups, SOME_FOLLOW_UPS)
    first = [child for child in here if child.school.number == min(each.school.number for each in here)]
    for child in first:
        yield from _at_a_glance(year, place, child, forms["teacher_class"], today)
        yield from _letters(year, place, child, forms["reading"], today)
    afraid = [child for child in here if year.answers(child)["child"].get("c_hurt") == "yes"]
    for child in (afraid or here)[:1]:
        yield from _safety_note(place, child, forms["safety"], today)


def _called_for(
    kinds: Mapping[str, Callable[[Said], bool]], informant: str, written: Callable[[str, date, Random], Answers],
    year: Year, place: Place, children: Iterable[InventedChild], forms: Mapping[str, FormToFill], today: date,
) -> Iterator[Sent]:  # fmt: skip
    for child in children:
        said: Answers = {}
        for answers in year.answers(child).values():
            said |= answers
        after = day_of_talk(place.dates, child, "caregiver")
        for kind in (kind for kind, called_for in kinds.items() if called_for(said)):
            chance = year.chance(child.id, kind, informant)
            day = _school_day(after + timedelta(days=3 + chance.randrange(25)))
            if chance.random() < COMES_ABOUT and day < today:
                filled = written(kind, day, chance)
                yield _sent(place, child, forms[informant], f"{informant}-{kind}", day, filled, "child")


def _contact(kind: str, day: date, chance: Random) -> Answers:
    outcome = _one_of(OUTCOMES, chance)
    said = {"s_kind": kind, "s_on": day.isoformat(), "s_outcome": outcome}
    if outcome in ("done", "partly"):
        said |= {
            "s_minutes": str(chance.randrange(10, 75, 5)),
            "s_with": chance.choice(("caregiver", "child caregiver")),
        }
    if outcome in ("partly", "rescheduled"):
        said["s_next_on"] = _school_day(day + timedelta(days=14)).isoformat()
    return said


def _follow_up(kind: str, day: date, chance: Random) -> Answers:
    said = {"f_kind": kind, "f_on": day.isoformat(), "f_attended": "yes" if chance.random() < 0.62 else "no"}
    if said["f_attended"] == "no":
        barrier = _one_of(BARRIERS, chance)
        return said | {"f_barrier": barrier, "f_next_on": _school_day(day + timedelta(days=21)).isoformat()}
    return said | {"f_outcome": chance.choice(("helped", "helped", "partly", "waiting"))}


def _at_a_glance(year: Year, place: Place, child: InventedChild, form: FormToFill, today: date) -> Iterator[Sent]:
    told = year.answers(child)["teacher"]
    day = _school_day(place.dates.opens_on + timedelta(days=5))
    if day < today:
        said = {name: _glance([told.get(each, "") for each in of]) for name, of in GLANCES.items()}
        yield _sent(place, child, form, "glance", day, said, "teacher")


def _glance(answers: list[str]) -> str:
    known = [int(each) for each in answers if each.isdigit()]
    return str(min(2, max(known))) if known else "dk"


def _letters(year: Year, place: Place, child: InventedChild, form: FormToFill, today: date) -> Iterator[Sent]:
    """As many as the child's own form says in a minute, wrong here and there; two children of three."""
    told, chance = year.answers(child)["child"], year.chance(child.id, "letters")
    day = _school_day(day_of_talk(place.dates, child, "child"))
    if not told.get("c_letters", "").isdigit() or day >= today or chance.random() > 2 / 3:
        return
    reached = min(len(LETTERS), max(10, int(told["c_letters"])))
    items = [f"{letter}_{at:02d}" for at, letter in enumerate(LETTERS[:reached], start=1)]
    right = [] if told["c_letters"] == "0" else [item for item in items if chance.random() < 0.85]
    said = {
        "l_interview_language": child.language, "l_assent": "yes", "l_letters": " ".join(right),
        "l_letters_last": str(reached), "l_letters_seconds": "60" if right else str(chance.randrange(20, 45)),
        "l_letters_wrong": " ".join(item for item in items if item not in right),
    }  # fmt: skip
    yield _sent(place, child, form, "letters", day, said, "child")


def _safety_note(place: Place, child: InventedChild, form: FormToFill, today: date) -> Iterator[Sent]:
    day = _school_day(place.dates.opens_on + timedelta(days=9))
    if day < today:
        said = {
            "k_in_danger": "child", "k_said": "After break: “I do not want to go home today.” No more was asked.",
            "k_on": f"{day}T10:40:00.000+02:00", "k_safe_now": "unsure", "k_told": "coordinator",
            "k_told_on": f"{day}T10:55:00.000+02:00",
        }  # fmt: skip
        yield _sent(place, child, form, "safety", day, said, "teacher")


def _sent(place: Place, child: InventedChild, form: FormToFill, name: str, day: date, said: Answers, by: str) -> Sent:
    sender = place.senders[child.school.emis_number, by]
    chance = Random(f"{day}:{child.id}:{name}")  # noqa: S311 – repeatable on purpose
    start = datetime.combine(day, time(13 + chance.randrange(3), chance.randrange(60)), SOUTH_AFRICA)
    preloads = {
        **Talk(start, start + timedelta(minutes=2)).as_device_writes(), "deviceid": f"khula-demo:{sender}",
        "username": sender, "instanceID": instance_of(child.id, place.dates.number, name),
    }  # fmt: skip
    return Sent(form.fill({**said, "learner": child.id}, preloads, place.rows[child.id]), sender)


def _one_of(shares: Iterable[tuple[str, int]], chance: Random) -> str:
    codes, weights = zip(*shares, strict=True)
    return str(chance.choices(codes, weights)[0])


def _school_day(day: date) -> date:
    return day - timedelta(days=max(0, day.weekday() - 4))
