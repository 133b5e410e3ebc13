"""The same children and the same answers on a phone with ODK Collect and on a tablet with the field app, both without a
network: the same records leave them, and the server makes the same of both.
"""

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from tests import surroundings
from tests.clients.collect import Collect
from tests.clients.fillers import HERE, OF_THE_MOMENT
from tests.clients.khula_process import Khula, served
from tests.clients.offline import Finished, Phone, Visit, fill

pytestmark = [pytest.mark.needs("java", "node"), pytest.mark.slow]

#: Who holds the device, and when: it differs by its nature.
OF_THE_DEVICE = OF_THE_MOMENT | {"deviceid", "username"}
FORMS = ("kh_register", "kh_caregiver")
CHILD = "the child"
Pair = tuple[Finished, Finished]
#: Given names -> the chance by which the caregiver answers.
SEEDS = {"Ayanda": 3, "Karabo": 5, "Lwazi": 11, "Mpho": 20}


@dataclass
class Both:
    """What both have made of each child: its registration and the talk with its caregiver."""

    khula: Khula
    wave: str
    collect: Sequence[Pair]
    field: Sequence[Sequence[dict[str, Any]]]
    sent: Mapping[str, Any]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    with served(tmp_path_factory.mktemp("khula"), "sqlite", "--children", "3") as (khula, prepared):
        phone = Phone(Collect.at(khula.address + prepared["doors"][0]), tmp_path_factory.mktemp("phone"))
        phone.meet_server()
        token = prepared["doors"][1].rsplit("/", 1)[1]
        yield made_by_both(khula, prepared, phone, token, tmp_path_factory.mktemp("job"))


def made_by_both(khula: Khula, prepared: Mapping[str, Any], phone: Phone, token: str, folder: Path) -> Both:
    registered = fill([(phone, Visit("kh_register", child)) for child in children(prepared["emis_number"])])
    chances = zip(registered, SEEDS.values(), strict=True)
    talks = fill([(phone, Visit("kh_caregiver", {}, one.child, seed=seed)) for one, seed in chances])
    for one in (*talks, *registered):
        assert phone.collect.send(one.xml, one.files).status in (201, 202)
    pairs = list(zip(registered, talks, strict=True))
    return Both(khula, prepared["wave"], pairs, *by_field_app(khula.address, token, pairs, folder))


def children(emis_number: str) -> Iterator[dict[str, str]]:
    for number, name in enumerate(SEEDS):
        yield {
            "r_given_names": name, "r_family_name": "D’Hotman & <Sons>" if number == 3 else "Sithole",
            "r_sex": ("female", "male")[number % 2], "r_birth_date": f"2018-0{number + 1}-25", "r_grade": "1",
            "r_class_name": "1B", "r_school_emis": emis_number, "r_birth_date_exact": ("yes", "no")[number % 2],
            "r_home_language": ("zu", "xh")[number % 2],
        }  # fmt: skip


def by_field_app(address: str, token: str, pairs: Sequence[Pair], folder: Path) -> tuple[list[Any], Any]:
    """The same answers once more, by the field app's own modules; and what came of sending them."""
    for packages in (HERE, HERE.parents[1] / "field"):
        surroundings.node_packages(packages)
    days = [
        [{"form": form, "answers": dict(one.filled.answered)} for form, one in zip(FORMS, pair, strict=True)]
        for pair in pairs
    ]
    job = folder / "job.json"
    job.write_text(json.dumps({"address": address, "token": token, "children": days}))
    command = [str(surroundings.node()), "--no-warnings", str(HERE / "field_day.mjs"), str(job)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-4000:]
    said = json.loads(done.stdout)
    assert [visit["problems"] for day in said["days"] for visit in day] == [[]] * (len(FORMS) * len(pairs))
    return said["days"], said["sent"]


def content(xml: bytes, child: str) -> list[tuple[str, dict[str, str], str]]:
    """Every element with its attributes and text, in order, empty ones too; not who held the device, nor when."""
    root = etree.fromstring(xml, etree.XMLParser(resolve_entities=False, no_network=True))
    found = []
    for element in root.iter(etree.Element):
        names = [etree.QName(each).localname for each in (*reversed(list(element.iterancestors())), element)]
        attributes = {name: text.replace(child, CHILD) for name, text in element.attrib.items()}
        text = "" if names[-1] in OF_THE_DEVICE else (element.text or "").strip()
        found.append(("/".join(names), attributes, text.replace(child, CHILD)))
    return found


def arrived(khula: Khula, instance_id: str) -> bytes:
    """The record as it left the tablet, which itself keeps it sealed only."""
    ((xml,),) = khula.rows("SELECT xml FROM collection_submission WHERE instance_id = ?", instance_id)
    return bytes(xml)  # type: ignore[arg-type]


def voice_of(khula: Khula, child: str) -> tuple[dict[str, str], dict[str, str]]:
    """The answers of the one voice in the child's case, and the case's levels."""
    found = khula.rows(
        "SELECT v.answers, c.levels FROM cases_voice v JOIN cases_case c ON c.id = v.case_id"
        " WHERE c.child_id = ? AND v.informant = 'caregiver' AND v.current",
        child,
    )
    ((answers, levels),) = found
    return json.loads(str(answers)), json.loads(str(levels))


def test_everything_of_the_field_app_has_arrived(both: Both) -> None:
    count = len(FORMS) * len(SEEDS)
    assert (both.sent["sent"], both.sent["received"], both.sent["waiting"], both.sent["problem"]) == (
        count,
        count,
        0,
        "",
    )


def test_the_same_records_leave_the_phone_and_the_tablet(both: Both) -> None:
    for phone, tablet in zip(both.collect, both.field, strict=True):
        for form, one, other in zip(FORMS, phone, tablet, strict=True):
            by_phone, by_tablet = (
                content(one.xml, one.child),
                content(arrived(both.khula, other["instance"]), other["child"]),
            )
            if form == "kh_caregiver":
                assert wave_out_of(by_phone) == ""
                assert wave_out_of(by_tablet) == both.wave
            assert by_tablet == by_phone


def wave_out_of(found: list[tuple[str, dict[str, str], str]]) -> str:
    """The field app knows which wave its person is in; a child that Collect has registered has none on its list yet."""
    (place,) = (number for number, (path, _, _) in enumerate(found) if path.endswith("/learner_wave"))
    return found.pop(place)[2]


def test_the_server_stores_the_same_answers_and_works_out_the_same_levels(both: Both) -> None:
    for phone, tablet in zip(both.collect, both.field, strict=True):
        answers, levels = voice_of(both.khula, phone[1].child)
        answers_, levels_ = voice_of(both.khula, tablet[1]["child"])
        assert len(answers) > 10
        assert without_ids(answers_) == without_ids(answers)
        assert levels_ == levels


def without_ids(answers: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in answers.items() if name not in {*OF_THE_DEVICE, "learner", "learner_wave"}}


def test_the_tablet_said_at_once_what_the_server_worked_out_later(both: Both) -> None:
    for _, talk in both.field:
        said = {domain: each["level"] for domain, each in talk["levels"].items()}
        assert said == voice_of(both.khula, talk["child"])[1]


def test_the_answers_do_not_all_lead_to_the_same(both: Both) -> None:
    assert len({json.dumps(voice_of(both.khula, talk.child)[1], sort_keys=True) for _, talk in both.collect}) > 1


def test_both_enrol_the_same_child(both: Both) -> None:
    facts = (
        "SELECT c.given_names, c.family_name, c.sex, c.birth_date, c.birth_date_estimated, c.home_language,"
        " c.school_class_id FROM schools_child c WHERE c.id = ?"
    )
    for (registered, _), (by_tablet, _) in zip(both.collect, both.field, strict=True):
        found = both.khula.rows(facts, registered.child)
        assert len(found) == 1
        assert both.khula.rows(facts, by_tablet["child"]) == found
