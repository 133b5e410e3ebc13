"""The text of an expression comes in, its syntax tree with columns goes out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from khula.analysis.expressions.tree import (
    FUNCTIONS,
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
    Words,
    children,
    nearest,
)

MAX_LENGTH = 20_000
MAX_DEPTH = 60
MAX_DIGITS = 9

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<name>\$\{\s*(?P<inner>[^{}$]*?)\s*\})
      | (?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?![\w.]))
      | (?P<words>'[^']*'|"[^"]*")
      | (?P<word>[A-Za-z_][A-Za-z_0-9]*(?:-[A-Za-z_][A-Za-z_0-9]*)*)
      | (?P<op><=|>=|!=|[=<>+\-*(),])
      | (?P<end>$)
    )""",
    re.VERBOSE,
)
_GOOD_NAME = re.compile(r"[A-Za-z_][A-Za-z_0-9.\-]*\Z")
_SLIPS = {
    "‘": "Excel made the quote curly. Type a straight one: '",
    "’": "Excel made the quote curly. Type a straight one: '",
    "“": "Excel made the quote curly. Type a straight one: '",
    "”": "Excel made the quote curly. Type a straight one: '",
    "≥": "Write >=.",
    "≤": "Write <=.",
    "≠": "Write !=.",
    "&": "Write the word and.",
    "|": "Write the word or.",
    "/": "Write the word div.",
    "%": "Write the word mod.",
    "!": "Write not(…) or !=.",
    "−": "That is a typographic minus. Write -.",
    "–": "That is a dash. Write -.",
    "×": "Write *.",
    "$": "A name is written ${name}.",
    "'": "The text is not closed. Add the second quote.",
    '"': "The text is not closed. Add the second quote.",
    ".": "Name the question: ${name}.",
}


@dataclass(frozen=True, slots=True)
class _Token:
    sort: str  # name, number, words, word, op, end
    text: str
    column: int


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    at = 0
    while True:
        match = _TOKEN.match(text, at)
        if match is None:
            start = at + len(text[at:]) - len(text[at:].lstrip())
            sign = text[start]
            raise ExpressionError(f"“{sign}” cannot be read here.", start + 1, _SLIPS.get(sign, ""))
        sort = next(group for group in ("name", "number", "words", "word", "op", "end") if match[group] is not None)
        column = match.start(sort) + 1
        token_text = match["inner"] if sort == "name" else match[sort]
        if sort == "name" and not _GOOD_NAME.match(token_text):
            raise ExpressionError(f"“{match['name']}” is not a name.", column, "A name is written ${name}.")
        tokens.append(_Token(sort, token_text, column))
        if sort == "end":
            return tokens
        at = match.end()


def parse(text: str) -> Node:
    """The tree of one expression. Raises `ExpressionError` with what is wrong and the column, counted from 1."""
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"The expression is longer than {MAX_LENGTH} characters.", 1, "Split it with derive.")
    if not text.strip():
        raise ExpressionError("The expression is empty.", 1)
    parser = _Parser(_tokens(text))
    node = parser.either(0)
    parser.must_be_at_end()
    _check_depth(node)
    return node


class _Parser:
    """Recursive descent with XPath's order of operators: or, and, = !=, < <= > >=, + -, * div mod, minus."""

    def __init__(self, tokens: list[_Token]) -> None:
        self.tokens = tokens
        self.at = 0

    @property
    def here(self) -> _Token:
        return self.tokens[self.at]

    def take(self) -> _Token:
        token = self.here
        self.at += 1
        return token

    def take_if(self, sort: str, *texts: str) -> _Token | None:
        if self.here.sort == sort and self.here.text in texts:
            return self.take()
        return None

    def must_be_at_end(self) -> None:
        token = self.here
        if token.sort == "end":
            return
        if token.text == ")":
            raise ExpressionError("There is one “)” too many.", token.column)
        cure = ""
        if token.text == "=":
            cure = "Write a single =."
        elif token.sort in ("name", "number", "words", "word"):
            cure = "An operator (and, or, =, + …) is missing before it."
        raise ExpressionError(f"“{token.text}” does not belong here.", token.column, cure)

    def either(self, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise ExpressionError("The parentheses are nested too deeply.", self.here.column, "Split it with derive.")
        first = self.both(depth)
        parts = [first]
        while self.take_if("word", "or"):
            parts.append(self.both(depth))
        return first if len(parts) == 1 else Or(tuple(parts), first.column)

    def both(self, depth: int) -> Node:
        first = self.equality(depth)
        parts = [first]
        while self.take_if("word", "and"):
            parts.append(self.equality(depth))
        return first if len(parts) == 1 else And(tuple(parts), first.column)

    def equality(self, depth: int) -> Node:
        node = self.relation(depth)
        while token := self.take_if("op", "=", "!="):
            node = Compare(token.text, node, self.relation(depth), node.column)
        return node

    def relation(self, depth: int) -> Node:
        node = self.sum(depth)
        while token := self.take_if("op", "<", "<=", ">", ">="):
            node = Compare(token.text, node, self.sum(depth), node.column)
        return node

    def sum(self, depth: int) -> Node:
        node = self.product(depth)
        while token := self.take_if("op", "+", "-"):
            node = Arithmetic(token.text, node, self.product(depth), node.column)
        return node

    def product(self, depth: int) -> Node:
        node = self.signed(depth)
        while token := self.take_if("op", "*") or self.take_if("word", "div", "mod"):
            node = Arithmetic(token.text, node, self.signed(depth), node.column)
        return node

    def signed(self, depth: int) -> Node:
        token = self.take_if("op", "-")
        if token is None:
            return self.operand(depth)
        of = self.operand(depth)
        return Number(-of.value, token.column) if isinstance(of, Number) else Minus(of, token.column)

    def operand(self, depth: int) -> Node:
        token = self.take()
        if token.sort == "name":
            return Name(token.text, token.column)
        if token.sort == "number":
            return _number(token)
        if token.sort == "words":
            return _words(token)
        if token.sort == "op" and token.text == "(":
            node = self.either(depth + 1)
            self.close(token)
            return node
        if token.sort == "word" and self.here.sort == "op" and self.here.text == "(":
            return self.call(token, depth)
        raise _misplaced(token, self.tokens[self.at - 2] if self.at > 1 else None)

    def call(self, token: _Token, depth: int) -> Node:
        opening = self.take()
        args: list[Node] = []
        if not (self.here.sort == "op" and self.here.text == ")"):
            args.append(self.either(depth + 1))
            while self.take_if("op", ","):
                args.append(self.either(depth + 1))
        self.close(opening)
        _check_call(token, args)
        return Not(args[0], token.column) if token.text == "not" else Call(token.text, tuple(args), token.column)

    def close(self, opening: _Token) -> None:
        if self.take_if("op", ")"):
            return
        if self.here.sort == "end":
            raise ExpressionError("The “(” is never closed.", opening.column, "Add a “)”.")
        self.must_be_at_end()


def _number(token: _Token) -> Number:
    whole, _, decimals = token.text.partition(".")
    if len(whole.lstrip("0")) > MAX_DIGITS or len(decimals) > MAX_DIGITS:
        raise ExpressionError(f"The number {token.text} has too many digits.", token.column)
    return Number(Fraction(token.text), token.column)


def _words(token: _Token) -> Words:
    value = token.text[1:-1]
    if not value.strip():
        cure = "For “nothing was answered” write missing(${name}) or answered(${name})."
        raise ExpressionError("An empty text is compared with nothing.", token.column, cure)
    return Words(value, token.column)


def _misplaced(token: _Token, before: _Token | None) -> ExpressionError:
    if token.sort == "end":
        return ExpressionError("The expression stops too early.", token.column, "Something is missing at its end.")
    if token.sort == "word" and token.text == "not":
        return ExpressionError("“not” needs parentheses.", token.column, "Write not(…).")
    if token.sort == "word" and token.text not in ("and", "or", "div", "mod"):
        cure = f"A name is written ${{{token.text}}}, a text '{token.text}'."
        return ExpressionError(f"“{token.text}” cannot be read here.", token.column, cure)
    if token.text == "=" and before is not None and before.text == "=":
        return ExpressionError("“==” is not an operator.", token.column, "Write a single =.")
    if before is not None and {token.text, before.text} in ({"=", "<"}, {"=", ">"}):
        sign = token.text.strip("=") or before.text
        return ExpressionError(f"“{before.text}{token.text}” is not an operator.", before.column, f"Write {sign}=.")
    return ExpressionError(f"“{token.text}” does not belong here.", token.column, "A value is missing before it.")


def _check_call(token: _Token, args: list[Node]) -> None:
    if token.text not in FUNCTIONS:
        raise ExpressionError(f"There is no function “{token.text}”.", token.column, nearest(token.text, FUNCTIONS))
    fewest, most = FUNCTIONS[token.text]
    if len(args) < fewest or (most is not None and len(args) > most):
        wanted = str(fewest) if most == fewest else f"at least {fewest}"
        problem = f"“{token.text}” takes {wanted} argument(s), not {len(args)}."
        raise ExpressionError(problem, token.column)
    if token.text == "band" and not isinstance(args[0], Name):
        raise ExpressionError("“band” takes the name of a scale.", token.column, "Write band(${scale}).")
    if token.text == "selected" and not isinstance(args[0], Name):
        raise ExpressionError(
            "“selected” takes a question and a choice.", token.column, "Write selected(${q}, 'code')."
        )
    if token.text == "selected" and not isinstance(args[1], Words):
        raise ExpressionError("The choice stands in quotes.", args[1].column, "Write selected(${q}, 'code').")
    if token.text == "at-least":
        count = args[0]
        if not isinstance(count, Number) or count.value.denominator != 1 or count.value < 1:
            raise ExpressionError("“at-least” begins with a whole number.", count.column, "Write at-least(2, …, …).")
        if count.value > len(args) - 1:
            problem = f"“at-least” asks for {count.value} of only {len(args) - 1} conditions: it can never be true."
            raise ExpressionError(problem, count.column)


def _check_depth(node: Node) -> None:
    level, depth = [node], 0
    while level:
        depth += 1
        if depth > 4 * MAX_DEPTH:
            raise ExpressionError("The expression is too long a chain.", node.column, "Split it with derive.")
        level = [child for each in level for child in children(each)]
