"""One child's typed answers come in; scores, flags, levels with their evidence, and alerts go out, ready to store."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, TypeAlias

import msgspec

from khula.analysis.answers import Value
from khula.analysis.expressions import names_in, parse
from khula.analysis.growth import Reference, reaches
from khula.analysis.one_child import Result, compile_for_one_child
from khula.analysis.packs.pack import NOT_ENOUGH, Norm, Pack, Scale
from khula.analysis.plan import Plan, plan_of
from khula.analysis.plan.domains import informants_of, raising_flags
from khula.analysis.plan.norms import norms_of, reference_of

Level: TypeAlias = Literal["not enough information", "low", "medium", "high"]
Said: TypeAlias = Literal["concern", "no concern", "not known"]
Truth: TypeAlias = bool | None

TOO_FEW = "too few answers"
IMPLAUSIBLE = "implausible"
EXCLUDED = "excluded"  # the norm says not to: oedema, for example
NO_AGE_OR_SEX = "age or sex not known"
OUTSIDE_NORM = "outside the norm's ages"
NOT_MEASURED = "not measured"


class Score(msgspec.Struct, frozen=True, gc=False):
    """A scale's score with its evidence. `could_be_band`: what complete answers could still give."""

    value: float | int | None
    band: str | None
    could_be_band: str | None
    answered: int
    of: int
    why_missing: str | None = None


class DomainLevel(msgspec.Struct, frozen=True):
    """The level of one domain of wellbeing and everything that stands behind it.

    `raised`: names of the true flags, `watch` flags included. `missing`: what is needed and not known.
    `could_be`: the highest level some still unknown flag could raise it to.
    """

    level: Level
    raised: tuple[str, ...]
    have: int
    need: int
    missing: tuple[str, ...]
    could_be: str | None
    informants_differ: bool
    said: dict[str, Said]


class Assessment(msgspec.Struct, frozen=True):
    """What a pack says about one child, with the version of the pack and a hash of what went in."""

    pack: str
    version: str
    pack_hash: str
    input_hash: str
    scores: dict[str, Score]
    flags: dict[str, Truth]
    strengths: dict[str, Truth]
    domains: dict[str, DomainLevel]
    alerts: dict[str, Truth]
    context: dict[str, float | int | str | None] = {}


class Assessor:
    """A pack made ready: made once (tens of milliseconds), then about a tenth of a millisecond a child."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self.plan: Plan = plan_of(pack)
        self._assess: Callable[[Mapping[str, object]], Result] = compile_for_one_child(self.plan, told=True)
        self._inputs = sorted(self.plan.inputs)
        self._scales = [
            _ScaleReader(scale, _items_of(scale), _references(pack, scale)) for scale in pack.scales.values()
        ]
        self._domains = [_DomainReader.of(pack, name) for name in pack.domains]
        self._encode = msgspec.json.Encoder().encode

    def assess(
        self,
        values: Mapping[str, Value],
        *,
        sex: str | None = None,
        age_days: int | None = None,
        age_months: float | None = None,
        language: str | None = None,
        grade: str | None = None,
        assessed_on: int | None = None,
    ) -> Assessment:
        """Assesses one child.

        `values` are typed answers by question (`answers.read_answers`); a name left out is missing. `sex` is "male"
        or "female"; an age in days decides over one in months; `assessed_on` (days since 1970-01-01) says which row
        of a dated parameter holds. Never raises for an answer.
        """
        told = {
            "sex": sex,
            "age_days": age_days,
            "age_months": age_months,
            "language": language,
            "grade": grade,
            "assessed_on": assessed_on,
        }
        given: dict[str, object] = {**values, **{name: value for name, value in told.items() if value is not None}}
        flat = self._assess(given)
        return self._assessment(flat, self.input_hash(given), given)

    def assess_flat(self, given: Mapping[str, object]) -> Result:
        """The flat result under the keys all evaluators share, with the columns that tell why."""
        return self._assess(given)

    def input_hash(self, given: Mapping[str, object]) -> str:
        """SHA-256 over the pack's hash and every known value the pack reads, sorted by name."""
        known = [(name, given[name]) for name in self._inputs if given.get(name) is not None]
        return hashlib.sha256(self._encode((self.pack.content_hash, known))).hexdigest()

    def _assessment(self, flat: Result, input_hash: str, given: Mapping[str, object]) -> Assessment:
        pack = self.pack
        return Assessment(
            pack=pack.name,
            version=pack.version,
            pack_hash=pack.content_hash,
            input_hash=input_hash,
            scores={reader.scale.name: reader.read(flat) for reader in self._scales},
            flags={name: flat[f"flag__{name}"] for name in pack.flags},  # type: ignore[misc]
            strengths={name: flat[f"strength__{name}"] for name in pack.strengths},  # type: ignore[misc]
            domains={reader.name: reader.read(flat, given) for reader in self._domains},
            alerts={name: flat[f"alert__{name}"] for name in pack.alerts},  # type: ignore[misc]
            context={name: flat[name] for name in ("sex", "age_days", "age_months", "language", "grade")},
        )


def assessor_for(pack: Pack) -> Assessor:
    """An assessor for a pack; keep it by the pack's content hash. Raises `PlanError` for a pack with errors."""
    return Assessor(pack)


def _items_of(scale: Scale) -> tuple[str, ...]:
    return tuple(sorted(names_in(parse(scale.expression)))) if scale.method == "expression" else scale.items


def _references(pack: Pack, scale: Scale) -> tuple[tuple[Norm, Reference], ...]:
    if scale.method != "zscore":
        return ()
    return tuple((norm, reference_of(pack, norm)) for norm in norms_of(pack, scale))


def _ages_hold(norm: Norm, age_months: float) -> bool:
    from_, to = (float(Fraction(age)) if age else None for age in (norm.age_from, norm.age_to))
    return (from_ is None or from_ <= age_months) and (to is None or age_months < to)


@dataclass(frozen=True, slots=True)
class _ScaleReader:
    scale: Scale
    items: tuple[str, ...]
    references: tuple[tuple[Norm, Reference], ...]  # of a z-score: each row of its norm, with the table it names

    def read(self, flat: Result) -> Score:
        name = self.scale.name
        value = flat[name]
        return Score(
            value,  # type: ignore[arg-type]
            flat[f"{name}__band"],  # type: ignore[arg-type]
            flat[f"{name}__could_be"],  # type: ignore[arg-type]
            flat[f"{name}__answered"],  # type: ignore[arg-type]
            len(self.items),
            self.why_missing(flat) if value is None else None,
        )

    def why_missing(self, flat: Result) -> str:
        if self.scale.method == "zscore":
            return self.why_no_growth(flat)
        return IMPLAUSIBLE if flat.get(f"{self.scale.name}__implausible") else TOO_FEW

    def why_no_growth(self, flat: Result) -> str:
        name = self.scale.name
        answered = flat[f"{name}__answered"]
        if isinstance(answered, int) and answered < len(self.items):
            return NOT_MEASURED
        if flat["sex"] not in ("male", "female") or flat["age_months"] is None:
            return NO_AGE_OR_SEX
        if flat[f"{name}__excluded"]:
            return EXCLUDED
        return IMPLAUSIBLE if self.norm_reaches(flat) else OUTSIDE_NORM

    def norm_reaches(self, flat: Result) -> bool:
        """Whether the norm knows children of this sex and age, so that only the measurement can be at fault."""
        sex, days, months = flat["sex"], flat["age_days"], flat["age_months"]
        here = next((table for norm, table in self.references if _ages_hold(norm, float(months))), None)  # type: ignore[arg-type]
        return here is not None and reaches(here, sex, days, months)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class _DomainReader:
    name: str
    needs: tuple[str, ...]
    need: int
    flags: tuple[str, ...]  # all, watch included, the highest level first
    voices: dict[str, tuple[str, ...]]  # informant -> flags that can raise the domain
    scales: frozenset[str]

    @staticmethod
    def of(pack: Pack, name: str) -> _DomainReader:
        domain = pack.domains[name]
        order = {"high": 0, "medium": 1}
        flags = sorted((f for f in pack.flags.values() if f.domain == name), key=lambda f: order.get(f.level, 2))
        voices = {
            who: tuple(flag.name for flag in raising_flags(pack, name) if flag.informant == who)
            for who in informants_of(pack, name)
        }
        scales = frozenset(pack.scales)
        return _DomainReader(
            name, domain.needs, domain.needs_at_least, tuple(flag.name for flag in flags), voices, scales
        )

    def read(self, flat: Result, given: Mapping[str, object]) -> DomainLevel:
        level = flat[f"{self.name}__level"]
        return DomainLevel(
            level if level is not None else NOT_ENOUGH,  # type: ignore[arg-type]
            tuple(flag for flag in self.flags if flat[f"flag__{flag}"]),
            flat[f"{self.name}__have"],  # type: ignore[arg-type]
            self.need,
            tuple(name for name in self.needs if not self.is_known(name, flat, given)),
            flat[f"{self.name}__could_be"],  # type: ignore[arg-type]
            bool(flat[f"{self.name}__differ"]),
            {who: _said(flat, flags) for who, flags in self.voices.items()},
        )

    def is_known(self, name: str, flat: Result, given: Mapping[str, object]) -> bool:
        value = flat[name] if name in flat else given.get(name)
        return value is not None or (name in self.scales and flat[f"{name}__band"] is not None)


def _said(flat: Result, flags: tuple[str, ...]) -> Said:
    truths = [flat[f"flag__{flag}"] for flag in flags]
    if True in truths:
        return "concern"
    return "not known" if None in truths else "no concern"
