"""A pack that was read in; what is wrong with the rows of its sheet scales, out."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

from khula.analysis.answers import kind_of, whole_codes
from khula.analysis.expressions import Kind
from khula.analysis.expressions.in_french import kind_in_french
from khula.analysis.packs.check.limits import Limits, kinds, limits
from khula.analysis.packs.check.vocabulary import INDEXES, METHODS, MISSING_RULES, check_word
from khula.analysis.packs.findings import finding, nearest
from khula.analysis.packs.pack import Pack, Scale
from khula.analysis.packs.reader import Reading
from khula.analysis.packs.sheets import Report

_ADDED_UP = ("sum", "mean", "count", "any", "rasch")


def check_scales(reading: Reading, report: Report) -> None:
    pack = reading.pack
    kind_of_name = kinds(pack)
    for scale in pack.scales.values():
        if scale.instrument not in pack.instruments:
            near = nearest(scale.instrument, pack.instruments)
            code = "PACK_113" if scale.instrument else "PACK_028"
            report(finding(code, scale.place, "instrument", name=scale.instrument, near=near))
        if check_word(scale.method, METHODS, scale.place, "method", report):
            _check_method(pack, scale, report)
        check_word(scale.missing, MISSING_RULES, scale.place, "missing", report)
        if scale.round is not None and not 0 <= scale.round <= 4:
            report(finding("PACK_211", scale.place, "round", value=scale.round))
        _check_items(pack, scale, kind_of_name, report)
        _check_reverse(scale, report)
        _check_answered(scale, report)


def _check_method(pack: Pack, scale: Scale, report: Report) -> None:
    if scale.method == "expression":
        _demand(scale, "expression", scale.expression, report)
        return
    if scale.expression:
        report(finding("PACK_209", scale.place, "expression", method=scale.method))
    if not scale.items:
        _demand(scale, "items", "", report)
    if scale.method in ("zscore", "rasch"):
        _check_norm(pack, scale, report)
    elif scale.norm:
        report(finding("PACK_209", scale.place, "norm", method=scale.method))
    if scale.method == "zscore" and scale.items and len(scale.items) != _measurements(pack, scale):
        report(finding("PACK_210", scale.place, "items", value=" ".join(scale.items)))
    if scale.method == "zscore" and scale.index:
        check_word(scale.index, INDEXES, scale.place, "index", report)
    if scale.method in ("sum", "mean", "rasch"):
        for column, value in (("item_min", scale.item_min), ("item_max", scale.item_max)):
            if value is None:
                report(finding("PACK_203", scale.place, column))
    if scale.item_min is not None and scale.item_max is not None and scale.item_min >= scale.item_max:
        report(finding("PACK_204", scale.place, "item_min", lowest=scale.item_min, highest=scale.item_max))


def _measurements(pack: Pack, scale: Scale) -> int:
    """How many measurements the scale's growth table is for: weight and height make one index."""
    files = {norm.file for norm in pack.norms if norm.norm == scale.norm}
    if files & {"who:height_for_age", "who:weight_for_age"}:
        return 1
    return 2 if "who:bmi_for_age" in files else min(len(scale.items), 2)


def _demand(scale: Scale, column: str, value: str, report: Report) -> None:
    if not value:
        report(finding("PACK_208", scale.place, column, method=scale.method))


def _check_norm(pack: Pack, scale: Scale, report: Report) -> None:
    known = {norm.norm for norm in pack.norms}
    if not scale.norm:
        _demand(scale, "norm", "", report)
    elif scale.norm not in known:
        report(finding("PACK_114", scale.place, "norm", name=scale.norm, near=nearest(scale.norm, known)))


def _check_items(pack: Pack, scale: Scale, kind_of_name: dict[str, Kind], report: Report) -> None:
    known = {*pack.questions, *pack.derive, *pack.scales}
    for name, times in Counter(scale.items).items():
        if name not in known:
            report(finding("PACK_110", scale.place, "items", name=name, near=nearest(name, known)))
            continue
        if times > 1:
            report(finding("PACK_207", scale.place, "items", name=name))
        if scale.method in _ADDED_UP:
            _check_added_item(pack, scale, name, kind_of_name.get(name), report)


def _check_added_item(pack: Pack, scale: Scale, name: str, kind: Kind | None, report: Report) -> None:
    if kind is None:
        return  # its own row is reported
    if kind is not Kind.WHOLE:
        if name in pack.scales:
            report(finding("PACK_212", scale.place, "items", name=name))
        else:
            report(finding("PACK_202", scale.place, "items", name=name, what=kind.value, what_fr=kind_in_french(kind)))
        return
    if scale.method in ("any", "count"):
        return  # everything but 0 counts as true
    outside = _outside(_possible(pack, name), scale)
    if outside is not None:
        report(finding("PACK_201", scale.place, "items", name=name, value=outside, lowest=scale.item_min,
                       highest=scale.item_max))  # fmt: skip


def _possible(pack: Pack, name: str) -> tuple[Fraction, ...]:
    """Values the item can have, or its lowest and highest one."""
    question = pack.questions.get(name)
    if question is not None:
        return tuple(map(Fraction, whole_codes(question))) if kind_of(question) is Kind.WHOLE else ()
    between: Limits | None = limits(pack, name)
    return (between.lowest, between.highest) if between else ()


def _outside(values: tuple[Fraction, ...], scale: Scale) -> Fraction | None:
    for value in values:
        too_low = scale.item_min is not None and value < scale.item_min
        if too_low or (scale.item_max is not None and value > scale.item_max):
            return value
    return None


def _check_reverse(scale: Scale, report: Report) -> None:
    for name in scale.reverse:
        if scale.items and name not in scale.items:
            report(finding("PACK_200", scale.place, "reverse", name=name, near=nearest(name, scale.items)))


def _check_answered(scale: Scale, report: Report) -> None:
    if scale.min_answered is None:
        if scale.missing in ("zero", "prorate") and scale.items:
            report(finding("PACK_206", scale.place, "min_answered", rule=scale.missing))
    elif scale.items and not 1 <= scale.min_answered <= len(scale.items):
        report(finding("PACK_205", scale.place, "min_answered", value=scale.min_answered, count=len(scale.items)))
