"""The tree of an expression and where it stands in; what the evaluator runs, with paths found, out.

What it runs is JSON: a number, a text, true, false, or a list that opens with a sign or the name of a function:

* `["@", n]` the value of node n, found from here; `["@", n, [[m, condition]]]` where node m must meet a condition
* `["^", n]` the same, found from where the whole expression stands (`current()`)
* `["#", list, column, [[condition]]]` rows of a list; a condition `["==", column, expression]` is found by index
* `["$", column]` of the row a condition is asked of; `["pos"]` its position
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from khula.analysis.packs import xpath
from khula.analysis.packs.device.features import DATE_ESCAPES, FUNCTIONS
from khula.analysis.packs.device.refusals import Kind
from khula.analysis.packs.device.tree import Call, NotRead, Number, Path, Step, Sum, Text, Tree, read

Runs: TypeAlias = Any  # JSON
Refuse: TypeAlias = Callable[[Kind, str], None]


@dataclass(slots=True)
class Node:
    """One element or attribute of the primary instance, by the number it has in the plan."""

    number: int
    name: str
    parent: int  # -1 for the root
    path: str
    children: dict[str, int] = field(default_factory=dict)
    last: int = 0  # the highest number inside it
    repeated: bool = False
    first: bool = False  # the form opens with one of them
    type: str = ""  # what the evaluator takes it for
    written: str = "string"  # as the form says it
    default: str = ""
    bind: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Here:
    node: int  # where the whole expression stands
    at: int  # where paths start: itself, or the node a condition is asked of; -1 in a row of a list
    lifted: bool = False  # into a condition on rows, from outside it


@dataclass(frozen=True, slots=True)
class Resolved:
    runs: Runs
    needs: frozenset[int]  # nodes it reads


class Resolver:
    """Resolves expressions against the nodes, the lists and the texts of one form."""

    def __init__(self, nodes: list[Node], list_number: Callable[[str], int | None], text_number: Callable[[str], int]):
        self._nodes = nodes
        self._list_number = list_number
        self._text_number = text_number
        self._needs: set[int] = set()
        self._refuse: Refuse = lambda kind, shown: None

    def resolve(self, expression: str, node: int, refuse: Refuse) -> Resolved:
        """Raises NotRead. What the evaluator could not do goes to `refuse`, and the rest is resolved."""
        self._needs, self._refuse = set(), refuse
        runs = self._tree(read(expression), _Here(node, node))
        return Resolved(runs, frozenset(self._needs))

    def node_at(self, path: str, start: int = 0) -> int | None:
        """The number of a node by its path, absolute or from `start`."""
        try:
            tree = read(path)
        except NotRead:
            return None
        if not isinstance(tree, Path) or tree.start == "call":
            return None
        found = self._walk(tree, _Here(start, start))
        return None if found is None else found[0]

    # --- trees -------------------------------------------------------------------------------------------------------

    def _tree(self, tree: Tree, here: _Here) -> Runs:
        match tree:
            case Number(value):
                return int(value) if value.is_integer() else value
            case Text(value):
                return value
            case Sum(sign, left, right):
                return self._sum(sign, left, right, here)
            case Call():
                return self._call(tree, here)
            case Path():
                return self._path(tree, here)

    def _sum(self, sign: str, left: Tree, right: Tree, here: _Here) -> Runs:
        if sign in ("and", "or"):
            return [sign, *(self._tree(part, here) for part in (*_parts(sign, left), *_parts(sign, right)))]
        return [sign, self._tree(left, here), self._tree(right, here)]

    # --- calls -------------------------------------------------------------------------------------------------------

    def _call(self, call: Call, here: _Here) -> Runs:
        name, given = call.name, call.arguments
        if name == "-":
            inside = self._tree(given[0], here)
            return -inside if isinstance(inside, int | float) and not isinstance(inside, bool) else ["neg", inside]
        if name in ("true", "false"):
            return name == "true"
        fewest, most = xpath.FUNCTIONS.get(name, (0, 0))
        if name not in FUNCTIONS or len(given) < fewest or (most is not None and len(given) > most):
            self._refuse("function", f"{name}()")
            return ""
        if (special := _SPECIAL.get(name)) is not None:
            return special(self, given, here)
        if name in ("format-date", "format-date-time", "regex") and len(given) == 2 and isinstance(given[1], Text):
            self._check_pattern(name, given[1].value)
        runs = [name, *(self._tree(one, here) for one in given)]
        if name in _OF_NODES and not (isinstance(runs[1], list) and runs[1][0] in ("@", "^", "#")) and runs[1] != "":
            self._refuse("expression", f"{name}()")
        return runs

    def _check_pattern(self, name: str, pattern: str) -> None:
        if name == "regex":
            if _JAVA_ONLY.search(pattern):
                self._refuse("expression", pattern)
        else:
            for escape in re.findall("%(.)", pattern):
                if escape not in DATE_ESCAPES:
                    self._refuse("date", f"%{escape}")

    def _once(self, given: tuple[Tree, ...], here: _Here) -> Runs:
        return ["once", self._tree(given[0], here), ["@", here.node]]

    def _position(self, given: tuple[Tree, ...], here: _Here) -> Runs:
        if not given:
            return ["pos"]
        inside = self._tree(given[0], here)
        if not (isinstance(inside, list) and inside[0] in ("@", "^")) and inside != "":
            self._refuse("expression", "position()")
        return ["position", inside]

    def _indexed_repeat(self, given: tuple[Tree, ...], here: _Here) -> Runs:
        target = self._target(given[0], here)
        places: list[Runs] = []
        for group, index in zip(given[1::2], given[2::2], strict=False):
            number = self._target(group, here)
            if number is not None:
                places.append([number, self._tree(index, here)])
        if target is None:
            return ""
        self._needs.add(target)
        return ["indexed-repeat", target, places]

    def _target(self, tree: Tree, here: _Here) -> int | None:
        found = self._walk(tree, here) if isinstance(tree, Path) and tree.start != "call" else None
        if found is None:
            self._refuse("path", "indexed-repeat()")
            return None
        return found[0]

    def _pulldata(self, given: tuple[Tree, ...], here: _Here) -> Runs:
        *named, value = given
        texts = [one.value for one in named if isinstance(one, Text)]
        if len(texts) != 3 or len(given) != 4:
            self._refuse("expression", "pulldata()")
            return ""
        return self._rows(texts[0], texts[1], [[["==", texts[2], self._tree(value, replace(here, lifted=True))]]])

    def _choice_name(self, given: tuple[Tree, ...], here: _Here) -> Runs:
        asked = given[1].value if isinstance(given[1], Text) else ""
        number = self.node_at(asked, here.node)
        if number is None:
            self._refuse("path", f"jr:choice-name() {asked}".strip())
            return ""
        return ["jr:choice-name", self._tree(given[0], here), number]

    def _itext(self, given: tuple[Tree, ...], here: _Here) -> Runs:
        if not isinstance(given[0], Text):
            self._refuse("expression", "jr:itext()")
            return ""
        return ["text", self._text_number(given[0].value)]

    def _bare_instance(self, given: tuple[Tree, ...], here: _Here) -> Runs:
        self._refuse("expression", "instance()")
        return ""

    def _current(self, given: tuple[Tree, ...], here: _Here) -> Runs:
        return self._value("^", here.node, [])

    # --- paths -------------------------------------------------------------------------------------------------------

    def _path(self, path: Path, here: _Here) -> Runs:
        if path.call is not None and path.call.name == "instance":
            return self._list_path(path, path.call, here)
        if path.call is not None and path.call.name != "current":
            self._refuse("path", f"{path.call.name}()/…")
            return ""
        if here.at < 0 and path.start == "here":
            return self._column(path)
        found = self._walk(path, here)
        if found is None:
            self._refuse("path", _shown(path))
            return ""
        number, conditions = found
        from_whole = here.lifted or (path.call is not None and here.at != here.node)
        return self._value("^" if from_whole else "@", number, conditions)

    def _value(self, sign: str, number: int, conditions: list[Runs]) -> Runs:
        self._needs.add(number)
        return [sign, number, conditions] if conditions else [sign, number]

    def _column(self, path: Path) -> Runs:
        steps = [step for step in path.steps if step.name != "."]
        if len(steps) != 1 or steps[0].name == ".." or steps[0].predicates:
            self._refuse("path", _shown(path))
            return ""
        return ["$", steps[0].name]

    def _walk(self, path: Path, here: _Here) -> tuple[int, list[Runs]] | None:
        at = {"root": -1, "here": here.at, "call": here.node}[path.start]
        conditions: list[Runs] = []
        for step in path.steps:
            found = self._stepped(at, step, path.start == "root")
            if found is None:
                return None
            at = found
            for predicate in step.predicates:
                if isinstance(predicate, Number):
                    self._refuse("expression", f"[{predicate.value:g}]")
                conditions.append([at, self._tree(predicate, replace(here, at=at))])
        return (at, conditions) if at >= 0 else None

    def _stepped(self, at: int, step: Step, absolute: bool) -> int | None:
        if at < 0:
            return 0 if absolute and step.name == self._nodes[0].name else None
        if step.name == ".":
            return at
        if step.name == "..":
            return self._nodes[at].parent if self._nodes[at].parent >= 0 else None
        return self._nodes[at].children.get(step.name)

    # --- lists -------------------------------------------------------------------------------------------------------

    def _list_path(self, path: Path, call: Call, here: _Here) -> Runs:
        name = call.arguments[0].value if call.arguments and isinstance(call.arguments[0], Text) else ""
        names = [step.name for step in path.steps]
        if name == "__last-saved" and not any(step.predicates for step in path.steps):
            return ["last-saved", "/" + "/".join(names)]
        item = path.steps[1] if len(path.steps) > 1 else None
        others = [step for step in path.steps if step is not item]
        if item is None or len(names) > 3 or any(step.predicates for step in others) or not _plain(names):
            self._refuse("path", f"instance('{name}')/{'/'.join(names)}")
            return ""
        conditions = [
            [self._condition(part, here) for part in _parts("and", predicate)] for predicate in item.predicates
        ]
        return self._rows(name, names[2] if len(names) == 3 else 0, conditions)

    def _rows(self, name: str, column: str | int, conditions: list[Runs]) -> Runs:
        number = self._list_number(name)
        if number is None:
            self._refuse("list", name)
            return ""
        return ["#", number, column, conditions] if conditions else ["#", number, column]

    def _condition(self, tree: Tree, here: _Here) -> Runs:
        row = replace(here, at=-1)
        if isinstance(tree, Number):
            self._refuse("expression", f"[{tree.value:g}]")
        if isinstance(tree, Sum) and tree.sign == "=":
            for one, other in ((tree.left, tree.right), (tree.right, tree.left)):
                if _is_column(one) and not _asks_row(other):
                    return ["==", self._tree(one, row)[1], self._tree(other, row)]
        return self._tree(tree, row)


_SPECIAL: dict[str, Callable[[Resolver, tuple[Tree, ...], _Here], Runs]] = {
    "once": Resolver._once,
    "position": Resolver._position,
    "indexed-repeat": Resolver._indexed_repeat,
    "pulldata": Resolver._pulldata,
    "jr:choice-name": Resolver._choice_name,
    "jr:itext": Resolver._itext,
    "instance": Resolver._bare_instance,
    "current": Resolver._current,
}

#: functions of nodes or rows, not of values
_OF_NODES = ("count", "count-non-empty", "sum", "randomize")

#: what Java's expressions have and JavaScript's have not
_JAVA_ONLY = re.compile(r"\(\?[a-zA-Z]|\\[AzZGQEhR]|\[\[:|&&\[|[*+?}]\+|\\p\{(?:Alpha|Digit|Alnum|Upper|Lower|Punct)\}")


def _parts(sign: str, tree: Tree) -> Iterator[Tree]:
    """`a and b and c` as three."""
    if isinstance(tree, Sum) and tree.sign == sign:
        yield from _parts(sign, tree.left)
        yield from _parts(sign, tree.right)
    else:
        yield tree


def _is_column(tree: Tree) -> bool:
    if not isinstance(tree, Path) or tree.start != "here":
        return False
    names = [step.name for step in tree.steps if step.name != "."]
    return len(names) == 1 and _plain(names) and not any(step.predicates for step in tree.steps)


def _asks_row(tree: Tree) -> bool:
    """Whether the value differs from row to row."""
    match tree:
        case Number() | Text():
            return False
        case Sum(_, left, right):
            return _asks_row(left) or _asks_row(right)
        case Call(name, arguments):
            return name == "position" or any(_asks_row(one) for one in arguments)
        case Path(start):
            return start == "here"


def _plain(names: list[str]) -> bool:
    return not any(name in (".", "..") or name.startswith("@") for name in names)


def _shown(path: Path) -> str:
    names = "/".join(step.name for step in path.steps)
    return f"/{names}" if path.start == "root" else names
