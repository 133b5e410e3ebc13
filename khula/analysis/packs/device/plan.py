"""The bytes of an XForm in; the plan of the form out: its nodes, what they depend on, its questions, lists and texts.

The plan is one JSON object:

* `nodes`: [name, number of the parent, more]; in document order, attributes ("@id") before the children. More:
  `t` type, `v` value it opens with, `r` 1 repeated, `f` 1 the form opens with one of the repeated, `n` how many there
  are (expression), `p` preload, `q` required, `c` constraint, `o` read only (expressions), `qm`, `cm` what to say
* `order`: [1 relevance or 0 calculation, node, expression, nodes it reads], so that each stands after those it needs
* `asks`: questions and groups as they follow. A question: `d` node, `k` control, `l` label, `h` hint, `a` appearance,
  `i` [rows, value, label, what is read] choices, `s` [start, end, step], `u` nodes its texts and choices read,
  `x` [[node, expression]] values set when the answer changes. A group: `g` what is in it, `d`, `l`, `e` 1 on one page,
  `r` 1 repeated, `x` values set in a new one
* `lists`: {`n` name of a file} or {`c` columns, `w` rows}; `sets`: [[node, expression, 1 only when first opened]]
* `words`: one array per language of `langs`
"""

from __future__ import annotations

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from typing import Any, TypeAlias

import msgspec
from lxml import etree

from khula.analysis.packs.device import features
from khula.analysis.packs.device.refusals import FormNotForDevice, Kind, Refusal
from khula.analysis.packs.device.resolve import Node, Resolved, Resolver, Runs
from khula.analysis.packs.device.tree import NotRead
from khula.analysis.packs.device.words import Words

Json: TypeAlias = Any

_XF = "{http://www.w3.org/2002/xforms}"
_JR = "{http://openrosa.org/javarosa}"
_ENTITIES = "{http://www.opendatakit.org/xforms/entities}"
_CONTROLS = ("input", "select1", "select", "rank", "range", "upload", "trigger", "secret")
_BY_TYPE = {"int": "number", "decimal": "decimal", "date": "date", "time": "time", "dateTime": "datetime",
            "geopoint": "geopoint", "barcode": "barcode"}  # fmt: skip
#: attribute of a bind → column of the sheet survey
_COLUMNS = {"relevant": "relevant", "calculate": "calculation", "constraint": "constraint", "required": "required",
            "readonly": "read_only"}  # fmt: skip


def device_form(xml: bytes) -> bytes:
    """The plan as compact JSON. The same bytes give the same plan. Raises FormNotForDevice."""
    compiler = _Compiler(xml)
    plan = compiler.plan()
    if compiler.refused:
        raise FormNotForDevice(dict.fromkeys(compiler.refused))
    return msgspec.json.encode(plan)


def refusals(xml: bytes) -> tuple[Refusal, ...]:
    """What the field app could not do with the form, by question."""
    try:
        device_form(xml)
    except FormNotForDevice as problem:
        return problem.refusals
    return ()


class _Compiler:
    def __init__(self, xml: bytes) -> None:
        root = etree.fromstring(xml, etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True))
        self._model = next(root.iter(f"{_XF}model"))
        self._head = root
        self._body = next((one for one in root if _local(one.tag) == "body"), None)
        self._instances = [one for one in self._model if one.tag == f"{_XF}instance"]
        self._words = Words(self._model)
        self._nodes: list[Node] = []
        self._lists: dict[str, Json] = {}
        self._list_numbers: dict[str, int] = {}
        self._order: list[tuple[int, int, Resolved]] = []
        self.refused: list[Refusal] = []
        self._resolver = Resolver(self._nodes, self._list_number, lambda name: self._words.by_id(name, 0, lambda _: ""))

    def plan(self) -> Json:
        top = self._instances[0][0]
        self._read_nodes(top, -1, "", True)
        self._read_binds()
        asks = self._children(self._body, ()) if self._body is not None else []
        sets = list(self._model_actions())
        self._check_entities()
        self._check_video()
        title = next((one.text for one in self._head.iter() if _local(one.tag) == "title"), "") or ""
        return {
            "id": top.get("id", ""),
            "version": top.get("version", ""),
            "title": title,
            "langs": self._words.languages,
            "nodes": [self._node_json(node) for node in self._nodes],
            "order": [[kind, node, one.runs, sorted(one.needs)] for kind, node, one in self._sorted()],
            "asks": asks,
            "sets": sets,
            "lists": list(self._lists.values()),
            "words": self._words.said,
        }

    # --- nodes -------------------------------------------------------------------------------------------------------

    def _read_nodes(self, element: etree._Element, parent: int, path: str, opens: bool) -> int:
        """`opens`: the element stands in the form when it opens, not only in the template of a repeat."""
        name = _local(element.tag)
        node = self._add(name, parent, f"{path}/{name}")
        if parent >= 0:
            for attribute, value in element.attrib.items():
                if not str(attribute).startswith(_JR):
                    self._add(f"@{_local(attribute)}", node.number, f"{node.path}/@{_local(attribute)}", value)
        if not len(element):
            node.default = (element.text or "").strip()
        for child in element:
            known = node.children.get(_local(child.tag))
            if known is None:
                template = child.get(f"{_JR}template") is not None
                known = self._read_nodes(child, node.number, node.path, opens and not template)
                self._nodes[known].first = opens and not template
            elif opens and child.get(f"{_JR}template") is None:
                self._opens_with(child, known)
        node.last = len(self._nodes) - 1
        return node.number

    def _opens_with(self, element: etree._Element, number: int) -> None:
        self._nodes[number].first = True
        for child in element:
            if (known := self._nodes[number].children.get(_local(child.tag))) is not None:
                self._opens_with(child, known)

    def _add(self, name: str, parent: int, path: str, default: str = "") -> Node:
        node = Node(len(self._nodes), name, parent, path, default=default)
        node.last = node.number
        if parent >= 0:
            self._nodes[parent].children[name] = node.number
        self._nodes.append(node)
        return node

    def _node_json(self, node: Node) -> Json:
        more: dict[str, Json] = {}
        if node.type:
            more["t"] = node.type
        if node.default:
            more["v"] = node.default
        if node.repeated:
            more |= {"r": 1, "f": int(node.first)}
        return [node.name, node.parent, more | node.bind] if more or node.bind else [node.name, node.parent]

    # --- binds -------------------------------------------------------------------------------------------------------

    def _read_binds(self) -> None:
        for repeat in self._head.iter(f"{_XF}repeat"):
            if (number := self._resolver.node_at(repeat.get("nodeset", ""))) is not None:
                self._nodes[number].repeated = True
        for bind in self._model.iter(f"{_XF}bind"):
            number = self._resolver.node_at(bind.get("nodeset", ""))
            if number is not None:
                self._read_bind(bind, self._nodes[number])

    def _read_bind(self, bind: etree._Element, node: Node) -> None:
        written = bind.get("type", "string").removeprefix("xsd:")
        if written not in features.TYPES:
            self._refuse(node, "type", "type", written)
        node.type, node.written = features.TYPES.get(written, ""), written
        for attribute, kind in (("relevant", 1), ("calculate", 0)):
            if text := bind.get(attribute):
                self._order.append((kind, node.number, self._resolve(text, node, _COLUMNS[attribute])))
        for attribute, key in (("constraint", "c"), ("required", "q"), ("readonly", "o")):
            if text := bind.get(attribute):
                runs = self._resolve(text, node, _COLUMNS[attribute]).runs
                if runs is not False:
                    node.bind[key] = runs
        for attribute, key in (("constraintMsg", "cm"), ("requiredMsg", "qm")):
            if text := bind.get(f"{_JR}{attribute}"):
                number = self._words.message(text, node.number, lambda said: self._resolve(said, node, "label").runs)
                if number is not None:
                    node.bind[key] = number
        if preload := bind.get(f"{_JR}preload"):
            named = f"{preload} {bind.get(f'{_JR}preloadParams', '')}"
            if named in features.PRELOADS:
                node.bind["p"] = named.strip()

    def _resolve(self, text: str, node: Node, column: str) -> Resolved:
        def refuse(kind: Kind, shown: str) -> None:
            self._refuse(node, column, kind, shown)

        try:
            return self._resolver.resolve(text, node.number, refuse)
        except NotRead as problem:
            refuse("expression", problem.shown)
        return Resolved("", frozenset())

    def _refuse(self, node: Node | None, column: str, kind: Kind, shown: str) -> None:
        name = "" if node is None else node.name
        self.refused.append(Refusal(name, column, kind, shown))

    # --- the order of calculations -----------------------------------------------------------------------------------

    def _sorted(self) -> list[tuple[int, int, Resolved]]:
        """Each after those it needs. Whose relevance is worked out writes all that stands inside it."""
        waiting = sorted(self._order, key=lambda one: (one[1], -one[0]))
        writers: dict[int, list[int]] = {}
        for at, (kind, node, _) in enumerate(waiting):
            for written in range(node, self._nodes[node].last + 1) if kind else (node,):
                writers.setdefault(written, []).append(at)
        before = {
            at: sorted({writer for need in one.needs for writer in writers.get(need, ())})
            for at, (_, _, one) in enumerate(waiting)
        }
        try:
            return [waiting[at] for at in TopologicalSorter(before).static_order()]
        except CycleError as problem:
            for at in sorted(set(problem.args[1])):
                self._refuse_circle(waiting[at])
            return []

    def _refuse_circle(self, one: tuple[int, int, Resolved]) -> None:
        node = self._nodes[one[1]]
        self._refuse(node, "relevant" if one[0] else "calculation", "circle", node.name)

    # --- questions ---------------------------------------------------------------------------------------------------

    def _children(self, element: etree._Element, around: tuple[Node, ...]) -> list[Json]:
        found: list[Json] = []
        for child in element:
            name = _local(child.tag)
            if name == "group":
                found.append(self._group(child, around))
            elif name == "repeat":
                found.append(self._repeat(child, None, around))
            elif name in _CONTROLS:
                found.append(self._question(child, name))
            elif name not in ("label", "hint", "setvalue"):
                self._refuse(around[-1] if around else None, "type", "type", name)
        return [one for one in found if one is not None]

    def _group(self, group: etree._Element, around: tuple[Node, ...]) -> Json:
        node = self._node_of(group)
        if group.get("intent"):
            self._refuse(node, "appearance", "appearance", "intent")
        repeat = group.find(f"{_XF}repeat")
        if repeat is not None:
            return self._repeat(repeat, group, around)
        inside = (*around, node) if node else around
        return self._in_group(group, node, inside) | {"g": self._children(group, inside)}

    def _repeat(self, repeat: etree._Element, group: etree._Element | None, around: tuple[Node, ...]) -> Json:
        node = self._node_of(repeat)
        if node is None:
            return None
        if count := repeat.get(f"{_JR}count"):
            resolved = self._resolve(count, node, "repeat_count")
            node.bind["n"] = [resolved.runs, sorted(resolved.needs)]
        found = self._in_group(repeat if group is None else group, node, (*around, node))
        if "field-list" in repeat.get("appearance", ""):
            found["e"] = 1
        if sets := [self._action(one, node) for one in repeat if _local(one.tag) == "setvalue"]:
            found["x"] = sets
        return found | {"r": 1, "g": self._children(repeat, (*around, node))}

    def _in_group(self, group: etree._Element, node: Node | None, around: tuple[Node, ...]) -> Json:
        label, needs = self._said(group, "label", node or self._nodes[0])
        found: dict[str, Json] = {}
        if node is not None:
            found["d"] = node.number
        if label is not None:
            found["l"] = label
        if needs:
            found["u"] = sorted(needs)
        if "field-list" in group.get("appearance", "").split():
            found["e"] = 1
        return found

    def _question(self, control: etree._Element, kind: str) -> Json:
        node = self._node_of(control)
        if node is None:
            return None
        found: dict[str, Json] = {"d": node.number, "k": self._kind(control, kind, node)}
        needs: set[int] = set()
        for name, key in (("label", "l"), ("hint", "h")):
            number, read = self._said(control, name, node)
            needs |= read
            if number is not None:
                found[key] = number
        if appearance := control.get("appearance", "").strip():
            found["a"] = appearance
            for part in features.APPEARANCES_REFUSED:
                if part in appearance:
                    self._refuse(node, "appearance", "appearance", part.rstrip("(:"))
        if kind in ("select1", "select", "rank"):
            found["i"] = self._choices(control, node)
            needs.update(found["i"][3])
        if kind == "range":
            found["s"] = [control.get(name, "") for name in ("start", "end", "step")]
        for key in ("q", "o"):
            if isinstance(node.bind.get(key), list):
                needs |= _read_by(node.bind[key])
        if needs:
            found["u"] = sorted(needs)
        if sets := [self._action(one, node) for one in control if _local(one.tag) == "setvalue"]:
            found["x"] = sets
        for one in control:
            if _local(one.tag) in ("setgeopoint", "recordaudio"):
                self._refuse(node, "type", "action", _local(one.tag))
        return found

    def _kind(self, control: etree._Element, kind: str, node: Node) -> str:
        if kind == "upload":
            media = control.get("mediatype", "")
            return {"image/*": "photo", "audio/*": "audio"}.get(media, "file")
        if kind in ("input", "secret"):
            written = node.written
            if written == "string" and node.bind.get("o") is True and not node.default and not self._calculated(node):
                return "note"
            return _BY_TYPE.get(written, "text")
        return kind

    def _calculated(self, node: Node) -> bool:
        return any(kind == 0 and number == node.number for kind, number, _ in self._order)

    def _said(self, element: etree._Element, name: str, node: Node) -> tuple[int | None, set[int]]:
        needs: set[int] = set()

        def output(text: str) -> Runs:
            resolved = self._resolve(text, node, name)
            needs.update(resolved.needs)
            return resolved.runs

        number = self._words.of(element.find(f"{_XF}{name}"), node.number, output)
        if number is not None and not needs:
            needs = {need for said in self._words.said for need in _read_by(said[number])}
        return number, needs

    # --- choices -----------------------------------------------------------------------------------------------------

    def _choices(self, control: etree._Element, node: Node) -> Json:
        """[rows, value, label, what is read]. Of rows of a list, value and label are columns, else expressions."""
        itemset = control.find(f"{_XF}itemset")
        if itemset is None:
            return [["#", self._inline(control, node), 0], "name", "#", []]
        resolved = self._resolve(itemset.get("nodeset", ""), node, "choice_filter")
        value, label = itemset.find(f"{_XF}value"), itemset.find(f"{_XF}label")
        value_ref = "" if value is None else value.get("ref", "").strip()
        label_ref = "" if label is None else label.get("ref", "").strip()
        rows = (
            resolved.runs[1] if isinstance(resolved.runs, list) and resolved.runs[0] == "randomize" else resolved.runs
        )
        if isinstance(rows, list) and rows[0] == "#":
            return [resolved.runs, value_ref, "#" if "jr:itext(" in label_ref else label_ref, sorted(resolved.needs)]
        if not isinstance(rows, list) or rows[0] not in ("@", "^"):
            if rows != "":  # else it is refused already
                self._refuse(node, "choice_filter", "expression", itemset.get("nodeset", ""))
            return ["", "", "", []]
        one = self._nodes[rows[1]]
        parts = [self._resolve(ref, one, "label") for ref in (value_ref, label_ref)]
        needs = resolved.needs | parts[0].needs | parts[1].needs
        return [resolved.runs, parts[0].runs, parts[1].runs, sorted(needs)]

    def _inline(self, control: etree._Element, node: Node) -> int:
        rows = []
        for item in control.iter(f"{_XF}item"):
            value = item.find(f"{_XF}value")
            label = self._said(item, "label", node)[0]
            rows.append([(value.text or "").strip() if value is not None else "", label])
        return self._keep_list(f"\n{node.path}", {"c": ["name", "#"], "w": rows})

    def _list_number(self, name: str) -> int | None:
        if name in self._list_numbers:
            return self._list_numbers[name]
        instance = next((one for one in self._instances[1:] if one.get("id") == name), None)
        if instance is None:
            return None
        source = instance.get("src", "")
        if source:
            file = source.rpartition("/")[2]
            return self._keep_list(name, {"n": file.removesuffix(".csv")}) if file.endswith(".csv") else None
        return self._keep_list(name, self._rows_of(instance))

    def _rows_of(self, instance: etree._Element) -> Json:
        """Rows of a list that stands in the form; the column `#` is the number of the label."""
        items = [{_local(cell.tag): cell.text or "" for cell in item} for root in instance for item in root]
        columns = list(dict.fromkeys(name for item in items for name in item))
        rows = [[item.get(name, "") for name in columns] for item in items]
        if "itextId" in columns:
            at = columns.index("itextId")
            columns[at] = "#"
            for row in rows:
                row[at] = self._words.by_id(row[at], 0, self._output_of_choice)
        return {"c": columns, "w": rows}

    def _output_of_choice(self, text: str) -> Runs:
        return self._resolve(text, self._nodes[0], "label").runs

    def _keep_list(self, name: str, content: Json) -> int:
        number = self._list_numbers[name] = len(self._lists)
        self._lists[name] = content
        return number

    # --- actions -----------------------------------------------------------------------------------------------------

    def _model_actions(self) -> Iterator[Json]:
        for element in self._model:
            name = _local(element.tag)
            if name == "setvalue":
                target = self._resolver.node_at(element.get("ref", ""))
                node = self._nodes[target or 0]
                events = element.get("event", "").split()
                first = "odk-instance-first-load" in events or "xforms-ready" in events
                if first or "odk-instance-load" in events:
                    yield [*self._action(element, node), *([1] if first else [])]
            elif name in ("setgeopoint", "recordaudio"):
                target = self._resolver.node_at(element.get("ref", ""))
                self._refuse(self._nodes[target or 0], "type", "action", name)

    def _action(self, setvalue: etree._Element, here: Node) -> Json:
        """[node, expression], the expression found from the node that is set."""
        target = self._resolver.node_at(setvalue.get("ref", ""), here.number)
        if target is None or any(event not in features.EVENTS for event in setvalue.get("event", "").split()):
            self._refuse(here, "trigger", "action", setvalue.get("ref", ""))
            return [0, ""]
        text = setvalue.get("value")
        runs = self._resolve(text, self._nodes[target], "calculation").runs if text else (setvalue.text or "").strip()
        return [target, runs]

    # --- entities ----------------------------------------------------------------------------------------------------

    def _check_entities(self) -> None:
        entities = [node for node in self._nodes if node.name == "entity"]
        version = self._model.get(f"{_ENTITIES}entities-version", "")
        if len(entities) > 1 or version >= "2025" or any(self._in_repeat(node) for node in entities):
            self._refuse(None, "", "entities", version)

    def _check_video(self) -> None:
        for text in self._model.iter(f"{_XF}text"):
            if any(value.get("form") == "video" for value in text):
                path = text.get("id", "").partition(":")[0]
                node = next((one for one in self._nodes if one.path == path), None)
                self._refuse(node, "video", "type", "media::video")

    def _in_repeat(self, node: Node) -> bool:
        while node.parent >= 0:
            if node.repeated:
                return True
            node = self._nodes[node.parent]
        return False

    def _node_of(self, element: etree._Element) -> Node | None:
        ref = element.get("nodeset") or element.get("ref") or ""
        number = self._resolver.node_at(ref) if ref else None
        return None if number is None else self._nodes[number]


def _local(tag: Any) -> str:
    name = str(tag)
    return name[name.rfind("}") + 1 :]


def _read_by(runs: Runs) -> set[int]:
    """Nodes that a resolved expression, or a text with expressions in it, reads."""
    if isinstance(runs, dict):
        return {need for one in runs.values() for need in _read_by(one)}
    if not isinstance(runs, list):
        return set()
    found = {runs[1]} if len(runs) > 1 and runs[0] in ("@", "^", "indexed-repeat") else set()
    return found.union(*(_read_by(one) for one in runs)) if runs else found
