"""An XForm in; out come the paths of its groups and repeats, and which of its questions lean on which others."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cache

from lxml import etree

_XFORMS = "{http://www.w3.org/2002/xforms}"
_JR = "{http://openrosa.org/javarosa}"
_EXPRESSIONS = ("relevant", "calculate", "constraint", "required", "readonly")
_NAME = re.compile(r"[A-Za-z_][\w.-]*")
_POSITIONS = re.compile(r"\[\d+\]|#\d+|/?@.*")


@dataclass(frozen=True)
class Shape:
    repeats: frozenset[str]
    groups: frozenset[str]
    said: dict[str, dict[str, str]]  # path without positions -> what -> expression
    needs: dict[str, frozenset[str]]  # name -> names it leans on, near or far

    @staticmethod
    @cache
    def of(xform: str) -> Shape:
        return _shape_of(etree.fromstring(xform.encode()))

    def name(self, at: str) -> str:
        return _POSITIONS.sub("", at).rsplit("/", 1)[-1]

    def said_of(self, at: str) -> dict[str, str]:
        """`above`: the conditions of what it stands in."""
        path = _POSITIONS.sub("", at)
        places = path.split("/")
        above = [self.said.get("/".join(places[:end]), {}).get("relevant", "") for end in range(2, len(places))]
        said = self.said.get(path, {})
        return {**said, "above": " ".join(above)} if any(above) else said

    def leans_on(self, at: str) -> frozenset[str]:
        name = self.name(at)
        return self.needs.get(name, frozenset()) - {name}


def _shape_of(root: etree._Element) -> Shape:
    groups: set[str] = set()
    paths: list[str] = []
    _walk(next(root.iter(f"{_XFORMS}instance"))[0], "", paths, groups)
    repeats = {each.get("nodeset", "") for each in root.iter(f"{_XFORMS}repeat")}
    said = _said(root)
    return Shape(frozenset(repeats), frozenset(groups), said, _needs(said, paths))


def _walk(element: etree._Element, path: str, paths: list[str], groups: set[str]) -> None:
    path = f"{path}/{etree.QName(element).localname}"
    paths.append(path)
    for child in element.iterchildren(etree.Element):
        groups.add(path)
        _walk(child, path, paths, groups)


def _said(root: etree._Element) -> dict[str, dict[str, str]]:
    said: dict[str, dict[str, str]] = defaultdict(dict)

    def say(path: str, what: str, text: str | None) -> None:
        if text:
            said[_POSITIONS.sub("", path)][what] = said[_POSITIONS.sub("", path)].get(what, "") + text

    for bind in root.iter(f"{_XFORMS}bind"):
        for what in _EXPRESSIONS:
            say(bind.get("nodeset", ""), what, bind.get(what))
    for action in root.iter(f"{_XFORMS}setvalue"):
        triggered = "xforms-value-changed" in action.get("event", "")
        source = action.getparent().get("ref", "") if triggered else ""
        say(action.get("ref", ""), "trigger" if triggered else "default", f"{action.get('value')} {source} ")
    for repeat in root.iter(f"{_XFORMS}repeat"):
        say(repeat.get("nodeset", ""), "repeat_count", repeat.get(f"{_JR}count"))
    for items in root.iter(f"{_XFORMS}itemset"):
        say(items.getparent().get("ref", ""), "choices", items.get("nodeset"))
    for text in root.iter(f"{_XFORMS}text"):
        for output in text.iter(f"{_XFORMS}output"):
            say(text.get("id", "").split(":")[0], "label", f"{output.get('value')} ")
    for control in root.iter(f"{_XFORMS}label", f"{_XFORMS}hint"):
        for output in control.iter(f"{_XFORMS}output"):
            say(control.getparent().get("ref", ""), "label", f"{output.get('value')} ")
    return dict(said)


def _needs(said: dict[str, dict[str, str]], paths: list[str]) -> dict[str, frozenset[str]]:
    names = {path.rsplit("/", 1)[-1] for path in paths}
    direct: dict[str, set[str]] = defaultdict(set)
    for path in paths:
        *above, name = path.strip("/").split("/")
        direct[name] |= set(above)
        for text in said.get(path, {}).values():
            direct[name] |= names & set(_NAME.findall(text))
        if name.endswith("_count"):  # pyxform's own, for a count that is no plain answer
            direct[name.removesuffix("_count")].add(name)
    far: dict[str, frozenset[str]] = {}
    for name in direct:
        waiting, seen = list(direct[name]), set[str]()
        while waiting:
            one = waiting.pop()
            if one not in seen:
                seen.add(one)
                waiting += direct[one]
        far[name] = frozenset(seen - {"data"})
    return far
