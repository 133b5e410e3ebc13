"""A report of concern from its start to its record: begun by anybody with a post, completed, then reported or not.

Nothing here asks for consent or an agreement, and nothing is ever sent. Events say that something was done, never about
which child: their subject is the report's own number, which is chance.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec
from django.db import transaction
from django.utils import timezone

from khula.server.events.actions import happened
from khula.server.people.models import User
from khula.server.safeguarding import form22
from khula.server.safeguarding.models import Concern, ConcernRecord, ConcernVersion
from khula.server.schools.models import Child, School


class NotComplete(Exception):
    """What must be known before the form can be completed; `fields` names them."""

    def __init__(self, fields: list[str]) -> None:
        super().__init__(", ".join(fields))
        self.fields = fields


class ChangedMeanwhile(Exception):
    """Somebody saved the form after this page was opened; nothing was written."""


class StillADraft(Exception):
    """A form is completed before it is recorded where it went."""


@transaction.atomic
def start(
    *, school: School, child: Child | None, by: User, alert_id: int | None = None, child_names: str = ""
) -> Concern:
    """A draft filled in with what is known."""
    at = timezone.now()
    concern = Concern.objects.create(school=school, child=child, alert_id=alert_id, author=by, started_at=at)
    content = form22.filled_in(reporter=by, school=school, child=child)
    if child is None:
        content["child_names"] = child_names.strip()[: form22.MOST_LETTERS]
    _keep(concern, 1, content, by.pk, at)
    happened(kind="concern.started", subject=concern.pk, by=by.pk, at=at)
    return concern


@transaction.atomic
def save(*, concern_id: UUID, seen: int, content: Mapping[str, str], by: int, complete: bool = False) -> ConcernVersion:
    """Another version. `seen` is the number of the version the page showed: nobody writes over another unseen.

    What was completed stays completed; a later version of it must be complete as well.
    """
    concern = Concern.objects.select_for_update().get(pk=concern_id)
    last = concern.versions.order_by("-number").first()
    if last is None or last.number != seen:
        raise ChangedMeanwhile
    must_be_whole = complete or concern.state != Concern.State.DRAFT
    if must_be_whole and (lacking := form22.missing(content)):
        raise NotComplete(lacking)
    at = timezone.now()
    version = last
    if msgspec.json.decode(last.content) != dict(content):
        version = _keep(concern, seen + 1, content, by, at)
        happened(kind="concern.saved", subject=concern.pk, facts={"version": version.number}, by=by, at=at)
    if complete and concern.state == Concern.State.DRAFT:
        concern.state = Concern.State.COMPLETED
        concern.save(update_fields=["state"])
        happened(kind="concern.completed", subject=concern.pk, by=by, at=at)
    return version


def _keep(concern: Concern, number: int, content: Mapping[str, str], by: int, at: datetime) -> ConcernVersion:
    written = msgspec.json.encode(dict(content)).decode()
    return ConcernVersion.objects.create(concern=concern, number=number, content=written, by_id=by, at=at)


@transaction.atomic
def record(
    *,
    concern_id: UUID,
    to: str,
    by: int,
    office: str = "",
    how: str = "",
    reported_at: datetime | None = None,
    receipt: str = "",
    reason: str = "",
) -> ConcernRecord:
    """Where the form went and what was given for it, or why it went nowhere. Each is kept; a report outweighs."""
    concern = Concern.objects.select_for_update().get(pk=concern_id)
    nobody = to == ConcernRecord.To.NOBODY
    if concern.state == Concern.State.DRAFT and not nobody:
        raise StillADraft
    kept = ConcernRecord.objects.create(
        concern=concern, to=to, office=office, how=how, reported_at=None if nobody else reported_at, receipt=receipt,
        reason=reason if nobody else "", by_id=by, at=timezone.now(),
    )  # fmt: skip
    if not nobody:
        concern.state = Concern.State.REPORTED
    elif concern.state != Concern.State.REPORTED:
        concern.state = Concern.State.NOT_REPORTED
    concern.save(update_fields=["state"])
    happened(kind="concern.recorded", subject=concern.pk, by=by, at=kept.at)
    return kept
