"""What may never happen, over generated packs and children: missing is never good news, worse is never better, the
child's word never lowers, and order does not matter.

Some rules let a blank decide by the author's or the publisher's word: `missing()`, `answered()`, `coalesce()`,
`if_unknown` = next, a published missing-answer rule (zero, prorate), a norm's `not_if`. For packs without them a blank
only ever makes things less certain, and that is what is shown here; for packs with them only the weaker rules hold
that say so.
"""

from __future__ import annotations

import random
from dataclasses import replace

import msgspec
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from khula.analysis.assessment import Assessor
from khula.analysis.packs.pack import NOT_ENOUGH, Band, Choice, Domain, Flag, Pack, Question, Scale
from khula.analysis.plan import PlanError
from tests.analysis.generated_packs import CODE_LISTS, children, packs

RANK = {None: -1, NOT_ENOUGH: 0, "low": 1, "medium": 2, "high": 3}
FACTS = ("sex", "age_days", "age_months", "language", "grade")
many = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))


def assessor(pack: Pack) -> Assessor:
    try:
        return Assessor(pack)
    except PlanError as problem:
        assume("too large" not in str(problem))
        raise


def assessed(pack: Pack, of: Assessor, values: dict) -> dict:
    return of.assess_flat(values)


# -- missing is never good news -----------------------------------------------------------------------------------


@many
@given(packs(plain=True), st.integers(0, 2**32))
def test_a_blank_never_decides_a_flag_or_an_alert(pack: Pack, seed: int):
    """Blanking an answer leaves every flag, alert and strength as it was or makes it unknown."""
    of = assessor(pack)
    chance = random.Random(seed)
    for values in children(pack, seed, 12):
        before = of.assess_flat(values)
        after = of.assess_flat(with_blanks(values, chance))
        for key in before:
            if key.startswith(("flag__", "alert__", "strength__")) or key.endswith("__band"):
                assert after[key] in (before[key], None), key


@many
@given(packs(plain=True), st.integers(0, 2**32))
def test_a_blank_never_makes_a_domain_better_without_saying_so(pack: Pack, seed: int):
    """After a blank the level, or what it could be, is at least the level before; and the level never rises."""
    of = assessor(pack)
    chance = random.Random(seed)
    for values in children(pack, seed, 12):
        before = of.assess_flat(values)
        after = of.assess_flat(with_blanks(values, chance))
        for domain in pack.domains:
            was, now = before[f"{domain}__level"], after[f"{domain}__level"]
            assert max(RANK[now], RANK[after[f"{domain}__could_be"]]) >= RANK[was] or now == NOT_ENOUGH
            assert RANK[now] <= RANK[was]
            assert after[f"{domain}__have"] <= before[f"{domain}__have"]
            assert not (now == "low" and was == NOT_ENOUGH)


@many
@given(packs(), st.integers(0, 2**32))
def test_low_is_never_said_without_the_declared_evidence(pack: Pack, seed: int):
    """Whatever the pack says: low means enough is known and no flag that could raise the domain is true."""
    of = assessor(pack)
    for values in children(pack, seed, 12):
        flat = of.assess_flat(values)
        for name, domain in pack.domains.items():
            if flat[f"{name}__level"] == "low":
                assert flat[f"{name}__have"] >= domain.needs_at_least
                raising = [f for f in pack.flags.values() if f.domain == name and f.level in ("medium", "high")]
                assert not any(flat[f"flag__{flag.name}"] for flag in raising)
                unknown = any(flat[f"flag__{flag.name}"] is None for flag in raising)
                assert (flat[f"{name}__could_be"] is not None) == unknown


@many
@given(packs(plain=True))
def test_a_child_nobody_spoke_of_is_never_low(pack: Pack):
    asked = {
        name: replace(domain, needs=tuple(need for need in domain.needs if need in pack.questions), needs_at_least=1)
        for name, domain in pack.domains.items()
    }
    flat = assessor(replace(pack, domains=asked)).assess_flat({})
    assert {flat[f"{domain}__level"] for domain in asked} <= {NOT_ENOUGH, "medium", "high"}
    assert not any(flat[f"{domain}__have"] for domain in asked)


def with_blanks(values: dict, chance: random.Random) -> dict:
    """Some answers, or facts about the child, taken away; the day of the assessment stays."""
    share = chance.choice((0.1, 0.5))
    kept = {name: value for name, value in values.items() if name == "assessed_on" or chance.random() > share}
    if "age_days" not in kept:
        kept.pop("age_months", None)  # the age in days decides where there are both
    return kept


# -- worse is never better ----------------------------------------------------------------------------------------


@st.composite
def rising_packs(draw) -> Pack:
    """Packs in which more is worse: no reversal, bands that rise, conditions of `>=`, `and`, `or`, `at-least`."""
    codes = tuple(Choice(str(code)) for code in range(4))
    items = tuple(f"q{at}" for at in range(draw(st.integers(3, 6))))
    questions = {
        name: Question(name, "f", draw(st.sampled_from(["child", "teacher"])), "select_one", choices=codes)
        for name in items
    }
    scales, bands = {}, []
    for at in range(draw(st.integers(1, 3))):
        used = tuple(draw(st.lists(st.sampled_from(items), min_size=2, unique=True)))
        rule = draw(st.sampled_from(["none", "zero"]))
        method = draw(st.sampled_from(["sum", "mean", "count", "any"]))
        scales[f"s{at}"] = Scale(f"s{at}", "t", {}, method, used, item_min=0, item_max=3, missing=rule, min_answered=1)
        low, high = sorted(draw(st.lists(st.integers(1, 9), min_size=2, max_size=2, unique=True)))
        rows = (("a_ok", None, str(low)), ("b_some", str(low), str(high)), ("c_much", str(high), None))
        bands += [Band(f"s{at}", name, {}, start, below) for name, start, below in rows]

    def leaf() -> str:
        if draw(st.booleans()):
            return f"${{{draw(st.sampled_from(items))}}} >= {draw(st.integers(1, 3))}"
        scale = draw(st.sampled_from(list(scales)))
        much = f"band(${{{scale}}}) = 'c_much'"
        return draw(st.sampled_from([f"${{{scale}}} >= 2", much, f"({much} or band(${{{scale}}}) = 'b_some')"]))

    def condition() -> str:
        one, two, three = leaf(), leaf(), leaf()
        return draw(
            st.sampled_from([one, f"({one} and {two})", f"({one} or {two})", f"at-least(2, {one}, {two}, {three})"])
        )

    flags = {
        f"f{at}": Flag(f"f{at}", "d", draw(st.sampled_from(["medium", "high"])), "child", condition(), {})
        for at in range(draw(st.integers(1, 4)))
    }  # fmt: skip
    domains = {"d": Domain("d", {}, items, draw(st.integers(0, 3)))}
    return Pack("rising", "1", {}, (), (), questions, {}, {}, scales, tuple(bands), (), flags, {}, domains, {}, (), ())


@many
@given(rising_packs(), st.integers(0, 2**32))
def test_worse_is_never_better(pack: Pack, seed: int):
    """Raising one answer never lowers a score, a flag or a level, where flags say "this band or a worse one".

    A flag for one band alone becomes unknown when a worse answer makes a worse band possible too; `could_be` says so.
    """
    of = assessor(pack)
    chance = random.Random(seed)
    for values in children(pack, seed, 12):
        raisable = [name for name in pack.questions if values.get(name, 3) < 3]
        if not raisable:
            continue
        name = chance.choice(raisable)
        before, after = of.assess_flat(values), of.assess_flat({**values, name: values[name] + 1})
        for flag in pack.flags:
            assert (before[f"flag__{flag}"], after[f"flag__{flag}"]) not in ((True, False), (True, None)), flag
        for scale in pack.scales:
            assert (before[scale] is None and after[scale] is None) or after[scale] >= (before[scale] or 0)
            was, now = before[f"{scale}__band"], after[f"{scale}__band"]
            assert was is None or now is None or now >= was  # a_ok < b_some < c_much
        assert RANK[after["d__level"]] >= RANK[before["d__level"]]


# -- voices -------------------------------------------------------------------------------------------------------


@st.composite
def packs_of_voices(draw) -> Pack:
    """Each flag rests on answers of its own informant only."""
    questions, flags = {}, {}
    for who in ("child", "caregiver", "teacher", "health"):
        for at in range(draw(st.integers(1, 2))):
            name = f"{who}_{at}"
            codes = tuple(Choice(code) for code in draw(st.sampled_from(CODE_LISTS)))
            questions[name] = Question(name, "f", who, "select_one", choices=codes)
            level = draw(st.sampled_from(["medium"] if who == "child" else ["watch", "medium", "high"]))
            about = draw(st.sampled_from(["one", "one", "other", ""]))
            flags[name] = Flag(name, "d", level, who, f"${{{name}}} >= {draw(st.integers(0, 2))}", {}, about=about)
    domains = {"d": Domain("d", {}, tuple(questions), draw(st.integers(0, 4)))}
    return Pack("voices", "1", {}, (), (), questions, {}, {}, {}, (), (), flags, {}, domains, {}, (), ())


def of_informant(pack: Pack, who: str, values: dict) -> dict:
    return {
        name: value
        for name, value in values.items()
        if name in pack.questions and pack.questions[name].informant == who
    }


@many
@given(packs_of_voices(), st.integers(0, 2**32))
def test_the_childs_own_word_may_raise_a_level_and_never_lowers_it(pack: Pack, seed: int):
    of = assessor(pack)
    for values in children(pack, seed, 12):
        silent = {name: value for name, value in values.items() if name not in of_informant(pack, "child", values)}
        before, after = (of.assess(each).domains["d"] for each in (silent, values))
        assert RANK[after.level] >= RANK[before.level]
        assert RANK[after.level] <= max(RANK[before.level], RANK["medium"])


@many
@given(packs_of_voices(), st.integers(0, 2**32))
def test_informants_differ_exactly_when_about_one_thing_one_is_concerned_and_another_is_certainly_not(
    pack: Pack, seed: int
):
    of = assessor(pack)
    for values in children(pack, seed, 12):
        result = of.assess({name: value for name, value in values.items() if name in pack.questions})
        domain = result.domains["d"]
        assert domain.informants_differ == any(differ_about(pack, topic, result.flags) for topic in ("one", "other"))
        if domain.informants_differ:
            assert RANK[domain.level] >= RANK["medium"]


def differ_about(pack: Pack, topic: str, truths: dict) -> bool:
    """Of those who could raise a concern one does, and another neither does nor only watches."""
    voices: dict[str, list[Flag]] = {}
    for flag in pack.flags.values():
        if flag.about == topic:
            voices.setdefault(flag.informant, []).append(flag)
    heard = [flags for flags in voices.values() if any(flag.level != "watch" for flag in flags)]
    concerned = [any(truths[flag.name] for flag in flags if flag.level != "watch") for flags in heard]
    at_ease = [all(truths[flag.name] is False for flag in flags) for flags in heard]
    return any(concerned) and any(at_ease)


@many
@given(packs_of_voices(), st.integers(0, 2**32))
def test_what_a_flag_is_about_changes_no_level(pack: Pack, seed: int):
    """Topics say only who is compared with whom."""
    plain = assessor(replace(pack, flags={name: replace(flag, about="") for name, flag in pack.flags.items()}))
    of = assessor(pack)
    for values in children(pack, seed, 6):
        answers = {name: value for name, value in values.items() if name in pack.questions}
        one, other = of.assess(answers).domains["d"], plain.assess(answers).domains["d"]
        assert msgspec.structs.replace(one, informants_differ=False) == other


@many
@given(packs_of_voices(), st.integers(0, 2**32))
def test_the_order_in_which_voices_arrive_does_not_matter(pack: Pack, seed: int):
    of = assessor(pack)
    chance = random.Random(seed)
    for values in children(pack, seed, 6):
        answers = [(name, value) for name, value in values.items() if name in pack.questions]
        first = of.assess(dict(answers))
        chance.shuffle(answers)
        assert of.assess(dict(answers)) == first


@many
@given(packs(), st.integers(0, 2**32))
def test_the_order_of_rows_does_not_matter_for_levels(pack: Pack, seed: int):
    backwards = replace(pack, flags=dict(reversed(pack.flags.items())), domains=dict(reversed(pack.domains.items())))
    one, other = assessor(pack), assessor(backwards)
    for values in children(pack, seed, 6):
        assert one.assess_flat(values) == other.assess_flat(values)


@many
@given(packs(), st.integers(0, 2**32))
def test_assessing_again_gives_the_same(pack: Pack, seed: int):
    of = assessor(pack)
    for values in children(pack, seed, 3):
        answers = {name: value for name, value in values.items() if name not in (*FACTS, "assessed_on")}
        told = {name: values.get(name) for name in (*FACTS, "assessed_on")}
        assert of.assess(answers, **told) == of.assess(answers, **told)
