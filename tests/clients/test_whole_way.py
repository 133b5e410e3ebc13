"""A phone and a browser fill the shipped forms for the server's own children; what they send stands on the board.

Four voices about each child, by ODK's two engines; the levels on the page are those the plain evaluator reads from
the very XML that was sent. And a child registered offline, whose interview overtakes its registration.
"""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import msgspec
import pytest

from khula.analysis.answers import read_answers
from khula.analysis.packs.pack import Pack
from tests.analysis.plain_evaluator import assess_plainly
from tests.clients.conftest import Served
from tests.clients.fillers import Filled, Task, fill_with_javarosa, fill_with_xforms_engine
from tests.clients.pages import Reader

VOICES = ("kh_child", "kh_caregiver", "kh_teacher", "kh_health")
BY_PHONE, BY_BROWSER = 2, 2
WORDS = {"high": "■ Act now", "medium": "▲ Watch", "low": "● OK", "not enough information": "– Not yet known"}
SECONDS_TO_FLAG = 1.0

pytestmark = pytest.mark.needs("java", "node")


@pytest.fixture(scope="module")
def folder(served_khula: Served, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The forms and the list of children, as the server gave them to a device."""
    folder = tmp_path_factory.mktemp("fetched")
    for form_id, form in served_khula.forms.items():
        (folder / f"{form_id}.xml").write_bytes(form.xml)
        for name, content in form.media.items():
            (folder / name).write_bytes(content)
    return folder


@pytest.fixture(scope="module")
def filled(served_khula: Served, folder: Path) -> Mapping[str, Sequence[Filled]]:
    """Child -> four voices. The first children are filled by JavaRosa, the others by the engine of Web Forms."""
    children = served_khula.prepared["children"][: BY_PHONE + BY_BROWSER]
    tasks = [
        Task(folder / f"{form_id}.xml", folder, {"learner": child}, seed=10 * number + place, blank=0.05)
        for number, child in enumerate(children)
        for place, form_id in enumerate(VOICES)
    ]
    phone = fill_with_javarosa(tasks)
    browser = fill_with_xforms_engine(
        [Task(task.form, task.media, done.answered) for task, done in zip(tasks, phone, strict=True)]
    )
    assert [problem for done in (*phone, *browser) for problem in done.problems] == []
    chosen = phone[: BY_PHONE * 4] + browser[BY_PHONE * 4 :]
    return {child: chosen[4 * number : 4 * number + 4] for number, child in enumerate(children)}


@pytest.fixture(scope="module")
def sent(served_khula: Served, filled: Mapping[str, Sequence[Filled]]) -> Mapping[str, Sequence[Filled]]:
    for voices in filled.values():
        for each in voices:
            reply = served_khula.collect.send(each.xml)
            assert reply.status == 201, reply.message
    return filled


def test_every_record_of_both_engines_is_taken_and_used(served_khula: Served, sent: Mapping) -> None:
    ids = [each.instance_id for voices in sent.values() for each in voices]
    found = dict(served_khula.khula.rows("SELECT instance_id, state || look_code FROM collection_submission"))
    assert {found.get(each) for each in ids} == {"in case"}


def test_the_board_says_what_the_plain_evaluator_reads_from_what_was_sent(served_khula: Served, sent: Mapping) -> None:
    ((content,),) = served_khula.khula.rows("SELECT content FROM packs_packversion")
    pack = msgspec.json.decode(str(content), type=Pack)
    rows = board(served_khula)
    for child, voices in sent.items():
        known = listed(served_khula, child)
        expected = levels(pack, voices, known)
        name = f"{known['given_names']} {known['family_name']}"
        assert rows[name] == ([WORDS[expected[domain]] for domain in pack.domains], "4/4"), name


def levels(pack: Pack, voices: Sequence[Filled], known: Mapping[str, str]) -> dict[str, str]:
    """Domain -> level, by the slow evaluator, from the XML alone and what the list says of the child."""
    raw: dict[str, str] = {}
    for each in voices:
        raw |= each.values()
    asked = date.fromisoformat(voices[0].values()["today"])
    values = dict(read_answers(pack, {name: text for name, text in raw.items() if name in pack.questions}).values)
    values |= {
        "sex": known["sex"],
        "language": known["language"],
        "grade": known["grade"],
        "age_days": (asked - date.fromisoformat(known["birth_date"])).days,
    }
    flat = assess_plainly(pack, values)
    return {domain: flat[f"{domain}__level"] for domain in pack.domains}


def listed(served_khula: Served, child: str) -> dict[str, str]:
    rows = csv.DictReader(io.StringIO(served_khula.collect.kept["learners.csv"].decode()))
    return next(row for row in rows if row["name"] == child)


def board(served_khula: Served) -> dict[str, tuple[list[str], str]]:
    """Name -> what its row says: domains in order, voices."""
    reader = Reader(served_khula.khula.host)
    reader.sign_in(served_khula.prepared["username"], served_khula.prepared["password"])
    page = reader.get(f"/class/{served_khula.prepared['class_id']}")
    rows = {}
    for row in re.findall(r"<tr><th>(.*?)(?=<tr>|</table>)", page, re.DOTALL):
        name, *cells = (re.sub(r"<[^>]*>", "", cell).replace("≠", "").strip() for cell in re.split("<td[^>]*>", row))
        rows[name] = (cells[:-1], cells[-1])
    return rows


def test_the_flag_stands_on_the_board_within_a_second_of_the_last_voice(served_khula: Served) -> None:
    from bench.bench_river import flag_times

    late = {**served_khula.prepared, "children": served_khula.prepared["children"][20:40]}
    assert max(flag_times(served_khula.khula, late, children=5)) < SECONDS_TO_FLAG


def test_an_interview_may_overtake_the_registration_of_its_child(served_khula: Served, folder: Path) -> None:
    phone = served_khula.another_device(1)
    phone.refresh()
    register = served_khula.forms["kh_register"]
    new = {
        "r_given_names": "Khanyisile", "r_family_name": "Mahlangu", "r_sex": "female", "r_birth_date": "2019-05-04",
        "r_grade": "1", "r_class_name": "1B", "r_school_emis": served_khula.prepared["emis_number"],
    }  # fmt: skip
    (registered,) = fill_with_javarosa([Task(folder / "kh_register.xml", folder, new)])
    assert registered.problems == []
    child = phone.entities["learners"].learn_from(register.xml, registered.xml)
    assert child is not None

    (folder / "offline").mkdir(exist_ok=True)
    (folder / "offline/learners.csv").write_bytes(phone.entities["learners"].as_csv())
    task = Task(folder / "kh_caregiver.xml", folder / "offline", {"learner": child}, seed=77)
    (asked,) = fill_with_javarosa([task])
    assert asked.problems == []
    assert asked.values()["learner_sex"] == "female"

    assert phone.send(asked.xml).status in (201, 202)
    assert state_of(served_khula, asked) == "quarantinedunknown_child"
    assert phone.send(registered.xml).status == 201
    assert state_of(served_khula, asked) == "in case"
    assert phone.send(asked.xml).status == 201

    phone.refresh()
    assert child in phone.entities["learners"].rows
    assert child not in phone.entities["learners"].offline
    assert "Khanyisile Mahlangu" in board(served_khula)


def state_of(served_khula: Served, filled: Filled) -> str:
    said = "SELECT state || look_code FROM collection_submission WHERE instance_id = ?"
    ((state,),) = served_khula.khula.rows(said, filled.instance_id)
    return str(state)


def test_a_second_visit_to_the_server_fetches_no_list_again(served_khula: Served) -> None:
    phone = served_khula.another_device(2)
    phone.refresh()
    before = len(phone.fetched)
    phone.refresh()
    assert not any("/lists/" in path and "integrity" not in path for path in phone.fetched[before:])
