"""Flags that are true, false or unknown come in; the level of a domain and what stands behind it go out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from khula.analysis.packs.pack import NOT_ENOUGH, Domain, Flag, Pack
from khula.analysis.plan import terms as t
from khula.analysis.plan.terms import Layers, Term

LEVEL_NAMES = (NOT_ENOUGH, "low", "medium", "high")
RAISING = ("medium", "high")
"""Levels of flags that raise a domain; `watch` is only told among the reasons."""


@dataclass(frozen=True, slots=True)
class Levelled:
    """Numbers of LEVEL_NAMES for `level` and `could_be`; `said` is (concern, no concern) for each informant."""

    level: Term
    have: Term
    could_be: Term
    differ: Term


def raising_flags(pack: Pack, domain: str, level: str | None = None) -> list[Flag]:
    """The flags that can raise a domain, or those of one level."""
    wanted = RAISING if level is None else (level,)
    return [flag for flag in pack.flags.values() if flag.domain == domain and flag.level in wanted]


def levelled(layers: Layers, pack: Pack, domain: Domain, flags: Mapping[str, Term], known: Iterable[Term]) -> Levelled:
    """The highest true flag; without one, low if enough is known. `known` says of each needed value whether it is."""
    high = [flags[flag.name] for flag in raising_flags(pack, domain.name, "high")]
    medium = [flags[flag.name] for flag in raising_flags(pack, domain.name, "medium")]
    have = layers.share(t.sum_known(map(t.as_whole, known)))
    enough = t.at_least(have, t.constant(domain.needs_at_least))
    quiet = t.choose(enough, t.constant(1), t.constant(0))
    any_high, any_medium = layers.share(t.either(*high)), layers.share(t.either(*medium))
    level = t.choose(any_high, t.constant(3), t.choose(any_medium, t.constant(2), quiet))
    nothing = t.missing(t.whole(0, 0))
    # unknown and not already so high: `or` is unknown exactly when no flag of the level is true and one is unknown
    maybe_medium = t.both(t.is_missing(any_medium), t.negate(t.choose(any_high, t.constant(True), t.constant(False))))
    could_be = t.choose(t.is_missing(any_high), t.constant(3), t.choose(maybe_medium, t.constant(2), nothing))
    return Levelled(level, have, could_be, _differ(layers, pack, domain, flags))


def informants_of(pack: Pack, domain: str) -> list[str]:
    """Who can raise a concern in a domain."""
    return list(dict.fromkeys(flag.informant for flag in raising_flags(pack, domain) if flag.informant))


@dataclass(slots=True)
class _About:
    """One informant's flags about one thing: those that raise a level, and those that only watch."""

    raising: list[str] = field(default_factory=list)
    watching: list[str] = field(default_factory=list)


def _differ(layers: Layers, pack: Pack, domain: Domain, flags: Mapping[str, Term]) -> Term:
    """About one thing somebody is concerned, and somebody else, who could be, is certainly not, nor on watch."""
    return t.either(*(layers.share(_differ_about(layers, voices, flags)) for voices in _comparable(pack, domain.name)))


def _comparable(pack: Pack, domain: str) -> list[list[_About]]:
    """For each topic on which two informants or more could raise a concern, what each has to say of it."""
    topics: dict[str, dict[str, _About]] = {}
    for flag in pack.flags.values():
        if flag.domain == domain and flag.about and flag.informant:
            voice = topics.setdefault(flag.about, {}).setdefault(flag.informant, _About())
            (voice.raising if flag.level in RAISING else voice.watching).append(flag.name)
    heard = ([voice for voice in voices.values() if voice.raising] for voices in topics.values())
    return [voices for voices in heard if len(voices) > 1]


def _differ_about(layers: Layers, voices: Iterable[_About], flags: Mapping[str, Term]) -> Term:
    concern, no_concern = [], []
    for voice in voices:
        raised = layers.share(t.either(*(flags[name] for name in voice.raising)))
        noticed = t.either(raised, *(flags[name] for name in voice.watching))
        concern.append(t.choose(raised, t.constant(True), t.constant(False)))
        no_concern.append(t.choose(t.negate(noticed), t.constant(True), t.constant(False)))
    return t.both(layers.share(t.either(*concern)), layers.share(t.either(*no_concern)))
