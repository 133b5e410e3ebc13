"""The syntax tree of an expression, and what is said of a wrong one."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeAlias


class ExpressionError(ValueError):
    """What is wrong with an expression, and in which column (counted from 1) of its text."""

    def __init__(self, problem: str, column: int, cure: str = "") -> None:
        super().__init__(f"{problem} {cure}".strip())
        self.problem = problem
        self.column = column
        self.cure = cure


class UnknownName(ExpressionError):
    """A `${name}` that is no question, derived value, scale, parameter or fact about the child."""

    def __init__(self, name: str, column: int, cure: str = "") -> None:
        super().__init__(f"There is no question, derived value or scale called “{name}”.", column, cure)
        self.name = name


def nearest(word: str, known: Mapping[str, object]) -> str:
    near = difflib.get_close_matches(word, list(known), n=1)
    return f"Did you mean “{near[0]}”?" if near else ""


@dataclass(frozen=True, slots=True)
class Number:
    """A number as written; exact."""

    value: Fraction
    column: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class Words:
    """A text in quotes."""

    value: str
    column: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class Name:
    """`${name}`: an answer, a derived value, a score, a parameter or a fact about the child."""

    name: str
    column: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class Not:
    of: Node
    column: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple[Node, ...]
    column: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple[Node, ...]
    column: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class Compare:
    """`left op right`, op one of = != < <= > >=."""

    op: str
    left: Node
    right: Node
    column: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`left op right`, op one of + - * div mod."""

    op: str
    left: Node
    right: Node
    column: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class Minus:
    of: Node
    column: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    """A function of `FUNCTIONS` and its arguments; `not()` is the node `Not`."""

    function: str
    args: tuple[Node, ...]
    column: int = field(default=1, compare=False)


Node: TypeAlias = Number | Words | Name | Not | And | Or | Compare | Arithmetic | Minus | Call

#: function -> (fewest, most arguments); None is any number.
FUNCTIONS: Mapping[str, tuple[int, int | None]] = {
    "not": (1, 1),
    "band": (1, 1),
    "missing": (1, 1),
    "answered": (1, 1),
    "coalesce": (2, None),
    "at-least": (2, None),
    "selected": (2, 2),
    "if": (3, 3),
}


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly below a node, from left to right."""
    if isinstance(node, (Not, Minus)):
        return (node.of,)
    if isinstance(node, (And, Or)):
        return node.parts
    if isinstance(node, (Compare, Arithmetic)):
        return (node.left, node.right)
    if isinstance(node, Call):
        return node.args
    return ()


def walk(node: Node) -> Iterator[Node]:
    """Every node of the tree, the top one first."""
    yield node
    for child in children(node):
        yield from walk(child)


def names_in(node: Node) -> frozenset[str]:
    """All names a tree mentions, those inside `band()` included."""
    return frozenset(each.name for each in walk(node) if isinstance(each, Name))
