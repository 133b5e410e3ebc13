"""The fourth evaluator, in JavaScript on the tablet, gives what the others give, to the last byte."""

from __future__ import annotations

import json
import math
import os
import random
import subprocess
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from khula.analysis.answers import read_answer
from khula.analysis.assessment import assessor_for
from khula.analysis.device_meaning import OPERATORS, device_plan
from khula.analysis.growth import MEASURES, who_reference, z_from
from khula.analysis.packs.check.examples import _given, codes_of_facts
from khula.analysis.packs.pack import CONTEXT, Choice, Derive, Pack, Question
from khula.analysis.packs.reader import read, read_pack
from khula.analysis.plan import PlanError, plan_of
from khula.analysis.plan.order import kinds_of
from khula.server.cases.meaning import told
from tests import surroundings
from tests.analysis.extreme_packs import growing_children, growing_pack, large_children, large_pack
from tests.analysis.generated_packs import children, packs
from tests.analysis.plain_evaluator import assess_plainly
from tests.analysis.test_emitters_agree import check

HERE = Path(__file__).parents[2]
SHIPPED = HERE / "packs/foundation_phase"
PACKS = int(os.environ.get("KHULA_GENERATED_PACKS", "150"))
CHILDREN = 80
MEASUREMENTS = int(os.environ.get("KHULA_MEASUREMENTS", "20000"))
FACTS = (*CONTEXT, "assessed_on")

pytestmark = pytest.mark.needs("node")


class Device:
    """One node process that answers line by line."""

    def __init__(self) -> None:
        command = [str(surroundings.node()), str(HERE / "tests/field/meaning_batch.mjs")]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __call__(self, plan: bytes | None = None, **asked) -> dict:
        line = {"plan": json.loads(plan)} if plan else {}
        print(json.dumps(line | asked), file=self.process.stdin, flush=True)
        return json.loads(self.process.stdout.readline())


@pytest.fixture(scope="module")
def device():
    device = Device()
    yield device
    device.process.stdin.close()
    assert device.process.wait(timeout=20) == 0
    device.process.stdout.close()


@pytest.fixture(scope="module")
def shipped() -> Pack:
    return read_pack(SHIPPED)


def assessed(assessor, child: dict) -> str:
    facts = {name: value for name, value in child.items() if name in FACTS}
    answers = {name: value for name, value in child.items() if name not in FACTS}
    return msgspec.json.encode(assessor.assess(answers, **facts)).decode()


def compare(device: Device, pack: Pack, values: list[dict], *, plainly: bool = True) -> None:
    assessor, kinds = assessor_for(pack), kinds_of(pack)
    told = {output.name for output in assessor.plan.told}
    result = device(device_plan(pack), children=values, judged=values)
    for child, flat, text in zip(values, result["children"], result["judged"], strict=True):
        check(assessor.assess_flat(child), flat, f"device and compiled Python differ for {child}")
        if plainly:
            rest = {name: value for name, value in flat.items() if name not in told}
            check(assess_plainly(pack, child, kinds), rest, f"device and plain reading differ for {child}")
        assert text == assessed(assessor, child)


@pytest.mark.slow
def test_the_device_agrees_on_generated_packs_and_children(device: Device) -> None:
    compared = {"packs": 0, "children": 0}

    @settings(
        max_examples=PACKS,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    )
    @given(packs(), st.integers(0, 2**32))
    def agreement(pack: Pack, seed: int) -> None:
        try:
            plan_of(pack)
        except PlanError as problem:
            assume("too large" not in str(problem))
            raise
        compare(device, pack, children(pack, seed, CHILDREN))
        compared["packs"] += 1
        compared["children"] += CHILDREN

    agreement()
    print("\ncompared:", compared)
    assert compared["children"] >= min(10_000, PACKS * CHILDREN // 2)


def test_the_device_agrees_on_the_shipped_pack(device: Device, shipped: Pack) -> None:
    compare(device, shipped, children(shipped, seed=3, count=100))
    compare(device, shipped, children(shipped, seed=4, count=1000), plainly=False)


def test_whole_numbers_past_what_a_double_holds(device: Device) -> None:
    pack, values = large_pack(), large_children(1500)
    assert -1 - OPERATORS.index("big") in json.loads(device_plan(pack))["terms"]
    compare(device, pack, values)
    assert max(abs(each["p0"] or 0) for each in map(assessor_for(pack).assess_flat, values)) > 2**53


def test_growth_tables_of_every_sort(device: Device) -> None:
    pack, values = growing_pack(), growing_children(3000)
    compare(device, pack, values, plainly=False)
    compare(device, pack, values[:20])


def test_the_examples_of_every_pack_come_out_the_same(device: Device) -> None:
    for folder in (SHIPPED, *sorted((HERE / "packs/plugins").glob("*/"))):
        reading = read(folder)
        codes = codes_of_facts(reading)
        rows = [_given(reading.pack, codes, example, lambda found: None) for example in reading.pack.examples]
        assert rows, folder
        compare(device, reading.pack, rows, plainly=False)


# -- texts --------------------------------------------------------------------------------------------------------

ODD = (
    "", " ", "dk", "refused", "na", " dk ", "dk\u00a0", "\ufeff1", "\x1c1", "1\x85", "0", "1", "2", "-1", "-0", "+1", "01", "1.0",
    "1.00", "1.", ".5", "-.5", "+.5", ".", "1.5", "1,5", "1e3", "1E3", "1e-3", "1.e2", "1e400", "-1e400", "1e9", "999999999",
    "999999999.9", "1000000000", "9999999999", "--1", "0x10", "١", "1_0", "nan", "inf", "Infinity", "1 2", "a", "b", "a b",
    "a  b", "a\u2003b", "a dk", "dk a", "dk refused", "a c", "yes", "no", "Yes", "1.0 ", "2.000", "-1.0", "bb a", "2.5",
    "2024-02-29", "2023-02-29", "2024-13-01", "2024-00-10", "2024-01-32", "0000-01-01", "0001-01-01", "9999-12-31",
    "2024-02-29T10:00", "2024-02-29T", "2024-02-29 x\ny", "2024-02-29x", "2024-2-29", "24-02-29", "2024-02-291", "1969-12-31",
    "2024/02/29", "20240229", "T", "2024-02-30T00:00", "constructor", "toString", "0.1", "-0.0", "1e-320", "118.5", "21.40",
)  # fmt: skip


def questions() -> dict[str, Question]:
    lists = {
        "whole": ("select_one", ("0", "1", "2", "dk")),
        "minus": ("select_one", ("-1", "-0", "1")),
        "words": ("select_one", ("yes", "no", "1.0", "refused")),
        "only_missing": ("select_one", ("dk", "na")),
        "several": ("select_multiple", ("a", "b", "bb", "dk")),
        "ranked": ("rank", ("a", "b", "1")),
        "from_file": ("select_multiple_from_file", ()),
        "one_from_file": ("select_one_from_file", ()),
        "number": ("integer", ()),
        "measured": ("decimal", ()),
        "slid": ("range", ()),
        "day": ("date", ()),
        "now": ("today", ()),
        "moment": ("dateTime", ()),
        "said": ("text", ()),
        "worked_out": ("calculate", ()),
    }
    return {
        name: Question(name, "form", "child", kind, {}, tuple(Choice(code) for code in codes))
        for name, (kind, codes) in lists.items()
    }


def odd_texts() -> list[str]:
    chance = random.Random(11)
    made = ["".join(chance.choices("0123456789.+-eE ", k=chance.randint(1, 12))) for _ in range(4000)]
    parts = [
        " ".join(chance.choices(("a", "b", "bb", "c", "dk", "na", "1"), k=chance.randint(1, 4))) for _ in range(300)
    ]
    days = [f"{chance.randint(0, 2999):04}-{chance.randint(0, 13):02}-{chance.randint(0, 32):02}" for _ in range(2000)]
    return [*ODD, *made, *parts, *days]


def test_texts_are_read_alike(device: Device) -> None:
    asked = questions()
    plan = {"inputs": device_inputs(asked)}
    texts = odd_texts()
    result = device(json.dumps(plan).encode(), texts=[dict.fromkeys(asked, text) for text in texts])
    for text, answers in zip(texts, result["texts"], strict=True):
        for name, question in asked.items():
            value = read_answer(question, text)[0]
            other = answers[name]
            assert value == other, (name, text, value, other)
            if isinstance(value, float):
                assert math.copysign(1, value) == math.copysign(1, other), (name, text)


def device_inputs(asked: dict[str, Question]) -> list:
    """As they stand in the plan of a pack that reads them all."""
    base = read_pack(SHIPPED)
    lines = {f"d_{name}": (Derive(f"d_{name}", f"answered(${{{name}}})", "1"),) for name in asked}
    pack = replace(
        base,
        questions=asked,
        derive=lines,
        scales={},
        bands=(),
        norms=(),
        flags={},
        strengths={},
        domains={},
        alerts={},
    )
    return json.loads(device_plan(pack))["inputs"]


def test_what_is_told_is_taken_as_the_server_takes_it(device: Device, shipped: Pack) -> None:
    assessor = assessor_for(shipped)
    chance = random.Random(5)
    forms, wanted = [], []
    for _ in range(150):
        answers = {
            name: chance.choice(
                [*(choice.name for choice in question.choices), "dk", "", "1", "21.5", "118.2", "lying"]
            )
            for name, question in shipped.questions.items()
            if chance.random() < 0.8
        }
        born = chance.choice((None, date(2018, 1, 31) + timedelta(chance.randint(0, 1500)), date(2016, 2, 29)))
        on = chance.choice((None, date(2026, 11, 22), date(2017, 3, 1)))
        facts = {
            "sex": chance.choice(("male", "female", "")), "language": chance.choice(("", "zu", "en")),
            "grade": chance.choice((None, "", "R", "2")),
        }  # fmt: skip
        forms.append([answers, facts | {"birth_date": born and born.isoformat(), "on": on and on.isoformat()}])
        values = {name: read_answer(shipped.questions[name], text)[0] for name, text in answers.items()}
        values = {name: value for name, value in values.items() if value is not None}
        result = assessor.assess(values, **told(birth_date=born, on=on, **facts))
        wanted.append(msgspec.json.encode(result).decode())
    assert device(device_plan(shipped), assessed=forms)["assessed"] == wanted


# -- growth -------------------------------------------------------------------------------------------------------


def growth_rows(chance: random.Random) -> dict[str, list[list]]:
    """Every row of WHO's tables with measurements across them, and as many children at any age between."""
    rows: dict[str, list[list]] = {measure: [] for measure in MEASURES}
    for measure in MEASURES:
        reference = who_reference(measure)
        ages = [(sex, day, None) for sex, day in reference.by_day]
        ages += [(sex, None, float(month)) for sex, month in reference.by_month]
        ages += [(sex, None, chance.uniform(0, 62)) for sex in ("male", "female") for _ in range(500)]
        ages += [(chance.choice(("male", "female")), chance.randint(0, 6969), None) for _ in range(MEASUREMENTS // 3)]
        for sex, day, month in ages:
            rows[measure].append([sex, day, month, _measurement(chance, measure)])
    return rows


def _measurement(chance: random.Random, measure: str) -> float:
    weight, height = round(chance.uniform(2, 90), chance.choice((1, 1, 2))), round(chance.uniform(45, 190), 1)
    return {"height_for_age": height, "weight_for_age": weight}.get(measure, weight * 10_000.0 / (height * height))


def test_growth_is_the_same_over_the_whole_table(device: Device, shipped: Pack) -> None:
    plan = device_plan(shipped)
    scales = {"bmi_for_age": "baz", "height_for_age": "haz", "weight_for_age": "waz"}
    places = {scale[0]: scale[3][0][2] for scale in json.loads(plan)["scales"] if len(scale) > 3}
    device(plan)
    compared = known = 0
    for measure, rows in growth_rows(random.Random(2)).items():
        reference = who_reference(measure)
        got = device(grown=[[places[scales[measure]], *row] for row in rows])["grown"]
        for row, hundredths in zip(rows, got, strict=True):
            assert hundredths == z_from(reference, *row), (measure, row)
        compared += len(rows)
        known += sum(each is not None for each in got)
    print(f"\n{compared:,} measurements, {known:,} with a z-score")
    assert known > compared // 2


def test_powers_are_those_of_c_or_one_last_bit_away(device: Device) -> None:
    chance = random.Random(3)
    pairs = [
        (chance.lognormvariate(0, 0.5), chance.choice((chance.uniform(-3, 3), 1.0, -1.0, 0.5, 2.0, 0.0)))
        for _ in range(4000)
    ]
    differing = 0
    for (base, exponent), mine in zip(pairs, device(powers=pairs)["powers"], strict=True):
        theirs = math.pow(base, exponent)
        differing += mine != theirs
        assert abs(mine - theirs) <= math.ulp(theirs), (base, exponent, mine, theirs)
    print(f"\n{differing} of {len(pairs):,} differ by one last bit")


def test_a_measurement_is_judged_as_the_server_will(device: Device, shipped: Pack) -> None:
    told = {"sex": "male", "birth_date": "2019-05-20", "on": "2026-11-22"}
    weight, height = {"h_weight_kg": "21.4"}, {"h_height_cm": "118.5"}
    rows = [
        ["weight", "21.4", "21.5", "", told, height],
        ["height", "118.5", "", "", told, weight],
        ["height", "181.5", "", "", told, weight],
        ["height", "181.5", "118.5", "", told, weight],
        ["height", "181.5", "118.5", "118.2", told, weight],
        ["weight", "7.4", "7.4", "", told, height],
        ["height", "118.5", "118.5", "", {"birth_date": None}, {}],
        ["height", "118.5", "118.5", "", told, {**weight, "h_measured": "lying"}],
    ]
    well, alone, far, apart, kept, light, unknown, lying = device(device_plan(shipped), measured=rows)["measured"]
    assessor = assessor_for(shipped)
    days = (date(2026, 11, 22) - date(2019, 5, 20)).days
    scores = assessor.assess({"h_weight_kg": 21.4, "h_height_cm": 118.5}, sex="male", age_days=days).scores
    for name in ("baz", "waz"):
        assert well["z"][name] == {"z": scores[name].value, "band": scores[name].band, "doubtful": False}
    assert (well["message"], alone["message"], set(alone["z"])) == ("", "measure_again", {"baz", "haz"})
    assert far["message"] == "measure_doubtful"
    assert far["z"]["haz"]["doubtful"]
    assert apart["message"] == "measure_third"
    assert (kept["value"], kept["again"], kept["message"]) == ("118.5", "118.2", "")
    assert light["message"] == "measure_doubtful"
    assert unknown["z"] == {name: {"z": None, "band": None, "doubtful": False} for name in ("baz", "haz")}
    assert lying["z"]["haz"]["z"] < alone["z"]["haz"]["z"]


def test_the_plan_is_small(shipped: Pack) -> None:
    plan = device_plan(shipped)
    assert plan == device_plan(read_pack(SHIPPED)), "the same pack gives the same bytes"
    assert len(plan) < 160_000
