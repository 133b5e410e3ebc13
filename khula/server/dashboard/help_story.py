"""What the child page says of help: referrals, and what was delivered, as far as the reader may see.

In: a reader, a child and its levels. Out: rows for the template, and where to refer to next.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.utils import timezone

from khula.server.consent.access import ChildPlace, Reader, can
from khula.server.dashboard.status import DomainLook, Status, in_order, look_of, status_of
from khula.server.services.access import can_read_words
from khula.server.services.kinds import CONTACT_OUTCOMES, DELIVERED, Words, kind_words
from khula.server.services.models import ServiceContact
from khula.server.services.queries import ListedReferral, contacts_of, referrals_of

NEEDING = ("high", "medium")


@dataclass(frozen=True)
class ShownReferral:
    row: ListedReferral
    kind: Words
    look: DomainLook


@dataclass(frozen=True)
class ShownContact:
    contact: ServiceContact
    kind: Words
    outcome: Words
    delivered: bool
    note: str


@dataclass(frozen=True)
class HelpStory:
    child_id: str
    needs: list[tuple[DomainLook, Status]]
    referrals: list[ShownReferral]
    contacts: list[ShownContact]
    may_refer: bool
    may_log: bool


def help_story(
    reader: Reader, child_id: str, place: ChildPlace, levels: Mapping[str, str] | None, on: date | None = None
) -> HelpStory:
    on = on or timezone.localdate()
    needing = [name for name in in_order(tuple(levels or {})) if (levels or {})[name] in NEEDING]
    return HelpStory(
        child_id=child_id,
        needs=[(look_of(name), status_of((levels or {})[name])) for name in needing],
        referrals=[shown_referral(row) for row in referrals_of(reader, child_id, on=on)],
        contacts=[_contact(reader, place, one) for one in contacts_of(reader, child_id)],
        may_refer=bool(can(reader, "refer child", child=place)),
        may_log=bool(can(reader, "log service", child=place)),
    )


def shown_referral(row: ListedReferral) -> ShownReferral:
    return ShownReferral(row, kind_words(row.referral.kind), look_of(row.referral.domain))


def _contact(reader: Reader, place: ChildPlace, one: ServiceContact) -> ShownContact:
    return ShownContact(
        contact=one,
        kind=kind_words(one.kind),
        outcome=CONTACT_OUTCOMES.get(one.outcome, one.outcome),
        delivered=one.outcome in DELIVERED,
        note=one.note if can_read_words(reader, place, one.domain, one.by_id) else "",
    )
