"""The text of one expression of an XForm in; its typed tree out.

The grammar is that of JavaRosa, the engine in ODK Collect: XPath 1.0 without axes in words, unions and variables.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

Start = Literal["root", "here", "call"]


@dataclass(frozen=True, slots=True)
class Number:
    value: float


@dataclass(frozen=True, slots=True)
class Text:
    value: str


@dataclass(frozen=True, slots=True)
class Call:
    name: str
    arguments: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Sum:
    """Two sides and what stands between them: or, and, =, !=, <, <=, >, >=, +, -, *, div, mod."""

    sign: str
    left: Tree
    right: Tree


@dataclass(frozen=True, slots=True)
class Step:
    """`name` is ".." or ".", "@name" for an attribute, else the name of a child."""

    name: str
    predicates: tuple[Tree, ...] = ()


@dataclass(frozen=True, slots=True)
class Path:
    """From the root ("/data/…"), from here ("../x") or from what `call` gives: `instance('x')/…`, `current()/…`."""

    start: Start
    steps: tuple[Step, ...]
    call: Call | None = None


Tree: TypeAlias = Number | Text | Call | Sum | Path


class NotRead(Exception):
    """The expression is not in the grammar; `shown` is where reading stopped."""

    def __init__(self, shown: str) -> None:
        super().__init__(shown)
        self.shown = shown


_TOKEN = re.compile(
    r"""\s*(?:
        (?P<text>'[^']*'|"[^"]*")
      | (?P<number>\d+(?:\.\d*)?|\.\d+)
      | (?P<name>[^\W\d][\w.\-]*(?::[^\W\d][\w.\-]*)?)
      | (?P<sign>::|//|\.\.|!=|<=|>=|[-+*/=<>(),\[\]@|.$])
    )""",
    re.VERBOSE,
)
_DEEPEST = 50  # brackets in brackets; more would exhaust the stack
_LEVELS: tuple[tuple[str, ...], ...] = (
    ("or",), ("and",), ("=", "!="), ("<", "<=", ">", ">="), ("+", "-"), ("*", "div", "mod"),
)  # fmt: skip


def read(expression: str) -> Tree:
    """Raises NotRead."""
    if _depth(expression) > _DEEPEST:
        raise NotRead("((((…")
    return _Reader(_tokens(expression)).whole()


def _depth(expression: str) -> int:
    deepest = depth = 0
    for sign in expression:
        depth += (sign in "([") - (sign in ")]")
        deepest = max(deepest, depth)
    return deepest


def _tokens(expression: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    at, end = 0, len(expression.rstrip())
    while at < end:
        match = _TOKEN.match(expression, at)
        if match is None:
            raise NotRead(expression[at : at + 20].strip())
        sort = str(match.lastgroup)
        tokens.append((sort, match.group(sort)))
        at = match.end()
    return tokens


class _Reader:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0

    def whole(self) -> Tree:
        found = self._level(0)
        if self._at < len(self._tokens):
            raise NotRead(self._shown())
        return found

    def _level(self, level: int) -> Tree:
        if level == len(_LEVELS):
            return self._signed()
        left = self._level(level + 1)
        while self._text() in _LEVELS[level] and self._sort() in ("sign", "name"):
            sign = self._take()
            left = Sum(sign, left, self._level(level + 1))
        return left

    def _signed(self) -> Tree:
        if self._is("-"):
            self._take()
            return Call("-", (self._signed(),))
        return self._path()

    def _path(self) -> Tree:
        sort = self._sort()
        if sort == "text":
            return Text(self._take()[1:-1])
        if sort == "number":
            return Number(float(self._take()))
        if self._is("("):
            self._take()
            inside = self._level(0)
            self._want(")")
            if self._is("/", "["):
                raise NotRead(self._shown())
            return inside
        if sort == "name" and self._ahead() == "(":
            call = self._call()
            if not self._is("/"):
                return call
            self._take()
            return Path("call", self._steps(), call)
        if self._is("/"):
            self._take()
            return Path("root", self._steps())
        return Path("here", self._steps())

    def _call(self) -> Call:
        name = self._take()
        self._want("(")
        arguments: list[Tree] = []
        if not self._is(")"):
            arguments.append(self._level(0))
            while self._is(","):
                self._take()
                arguments.append(self._level(0))
        self._want(")")
        return Call(name, tuple(arguments))

    def _steps(self) -> tuple[Step, ...]:
        steps = [self._step()]
        while self._is("/"):
            self._take()
            steps.append(self._step())
        return tuple(steps)

    def _step(self) -> Step:
        if self._is(".", ".."):
            name = self._take()
        elif self._is("@") and self._sort(1) == "name":
            self._take()
            name = f"@{self._take()}"
        elif self._sort() == "name":
            name = self._take()
        else:
            raise NotRead(self._shown())
        predicates = []
        while self._is("["):
            self._take()
            predicates.append(self._level(0))
            self._want("]")
        return Step(name, tuple(predicates))

    def _sort(self, ahead: int = 0) -> str:
        at = self._at + ahead
        return self._tokens[at][0] if at < len(self._tokens) else ""

    def _text(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def _ahead(self) -> str:
        return self._tokens[self._at + 1][1] if self._at + 1 < len(self._tokens) else ""

    def _is(self, *signs: str) -> bool:
        return self._sort() == "sign" and self._text() in signs

    def _take(self) -> str:
        self._at += 1
        return self._tokens[self._at - 1][1]

    def _want(self, sign: str) -> None:
        if not self._is(sign):
            raise NotRead(self._shown())
        self._take()

    def _shown(self) -> str:
        return " ".join(text for _, text in self._tokens[self._at : self._at + 3]) or "…"
