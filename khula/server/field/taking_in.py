"""A file carried by hand in; its records stored as any other, and for each a receipt or a reason, out.

Each envelope stands for itself: a damaged one holds up no other. The same file again changes nothing.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import transaction
from django.utils import timezone

from khula.server.collection.actions import mark
from khula.server.collection.models import Device
from khula.server.collection.parse import parse
from khula.server.collection.store import Delivery, Receipt, ReceivedFile, safe_name
from khula.server.collection.writer import NotStored, writer
from khula.server.events.actions import happened
from khula.server.field.keys import seal_key_named
from khula.server.field.models import CarriedNote, SignKey
from khula.server.field.sealed import (
    Envelope,
    Header,
    Record,
    Wrong,
    check_contents,
    check_signature,
    envelopes,
    header_of,
    opened,
    record_in,
)

RECEIVED = "received"


@dataclass(frozen=True, slots=True)
class Problem:
    code: str
    place: int | None
    envelope: str | None  # hash of the envelope


@dataclass(frozen=True, slots=True)
class TakenIn:
    """A record that is here now, and whose it is."""

    instance_id: str
    form_id: str
    owner: int
    owner_name: str
    place: int
    new: bool
    look_code: str
    conflict: bool


@dataclass(slots=True)
class Outcome:
    records: list[TakenIn] = field(default_factory=list)
    envelopes: dict[str, str] = field(default_factory=dict)  # hash -> "received" or a code
    problems: list[Problem] = field(default_factory=list)


def take_in(*, file: bytes, by: int | None) -> Outcome:
    """Raises Wrong only when these bytes are no such file at all."""
    outcome, before, contents = Outcome(), [], None
    try:
        for envelope in envelopes(file):
            header = _take(envelope, outcome)
            if header is not None and header.what == "contents":
                contents = header
                _compare(envelope, header, before, outcome)
            else:
                before.append(envelope.digest)
    except Wrong as wrong:
        if wrong.code == "CARRY_001":
            raise
        place = len(before) + 1 if wrong.code == "CARRY_003" else len(before)
        outcome.problems.append(Problem(wrong.code, place, None))
    else:
        if contents is None:
            outcome.problems.append(Problem("CARRY_012", None, None))
    _tell(file, outcome, by)
    return outcome


def _take(envelope: Envelope, outcome: Outcome) -> Header | None:
    """Its header, if it is what a tablet of ours sealed."""
    digest = envelope.digest
    try:
        header = header_of(envelope)
        signers = _signers(header.from_)
        check_signature(envelope, bytes(signers[0].point))
        if header.what == "record":
            record = record_in(opened(envelope, header, seal_key_named))
            outcome.records.append(_store(record, envelope.place, signers))
        elif header.what == "note":
            _keep_note(digest, opened(envelope, header, seal_key_named), signers[-1].device)
    except (Wrong, NotStored) as problem:
        code = problem.code if isinstance(problem, Wrong) else "CARRY_013"
        outcome.envelopes[digest] = code
        outcome.problems.append(Problem(code, envelope.place, digest))
        return None
    if header.what != "contents":
        outcome.envelopes[digest] = RECEIVED
    return header


def _compare(envelope: Envelope, header: Header, before: list[str], outcome: Outcome) -> None:
    damaged = {problem.envelope for problem in outcome.problems}
    try:
        check_contents(header, before, damaged)
    except Wrong as wrong:
        outcome.problems.append(Problem(wrong.code, envelope.place, envelope.digest))


def _signers(name: str) -> list[SignKey]:
    """A tablet that was enrolled anew, or for a second person, may have registered its key more than once."""
    found = list(SignKey.objects.filter(name=name[:43]).select_related("device__user").order_by("registered_at", "pk"))
    if not found:
        raise Wrong("CARRY_005")
    return found


def _whose(record: Record, signers: list[SignKey]) -> Device:
    own = [signer.device for signer in signers if str(signer.device.user_id) == record.about.person]
    return (own or [signer.device for signer in signers])[-1]


def _store(record: Record, place: int, signers: list[SignKey]) -> TakenIn:
    device, parsed = _whose(record, signers), parse(record.xml)
    receipt = writer.write(
        Delivery(
            xml=record.xml,
            sha256=record.about.xml.sha256,
            parsed=parsed,
            device_id=device.pk,
            user_id=device.user_id,
            device_said="",
            received_at=timezone.now(),
            files=tuple(_files(record)),
        )
    )
    look_code = receipt.look_code or _mark_if_revoked(device, receipt)
    return TakenIn(
        instance_id=record.about.instance_id,
        form_id=parsed.form_id,
        owner=device.user_id,
        owner_name=device.user.full_name,
        place=place,
        new=receipt.kind == "new",
        look_code=look_code,
        conflict=receipt.kind == "conflict",
    )


def _files(record: Record) -> Iterable[ReceivedFile]:
    for said, content in zip(record.about.files, record.files, strict=True):
        kind = "".join(letter for letter in said.type[:100] if letter.isprintable())
        yield ReceivedFile(safe_name(said.name), kind, content, said.sha256)


def _mark_if_revoked(device: Device, receipt: Receipt) -> str:
    """It may have been made before the tablet was lost, or by whoever found it: a person looks."""
    if device.revoked_at is None or receipt.kind != "new":
        return ""
    mark(receipt.submission_id, "revoked_device")
    return "revoked_device"


def _keep_note(digest: str, content: bytes, device: Device) -> None:
    CarriedNote.objects.get_or_create(
        envelope=digest, defaults={"device": device, "content": content, "received_at": timezone.now()}
    )  # fmt: skip


@transaction.atomic
def _tell(file: bytes, outcome: Outcome, by: int | None) -> None:
    new = sum(record.new for record in outcome.records)
    facts = {"records": len(outcome.records), "new": new, "problems": [each.code for each in outcome.problems][:50]}
    happened(kind="sealed.taken_in", subject=hashlib.sha256(file).hexdigest(), facts=facts, by=by)
