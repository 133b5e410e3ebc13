"""A seed → six invented schools, 249 children with their families, and who is still there in each of three waves.

The shape follows what was published of the study this stands for: five schools of a city with 162, 140 and 123
children in three waves, and one rural school that brings them to 249. Nobody here exists.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from uuid import UUID

from khula.demo.names import NAMES, Names

SEED = 2020
WAVES = (1, 2, 3)


@dataclass(frozen=True)
class InventedSchool:
    number: int  # its place in the round of the fieldworkers
    emis_number: str
    name: str
    province: str
    district: str
    children: tuple[int, int, int]  # assessed in each wave
    languages: Mapping[str, int]  # home language -> share of 100
    teachers: tuple[tuple[str, str], tuple[str, str]]  # of the younger and the older class: username, name
    rural: bool = False  # poorer, larger, and with children who are on no list yet


SCHOOLS = (
    InventedSchool(
        1,
        "700990011",
        "Ukhanyo Hill Primary School",
        "Gauteng",
        "Johannesburg Central",
        (33, 29, 25),
        {"zu": 55, "st": 25, "xh": 12, "ts": 8},
        (("thabo.mokoena", "Mr Thabo Mokoena"), ("nomfundo.cele", "Ms Nomfundo Cele")),
    ),
    InventedSchool(
        2,
        "700990022",
        "Naledi Park Primary School",
        "Gauteng",
        "Johannesburg Central",
        (33, 28, 25),
        {"st": 45, "tn": 30, "zu": 25},
        (("palesa.moloi", "Ms Palesa Moloi"), ("kagiso.seane", "Mr Kagiso Seane")),
    ),
    InventedSchool(
        3,
        "700990033",
        "Vukuzenzele Road Primary School",
        "Gauteng",
        "Johannesburg East",
        (32, 28, 25),
        {"zu": 35, "nso": 35, "xh": 20, "ts": 10},
        (("zanele.xaba", "Ms Zanele Xaba"), ("phuti.ledwaba", "Mr Phuti Ledwaba")),
    ),
    InventedSchool(
        4,
        "700990044",
        "Ivory Ridge Primary School",
        "Gauteng",
        "Ekurhuleni North",
        (32, 28, 24),
        {"nso": 35, "ts": 30, "zu": 20, "ve": 15},
        (("tsakane.baloyi", "Ms Tsakane Baloyi"), ("rendani.munyai", "Mr Rendani Munyai")),
    ),
    InventedSchool(
        5,
        "700990055",
        "Eikenhof Street Primary School",
        "Gauteng",
        "Johannesburg South",
        (32, 27, 24),
        {"af": 60, "en": 30, "zu": 10},
        (("anika.fortuin", "Ms Anika Fortuin"), ("dhiren.pillay", "Mr Dhiren Pillay")),
    ),
    InventedSchool(
        6,
        "990990066",
        "Motlhwareng Primary School",
        "Limpopo",
        "Sekhukhune South",
        (87, 75, 66),
        {"nso": 70, "zu": 10, "ts": 10, "ve": 10},
        (("mahlatse.phasha", "Ms Mahlatse Phasha"), ("lesiba.mohlala", "Mr Lesiba Mohlala")),
        rural=True,
    ),
)
MOTHER, GRANDMOTHER, AUNT, FATHER, FOSTER = "mother", "grandparent", "aunt_uncle", "father", "foster"
WHO_CARES = {MOTHER: 60, GRANDMOTHER: 25, AUNT: 7, FATHER: 5, FOSTER: 3}
GIRLS_IN_100 = 46
SIBLINGS_IN_100 = 12
REPEATING_IN_100 = 5
NEW_CAREGIVER_IN_100 = 6
REGISTERED_BY_DEVICE = 3  # children a fieldworker meets who are on no list yet
NEWCOMERS_IN = 3  # the wave in which that happens


@dataclass(frozen=True)
class InventedCaregiver:
    id: str
    full_name: str
    relation: str
    language: str


@dataclass(eq=False)
class InventedChild:
    id: str
    given_names: str
    family_name: str
    sex: str
    birth_date: date
    language: str
    school: InventedSchool
    grades: tuple[str, str, str]  # in the year of each wave
    household: str
    caregiver: InventedCaregiver
    hardship: float  # of the family; standard normal
    crowding: float
    next_caregiver: InventedCaregiver | None = None  # takes over between the first and the second wave
    lost_in: int = 0  # first wave in which the child could not be found; 0 = found in all
    left: bool = False  # lost because it left the school
    by_device: bool = False

    @property
    def full_name(self) -> str:
        return f"{self.given_names} {self.family_name}"

    def found_in(self, wave: int) -> bool:
        if self.by_device and wave < NEWCOMERS_IN:
            return False
        return not self.lost_in or wave < self.lost_in

    def caregiver_in(self, wave: int) -> InventedCaregiver:
        return self.next_caregiver if self.next_caregiver and wave > 1 else self.caregiver


@dataclass
class _Making:
    chance: Random
    names_given: set[str] = field(default_factory=set)

    def uuid(self) -> str:
        return str(UUID(int=self.chance.getrandbits(128), version=4))

    def pick(self, shares: Mapping[str, int]) -> str:
        return self.chance.choices(list(shares), list(shares.values()))[0]

    def given(self, names: Names, sex: str, family: str) -> str:
        """A first name that no other child of this family name has."""
        among = names.girls if sex == "female" else names.boys
        for _ in range(200):
            given = self.chance.choice(among)
            if self.chance.random() < 0.18:
                second = self.chance.choice(among)
                given = f"{given} {second}" if second != given else given
            if f"{given} {family}" not in self.names_given:
                self.names_given.add(f"{given} {family}")
                return given
        raise LookupError("no name left")


def invent(first_year: int, schools: Sequence[InventedSchool] = SCHOOLS, seed: int = SEED) -> list[InventedChild]:
    """All children, as they were in the year of the first wave."""
    making = _Making(Random(seed))  # noqa: S311 – the same people every time is what is wanted
    children = [child for school in schools for child in _school(making, school, first_year)]
    _set_sexes(making, children)
    for school in schools:
        _lose(making.chance, [child for child in children if child.school is school], school.children)
    newcomers = [child for child in children if child.school.rural and not child.lost_in]
    for child in newcomers[:REGISTERED_BY_DEVICE]:
        child.by_device = True
    return children


def _school(making: _Making, school: InventedSchool, first_year: int) -> Iterable[InventedChild]:
    made = 0
    while made < school.children[0]:
        family = _family(making, school)
        siblings = 2 if making.chance.randrange(100) < SIBLINGS_IN_100 and made + 2 <= school.children[0] else 1
        grades = ("R", "1") if siblings == 2 else (making.chance.choice(("R", "1", "1")),)
        for grade in grades:
            yield _child(making, school, family, grade, first_year, of_two=siblings == 2)
            made += 1


@dataclass(frozen=True)
class _Family:
    id: str
    name: str
    language: str
    caregiver: InventedCaregiver
    hardship: float
    crowding: float


def _family(making: _Making, school: InventedSchool) -> _Family:
    language = making.pick(school.languages)
    name = making.chance.choice(NAMES[language].families)
    hardship = making.chance.gauss(0.25 if school.rural else -0.13, 0.97)
    return _Family(
        id=making.uuid(),
        name=name,
        language=language,
        caregiver=_caregiver(making, language, name, making.pick(WHO_CARES)),
        hardship=hardship,
        crowding=0.4 * hardship + making.chance.gauss(0, 0.92),
    )


def _caregiver(making: _Making, language: str, family_name: str, relation: str) -> InventedCaregiver:
    names = NAMES[language]
    given = making.chance.choice(names.men if relation == FATHER else names.women)
    own = family_name if relation in (MOTHER, FATHER, GRANDMOTHER) else making.chance.choice(names.families)
    return InventedCaregiver(making.uuid(), f"{given} {own}", relation, language)


def _child(
    making: _Making, school: InventedSchool, family: _Family, grade: str, first_year: int, *, of_two: bool
) -> InventedChild:
    chance = making.chance
    # In Grade R a child turns six, in Grade 1 seven; two of one family are ten months apart at least.
    first, last = (0, 365) if not of_two else (100, 365) if grade == "R" else (0, 150)
    born = date(first_year - (6 if grade == "R" else 7), 1, 1) + timedelta(days=chance.randrange(first, last))
    new = _caregiver(making, family.language, family.name, GRANDMOTHER)
    changes = family.caregiver.relation != GRANDMOTHER and chance.randrange(100) < NEW_CAREGIVER_IN_100
    return InventedChild(
        id=making.uuid(),
        given_names="",
        family_name=family.name,
        sex="",
        birth_date=born,
        language=family.language,
        school=school,
        grades=_grades(chance, grade),
        household=family.id,
        caregiver=family.caregiver,
        hardship=family.hardship,
        crowding=family.crowding,
        next_caregiver=new if changes else None,
    )


def _grades(chance: Random, first: str) -> tuple[str, str, str]:
    order = ("R", "1", "2", "3")
    place = order.index(first)
    grades = [first]
    for _ in range(2):
        place += 0 if chance.randrange(100) < REPEATING_IN_100 else 1
        grades.append(order[place])
    return grades[0], grades[1], grades[2]


def _set_sexes(making: _Making, children: list[InventedChild]) -> None:
    girls = round(len(children) * GIRLS_IN_100 / 100)
    sexes = ["female"] * girls + ["male"] * (len(children) - girls)
    making.chance.shuffle(sexes)
    for child, sex in zip(children, sexes, strict=True):
        child.sex = sex
        child.given_names = making.given(NAMES[child.language], sex, child.family_name)


def _lose(chance: Random, children: list[InventedChild], assessed: tuple[int, int, int]) -> None:
    """Poorer families move more often; most of the lost have left the school, some were only not found."""
    order = sorted(children, key=lambda child: 0.5 * child.hardship + chance.gauss(0, 1), reverse=True)
    second, third = assessed[0] - assessed[1], assessed[0] - assessed[2]
    for place, child in enumerate(order[:third]):
        child.lost_in = 2 if place < second else 3
        child.left = chance.random() < 0.7
