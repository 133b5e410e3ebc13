"""A pack that was read in; flags for one band alone of a scale on which another flag calls a further band graver, out.

A sum with blanks has a lowest and a highest possible total. Where they lie in two bands, a condition on one of them is
unknown: a flag that does not say "this band or worse" is then silent about a child who is certainly in one of both.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from khula.analysis.expressions import Call, Compare, Name, Node, Words, walk
from khula.analysis.packs.check.leaves import readable
from khula.analysis.packs.check.vocabulary import FLAG_LEVELS
from khula.analysis.packs.findings import finding
from khula.analysis.packs.pack import Flag, Pack, Scale
from khula.analysis.packs.reader import Reading
from khula.analysis.packs.sheets import Report

_BOUNDED = ("sum", "mean", "count", "any")


def check_lower_bands(reading: Reading, report: Report) -> None:
    pack = reading.pack
    asked = {flag.name: _asked(node) for flag in pack.flags.values() if (node := readable(flag.when)) is not None}
    for scale in pack.scales.values():
        if scale.method in _BOUNDED and len(scale.items) > 1:  # one answer is known or not: it has no bounds
            _check_scale(pack, scale, asked, report)


def _check_scale(pack: Pack, scale: Scale, asked: dict[str, dict[str, set[tuple[str, str]]]], report: Report) -> None:
    bands = _in_order(pack, scale)
    named = {name: _alone(scales.get(scale.name, set())) for name, scales in asked.items()}
    told = {name: bands_ for name, bands_ in named.items() if bands_ and bands_ <= set(bands)}
    concerning = set().union(*told.values()) if told else set()
    for name, own in told.items():
        if len(own) != 1:
            continue
        (band,) = own
        side = _side(bands, band, concerning)
        for other, its_bands in told.items():
            worse = next((each for each in bands if each in its_bands and each in side and each != band), "")
            if worse and _graver(pack.flags[other], pack.flags[name]):
                report(finding("PACK_308", pack.flags[name].place, "when", band=band, scale=scale.name, other=other,
                               worse=worse, hint=_hint(scale, bands, band, worse, side)))  # fmt: skip
                break


def _asked(node: Node) -> dict[str, set[tuple[str, str]]]:
    """Scale -> (= or !=, band) wherever the condition compares its band."""
    found: dict[str, set[tuple[str, str]]] = {}
    for each in walk(node):
        if isinstance(each, Compare):
            for scale, band in _band_compared(each):
                found.setdefault(scale, set()).add((each.op, band))
    return found


def _band_compared(each: Compare) -> Iterator[tuple[str, str]]:
    for called, literal in ((each.left, each.right), (each.right, each.left)):
        if isinstance(called, Call) and called.function == "band" and isinstance(literal, Words):
            (of,) = called.args
            if isinstance(of, Name):
                yield of.name, literal.value


def _alone(compared: set[tuple[str, str]]) -> set[str]:
    """The bands asked for with =; none where a != says more than one band anyway."""
    return set() if any(op != "=" for op, _ in compared) else {band for _, band in compared}


def _in_order(pack: Pack, scale: Scale) -> list[str]:
    """The names of a scale's bands from the lowest scores up."""
    rows = [row for row in pack.bands if row.scale == scale.name]
    rows.sort(key=lambda row: (row.start is not None, Fraction(row.start or 0)))
    return list(dict.fromkeys(row.band for row in rows))


def _side(bands: list[str], band: str, concerning: set[str]) -> list[str]:
    """The unbroken run of bands that flags ask for, around one: thin and fat have a band between them."""
    first = last = bands.index(band)
    while first > 0 and bands[first - 1] in concerning:
        first -= 1
    while last + 1 < len(bands) and bands[last + 1] in concerning:
        last += 1
    return bands[first : last + 1]


def _graver(one: Flag, other: Flag) -> bool:
    known = one.level in FLAG_LEVELS and other.level in FLAG_LEVELS
    return known and FLAG_LEVELS.index(one.level) > FLAG_LEVELS.index(other.level)


def _hint(scale: Scale, bands: list[str], band: str, worse: str, side: list[str]) -> str:
    """`band(${s}) != 'little'` where one band is left, else the band and each worse one."""
    at, towards = side.index(band), 1 if side.index(worse) > side.index(band) else -1
    wanted = side[at:] if towards > 0 else side[: at + 1]
    others = [each for each in bands if each not in wanted]
    asked = f"band(${{{scale.name}}})"
    if len(others) == 1:
        return f"{asked} != '{others[0]}'"
    return " or ".join(f"{asked} = '{each}'" for each in wanted)
