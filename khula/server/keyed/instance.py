"""The agreed answers of a sheet in; the XForm instance that a tablet would have sent, byte for byte the same each time.

Beginning and end of the talk stay empty: paper says the day only. The device is "paper:" and the sheet's code, the
username those who keyed it.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid5

from lxml import etree

from khula.server.keyed.checking import reckon
from khula.server.keyed.reckoning import Reckoning

Json = Any
_SHEETS = UUID("6d1b2f0e-4a0b-5c53-9f0e-6b6568756c61")


def instance_id(code: str) -> str:
    """Of a sheet; the same whoever hands it in, however often."""
    return f"uuid:{uuid5(_SHEETS, code)}"


def instance_of(
    plan: Json, facts: Mapping[str, str], answers: Mapping[str, str], *, code: str, keyed_by: tuple[str, ...]
) -> bytes:
    said = {
        "property deviceid": f"paper:{code}",
        "property username": "+".join(keyed_by),
        "uid": instance_id(code),
    }
    form = reckon(plan, facts, answers)
    root = _written(plan, form, 0, said)
    root.set("id", plan["id"])
    root.set("version", plan["version"])
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _written(plan: Json, form: Reckoning, number: int, said: Mapping[str, str]) -> etree._Element:
    name, _parent, *more = plan["nodes"][number]
    element = etree.Element(name)
    preload = more[0].get("p", "") if more else ""
    kids = [kid for kid, node in enumerate(plan["nodes"]) if node[1] == number and form.relevant.get(kid) is not False]
    for kid in kids:
        if plan["nodes"][kid][0].startswith("@"):
            element.set(plan["nodes"][kid][0][1:], form.text(kid))
        elif plan["nodes"][kid][0] != "deprecatedID":
            element.append(_written(plan, form, kid, said))
    if not len(element):
        element.text = said.get(preload) or form.text(number) or None
    return element
