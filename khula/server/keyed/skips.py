"""The condition that is left of a question in; when to ask it, in plain words that name numbers on the sheet, out."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from khula.server.keyed.paper_form import Item, questions_in

Json = Any


class CannotSay(Exception):
    """The condition is none of those with plain words."""


def instruction(item: Item, items: Sequence[Item]) -> str:
    """ "" for what is always asked."""
    if item.when is True:
        return ""
    by_node = {one.node: one for one in questions_in(items)}
    try:
        when = _said(item.when, by_node)
    except CannotSay:
        return _("If this is so:") if item.kind == "note" else _("Ask only if it applies to this child.")
    if item.kind == "part":
        return _("Ask this part only if %(when)s.") % {"when": when}
    if item.kind == "note":
        return _("If %(when)s:") % {"when": when}
    return _("Ask only if %(when)s.") % {"when": when}


def _said(runs: Json, by_node: Mapping[int, Item]) -> str:
    if runs[0] == "or" and (same := _of_one_question(runs[1:])) is not None:
        return _ticked(by_node.get(same), [_code(one) for one in runs[1:]])
    if runs[0] in ("and", "or"):
        # An "or" inside an "and" would be read either way.
        if runs[0] == "and" and any(one[0] == "or" and _of_one_question(one[1:]) is None for one in runs[1:]):
            raise CannotSay
        return (_(" and ") if runs[0] == "and" else _(" or ")).join(_said(one, by_node) for one in runs[1:])
    if _question(runs) is None:
        raise CannotSay
    item = by_node.get(_question(runs))
    if runs[0] in ("=", "selected", "is-selected") and item is not None and item.choices:
        return _ticked(item, [_code(runs)])
    if runs[0] == "!=" and item is not None and item.choices:
        words = {"n": item.number, "choice": _label(item, _code(runs))}
        return _("“%(choice)s” is not ticked at question %(n)s") % words
    return _counted(runs, item)


def _of_one_question(parts: Sequence[Json]) -> int | None:
    """The question all parts ask a choice of; None when there is no such question."""
    asked = {_question(one) for one in parts if one[0] in ("=", "selected", "is-selected")}
    plain = all(one[0] in ("=", "selected", "is-selected") for one in parts)
    return asked.pop() if plain and len(asked) == 1 else None


def _question(runs: Json) -> int | None:
    plain = len(runs) == 3 and isinstance(runs[1], list) and runs[1][0] == "@" and not isinstance(runs[2], list)
    return runs[1][1] if plain else None


def _code(runs: Json) -> str:
    return str(runs[2])


def _label(item: Item, code: str) -> str:
    label = next((one.label for one in item.choices if one.code == code), "")
    if not label:
        raise CannotSay
    return label


def _ticked(item: Item | None, codes: Sequence[str]) -> str:
    if item is None or not item.choices:
        raise CannotSay
    choices = _(" or ").join(_("“%(choice)s”") % {"choice": _label(item, code)} for code in codes)
    return _("%(choices)s is ticked at question %(n)s") % {"choices": choices, "n": item.number}


def _counted(runs: Json, item: Item | None) -> str:
    if item is None or item.kind not in ("number", "decimal", "range"):
        raise CannotSay
    words = {"n": item.number, "x": runs[2]}
    sentences = {
        "=": _("the number at question %(n)s is %(x)s"),
        ">": _("the number at question %(n)s is more than %(x)s"),
        ">=": _("the number at question %(n)s is %(x)s or more"),
        "<": _("the number at question %(n)s is less than %(x)s"),
        "<=": _("the number at question %(n)s is %(x)s or less"),
    }
    if runs[0] not in sentences:
        raise CannotSay
    return sentences[runs[0]] % words
