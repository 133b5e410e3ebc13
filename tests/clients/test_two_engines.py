"""The shipped forms, filled by the engines of ODK Collect and of ODK Web Forms: nothing refused, and both say the same."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pyxform.xls2xform import convert

from tests.clients.fillers import OF_THE_MOMENT, Filled, Task, fill_with_javarosa, fill_with_xforms_engine

PACK = Path(__file__).resolve().parents[2] / "packs/foundation_phase"
WORKBOOKS = ["caregiver", "child", "health", "register", "teacher"]
CHILDREN_PER_FORM = 6

LEARNERS = """\
name,label,__version,given_names,family_name,sex,birth_date,grade,language,school,class,wave
0b8f4a52-7c1d-4e7b-9a44-6a1d0a0f3c01,Lerato Mabaso · 1B,1,Lerato,Mabaso,female,2019-04-11,1,zul,400001,1B,wave-1
0b8f4a52-7c1d-4e7b-9a44-6a1d0a0f3c02,Sipho Nkosi · 1B,3,Sipho,Nkosi,male,2018-11-02,1,sot,400001,1B,wave-1
0b8f4a52-7c1d-4e7b-9a44-6a1d0a0f3c03,Anele Dube · 3A,1,Anele,Dube,,,3,,400001,3A,wave-1
"""
IDS = [line.split(",")[0] for line in LEARNERS.splitlines()[1:]]


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("media")
    (folder / "learners.csv").write_text(LEARNERS)
    return folder


@pytest.fixture(scope="module", params=WORKBOOKS)
def form(request: pytest.FixtureRequest, media: Path) -> Path:
    path = media / f"{request.param}.xml"
    path.write_text(convert(PACK / f"{request.param}.xlsx", validate=False).xform)
    return path


@pytest.fixture(scope="module")
def by_javarosa(form: Path, media: Path) -> list[Filled]:
    return fill_with_javarosa(
        [
            Task(form, media, known_from_the_start(form, number), seed=number, blank=number % 3 / 10)
            for number in range(CHILDREN_PER_FORM)
        ]
    )


def known_from_the_start(form: Path, number: int) -> dict[str, str]:
    """What is not left to chance: whom the form is about, or where a new child goes to school."""
    return {"r_school_emis": "00400001"} if form.stem == "register" else {"learner": IDS[number % len(IDS)]}


@pytest.mark.needs("java")
def test_a_phone_fills_every_shipped_form_to_its_end(by_javarosa: list[Filled]) -> None:
    assert [problem for filled in by_javarosa for problem in filled.problems] == []
    assert max(len(filled.asked) for filled in by_javarosa) > 8, "some families agree, and are asked"


@pytest.mark.needs("java", "node")
def test_a_phone_and_a_browser_send_the_same_answers(by_javarosa: list[Filled], form: Path, media: Path) -> None:
    again = fill_with_xforms_engine([Task(form, media, filled.answered) for filled in by_javarosa])
    assert [problem for filled in again for problem in filled.problems] == []
    for phone, browser in zip(by_javarosa, again, strict=True):
        assert dict(_comparable(browser)) == dict(_comparable(phone))


def _comparable(filled: Filled) -> Iterator[tuple[str, str]]:
    """What must be equal. A number may be written 22.0 or 22; an id made on the spot differs by its nature."""
    for name, text in filled.values().items():
        if name in OF_THE_MOMENT:
            continue
        try:
            yield name, repr(float(text))
        except ValueError:
            yield name, text
