"""Three phones out of reach register, interview and put right the same children; whatever the order in which it comes
in, and however often, the server, every list and what a person is asked end the same.

JavaRosa fills one such day from a real server's list. The day is then sent again and again in other orders, each time
about other children (new identities in the very same records).
"""

import json
import random
import re
import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
import pytest

from khula.analysis.packs.pack import Pack
from tests.clients.collect import OF_THE_BRANCH, Collect, Reply
from tests.clients.conftest import BOTH
from tests.clients.khula_process import Khula, served
from tests.clients.offline import AUDIT, Finished, Phone, Visit, fill
from tests.clients.pages import Reader
from tests.clients.test_whole_way import levels

pytestmark = [pytest.mark.needs("java"), pytest.mark.slow]

GIVEN, FAMILY = "Khanyisile", "Mahlangu"
BY_ONE, BY_THE_OTHER = "Khanyi", "Kanyisile"  # what two phones say that she is called
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
#: What each phone fills, in its own order.
FIRST, SECOND, TEACHER = "first phone", "second phone", "teacher’s tablet"
QUEUES = {
    FIRST: ["name a", "register", "birth date", "talk about the new child", "surname of the new", "language", "sex of the new"],
    SECOND: ["name b", "sex", "talk about the known child"],
    TEACHER: ["surname"],
}  # fmt: skip
TALKS = ("talk about the new child", "talk about the known child")
ALL = [name for queue in QUEUES.values() for name in queue]


@dataclass(frozen=True)
class Day:
    """What was filled: the record that put the known child on every list, and what three phones filled after that."""

    base: Finished
    records: Mapping[str, Finished]
    family: str = FAMILY

    @property
    def known(self) -> str:
        return self.base.child

    @property
    def new(self) -> str:
        return self.records["register"].child

    def again(self, number: int, keep: set[str]) -> "Day":
        """The same day with other children: every identity that was made on a phone is another one."""
        family = f"{FAMILY}{'abcdefghij'[number]}"
        made: dict[str, str] = {}

        def other(found: re.Match[str]) -> str:
            return found[0] if found[0] in keep else made.setdefault(found[0], str(uuid.uuid4()))

        def anew(one: Finished) -> Finished:
            xml = UUID.sub(other, one.xml.decode()).replace(FAMILY, family).encode()
            filled = replace(one.filled, xml=xml)
            return replace(one, filled=filled, xml=xml, child=UUID.sub(other, one.child))

        return Day(anew(self.base), {name: anew(one) for name, one in self.records.items()}, family)


@dataclass
class World:
    khula: Khula
    prepared: Mapping[str, Any]
    phones: Mapping[str, Phone]
    day: Day
    pack: Pack
    coordinator: Reader
    rounds: Iterator[int] = field(default_factory=lambda: iter(range(10)))

    def meet_server(self) -> None:
        for phone in self.phones.values():
            phone.meet_server()

    def another_day(self) -> Day:
        """Its known child is on every phone's list, in the version from which the phones' branches begin."""
        day = self.day.again(next(self.rounds), {str(self.prepared["wave"])})
        assert self.phones[FIRST].collect.send(day.base.xml, day.base.files).status == 201
        self.meet_server()
        assert f'trunkVersion="{self.phones[SECOND].row(day.known)["__version"]}"'.encode() in day.records["name b"].xml
        return day


@pytest.fixture(scope="module", params=BOTH)
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    options = ["--children", "3", "--put-right"]
    with served(tmp_path_factory.mktemp("khula"), request.param, *options) as (khula, prepared):
        doors = {FIRST: prepared["doors"][0], SECOND: prepared["doors"][1], TEACHER: prepared["class_door"]}
        phones = {
            name: Phone(Collect.at(khula.address + door), tmp_path_factory.mktemp("phone"))
            for name, door in doors.items()
        }
        for phone in phones.values():
            phone.meet_server()
        ((content,),) = khula.rows("SELECT content FROM packs_packversion")
        pack = msgspec.json.decode(str(content), type=Pack)
        coordinator = Reader(khula.host)
        coordinator.sign_in(prepared["coordinator"], prepared["password"])
        yield World(khula, prepared, phones, a_day(phones, prepared["emis_number"]), pack, coordinator)


def a_day(phones: Mapping[str, Phone], emis_number: str) -> Day:
    """One child registered and on every list; then nobody has a network, and each phone sees what it did itself."""
    first, second, teacher = (phones[name] for name in QUEUES)
    child = {
        "r_given_names": GIVEN, "r_family_name": FAMILY, "r_sex": "female", "r_birth_date": "2019-05-04",
        "r_grade": "1", "r_class_name": "1B", "r_school_emis": emis_number,
    }  # fmt: skip
    (base,) = fill([(first, Visit("kh_register", child))])
    assert first.collect.send(base.xml, base.files).status == 201
    for phone in phones.values():
        phone.meet_server()
    known = base.child
    morning = fill([
        (first, put_right(known, given_names=BY_ONE)),
        (second, put_right(known, given_names=BY_THE_OTHER)),
        (teacher, put_right(known, family_name=f"{FAMILY}-Zwane")),
        (first, Visit("kh_register", {**child, "r_given_names": "Bonolo"})),
    ])  # fmt: skip
    new = morning[-1].child
    noon = fill([
        (first, put_right(known, birth_date="2019-05-14")),
        (second, put_right(known, sex="male")),
        (first, Visit("kh_caregiver", {"g_consent": "yes"}, new, seed=7)),
        (second, Visit("kh_caregiver", {"g_consent": "yes"}, known, seed=8)),
        (first, put_right(new, family_name=f"{FAMILY}-Nkosi")),
    ])  # fmt: skip
    evening = fill([(first, put_right(known, home_language="zu")), (first, put_right(new, sex="male"))])
    names = [
        "name a", "name b", "surname", "register",
        "birth date", "sex", "talk about the new child", "talk about the known child", "surname of the new",
        "language", "sex of the new",
    ]  # fmt: skip
    return Day(base, dict(zip(names, [*morning, *noon, *evening], strict=True)))


def put_right(child: str, **facts: str) -> Visit:
    return Visit(
        "kh_put_right", {"p_facts": " ".join(facts), **{f"p_{name}": text for name, text in facts.items()}}, child
    )


# What the phones know before they send


def test_each_phone_goes_on_from_its_own_branch(world: World) -> None:
    said = {name: entity_of(one) for name, one in world.day.records.items() if name not in TALKS}
    trunk = said["name a"]["trunkVersion"]
    assert said["name b"]["trunkVersion"] == said["surname"]["trunkVersion"] == trunk != ""
    steps = [int(said[name]["baseVersion"]) - int(trunk) for name in ("name a", "birth date", "language")]
    assert steps == [0, 1, 2]
    assert len({said[name]["branchId"] for name in ("name a", "birth date", "language")}) == 1
    assert len({said[name]["branchId"] for name in ("name a", "name b", "surname", "surname of the new")}) == 4
    of_the_new = [said[name] for name in ("surname of the new", "sex of the new")]
    assert [(each["trunkVersion"], each["baseVersion"]) for each in of_the_new] == [("", "1"), ("", "2")]


def test_a_child_registered_without_a_network_is_asked_about_with_what_its_registration_said(world: World) -> None:
    talk = world.day.records["talk about the new child"].filled.values()
    assert (talk["learner"], talk["learner_given_names"], talk["learner_birth_date"]) == (
        world.day.new, "Bonolo", "2019-05-04",
    )  # fmt: skip


def entity_of(one: Finished) -> dict[str, str]:
    found = re.search(rb"<entity ([^>]*)>", one.xml)
    assert found is not None
    return dict(re.findall(r'(\w+)="([^"]*)"', found[1].decode()))


# Sending


@dataclass(frozen=True)
class Post:
    """One post of a record. A talk comes in two: the words alone, and the words with their audit."""

    name: str
    files: Mapping[str, bytes]
    incomplete: bool = False

    def send(self, day: Day, phone: Phone) -> Reply:
        return phone.collect.post(day.records[self.name].xml, self.files, incomplete=self.incomplete)


def posts_of(day: Day, names: Sequence[str] = ALL) -> list[Post]:
    posts = []
    for name in names:
        if name in TALKS:
            posts.append(Post(name, {}, incomplete=True))
        posts.append(Post(name, day.records[name].files))
    return posts


def with_repeats(posts: Sequence[Post], chance: random.Random) -> list[Post]:
    """Some once more, later: the answer to the first had not reached the phone."""
    some = list(posts)
    for post in posts:
        if chance.random() < 0.4:
            some.insert(chance.randrange(some.index(post) + 1, len(some) + 1), post)
    return some


def send_all(world: World, day: Day, posts: Sequence[Post]) -> None:
    for post in posts:
        (queue,) = (name for name, names in QUEUES.items() if post.name in names)
        assert post.send(day, world.phones[queue]).status in (201, 202), post.name


def by_turns() -> list[str]:
    """The last of each phone, then the last but one of each, and so on."""
    longest = max(map(len, QUEUES.values()))
    turns = zip(*([*reversed(queue), *[""] * (longest - len(queue))] for queue in QUEUES.values()), strict=True)
    return [name for turn in turns for name in turn if name]


def last_name(names: Sequence[str]) -> str:
    """ODK Central's rule, and Khula's: of two who contradict each other, the one that came last stands."""
    return BY_ONE if names.index("name a") > names.index("name b") else BY_THE_OTHER


# How it ends


def test_in_the_order_in_which_it_was_filled(world: World) -> None:
    send_all(world, world.day, posts_of(world.day))
    world.meet_server()
    assert_ended_well(world, world.day, called=BY_THE_OTHER)
    assert world.phones[FIRST].collect.entities["learners"].offline == set()


@pytest.mark.parametrize("names", [ALL[::-1], by_turns()], ids=["the last first", "by turns"])
def test_the_last_first_and_everything_twice(world: World, names: list[str]) -> None:
    day = world.another_day()
    send_all(world, day, [post for post in posts_of(day, names) for _ in range(2)])
    world.meet_server()
    assert_ended_well(world, day, called=last_name(names))


@pytest.mark.parametrize("seed", range(5))
def test_in_any_order_with_repeats(world: World, seed: int) -> None:
    day, chance = world.another_day(), random.Random(seed)
    posts = posts_of(day)
    chance.shuffle(posts)
    posts = with_repeats(posts, chance)
    send_all(world, day, posts)
    world.meet_server()
    assert_ended_well(world, day, called=last_name(list(dict.fromkeys(post.name for post in posts))))


def test_all_phones_at_once(world: World) -> None:
    day = world.another_day()
    gate = threading.Barrier(len(QUEUES))

    def send(queue: str) -> None:
        gate.wait()
        send_all(world, day, posts_of(day, QUEUES[queue]))

    with ThreadPoolExecutor(len(QUEUES)) as pool:
        list(pool.map(send, QUEUES))
    world.meet_server()
    assert_ended_well(world, day, called=str(world.phones[FIRST].row(day.known)["given_names"]))


def assert_ended_well(world: World, day: Day, *, called: str) -> None:
    assert_nothing_is_lost(world.khula, day)
    assert_the_children_are_enrolled_once(world.khula, day, called)
    assert_every_phone_has_the_same_list(world, day, called)
    assert_the_voices_are_heard_once(world, day)
    assert_a_person_is_asked_about_the_name_alone(world, day)


def assert_nothing_is_lost(khula: Khula, day: Day) -> None:
    for name, one in [("base", day.base), *day.records.items()]:
        found = khula.rows(
            "SELECT id, xml, state, look_code, complete FROM collection_submission WHERE instance_id = ?",
            one.instance_id,
        )
        assert [(bytes(xml), *rest) for _, xml, *rest in found] == [(one.xml, "in case", "", True)], name  # type: ignore[arg-type]
        files = khula.rows(
            "SELECT f.name, b.content FROM collection_submissionfile f"
            " JOIN collection_storedfile b ON b.sha256 = f.file_id WHERE f.submission_id = ?",
            found[0][0],
        )
        assert [(file, bytes(content)) for file, content in files] == [(AUDIT, one.files[AUDIT])], name  # type: ignore[arg-type]
        copies = khula.rows("SELECT 1 FROM collection_conflictcopy WHERE instance_id = ?", one.instance_id)
        waiting = khula.rows(
            "SELECT code FROM collection_entityproblem WHERE submission_id = ? AND settled_at IS NULL", found[0][0]
        )
        assert (copies, waiting) == ([], []), name


def assert_the_children_are_enrolled_once(khula: Khula, day: Day, called: str) -> None:
    facts = {
        day.known: (called, f"{day.family}-Zwane", "male", "2019-05-14", "zu"),
        day.new: ("Bonolo", f"{day.family}-Nkosi", "male", "2019-05-04", ""),
    }
    for child, expected in facts.items():
        found = khula.rows(
            "SELECT given_names, family_name, sex, birth_date, home_language FROM schools_child WHERE id = ?", child
        )
        assert [tuple(map(str, row)) for row in found] == [expected]
        enrolled = khula.rows("SELECT 1 FROM events_event WHERE kind = 'child.enrolled' AND subject = ?", child)
        assert len(enrolled) == len(khula.rows("SELECT 1 FROM schools_enrolment WHERE child_id = ?", child)) == 1


def assert_every_phone_has_the_same_list(world: World, day: Day, called: str) -> None:
    rows = {child: [listed(phone, child) for phone in world.phones.values()] for child in (day.known, day.new)}
    for same in rows.values():
        assert same[0] == same[1] == same[2]
    known, new = rows[day.known][0], rows[day.new][0]
    assert (known["label"], new["label"]) == (f"{called} {day.family}-Zwane", f"Bonolo {day.family}-Nkosi")
    assert (known["given_names"], known["sex"], known["birth_date"], known["language"]) == (
        called, "male", "2019-05-14", "zu",
    )  # fmt: skip
    assert (new["family_name"], new["sex"], new["class"]) == (f"{day.family}-Nkosi", "male", "1B")
    # Two of the registration, one for each change, and one for each that the server writes on the list otherwise.
    assert (known["__version"], new["__version"]) == ("12", "5")


def listed(phone: Phone, child: str) -> dict[str, str]:
    return {name: text for name, text in phone.row(child).items() if name not in OF_THE_BRANCH}


def assert_the_voices_are_heard_once(world: World, day: Day) -> None:
    for child, talk in zip((day.new, day.known), TALKS, strict=True):
        voices = world.khula.rows(
            "SELECT v.informant, v.instance_id, v.current, c.levels FROM cases_voice v"
            " JOIN cases_case c ON c.id = v.case_id WHERE c.child_id = ?",
            child,
        )
        one = day.records[talk]
        assert [row[:3] for row in voices] == [("caregiver", one.instance_id, True)]
        known = listed(world.phones[FIRST], child)
        assert json.loads(str(voices[0][3])) == levels(world.pack, [one.filled], known)


def assert_a_person_is_asked_about_the_name_alone(world: World, day: Day) -> None:
    """Three changed the known child without knowing of each other. Of the new one nobody contradicted anybody."""
    marks = dict(world.khula.rows("SELECT id, conflict FROM collection_entity WHERE id IN (?, ?)", day.known, day.new))
    assert marks == {day.known: "hard", day.new: ""}
    page = world.coordinator.get("/ledger?show=lists")
    shown = {part.partition("/clear")[0].rpartition("/")[2]: part for part in page.split("<section")}
    assert day.known in shown
    assert day.new not in shown
    assert contradicted(shown[day.known]) == {"First names": {BY_ONE, BY_THE_OTHER}}


def contradicted(section: str) -> dict[str, set[str]]:
    """About -> what the two said, where both said something."""
    told: dict[str, set[str]] = {}
    for about, *cells in (line.split("<td>") for line in re.findall(r"<tr><th scope=row>(.*)", section)):
        said = {text for cell in cells[:2] for text in re.findall(r"<b>(.*?)</b>", cell)}
        told.setdefault(about, set()).update(said)
    return {about: said for about, said in told.items() if len(said) > 1}
