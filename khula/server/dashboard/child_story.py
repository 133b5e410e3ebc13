"""What the child page tells one reader about one child in one wave: domain by domain, in the reader's words.

In: the child, the case's latest assessment, the voices, the pack, the reader. Out: plain rows for the template, from
which everything the policy does not allow has already been left out; in its place stands whom to ask.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from khula.analysis.packs.pack import Flag, Pack, Strength, Text
from khula.analysis.reasons import Ground
from khula.server.consent.access import ChildPlace, Reader, can, may_be_printed
from khula.server.dashboard.queries import AlertOfCase, ChildFacts
from khula.server.dashboard.sensitivity import sensitivities_of
from khula.server.dashboard.status import (
    HIGH,
    LOW,
    MEDIUM,
    SAID,
    UNKNOWN,
    VOICES,
    DomainLook,
    Status,
    in_order,
    look_of,
    status_of,
)

Words = str | Promise


@dataclass(frozen=True)
class ShownGround:
    """One fact a reason rests on: a question with its answer, or a score with its cut-off and what it was made of."""

    asked: str
    said: str
    voice: Words
    cut_off: str = ""
    norm: str = ""
    source: str = ""
    items: Sequence["ShownGround"] = ()
    on_paper: bool = True  # what is restricted or sealed stays on the screen


@dataclass(frozen=True)
class ShownReason:
    sentence: str
    status: Status | None  # None: noticed, but it does not raise the level
    grounds: Sequence[ShownGround]
    withheld: bool = False  # some of its grounds are not for this reader
    on_paper: bool = True


@dataclass(frozen=True)
class Said:
    voice: Words
    words: Words
    concern: bool
    on_paper: bool = True


@dataclass(frozen=True)
class DomainStory:
    look: DomainLook
    status: Status
    sentence: Words
    on_paper: Words  # the same sentence, or what may be printed in its place
    reasons: Sequence[ShownReason]
    noticed: Sequence[ShownReason]
    strengths: Sequence[tuple[str, bool]]  # words, and whether they may be printed
    said: Sequence[Said]
    differ: bool
    could_be: Status | None
    missing: Sequence[str]
    have: int
    need: int
    ask: Words  # "" when nothing was kept from this reader
    next_step: Words

    @property
    def noticed_on_paper(self) -> bool:
        return any(reason.on_paper for reason in self.noticed)


#: A flag's name in, the facts that made it true out (`khula.analysis.reasons`).
Why = Callable[[str], Sequence[Ground]]


@dataclass(frozen=True)
class Telling:
    """One reader at one child's page: what may be said, and in which language."""

    reader: Reader
    child: ChildFacts
    pack: Pack
    language: str
    why: Why
    then: ChildPlace | None = None  # where the child was in this wave, if elsewhere: both places must allow it
    kept: frozenset[str] = frozenset()  # questions whose answers a correction left as they were

    def words(self, text: Text) -> str:
        return text.get(self.language) or text.get("en") or next(iter(text.values()), "")

    def may(self, domain: str, voice: str, sensitivity: str = "") -> bool:
        places = (self.child, self.then) if self.then else (self.child,)
        return all(
            can(self.reader, "see answers", child=place, domain=domain, voice=voice, sensitivity=sensitivity)
            for place in places
        )

    def may_hear(self, rule: Flag | Strength) -> bool:
        """A sentence says as much as the answers behind it, so it is kept as they are."""
        voices = rule.informant.replace(",", " ").split() or list(VOICES)
        kept = sensitivities_of(self.pack).of_expression(rule.when)
        return all(self.may(rule.domain, voice, kept) for voice in voices)

    def may_read(self, domain: str, voice: str, name: str) -> bool:
        """An answer or a score, by its name in the pack."""
        return self.may(domain, voice, sensitivities_of(self.pack).of(name))

    def on_paper(self, rule: Flag | Strength) -> bool:
        """A sheet of paper goes from hand to hand: nothing restricted or sealed stands on it."""
        kept = sensitivities_of(self.pack).of_expression(rule.when)
        voices = rule.informant.replace(",", " ").split() or list(VOICES)
        return all(may_be_printed(rule.domain, voice, kept) for voice in voices)

    def may_know_concern(self, domain: str, voice: str) -> bool:
        """Whether a voice is concerned: for those who may hear everything it could be concerned about."""
        grave = self.grave_flags(domain, voice)
        return all(map(self.may_hear, grave)) if grave else self.may(domain, voice)

    def grave_flags(self, domain: str, voice: str) -> list[Flag]:
        rules = [f for f in self.pack.flags.values() if f.domain == domain and voice in f.informant.split()]
        return [rule for rule in rules if rule.level in ("medium", "high")]


def domain_stories(telling: Telling, result: Mapping) -> list[DomainStory]:
    """Every domain of the pack, also those of which nothing is known yet."""
    return [
        _story(telling, name, result.get("domains", {}).get(name, {}), result)
        for name in in_order(tuple(telling.pack.domains))
    ]


def _story(telling: Telling, name: str, level: Mapping, result: Mapping) -> DomainStory:
    look = look_of(name, telling.words(telling.pack.domains[name].label))
    status = status_of(level.get("level"))
    flags = [telling.pack.flags[flag] for flag in level.get("raised", ()) if flag in telling.pack.flags]
    heard = [flag for flag in flags if telling.may_hear(flag)]
    reasons = [_reason(telling, flag) for flag in heard if flag.level in ("high", "medium")]
    printed = [reason for reason in reasons if reason.on_paper]
    said = _said(telling, name, level.get("said", {}))
    sees_some = any(telling.may(name, voice) for voice in VOICES)
    withheld = len(heard) < len(flags) or not sees_some
    return DomainStory(
        look=look,
        status=status,
        sentence=_sentence(status, reasons, look if withheld else None),
        on_paper=_sentence(status, printed, None if len(printed) == len(reasons) and not withheld else look),
        reasons=sorted(reasons, key=lambda reason: -reason.status.rank),
        noticed=[_reason(telling, flag) for flag in heard if flag.level == "watch"],
        strengths=_strengths(telling, name, result.get("strengths", {})),
        said=said,
        differ=bool(level.get("informants_differ")),
        could_be=status_of(level["could_be"]) if level.get("could_be") else None,
        missing=_missing(telling, name, level.get("missing", ())) if sees_some else (),
        have=level.get("have", 0),
        need=level.get("need", telling.pack.domains[name].needs_at_least),
        ask=look.ask if withheld else "",
        next_step=look.taken_up if status in (HIGH, MEDIUM) else "",
    )


def _sentence(status: Status, reasons: Sequence[ShownReason], ask: DomainLook | None) -> Words:
    """One sentence for the domain: the gravest reason in the pack's words, else what the level means."""
    gravest = max(reasons, key=lambda reason: reason.status.rank, default=None)
    if gravest is not None and (ask is None or gravest.status is status):
        return gravest.sentence
    if status is LOW:
        return _("Nothing that was said raises concern.")
    if status is UNKNOWN:
        return _("Too little has been heard to say how it is.")
    return ask.ask if ask else _("Something that was said raises concern.")


def _reason(telling: Telling, flag: Flag) -> ShownReason:
    behind = telling.why(flag.name)
    shown = [_ground(telling, flag.domain, ground) for ground in behind if _may_read(telling, flag.domain, ground)]
    status = status_of(flag.level) if flag.level != "watch" else None
    return ShownReason(telling.words(flag.say), status, shown, len(shown) < len(behind), telling.on_paper(flag))


def _may_read(telling: Telling, domain: str, ground: Ground) -> bool:
    """A fact from the register (age, sex, grade) or a dated parameter is nobody's answer."""
    return not ground.informant or telling.may_read(domain, ground.informant.split()[0], ground.name)


def _ground(telling: Telling, domain: str, ground: Ground) -> ShownGround:
    said = ground.said or _("no answer")
    if ground.name in telling.kept:
        said = _("%(said)s (kept from the earlier version)") % {"said": said}
    voice = ground.informant.split()[0] if ground.informant else ""
    return ShownGround(
        asked=ground.label,
        said=f"{said} ({ground.band_label})" if ground.band_label else said,
        voice=VOICES.get(voice, voice),
        cut_off=_cut_off(ground),
        norm=_("norm set %(norm)s") % {"norm": ground.norm} if ground.norm else "",
        source="; ".join(part for part in ground.source.split("; ") if part != ground.norm),
        on_paper=not voice or may_be_printed(domain, voice, sensitivities_of(telling.pack).of(ground.name)),
        items=[_ground(telling, domain, item) for item in ground.items if _may_read(telling, domain, item)],
    )


def _cut_off(ground: Ground) -> str:
    if ground.start is not None and ground.below is not None:
        return _("cut-off from %(start)s to below %(below)s") % {"start": ground.start, "below": ground.below}
    if ground.start is not None:
        return _("cut-off from %(start)s") % {"start": ground.start}
    return _("cut-off below %(below)s") % {"below": ground.below} if ground.below is not None else ""


def _said(telling: Telling, domain: str, said: Mapping[str, str]) -> list[Said]:
    """Each of the four voices on this domain; what is not for this reader reads as such."""
    shown = []
    for voice, words in VOICES.items():
        if voice not in said:
            shown.append(Said(words, _("Not asked"), False))
        elif telling.may_know_concern(domain, voice):
            shown.append(
                Said(
                    words,
                    SAID.get(said[voice], SAID["not known"]),
                    said[voice] == "concern",
                    all(map(telling.on_paper, telling.grave_flags(domain, voice))),
                )
            )
        else:
            shown.append(Said(words, _("Not shown to you"), False))
    return shown


def _strengths(telling: Telling, domain: str, strengths: Mapping[str, bool | None]) -> list[tuple[str, bool]]:
    rules = [rule for name, rule in telling.pack.strengths.items() if strengths.get(name) and rule.domain == domain]
    return [(telling.words(rule.say), telling.on_paper(rule)) for rule in rules if telling.may_hear(rule)]


def _missing(telling: Telling, domain: str, missing: Iterable[str]) -> list[str]:
    """What is still to be heard, as the questionnaire or the scale calls it; a name only the pack knows stays out."""
    shown = []
    for name in missing:
        question, scale = telling.pack.questions.get(name), telling.pack.scales.get(name)
        instrument = telling.pack.instruments.get(scale.instrument) if scale else None
        label = question.label if question else scale.label if scale else {}
        voice = question.informant if question else instrument.informant.split()[0] if instrument else ""
        if label and telling.may_read(domain, voice, name):
            shown.append(_("%(voice)s: %(asked)s") % {"voice": VOICES.get(voice, voice), "asked": telling.words(label)})
    return shown


@dataclass(frozen=True)
class ShownAlert:
    sentence: str
    urgency: Words
    law: str
    raised_at: object
    still_true: bool


URGENCY: Mapping[str, Words] = {"now": lazy("Now"), "today": lazy("Today"), "week": lazy("This week")}


def alerts_for(
    reader: Reader,
    child: ChildPlace,
    pack: Pack,
    raised: Iterable[AlertOfCase],
    language: str,
    then: ChildPlace | None = None,
) -> list[ShownAlert]:
    """The critical answers this reader is to be told of, the most urgent first."""
    shown = []
    for one in raised:
        rule = pack.alerts.get(one.alert)
        tell, hide = (rule.tell, rule.hide_from) if rule else ((), ())
        places = (child, then) if then else (child,)
        if all(can(reader, "see alert", child=place, tell=tell, hide_from=hide) for place in places):
            say = (rule.say.get(language) or rule.say.get("en", "")) if rule else one.alert
            urgency = one.urgency if one.urgency in URGENCY else "now"
            law = rule.law if rule else ""
            told = ShownAlert(say, URGENCY[urgency], law, one.raised_at, one.still_true)
            shown.append((list(URGENCY).index(urgency), told))
    return [alert for _rank, alert in sorted(shown, key=lambda ranked: ranked[0])]
