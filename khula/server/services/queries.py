"""Reading services: the directory, referrals by who may see them and how long they have stood, the log, needs.

Days are compared with a day that is handed in, so that a page and a test speak of the same one.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import msgspec
from django.db import connection
from django.db.models import Count, Q, QuerySet

from khula.server.consent.access import Reader, reach
from khula.server.services.access import visible
from khula.server.services.actions import kept_columns, standing_steps
from khula.server.services.kinds import DELIVERED, KINDS, kind_words
from khula.server.services.models import FollowUp, Provider, ProviderVersion, Referral, ReferralStep, ServiceContact
from khula.server.services.states import ENDS, Standing, State, standing

STALE_AFTER = timedelta(days=90)


# --- the directory ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ListedProvider:
    provider: Provider
    kinds: tuple[str, ...]
    open_referrals: int
    stale: bool  # nobody has confirmed it for 90 days

    @property
    def full(self) -> bool:
        capacity = self.provider.capacity
        return capacity is not None and self.open_referrals >= capacity

    @property
    def kind_words(self) -> list[object]:
        return [kind_words(code) for code in self.kinds]


def providers(
    *, on: date, words: str = "", kind: str = "", domain: str = "", districts: Iterable[str] | None = None,
    ids: Iterable[int] | None = None,
) -> list[ListedProvider]:  # fmt: skip
    """Lines of the directory that fit, by name; those that have closed only where asked for by id."""
    found = Provider.objects.order_by("name", "pk")
    found = found.filter(closed_on=None) if ids is None else found.filter(pk__in=list(ids))
    if districts is not None:
        found = found.filter(district__in=["", *districts])
    busy = dict(
        Referral.objects.exclude(state__in=ENDS).order_by().values_list("provider").annotate(Count("pk"))
    )  # fmt: skip
    rows = [
        ListedProvider(
            one, tuple(msgspec.json.decode(one.kinds, type=list[str])), busy.get(one.pk, 0), is_stale(one, on)
        )
        for one in found
    ]
    return [row for row in rows if _fits(row, words, kind, domain)]


def is_stale(provider: Provider, on: date) -> bool:
    return provider.confirmed_on is None or on - provider.confirmed_on > STALE_AFTER


def _fits(row: ListedProvider, words: str, kind: str, domain: str) -> bool:
    """Every word typed stands somewhere in the line, whatever its capitals."""
    one = row.provider
    line = " ".join(
        [one.name, one.for_whom, one.place, one.hours, one.get_sector_display(), *map(str, row.kind_words)]
    ).casefold()
    for_domain = not domain or any(domain in KINDS[code].domains for code in row.kinds if code in KINDS)
    return for_domain and (not kind or kind in row.kinds) and all(word in line for word in words.casefold().split())


def versions_of(provider_id: int) -> QuerySet[ProviderVersion]:
    return ProviderVersion.objects.filter(provider_id=provider_id).select_related("by").order_by("-number")


def barriers_at(provider_id: int) -> list[tuple[str, int]]:
    """Why families did not come to this provider, the most frequent first; steps that were taken back do not count."""
    missed = ReferralStep.objects.filter(
        referral__provider_id=provider_id, state=State.NOT_ATTENDED, takes_back=None, taken_back_by=None
    )
    return Counter(missed.values_list("barrier", flat=True)).most_common()


# --- referrals -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ListedReferral:
    referral: Referral
    standing: Standing


def referrals_seen_by(reader: Reader) -> QuerySet[Referral]:
    return Referral.objects.filter(visible(reader)).select_related("child__school_class", "provider", "owner")


def open_referrals(reader: Reader, *, on: date, owner_id: int | None = None) -> list[ListedReferral]:
    """Every open referral this reader may see (of one owner), the overdue first, then the longest in its state."""
    found = referrals_seen_by(reader).exclude(state__in=ENDS)
    if owner_id is not None:
        found = found.filter(owner_id=owner_id)
    rows = [listed(one, on) for one in found]
    return sorted(rows, key=lambda row: (not row.standing.overdue, -row.standing.days, row.referral.pk))


def ended_referrals(reader: Reader, *, on: date, most: int = 50) -> list[ListedReferral]:
    found = referrals_seen_by(reader).filter(state__in=ENDS).order_by("-state_since", "-pk")
    return [listed(one, on) for one in found[:most]]


def referrals_of(reader: Reader, child_id: str, *, on: date) -> list[ListedReferral]:
    """A child's referrals, open ones first, then the newest."""
    rows = [listed(one, on) for one in referrals_seen_by(reader).filter(child_id=child_id).order_by("-pk")]
    return sorted(rows, key=lambda row: row.referral.state in ENDS)


def listed(one: Referral, on: date) -> ListedReferral:
    return ListedReferral(one, standing(one.state, one.state_since, one.appointment_on, on))


def history_of(referral_id: int) -> list[ReferralStep]:
    """Every step that was ever recorded, oldest first."""
    rows = ReferralStep.objects.filter(referral_id=referral_id).select_related("by", "follow_up", "takes_back")
    return list(rows.order_by("number"))


def derived(referral_id: int) -> dict[str, object]:
    """The referral's kept columns, worked out from its steps alone."""
    return kept_columns(standing_steps(referral_id))


def unmatched(reader: Reader) -> list[FollowUp]:
    """Follow-ups that nobody could match to a referral yet, of children within reach, oldest first."""
    far = reach(reader, "assign outcome")
    near = Q() if far.everywhere else Q(child__school_id__in=far.schools) | Q(child__school_class_id__in=far.classes)
    waiting = FollowUp.objects.filter(near, referral=None, set_aside_at=None, current=True)
    return list(waiting.select_related("child__school_class", "asked_by").order_by("day", "pk"))


# --- the service log -------------------------------------------------------------------------------------------------


def contacts_of(reader: Reader, child_id: str) -> list[ServiceContact]:
    """What was delivered or tried, newest first; corrected versions are not shown twice."""
    rows = ServiceContact.objects.filter(visible(reader, "see contacts"), child_id=child_id, current=True)
    return list(rows.select_related("by", "session", "child").order_by("-day", "-pk"))


# --- needs against services ------------------------------------------------------------------------------------------

_EACH = {
    "sqlite": "json_each(c.levels)",
    "postgresql": "json_each_text(c.levels::json)",
}
#: One row for each child and domain that stands at Act now or Watch in the child's last wave.
_NEEDS = """
SELECT child.id, child.given_names, child.family_name, child.school_id, need.key, need.value,
  (EXISTS (SELECT 1 FROM services_servicecontact s WHERE s.child_id = child.id AND s.domain = need.key
     AND s.current AND s.outcome IN ({delivered}) AND s.day >= w.opens_on)
   OR EXISTS (SELECT 1 FROM services_referral r WHERE r.child_id = child.id AND r.domain = need.key
     AND (r.state = 'attended' OR r.outcome IN ('done', 'partly')) AND r.state_since >= w.opens_on)) AS getting,
  EXISTS (SELECT 1 FROM services_referral r WHERE r.child_id = child.id AND r.domain = need.key
     AND r.state NOT IN ('closed', 'withdrawn')) AS referred
FROM schools_child child
JOIN cases_case c ON c.id = (
  SELECT last.id FROM cases_case last JOIN waves_wave lw ON lw.id = last.wave_id
  WHERE last.child_id = child.id AND lw.opens_on <= %s ORDER BY lw.opens_on DESC, last.id DESC LIMIT 1)
JOIN waves_wave w ON w.id = c.wave_id
CROSS JOIN {each} need
WHERE need.value IN ('high', 'medium') AND child.left_on IS NULL AND child.school_id IN ({schools})
"""
_COUNTED = (
    "SELECT key, COUNT(*), SUM(CASE WHEN getting THEN 1 ELSE 0 END),"
    " SUM(CASE WHEN referred AND NOT getting THEN 1 ELSE 0 END) FROM ({needs}) found GROUP BY key"
)


@dataclass(frozen=True)
class Need:
    """How many children need help in a domain, get it, and wait; of those waiting, how many are referred already."""

    domain: str
    need: int
    getting: int
    referred: int

    @property
    def waiting(self) -> int:
        return self.need - self.getting


@dataclass(frozen=True)
class ChildInNeed:
    child_id: str
    name: str
    school_id: int
    domain: str
    level: str
    getting: bool
    referred: bool


def needs_of(schools: Sequence[int], *, on: date) -> dict[str, Need]:
    """Domain -> needs against services at these schools, in one statement."""
    if not schools:
        return {}
    sql, params = _needs(schools, on)
    with connection.cursor() as cursor:
        cursor.execute(_COUNTED.format(needs=sql), params)
        return {row[0]: Need(row[0], row[1], int(row[2] or 0), int(row[3] or 0)) for row in cursor.fetchall()}


def children_in_need(schools: Sequence[int], *, on: date, domain: str) -> list[ChildInNeed]:
    """The same children one by one, those who wait first; the counts are counts of exactly these rows."""
    if not schools:
        return []
    sql, params = _needs(schools, on)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM ({sql}) found WHERE key = %s", [*params, domain])  # noqa: S608 – ours
        rows = [
            ChildInNeed(pk, f"{given} {family}", school, key, level, bool(getting), bool(referred))
            for pk, given, family, school, key, level, getting, referred in cursor.fetchall()
        ]
    return sorted(rows, key=lambda row: (row.getting, row.referred, row.level != "high", row.name, row.child_id))


def _needs(schools: Sequence[int], on: date) -> tuple[str, list[object]]:
    places = ", ".join(["%s"] * len(schools))
    delivered = ", ".join(f"'{code}'" for code in DELIVERED)
    return _NEEDS.format(each=_EACH[connection.vendor], schools=places, delivered=delivered), [on, *schools]
