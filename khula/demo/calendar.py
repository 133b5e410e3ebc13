"""A day on which the demonstration is made → when each wave opened and closed, and when whom was talked with.

The third wave is going on: some of its voices are still awaited.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from random import Random

from khula.demo.people import InventedChild

SOUTH_AFRICA = timezone(timedelta(hours=2))
OPENED_DAYS_AGO, CLOSES_IN_DAYS = 40, 20
A_YEAR = timedelta(days=364)  # to the same day of the week
#: Days after the opening on which a school's first talks are held, and over how many days they spread.
FIRST_TALK: Mapping[str, tuple[int, int]] = {
    "child": (3, 12),
    "caregiver": (4, 24),
    "teacher": (8, 20),
    "health": (12, 10),
}
MINUTES: Mapping[str, tuple[int, int]] = {
    "child": (9, 17),
    "caregiver": (24, 44),
    "teacher": (5, 11),
    "health": (8, 15),
}


@dataclass(frozen=True)
class WaveDates:
    number: int
    opens_on: date
    closes_on: date

    @property
    def year(self) -> int:
        return self.opens_on.year

    @property
    def name(self) -> str:
        return f"Wave {self.number}, {self.opens_on:%B %Y}"


def waves_before(today: date) -> tuple[WaveDates, WaveDates, WaveDates]:
    opened = today - timedelta(days=OPENED_DAYS_AGO)
    closes = today + timedelta(days=CLOSES_IN_DAYS)
    first, second, third = (
        WaveDates(number, opened - (3 - number) * A_YEAR, closes - (3 - number) * A_YEAR) for number in (1, 2, 3)
    )
    return first, second, third


def day_of_talk(wave: WaveDates, child: InventedChild, informant: str) -> date:
    """A school day inside the wave; siblings' caregivers are visited on one day."""
    start, spread = FIRST_TALK[informant]
    whom = child.household if informant == "caregiver" else child.id
    chance = Random(f"{wave.number}:{whom}:{informant}")  # noqa: S311 – the same days every time
    day = wave.opens_on + timedelta(days=start + child.school.number % 3 + chance.randrange(spread))
    return day - timedelta(days=max(0, day.weekday() - 4))


@dataclass(frozen=True)
class Talk:
    start: datetime
    end: datetime

    @property
    def day(self) -> date:
        return self.start.date()

    def as_device_writes(self) -> dict[str, str]:
        return {
            "start": self.start.isoformat(timespec="milliseconds"),
            "end": self.end.isoformat(timespec="milliseconds"),
            "today": self.day.isoformat(),
        }


def talk(day: date, child_id: str, informant: str) -> Talk:
    chance = Random(f"{day}:{child_id}:{informant}")  # noqa: S311
    start = datetime.combine(
        day, time(8 + chance.randrange(6), chance.randrange(60), chance.randrange(60)), SOUTH_AFRICA
    )
    return Talk(start, start + timedelta(minutes=chance.randint(*MINUTES[informant]), seconds=chance.randrange(60)))
