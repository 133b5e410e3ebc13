"""A pack's folder in; its forms and sequences of what a person could do with them out.

A pack's forms are no generated ones: what could be answered is read from the XForm, and the numbers tried stand near
those its conditions name.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

from lxml import etree
from pyxform.xls2xform import convert

from tests.clients.generated_forms import DATES, DECIMALS, INTEGERS, TIMES, WORDS, Step, Task

XFORMS = "{http://www.w3.org/2002/xforms}"
LEARNERS = """\
name,label,__version,given_names,family_name,sex,birth_date,grade,language,school,class,wave
0b8f4a52-7c1d-4e7b-9a44-6a1d0a0f3c01,Lerato Mabaso · 1B,1,Lerato,Mabaso,female,2019-04-11,1,zul,400001,1B,wave-1
0b8f4a52-7c1d-4e7b-9a44-6a1d0a0f3c02,Sipho Nkosi · 1B,3,Sipho,Nkosi,male,2018-11-02,1,sot,400001,1B,wave-1
0b8f4a52-7c1d-4e7b-9a44-6a1d0a0f3c03,Anele Dube · 3A,1,Anele,Dube,,,3,,400001,3A,wave-1
"""
IDS = [line.split(",")[0] for line in LEARNERS.splitlines()[1:]]
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def shipped(pack: Path, *, runs: int) -> Iterator[Task]:
    for workbook in sorted(pack.glob("*.xlsx")):
        if workbook.stem != "pack" and not workbook.stem.startswith("~"):
            xform = convert(workbook, validate=False).xform
            yield Task(
                workbook.stem, xform, {"learners": LEARNERS}, [steps_of(xform, number) for number in range(runs)]
            )


def steps_of(xform: str, number: int) -> list[Step]:
    """Whom it is about; then through all of it, so that most is asked; then here and there, and the other language."""
    root = etree.fromstring(xform.encode())
    chance = random.Random(f"{root.findtext('.//{*}title')} {number}")
    offered = {
        control.get("ref"): _offered(root, control)
        for control in root.iter()
        if isinstance(control.tag, str) and "ref" in control.attrib and _is_asked(control)
    }
    languages = [each.get("lang") for each in root.iter(f"{XFORMS}translation")]
    steps = [_answer(at, values, chance) for at, values in offered.items()]
    through = [_agreed(at, values, chance) for at, values in offered.items()]
    for turn in range(60):
        if turn == 20:
            steps += through
        if languages and chance.random() < 0.05:
            steps.append(Step("language", text=chance.choice(languages)))
        else:
            at = chance.choice(list(offered))
            steps.append(Step("blank", at) if chance.random() < 0.1 else _answer(at, offered[at], chance))
    return steps


def _is_asked(control: etree._Element) -> bool:
    return etree.QName(control).localname in {"input", "select1", "select", "range", "trigger"}


def _answer(at: str, values: list[str], chance: random.Random) -> Step:
    return Step("set", at, chance.choice(values))


def _agreed(at: str, values: list[str], chance: random.Random) -> Step:
    """The first of what is offered opens the next question more often than not."""
    return Step("set", at, values[0]) if chance.random() < 0.5 else _answer(at, values, chance)


def _offered(root: etree._Element, control: etree._Element) -> list[str]:
    kind, at = etree.QName(control).localname, control.get("ref")
    bind = next((each for each in root.iter(f"{XFORMS}bind") if each.get("nodeset") == at), None)
    if kind == "trigger":
        return ["OK"]
    if kind in {"select1", "select"}:
        values = _choices(root, control)
        return values if kind == "select1" else [*values, " ".join(values[:2]), " ".join(values[1:])]
    near = [float(each) for each in _NUMBER.findall(bind.get("constraint", ""))] if bind is not None else []
    written = {each for number in near for each in (number - 1, number, number + 1)}
    match "" if bind is None else bind.get("type", ""):
        case "int":
            return sorted({str(int(each)) for each in written}) * 4 + INTEGERS
        case "decimal":
            return sorted({str(each) for each in written} | {f"{each + 0.5}" for each in near}) * 4 + DECIMALS
        case "date":
            return DATES
        case "time":
            return TIMES
        case "dateTime":
            return [f"{day}T{time}" for day in DATES for time in TIMES]
        case _:
            return [*(each for each in WORDS if each), "00400001"]


def _choices(root: etree._Element, control: etree._Element) -> list[str]:
    items = control.find(f"{XFORMS}itemset")
    if items is None:
        return [each.findtext(f"{XFORMS}value") or "" for each in control.iter(f"{XFORMS}item")]
    of = re.match(r"instance\('([^']+)'\)", items.get("nodeset", ""))
    assert of is not None
    if of[1] == "learners":
        return IDS
    for instance in root.iter(f"{XFORMS}instance"):
        if instance.get("id") == of[1]:
            return [each.text or "" for each in instance.iter(f"{XFORMS}name")]
    return ["none"]
