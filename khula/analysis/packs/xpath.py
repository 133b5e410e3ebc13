"""An expression of a form (relevant, constraint, calculation …) in; what ODK's engines could not work with, out.

ODK Validate evaluates only the branch that is taken, so an unknown function inside `if()` passes it and stops the
interview at the first child it concerns. Hence every call is looked at here, taken or not. The functions are those of
JavaRosa 5.1, the engine in ODK Collect.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_ANY = None

#: function -> (fewest, most) arguments; None is any number
FUNCTIONS: dict[str, tuple[int, int | None]] = {
    **dict.fromkeys(("true", "false", "today", "now", "random", "pi", "version", "current"), (0, 0)),
    **dict.fromkeys(("text", "node"), (0, 0)),
    **dict.fromkeys(
        (
            "boolean", "number", "int", "string", "date", "date-time", "decimal-date-time", "decimal-time", "not",
            "boolean-from-string", "abs", "acos", "asin", "atan", "cos", "exp", "exp10", "log", "log10", "sin",
            "sqrt", "tan", "count-selected", "count", "count-non-empty", "sum", "string-length", "normalize-space",
            "once", "property", "instance", "area", "enclosed-area", "base64-decode", "jr:itext",
        ),
        (1, 1),
    ),
    **dict.fromkeys(
        (
            "coalesce", "format-date", "format-date-time", "selected", "is-selected", "selected-at",
            "substring-before", "substring-after", "contains", "starts-with", "ends-with", "regex", "pow", "atan2",
            "geofence", "jr:choice-name", "extract-signed",
        ),
        (2, 2),
    ),
    "if": (3, 3),
    "translate": (3, 3),
    "round": (1, 2),
    "uuid": (0, 1),
    "position": (0, 1),
    "randomize": (1, 2),
    "substr": (2, 3),
    "digest": (2, 3),
    "indexed-repeat": (3, 11),
    "concat": (1, _ANY),
    "join": (1, _ANY),
    "max": (1, _ANY),
    "min": (1, _ANY),
    "distance": (1, _ANY),
    "depend": (1, _ANY),
    "checklist": (2, _ANY),
    "weighted-checklist": (2, _ANY),
    "pulldata": (2, _ANY),
}  # fmt: skip

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<text>'[^']*'|"[^"]*")
      | (?P<reference>\$\{[^}]*\})
      | (?P<number>\d+(?:\.\d+)?|\.\d+)
      | (?P<name>[A-Za-z_][\w.\-]*(?::[A-Za-z_][\w.\-]*)?)
      | (?P<sign>//|\.\.|!=|<=|>=|[-+*/=<>(),\[\]@|.])
    )""",
    re.VERBOSE,
)
CURLY = "‘’‚‛“”„‟"
_OPERATORS = ("and", "or", "div", "mod")
_REFERENCE = re.compile(r"\$\{\s*(?:last-saved#)?([^}]*?)\s*\}")


@dataclass(frozen=True)
class Slip:
    """`kind`: curly, character, unclosed, function, arguments or union; `name` is the function or the character."""

    kind: str
    name: str
    wanted: str = ""
    given: int = 0


@dataclass(frozen=True)
class _Token:
    sort: str
    text: str


def slips(expression: str) -> tuple[Slip, ...]:
    """Everything in the expression that ODK's engines do not know, from left to right."""
    curly = next((sign for sign in _outside_texts(expression) if sign in CURLY), "")
    if curly:
        return (Slip("curly", curly),)
    tokens, bad = _tokens(expression)
    if bad:
        return (bad,)
    if unbalanced := _unbalanced(tokens):
        return (unbalanced,)
    unions = tuple(Slip("union", "|") for token in tokens if token == _Token("sign", "|"))
    return (*_calls(tokens), *unions)


def references(expression: str) -> tuple[str, ...]:
    """Names inside `${}`, in order."""
    return tuple(dict.fromkeys(match.group(1) for match in _REFERENCE.finditer(expression)))


_COMPARED = re.compile(
    r"""\$\{\s*([^}]*?)\s*\}\s*!?=\s*('[^']*'|"[^"]*")|selected\(\s*\$\{\s*([^}]*?)\s*\}\s*,\s*('[^']*'|"[^"]*")"""
)


def compared_codes(expression: str) -> Iterator[tuple[str, str]]:
    """(question, code) of `${q} = 'code'`, `${q} != 'code'` and `selected(${q}, 'code')`."""
    for match in _COMPARED.finditer(expression):
        yield match.group(1) or match.group(3), (match.group(2) or match.group(4))[1:-1]


def bare_names(expression: str) -> tuple[str, ...]:
    """Names that stand for themselves, as columns do in a choice_filter: no function, question or part of a path."""
    tokens, _ = _tokens(expression)
    found = []
    for at, token in enumerate(tokens):
        if token.sort != "name" or _is_operator(tokens, at):
            continue
        before = tokens[at - 1].text if at else ""
        following = tokens[at + 1].text if at + 1 < len(tokens) else ""
        if following not in ("(", "/", "//") and before not in ("/", "//", "@"):
            found.append(token.text)
    return tuple(dict.fromkeys(found))


def _outside_texts(expression: str) -> str:
    return re.sub(r"'[^']*'|\"[^\"]*\"", "''", expression)


def _tokens(expression: str) -> tuple[list[_Token], Slip | None]:
    tokens: list[_Token] = []
    at, end = 0, len(expression.rstrip())
    while at < end:
        match = _TOKEN.match(expression, at)
        if match is None:
            sign = expression[at:].lstrip()[0]
            return tokens, Slip("unclosed" if sign in "'\"" else "character", sign)
        sort = str(match.lastgroup)
        tokens.append(_Token(sort, match.group(sort)))
        at = match.end()
    return tokens, None


def _unbalanced(tokens: list[_Token]) -> Slip | None:
    closing = {")": "(", "]": "["}
    open_signs: list[str] = []
    for token in tokens:
        if token.sort == "sign" and token.text in "([":
            open_signs.append(token.text)
        elif (
            token.sort == "sign"
            and token.text in closing
            and (not open_signs or open_signs.pop() != closing[token.text])
        ):
            return Slip("unclosed", token.text)
    return Slip("unclosed", open_signs[-1]) if open_signs else None


def _calls(tokens: list[_Token]) -> Iterator[Slip]:
    for at, token in enumerate(tokens[:-1]):
        if token.sort != "name" or tokens[at + 1].text != "(" or _is_operator(tokens, at):
            continue
        given = _arguments(tokens, at + 2)
        if token.text not in FUNCTIONS:
            yield Slip("function", token.text)
            continue
        fewest, most = FUNCTIONS[token.text]
        if given < fewest or (most is not None and given > most):
            yield Slip("arguments", token.text, _wanted(fewest, most), given)


def _is_operator(tokens: list[_Token], at: int) -> bool:
    """`a and (b)` is no call of `and`."""
    if tokens[at].text not in _OPERATORS or at == 0:
        return False
    before = tokens[at - 1]
    return before.sort != "sign" or before.text in (")", "]", ".", "..", "*")


def _arguments(tokens: list[_Token], start: int) -> int:
    if tokens[start].text == ")":
        return 0
    depth, count = 1, 1
    for token in tokens[start:]:
        if token.sort != "sign":
            continue
        if token.text in ("(", "["):
            depth += 1
        elif token.text in (")", "]"):
            depth -= 1
            if depth == 0:
                break
        elif token.text == "," and depth == 1:
            count += 1
    return count


def _wanted(fewest: int, most: int | None) -> str:
    if most is None:
        return f"≥ {fewest}"
    return str(fewest) if fewest == most else f"{fewest}–{most}"
