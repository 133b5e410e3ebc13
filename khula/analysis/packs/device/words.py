"""The texts of an XForm in; one number for each, and under it what is said in every language, out.

What is said is a text, or pieces of it (texts and expressions whose values stand between them), or, when there is more
than a text, an object: `""` the text, `image`, `audio` and `guidance`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeAlias

from lxml import etree

from khula.analysis.packs.sheets import language_code

Said: TypeAlias = Any  # JSON
Output: TypeAlias = Callable[[str], Any]  # the expression of an <output> → what the evaluator runs

_XF = "{http://www.w3.org/2002/xforms}"
_ITEXT = re.compile(r"^\s*jr:itext\('([^']*)'\)\s*$")
_FILE = re.compile(r"^jr://[\w-]+/")
_KEPT = ("image", "audio", "guidance")


class Words:
    """Numbers are given in the order in which texts are asked for, so that texts nobody needs are left out."""

    def __init__(self, model: etree._Element) -> None:
        translations = sorted(model.iter(f"{_XF}translation"), key=lambda one: one.get("default") is None)
        self.languages = [language_code(one.get("lang", "")) for one in translations] or ["en"]
        self._texts = [{text.get("id", ""): text for text in one.iter(f"{_XF}text")} for one in translations]
        self._numbers: dict[tuple[str, Any], int] = {}
        self.said: list[list[Said]] = [[] for _ in self.languages]

    def of(self, element: etree._Element | None, where: int, output: Output) -> int | None:
        """The number of what <label>, <hint> … says; None when it says nothing. `where`: the node it is about."""
        if element is None:
            return None
        if (match := _ITEXT.match(element.get("ref", ""))) is not None:
            return self.by_id(match.group(1), where, output)
        return self._plain(_pieces(element, output))

    def message(self, text: str, where: int, output: Output) -> int | None:
        """The number of a message that stands in an attribute."""
        if (match := _ITEXT.match(text)) is not None:
            return self.by_id(match.group(1), where, output)
        return self._plain(text.strip())

    def by_id(self, name: str, where: int, output: Output) -> int:
        speaks_of_answers = any(name in texts and _has_output(texts[name]) for texts in self._texts)
        key = (name, where if speaks_of_answers else None)
        if key not in self._numbers:
            self._numbers[key] = self._add([_said(texts.get(name), output) for texts in self._texts])
        return self._numbers[key]

    def _plain(self, said: Said) -> int | None:
        if not said:
            return None
        key = ("", repr(said))
        if key not in self._numbers:
            self._numbers[key] = self._add([said for _ in self.languages])
        return self._numbers[key]

    def _add(self, in_each: list[Said]) -> int:
        default = in_each[0]
        for said, column in zip(in_each, self.said, strict=True):
            column.append(default if said in ("", "-") else said)
        return len(self.said[0]) - 1


def _has_output(text: etree._Element) -> bool:
    return next(text.iter(f"{_XF}output"), None) is not None


def _said(text: etree._Element | None, output: Output) -> Said:
    if text is None:
        return ""
    forms = {value.get("form", ""): _pieces(value, output) for value in text.iter(f"{_XF}value")}
    kept = {form: _FILE.sub("", said) if isinstance(said, str) else said for form, said in forms.items() if said}
    if "big-image" in kept:
        kept.setdefault("image", kept["big-image"])
    more = {form: kept[form] for form in _KEPT if form in kept and kept[form] != "-"}
    return {"": kept.get("", ""), **more} if more else kept.get("", "")


def _pieces(element: etree._Element, output: Output) -> Said:
    pieces: list[Any] = [element.text or ""]
    for inside in element:
        if inside.tag == f"{_XF}output":
            pieces.append([output(inside.get("value") or inside.get("ref", ""))])
        pieces.append(inside.tail or "")
    pieces = [piece for piece in pieces if piece != ""]
    if pieces and isinstance(pieces[0], str):
        pieces[0] = pieces[0].lstrip()
    if pieces and isinstance(pieces[-1], str):
        pieces[-1] = pieces[-1].rstrip()
    pieces = [piece if isinstance(piece, str) else piece[0] for piece in pieces if piece != ""]
    if not pieces:
        return ""
    return pieces[0] if len(pieces) == 1 and isinstance(pieces[0], str) else pieces
