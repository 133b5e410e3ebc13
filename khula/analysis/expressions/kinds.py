"""A syntax tree and the kind of every name come in; its own kind goes out, or where kinds do not fit together."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from fractions import Fraction

from khula.analysis.expressions.tree import (
    And,
    Arithmetic,
    Call,
    Compare,
    ExpressionError,
    Minus,
    Name,
    Node,
    Not,
    Number,
    Or,
    UnknownName,
    Words,
    nearest,
)


class Kind(Enum):
    """What sort of value a name or an expression has; the value is how people are told."""

    CONDITION = "a condition (yes or no)"
    WHOLE = "a whole number"
    EXACT = "a number"  # an exact ratio of whole numbers: means, prorated scores, z-scores, 1.5
    DECIMAL = "a measured number"  # a decimal answer: a double
    TEXT = "a text or a choice"
    CODES = "several choices"
    DATE = "a date"

    @property
    def is_number(self) -> bool:
        return self in _WIDTH


_WIDTH = {Kind.WHOLE: 0, Kind.EXACT: 1, Kind.DECIMAL: 2}
_TEXTS = (Kind.TEXT, Kind.CODES)


def infer(node: Node, kinds: Mapping[str, Kind], scales: frozenset[str] | set[str] | None = None) -> Kind:
    """The kind of an expression, given the kind of every name.

    `scales`, when given, are the names `band()` may take. Raises `UnknownName`, or `ExpressionError` when kinds
    do not fit together, with the column.
    """
    return _Kinds(kinds, scales).of(node)


def is_condition(node: Node, kinds: Mapping[str, Kind], scales: frozenset[str] | set[str] | None = None) -> None:
    """Checks that an expression is a condition, as every `when` must be. Raises `ExpressionError`."""
    _Kinds(kinds, scales).condition(node)


@dataclass(frozen=True, slots=True)
class _Kinds:
    kinds: Mapping[str, Kind]
    scales: frozenset[str] | set[str] | None

    def of(self, node: Node) -> Kind:
        match node:
            case Number():
                return Kind.WHOLE if node.value.denominator == 1 else Kind.EXACT
            case Words():
                return Kind.TEXT
            case Name():
                return self.name(node)
            case Not():
                return self.condition(node.of)
            case And() | Or():
                return self.conditions(node.parts)
            case Compare():
                return self.comparison(node)
            case Arithmetic():
                return self.arithmetic(node)
            case Minus():
                return self.number(node.of)
            case Call():
                return self.call(node)

    def name(self, node: Name) -> Kind:
        if node.name not in self.kinds:
            raise UnknownName(node.name, node.column, nearest(node.name, self.kinds))
        return self.kinds[node.name]

    def condition(self, node: Node) -> Kind:
        kind = self.of(node)
        if kind is not Kind.CONDITION:
            cure = f"Compare it: {_shown(node)} = …" if kind.is_number or kind in _TEXTS else ""
            raise ExpressionError(f"A condition is needed here, and this is {kind.value}.", node.column, cure)
        return kind

    def conditions(self, nodes: tuple[Node, ...]) -> Kind:
        for node in nodes:
            self.condition(node)
        return Kind.CONDITION

    def number(self, node: Node) -> Kind:
        return self.as_number(node, self.of(node))

    def as_number(self, node: Node, kind: Kind) -> Kind:
        """A condition counts as 1 or 0."""
        if kind is Kind.CONDITION:
            return Kind.WHOLE
        if not kind.is_number:
            raise ExpressionError(f"A number is needed here, and this is {kind.value}.", node.column)
        return kind

    def comparison(self, node: Compare) -> Kind:
        left, right = self.of(node.left), self.of(node.right)
        if isinstance(node.left, (Number, Words)) and isinstance(node.right, (Number, Words)):
            raise ExpressionError("Two written values are compared: no answer can change this.", node.column)
        for literal, kind in ((node.left, right), (node.right, left)):
            if literal_as(literal, kind) is not None:
                return self.ordered(node, kind)
        if left.is_number and right.is_number:
            return Kind.CONDITION
        if (left in _TEXTS and right in _TEXTS) or left is right is Kind.DATE:
            return self.ordered(node, left)
        raise ExpressionError(
            f"{_cap(left.value)} is compared with {right.value}.", node.column, _cure(node, left, right)
        )

    def ordered(self, node: Compare, kind: Kind) -> Kind:
        if kind in _TEXTS and node.op not in ("=", "!="):
            cure = "Only = and != compare texts; if the choices are numbers, name them 0, 1, 2 …"
            raise ExpressionError(f"“{node.op}” compares numbers, and this is {kind.value}.", node.column, cure)
        return Kind.CONDITION

    def arithmetic(self, node: Arithmetic) -> Kind:
        left, right = self.of(node.left), self.of(node.right)
        if Kind.DATE in (left, right):
            return self.days(node, left, right)
        left, right = self.as_number(node.left, left), self.as_number(node.right, right)
        if node.op == "mod":
            if (left, right) != (Kind.WHOLE, Kind.WHOLE):
                raise ExpressionError("“mod” takes whole numbers only.", node.column)
            return Kind.WHOLE
        if node.op == "div" and Kind.DECIMAL not in (left, right):
            return Kind.EXACT
        return widest(left, right)

    def days(self, node: Arithmetic, left: Kind, right: Kind) -> Kind:
        if node.op == "-" and left is right is Kind.DATE:
            return Kind.WHOLE
        if left is Kind.DATE and right is Kind.WHOLE and node.op in ("+", "-"):
            return Kind.DATE
        raise ExpressionError("A date can only be taken from a date, or moved by whole days.", node.column)

    def call(self, node: Call) -> Kind:
        args = node.args
        match node.function:
            case "band":
                return self.band(args[0])
            case "missing" | "answered":
                self.of(args[0])
                return Kind.CONDITION
            case "coalesce":
                return self.same(args)
            case "if":
                self.condition(args[0])
                return self.same(args[1:])
            case "at-least":
                return self.conditions(args[1:])
            case _:
                return self.selected(node)

    def band(self, node: Node) -> Kind:
        assert isinstance(node, Name)
        self.name(node)
        if self.scales is not None and node.name not in self.scales:
            raise ExpressionError(f"“{node.name}” is not a scale, so it has no band.", node.column)
        return Kind.TEXT

    def selected(self, node: Call) -> Kind:
        kind = self.of(node.args[0])
        if literal_as(node.args[1], kind) is None and kind not in _TEXTS:
            raise ExpressionError(f"“selected” takes a choice, and this is {kind.value}.", node.args[0].column)
        return Kind.CONDITION

    def same(self, nodes: tuple[Node, ...]) -> Kind:
        found = [self.of(node) for node in nodes]
        kind = found[0]
        for node, other in zip(nodes[1:], found[1:], strict=True):
            if kind in _TEXTS and other in _TEXTS:
                kind = Kind.TEXT if kind is not other else kind
            elif kind.is_number and other.is_number:
                kind = widest(kind, other)
            elif kind is not other:
                raise ExpressionError(f"{_cap(kind.value)} and {other.value} cannot stand for each other.", node.column)
        return kind


def widest(left: Kind, right: Kind) -> Kind:
    """The kind that holds both numbers: whole numbers fit into exact ones, exact ones into measured ones."""
    return left if _WIDTH[left] >= _WIDTH[right] else right


def literal_as(node: Node, kind: Kind) -> Fraction | str | int | None:
    """A written number or text read as `kind`: '3' against a whole number is 3, 1 against a choice is '1',
    '2026-01-31' against a date is its day since 1970-01-01. None when the node is no literal or does not fit."""
    if isinstance(node, Words):
        if kind in _TEXTS:
            return node.value
        if kind is Kind.WHOLE and re.fullmatch(r"-?\d{1,9}", node.value):
            return Fraction(node.value)
        if kind is Kind.DATE and re.fullmatch(r"\d{4}-\d\d-\d\d", node.value):
            return _day(node.value)
    if isinstance(node, Number):
        if kind.is_number:
            return node.value
        if kind in _TEXTS and node.value.denominator == 1:
            return str(node.value)
    return None


def _day(text: str) -> int | None:
    try:
        return date.fromisoformat(text).toordinal() - date(1970, 1, 1).toordinal()
    except ValueError:
        return None


def _cure(node: Compare, left: Kind, right: Kind) -> str:
    for literal, other in ((node.right, left), (node.left, right)):
        if isinstance(literal, Words) and other.is_number:
            return f"“{literal.value}” is not a number; the answer is one."
        if isinstance(literal, Words) and other is Kind.DATE:
            return "A date is written '2026-01-31'."
    return ""


def _cap(text: str) -> str:
    return text[0].upper() + text[1:]


def _shown(node: Node) -> str:
    return f"${{{node.name}}}" if isinstance(node, Name) else "it"
