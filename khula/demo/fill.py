"""A published XForm and the answers somebody would give → the finished instance a device would send.

Only what the form asks is answered: a question that is not relevant is left out with everything in it, calculations
are made, and a required question without an answer is an error of the demonstration, not of the form.
"""

import re
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import date
from typing import Any

from lxml import etree

XFORMS = "{http://www.w3.org/2002/xforms}"
PRELOAD = "{http://openrosa.org/javarosa}preloadParams"
ENTITIES = "http://www.opendatakit.org/xforms/entities"
ASKED = ("input", "select", "select1", "range", "upload", "trigger", "rank")


class Unanswered(Exception):
    """A required question has no answer: the name of the question, never an answer."""


@dataclass(frozen=True)
class Place:
    """One node of the instance, in document order, with what the form says about it."""

    path: str
    name: str
    relevant: etree.XPath | None
    calculate: etree.XPath | None
    preload: str
    asked: bool
    required: bool
    leaf: bool


@dataclass(frozen=True)
class FormToFill:
    form_id: str
    version: str
    template: etree._Element
    places: tuple[Place, ...]
    creates: bool  # the form puts a new entity on a list

    def fill(self, answers: Mapping[str, str], preloads: Mapping[str, str], learner: Mapping[str, str]) -> bytes:
        """`answers` by question name; `preloads`: start, end, today, deviceid, username, instanceID and, for a
        registration or an edit, entity and deprecatedID; `learner`: the child's row of the list of learners.
        """
        root = deepcopy(self.template)
        encounter = _Encounter(root, answers, preloads, learner)
        for place in self.places:
            encounter.reach(place)
        encounter.leave_out()
        _complete_meta(root, preloads)
        return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def form_to_fill(xml: bytes) -> FormToFill:
    document = etree.fromstring(xml, etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True))
    model = next(document.iter(f"{XFORMS}model"))
    original = next(model.iter(f"{XFORMS}instance"))[0]
    template = _without_namespaces(original)
    template.set("id", original.get("id", ""))
    template.set("version", original.get("version", ""))
    binds = {bind.get("nodeset"): bind for bind in model.iter(f"{XFORMS}bind")}
    asked = {
        control.get("ref") or control.get("nodeset")
        for control in document.iter()
        if isinstance(control.tag, str) and control.tag.removeprefix(XFORMS) in ASKED
    }
    tree = template.getroottree()
    places = tuple(
        _place(tree.getpath(node), node, binds.get(tree.getpath(node)), asked)
        for node in template.iter()
        if node is not template and not tree.getpath(node).startswith(f"/{template.tag}/meta")
    )
    creates = any(True for entity in template.iter("entity") if entity.get("create"))
    return FormToFill(template.get("id", ""), template.get("version", ""), template, places, creates)


def _place(path: str, node: etree._Element, bind: etree._Element | None, asked: set[str | None]) -> Place:
    said: Mapping[str, str] = {} if bind is None else {str(key): str(value) for key, value in bind.attrib.items()}
    return Place(
        path=path,
        name=str(node.tag),
        relevant=_compiled(said.get("relevant")),
        calculate=_compiled(said.get("calculate")),
        preload=said.get(PRELOAD, ""),
        asked=path in asked and said.get("readonly") != "true()",
        required=said.get("required") == "true()",
        leaf=len(node) == 0,
    )


def _without_namespaces(node: etree._Element) -> etree._Element:
    copy = etree.Element(etree.QName(node).localname)
    for name, value in node.attrib.items():
        if not str(name).startswith("{"):
            copy.set(name, value)
    copy.text = node.text if node.text and node.text.strip() else None
    copy.extend(_without_namespaces(child) for child in node)
    return copy


# What XForms adds to XPath 1.0, as far as the shipped forms use it


def _text(value: Any) -> str:
    if isinstance(value, list):
        value = value[0] if value else ""
    if isinstance(value, etree._Element):
        return value.text or ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else str(value)
    return str(value)


def _true(value: Any) -> bool:
    return bool(value) and value == value  # an empty node-set, "", 0 and NaN are false


def _days(text: str) -> float:
    """Days since 1970-01-01, as devices compare dates."""
    try:
        return float(date.fromisoformat(text[:10]).toordinal() - date(1970, 1, 1).toordinal())
    except ValueError:
        return float("nan")


FUNCTIONS: dict[tuple[None, str], Callable[..., Any]] = {
    (None, "selected"): lambda _, of, code: _text(code) in _text(of).split(),
    (None, "count-selected"): lambda _, of: float(len(_text(of).split())),
    (None, "if"): lambda _, condition, then, otherwise: _text(then) if _true(condition) else _text(otherwise),
    (None, "coalesce"): lambda _, first, second: _text(first) or _text(second),
    (None, "date"): lambda _, value: _text(value),
    (None, "decimal-date-time"): lambda _, value: _days(_text(value)),
    (None, "once"): lambda _, value: _text(value),
    (None, "int"): lambda _, value: float(int(float(_text(value)))) if _text(value) else float("nan"),
}


# The device holds one list of many children; here there is only the one the form is about.
PICKED = re.compile(r"instance\('learners'\)/root/item\[\s*name\s*=[^\]]+\]")


def _compiled(expression: str | None) -> etree.XPath | None:
    if not expression or expression == "true()":
        return None
    return etree.XPath(PICKED.sub("$learner", expression), extensions=FUNCTIONS)


class _Encounter:
    """One pass through a form, question by question."""

    def __init__(
        self, root: etree._Element, answers: Mapping[str, str], preloads: Mapping[str, str], learner: Mapping[str, str]
    ) -> None:
        self.tree = root.getroottree()
        self.nodes = {self.tree.getpath(node): node for node in root.iter()}
        self.answers, self.preloads = answers, preloads
        self.learner = _row(learner)
        self.left_out: list[str] = []

    def reach(self, place: Place) -> None:
        if any(place.path.startswith(f"{path}/") for path in self.left_out):
            return
        if place.relevant is not None and not _true(self.evaluate(place.relevant)):
            self.left_out.append(place.path)
            return
        if not place.leaf:
            return
        text = self.text_for(place)
        if text:
            self.nodes[place.path].text = text
        elif place.required and not self.nodes[place.path].text:
            raise Unanswered(place.name)

    def text_for(self, place: Place) -> str:
        if place.preload:
            return self.preloads.get(place.preload, "")
        if place.calculate is not None:
            return _text(self.evaluate(place.calculate))
        return self.answers.get(place.name, "") if place.asked else ""

    def evaluate(self, expression: etree.XPath) -> Any:
        return expression(self.tree, learner=self.learner)

    def leave_out(self) -> None:
        for path in self.left_out:
            node = self.nodes[path]
            parent = node.getparent()
            if parent is not None:
                parent.remove(node)


def _row(learner: Mapping[str, str]) -> list[etree._Element]:
    item = etree.Element("item")
    for name, text in learner.items():
        etree.SubElement(item, name).text = text
    return [item]


def _complete_meta(root: etree._Element, preloads: Mapping[str, str]) -> None:
    meta = root.find("meta")
    assert meta is not None
    for node in list(meta):
        if node.tag == "instanceID":
            node.text = preloads["instanceID"]
        elif node.tag == "entity":
            _complete_entity(root, node, preloads)
        elif node.tag != "instanceName":
            meta.remove(node)
    if "deprecatedID" in preloads:
        etree.SubElement(meta, "deprecatedID").text = preloads["deprecatedID"]


def _complete_entity(root: etree._Element, old: etree._Element, preloads: Mapping[str, str]) -> None:
    """The entity stands in a namespace of its own, which the template has lost."""
    entity = etree.Element(f"{{{ENTITIES}}}entity", nsmap={"entities": ENTITIES})
    for name, value in old.attrib.items():
        entity.set(name, value)
    entity.set("id", preloads["entity"])
    etree.SubElement(entity, f"{{{ENTITIES}}}label").text = preloads["label"]
    parent = old.getparent()
    assert parent is not None
    parent.replace(old, entity)
