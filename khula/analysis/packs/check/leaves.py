"""A name of a pack in; the names it is worked out from, down to the questions people answered, out.

What cannot be read is passed over here: `conditions.py` reports it.
"""

from __future__ import annotations

from collections.abc import Iterator

from khula.analysis.expressions import ExpressionError, Node, names_in, parse
from khula.analysis.packs.pack import Pack


def readable(text: str) -> Node | None:
    """The tree of an expression, or None when it cannot be read."""
    try:
        return parse(text) if text.strip() else None
    except ExpressionError:
        return None


def names_of(text: str) -> frozenset[str]:
    node = readable(text)
    return names_in(node) if node is not None else frozenset()


def directly_from(pack: Pack, name: str) -> frozenset[str]:
    """The names that the lines of a derived value, or the row of a scale, mention."""
    found: set[str] = set()
    for line in pack.derive.get(name, ()):
        found |= names_of(line.when)
        found |= names_of(line.value) if line.value != "missing" else set()
    if scale := pack.scales.get(name):
        found |= {*scale.items, *names_of(scale.expression)}
        for norm in pack.norms:
            if norm.norm == scale.norm:
                found |= names_of(norm.not_if)
    return frozenset(found)


def questions_behind(pack: Pack, names: frozenset[str] | set[str]) -> frozenset[str]:
    """Every question that can change one of the names."""
    seen: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting.extend(directly_from(pack, name))
    return frozenset(name for name in seen if name in pack.questions)


def worked_out(pack: Pack) -> dict[str, frozenset[str]]:
    """Derived values and scales, each with the derived values and scales it needs."""
    own = {*pack.derive, *pack.scales}
    return {name: directly_from(pack, name) & own for name in (*pack.derive, *pack.scales)}


def circles(pack: Pack) -> Iterator[tuple[str, ...]]:
    """Every circle among derived values and scales once, beginning with the name that stands first in the pack."""
    needs = worked_out(pack)
    done: set[str] = set()
    for name in needs:
        circle = _circle_from(name, needs, done)
        if circle:
            done |= set(circle)
            yield circle
        done.add(name)


def _circle_from(start: str, needs: dict[str, frozenset[str]], done: set[str]) -> tuple[str, ...]:
    """The way from `start` back to itself through names not yet looked at, or nothing."""
    waiting: list[tuple[str, ...]] = [(start,)]
    seen: set[str] = set()
    while waiting:
        way = waiting.pop()
        for name in sorted(needs[way[-1]]):
            if name == start:
                return way
            if name not in seen and name not in done:
                seen.add(name)
                waiting.append((*way, name))
    return ()


def in_order(pack: Pack) -> tuple[str, ...]:
    """Derived values and scales, each after those it needs; names in a circle come as they are met."""
    needs = worked_out(pack)
    ordered: dict[str, None] = {}
    open_names: set[str] = set()

    def visit(name: str) -> None:
        if name in ordered or name in open_names:
            return
        open_names.add(name)
        for each in sorted(needs[name]):
            visit(each)
        ordered[name] = None

    for name in needs:
        visit(name)
    return tuple(ordered)
