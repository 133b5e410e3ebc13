"""A form as a device fetched it and some answers in; the instance a device would send, without an engine, out.

For loads and races, where thousands are needed. What the forms mean when filled is the business of `fillers`.
"""

import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

from lxml import etree

XFORMS = "{http://www.w3.org/2002/xforms}"
BIND_TYPES = {
    "int": lambda chance: str(chance.randint(0, 3)),
    "decimal": lambda chance: f"{chance.uniform(14, 40):.1f}",
}


@dataclass(frozen=True)
class Blank:
    """An empty form: made into an instance as often as one likes."""

    xml: bytes

    @cached_property
    def root(self) -> etree._Element:
        return etree.fromstring(self.xml, etree.XMLParser(resolve_entities=False, no_network=True))

    @cached_property
    def instance(self) -> bytes:
        """The primary instance, alone."""
        first = next(self.root.iter(f"{XFORMS}instance"))
        return etree.tostring(first[0])

    @cached_property
    def choices(self) -> dict[str, list[str]]:
        """Question -> the codes its select offers, for lists written in the form itself."""
        lists = {each.get("id"): [item.text or "" for item in each.iter(f"{XFORMS}name")]
                 for each in self.root.iter(f"{XFORMS}instance") if each.get("id")}  # fmt: skip
        found: dict[str, list[str]] = {}
        for select in self.root.iter(f"{XFORMS}select1", f"{XFORMS}select"):
            itemset = select.find(f"{XFORMS}itemset")
            if itemset is None:
                codes = [value.text or "" for value in select.iter(f"{XFORMS}value")]
            else:
                codes = lists.get(itemset.get("nodeset", "").partition("'")[2].partition("'")[0], [])
            if codes:
                found[PurePosixPath(select.get("ref", "")).name] = codes
        return found

    @cached_property
    def numbers(self) -> dict[str, str]:
        """Question typed in -> int or decimal."""
        kinds = {bind.get("nodeset"): bind.get("type", "") for bind in self.root.iter(f"{XFORMS}bind")}
        asked = {each.get("ref", "") for each in self.root.iter(f"{XFORMS}input")}
        return {PurePosixPath(ref).name: kinds[ref] for ref in asked if kinds.get(ref) in BIND_TYPES}

    def at_random(self, chance: random.Random) -> dict[str, str]:
        """An answer to everything, heeding no condition of the form."""
        chosen = {name: chance.choice(codes) for name, codes in self.choices.items()}
        return chosen | {name: BIND_TYPES[kind](chance) for name, kind in self.numbers.items()}

    def filled(self, answers: Mapping[str, str], *, instance_id: str = "", deprecated_id: str = "") -> bytes:
        """The instance with these answers, under this id or a new one."""
        root = etree.fromstring(self.instance)
        ids = {"instanceID": instance_id or f"uuid:{uuid.uuid4()}"}
        for leaf in root.iter(etree.Element):
            text = {**answers, **ids}.get(etree.QName(leaf).localname)
            if text is not None and len(leaf) == 0:
                leaf.text = text
        if deprecated_id:
            meta = next(root.iter("{*}meta"))
            etree.SubElement(meta, f"{{{etree.QName(meta).namespace}}}deprecatedID").text = deprecated_id
        return etree.tostring(root, xml_declaration=True, encoding="UTF-8")
