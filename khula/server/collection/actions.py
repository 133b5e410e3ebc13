"""Writes of collection: devices, what a person decides about a submission, and the rows of entity lists."""

import logging
import secrets
from datetime import datetime, timedelta

import msgspec
from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from khula.server.collection import entities
from khula.server.collection.look_codes import LOOK_CODES
from khula.server.collection.models import ConflictCopy, Device, Entity, EntityList, EntityProblem, Submission
from khula.server.collection.parse import Parsed, parse
from khula.server.collection.queries import Sender, child_of, memory, token_hash, wave_of
from khula.server.collection.rows import put_entities, remove_entities
from khula.server.collection.store import Delivery, Facts, has_all_files, judge, place_among_edits, take_up
from khula.server.events.actions import happened
from khula.server.events.models import Event
from khula.server.packs.models import Form
from khula.server.people.models import User

__all__ = [
    "accept_edit", "apply_anyway", "apply_overdue", "bind_to_tablet", "clear_conflict", "in_case", "join_corrections",
    "make_device", "mark", "put_entities", "quarantine", "remove_entities", "retake", "retake_after_publishing",
    "revoke_device", "seen", "settle", "settle_copy", "settle_entity_problem", "take_up_again", "unmark",
]  # fmt: skip
log = logging.getLogger(__name__)
SEEN_EVERY = timedelta(minutes=5)

# Devices


@transaction.atomic
def make_device(*, user: User, label: str, by: int | None = None) -> tuple[Device, str]:
    """A device of this person, and its token. The token is shown once and kept nowhere."""
    token = secrets.token_urlsafe(48)  # 64 characters
    device = Device.objects.create(token_hash=token_hash(token), label=label[:80], user=user, created_at=timezone.now())
    happened(kind="device.made", subject=device.pk, facts={"user": user.pk}, by=by)
    return device, token


@transaction.atomic
def revoke_device(*, device_id: int, by: int | None = None) -> None:
    """From the next knock on the device is not let in; what it has sent stays."""
    if Device.objects.filter(pk=device_id, revoked_at=None).update(revoked_at=timezone.now()):
        happened(kind="device.revoked", subject=device_id, by=by)


@transaction.atomic
def bind_to_tablet(*, device_id: int, proof: str, by: int | None = None) -> bool:
    """From now on only who shows this proof is let in. False when it is another tablet's already.

    Of the hash's hash the door tells the proof from its hash, which the tablet holds while it is locked.
    """
    own = token_hash(token_hash(proof))
    if Device.objects.filter(pk=device_id, tablet_hash="").update(tablet_hash=own):
        happened(kind="device.bound", subject=device_id, by=by)
        return True
    return Device.objects.filter(pk=device_id, tablet_hash=own).exists()


def seen(sender: Sender) -> None:
    """Note that the device was here, not more often than anybody looks."""
    now = timezone.now()
    if sender.last_seen_at is None or now - sender.last_seen_at > SEEN_EVERY:
        Device.objects.filter(pk=sender.device_id).update(last_seen_at=now)


# What becomes of a submission


def in_case(submission_id: int) -> None:
    """The submission has its place in a case. One that an edit has replaced stays replaced."""
    if memory.now is not None and memory.now.id == submission_id and memory.in_case is not None:
        memory.in_case = True
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE collection_submission SET state = 'in case' WHERE id = %s AND state IN ('received', 'quarantined')",
            [submission_id],
        )


def quarantine(submission_id: int, code: str) -> None:
    """Keep the submission out of its case until a person has looked."""
    _put(submission_id, code, state="quarantined")
    if memory.now is not None and memory.now.id == submission_id:
        memory.look_code = code
    happened(kind="submission.quarantined", subject=submission_id, facts={"code": code})


def mark(submission_id: int, code: str) -> None:
    """A person should look; the submission is used meanwhile. A mark that is already there stays."""
    _put(submission_id, code)


def unmark(submission_id: int, code: str) -> None:
    """What the mark said no longer holds."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE collection_submission SET look_code = ''"
            " WHERE id = %s AND look_code = %s AND look_settled_at IS NULL",
            [submission_id, code],
        )


def _put(submission_id: int, code: str, *, state: str = "") -> None:
    if code not in LOOK_CODES:
        raise KeyError(code)
    with connection.cursor() as cursor:
        if state:
            cursor.execute(
                "UPDATE collection_submission SET look_code = %s, look_settled_at = NULL, state = %s WHERE id = %s",
                [code, state, submission_id],
            )
        else:
            cursor.execute(
                "UPDATE collection_submission SET look_code = %s WHERE id = %s"
                " AND (look_code = '' OR look_settled_at IS NOT NULL)",
                [code, submission_id],
            )


@transaction.atomic
def retake(
    submission_id: int, *, by: int | None = None, fork_allowed: bool = False, closed_allowed: bool = False
) -> str:
    """Read a quarantined submission once more, now that what it lacked may be there.

    Returns the look code that it has now; "" when nothing stands in its way any more.
    """
    rows = Submission.objects.filter(pk=submission_id, state=Submission.State.QUARANTINED)
    if connection.vendor == "postgresql":
        rows = rows.select_for_update(of=("self",))
    kept = rows.select_related("device").first()
    if kept is None:
        return Submission.objects.values_list("look_code", flat=True).get(pk=submission_id)
    delivery = _as_delivered(kept)
    form = Facts().form(delivery.parsed)
    code = judge(delivery.parsed, form)
    if code == "closed_form" and closed_allowed:
        code = ""
    out = bool(code) and LOOK_CODES[code].keeps_out
    if not out and not _takes_its_own_id(kept, delivery.parsed):
        return kept.look_code
    Submission.objects.filter(pk=kept.pk).update(
        state=Submission.State.QUARANTINED if out else Submission.State.RECEIVED,
        instance_id=kept.instance_id, look_code=code, look_settled_at=None, form_id=form.id if form else None,
        child_id=child_of(delivery.parsed), wave_id=wave_of(delivery.parsed),
        complete=kept.complete if form is None else has_all_files(kept.pk, delivery, form),
    )  # fmt: skip
    if form is None or out:
        return code
    happened(kind="submission.retaken", subject=kept.pk, by=by)
    take_up(kept.pk, delivery, form, fork_allowed=fork_allowed)
    return Submission.objects.values_list("look_code", flat=True).get(pk=kept.pk)


def _takes_its_own_id(kept: Submission, parsed: Parsed) -> bool:
    """What was kept under its hash although it has an id takes that id, unless somebody else has taken it since."""
    if kept.instance_id == parsed.instance_id:
        return True
    if Submission.objects.filter(xform_id=kept.xform_id, instance_id=parsed.instance_id).exists():
        return False
    kept.instance_id = parsed.instance_id
    return True


def take_up_again(*, submission_id: int, by: int | None = None) -> str:
    """A person asks for another try. A form that was closed before the record came no longer stands in the way."""
    return retake(submission_id, by=by, closed_allowed=True)


def accept_edit(submission_id: int, *, by: int | None = None) -> str:
    """Of two corrections of one record, let this one count after all."""
    return retake(submission_id, by=by, fork_allowed=True)


def join_corrections(*, most: int = 200) -> int:
    """Let corrections take the place of what they correct when neither saw the other; returns how many.

    Two processes may store a record and its correction at the very same moment: the correction is then marked as one
    of something unknown, and what it corrects goes on counting beside it. For the server's clock.
    """
    apart = Submission.objects.filter(look_code="edit_of_unknown").exclude(state=Submission.State.QUARANTINED)
    earlier = Submission.objects.filter(xform_id=OuterRef("xform_id"), instance_id=OuterRef("deprecated_id"))
    met = apart.exclude(look_code="").filter(Exists(earlier.exclude(state=Submission.State.REPLACED)))
    return sum(_join(submission_id) for submission_id in list(met.order_by("pk").values_list("pk", flat=True)[:most]))


def _join(submission_id: int) -> bool:
    try:
        with transaction.atomic():
            return _take_its_place(submission_id)
    except Exception as problem:  # one of them must not keep the others waiting; its words could hold an answer
        log.error("correction %s could not take its place: %s", submission_id, type(problem).__name__)
        return False


def _take_its_place(submission_id: int) -> bool:
    held = Submission.objects.select_related("device")
    if connection.vendor == "postgresql":
        held = held.select_for_update(of=("self",))
    edit = held.get(pk=submission_id)
    earlier = held.filter(xform_id=edit.xform_id, instance_id=edit.deprecated_id).exclude(state="replaced").first()
    delivery = _as_delivered(edit)
    form = Facts().form(delivery.parsed)
    if form is None or earlier is None or edit.look_code != "edit_of_unknown":  # somebody was here before us
        return False
    happened(kind="submission.joined", subject=edit.pk, facts={"to": earlier.pk})
    unmark(edit.pk, "edit_of_unknown")
    if edit.state == Submission.State.REPLACED:  # what has taken its place counts already
        place_among_edits(edit.pk, delivery.parsed)
        happened(kind="submission.received", subject=edit.pk, by=delivery.user_id, at=edit.received_at)
    else:
        take_up(edit.pk, delivery, form)
    return True


def retake_after_publishing(event: Event) -> None:
    """What follows `pack.published`: its lists are known, and records that waited for its forms are taken up."""
    forms = Form.objects.filter(pack_version_id=int(event.subject))
    for form_id, version, written in forms.values_list("form_id", "version", "lists"):
        for name, properties in msgspec.json.decode(written, type=dict[str, list[str]]).items():
            _know_list(name, properties)
        waiting = Submission.objects.filter(
            xform_id=form_id, xform_version=version, look_code__in=("unknown_form", "unknown_version"),
            state=Submission.State.QUARANTINED,
        ).exclude(look_code="")  # fmt: skip  # these words let SQLite find the index
        for submission_id in waiting.order_by("pk").values_list("pk", flat=True):
            retake(submission_id, by=event.by_id)


def _know_list(name: str, properties: list[str]) -> None:
    known, _ = EntityList.objects.get_or_create(name=name)
    before: list[str] = msgspec.json.decode(known.properties)
    new = [each for each in properties if each not in before]
    if new:
        EntityList.objects.filter(pk=known.pk).update(properties=msgspec.json.encode([*before, *new]).decode())


def _as_delivered(kept: Submission) -> Delivery:
    parsed = parse(bytes(kept.xml))
    return Delivery(
        xml=bytes(kept.xml),
        sha256=kept.sha256,
        parsed=parsed,
        device_id=kept.device_id,
        user_id=kept.device.user_id if kept.device else None,
        device_said=kept.device_said,
        received_at=kept.received_at,
    )


# What a person decides


@transaction.atomic
def settle(*, submission_id: int, by: int, note: str = "") -> None:
    """Somebody has looked; the submission stays as it is and is no longer on the list of those to look at."""
    Submission.objects.filter(pk=submission_id).update(
        look_settled_at=timezone.now(), look_settled_by_id=by, look_note=note
    )
    happened(kind="look.settled", subject=submission_id, by=by)


@transaction.atomic
def settle_copy(*, copy_id: int, by: int, note: str = "") -> None:
    """Somebody has compared the two; the one that came first goes on counting."""
    ConflictCopy.objects.filter(pk=copy_id).update(settled_at=timezone.now(), settled_by_id=by, note=note)
    happened(kind="copy.settled", subject=copy_id, by=by)


@transaction.atomic
def settle_entity_problem(*, problem_id: int, by: int) -> None:
    """Somebody has looked; the change is not applied."""
    EntityProblem.objects.filter(pk=problem_id).update(settled_at=timezone.now(), settled_by_id=by)
    happened(kind="entity.settled", subject=problem_id, by=by)


@transaction.atomic
def apply_anyway(*, problem_id: int, by: int) -> str:
    """A coordinator approves a change that waited for approval or came from outside the school."""
    problem = _still_open(problem_id)
    if problem is None:
        return ""
    code = entities.again(problem, at=timezone.now(), force=problem.code == "held", allowed=True)
    happened(kind="entity.approved", subject=problem_id, facts={"code": code}, by=by)
    return code


@transaction.atomic
def clear_conflict(*, entity_id: str, version: int, by: int) -> bool:
    """Somebody has looked at changes that contradict each other; the row stands as it is.

    False when the row has changed since: what that person did not see is not cleared.
    """
    row = Entity.objects.filter(pk=entity_id, version=version)
    if row.exclude(conflict="").update(conflict=""):
        happened(kind="entity.cleared", subject=entity_id, facts={"version": version}, by=by)
    return row.exists()


def apply_overdue(*, now: datetime | None = None) -> int:
    """Apply what has been held for five days without what it waits for; returns how many. For the server's clock."""
    now = now or timezone.now()
    return sum(_apply_held(problem.pk, now) for problem in list(entities.overdue(now)))


def _apply_held(problem_id: int, now: datetime) -> bool:
    try:
        with transaction.atomic():
            problem = _still_open(problem_id)  # the one before may have released it
            return problem is not None and not entities.again(problem, at=now, force=True)
    except Exception as problem:  # one of them must not keep the later ones waiting; its words could hold an answer
        log.error("held change %s could not be applied: %s", problem_id, type(problem).__name__)
        return False


def _still_open(problem_id: int) -> EntityProblem | None:
    """The part that waits, held until this transaction ends; None when somebody has dealt with it meanwhile."""
    return EntityProblem.objects.select_for_update().filter(pk=problem_id, settled_at=None).first()
