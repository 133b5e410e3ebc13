"""What a sheet becomes is what a tablet makes of the same answers: the small evaluator against the field app's own."""

import json
import os
import subprocess
from datetime import date
from pathlib import Path

import pytest

from khula.server.collection.parse import parse
from khula.server.keyed.checking import check, fitting
from khula.server.keyed.instance import instance_of
from tests import surroundings
from tests.server import keying
from tests.server.cast import a_wave, the_cast

pytestmark = pytest.mark.needs("node")

SETS = 25
PROGRAM = Path(__file__).with_name("instances.mjs")
#: A tablet knows the time of day and draws the identity; nothing of it is an answer.
NOT_ANSWERS = {"/start", "/end", "/meta/instanceID", "/meta/audit"}


@pytest.mark.parametrize("informant", ["child", "caregiver", "teacher", "health"])
def test_the_same_answers_make_the_same_instance_as_on_a_tablet(informant: str) -> None:
    cast = the_cast()
    sheet = keying.printed(cast, a_wave(cast, keying.shipped_pack()), cast.amahle, informant)
    paper = keying.paper_of(sheet)
    by_field = {f"q{item.number}": item.path for item in keying.questions(sheet)} | {"q0": "/today"}
    sets, ours, left_out = [], [], 0
    for seed in range(SETS):
        typed = {by_field[field]: text for field, text in keying.anything(sheet, seed).items()}
        checked = check(paper.plan, paper.items, paper.facts, typed, today=date(2026, 12, 1), language="en")
        assert not checked.wrong
        answers, out = fitting(paper.plan, paper.items, paper.facts, checked.answers)
        left_out += len(out)
        sets.append(checked.answers)
        xml = instance_of(paper.plan, paper.facts, answers, code="X", keyed_by=("a", "b"))
        ours.append(parse(xml))
    given = json.dumps({"plan": paper.plan, "row": paper.facts, "sets": sets})
    done = subprocess.run(
        [surroundings.node(), str(PROGRAM)], input=given, capture_output=True, text=True, check=False,
        env={**os.environ, "TZ": "Africa/Johannesburg"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for own, theirs in zip(ours, map(parse, map(str.encode, json.loads(done.stdout))), strict=True):
        mine, other = ({k: v for k, v in one.paths.items() if k not in NOT_ANSWERS} for one in (own, theirs))
        assert mine == other
    assert left_out > SETS  # there was something to leave out
