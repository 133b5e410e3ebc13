"""Writes of the field app: the server's share of a tablet's key, the keys it signs with, and what it says of itself."""

import os
from dataclasses import asdict, dataclass
from datetime import datetime

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.db import transaction
from django.utils import timezone

from khula.server.events.actions import happened
from khula.server.events.models import Event
from khula.server.field.keys import name_of, point_of, public_key
from khula.server.field.models import FieldDevice, SignKey

SHARE_BYTES = 32
NONCE_BYTES = 12
#: Each enrolment of a tablet makes a new one.
MOST_SIGN_KEYS = 50


class TooManyKeys(Exception):
    """A device that goes on registering keys is not a tablet that was set up anew."""


# The share


def share_for(*, device_id: int, token: str) -> bytes:
    """The same 32 bytes for as long as the device is let in; drawn at its first contact."""
    kept = _kept_share(device_id)
    if not kept:
        drawn = _sealed(os.urandom(SHARE_BYTES), device_id, token)
        FieldDevice.objects.bulk_create([FieldDevice(device_id=device_id)], ignore_conflicts=True)
        # Of two first contacts at once, the first to write has drawn it.
        FieldDevice.objects.filter(device_id=device_id, share=b"").update(share=drawn)
        kept = _kept_share(device_id)
    return AESGCM(_key(token)).decrypt(kept[:NONCE_BYTES], kept[NONCE_BYTES:], str(device_id).encode())


def forget_share(event: Event) -> None:
    """What follows `device.revoked`: not even a copy of the token gets the share any more."""
    FieldDevice.objects.filter(device_id=int(event.subject)).update(share=b"")


def _kept_share(device_id: int) -> bytes:
    return bytes(FieldDevice.objects.filter(device_id=device_id).values_list("share", flat=True).first() or b"")


def _sealed(share: bytes, device_id: int, token: str) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(_key(token)).encrypt(nonce, share, str(device_id).encode())


def _key(token: str) -> bytes:
    """The database knows the token's hash only, so a copy of it holds nothing that opens the share."""
    return HKDF(hashes.SHA256(), 32, salt=None, info=b"khula share 1").derive(token.encode())


# Keys


@transaction.atomic
def register_sign_key(*, device_id: int, jwk: object, by: int) -> None:
    """The same key again changes nothing. Raises NotAKey, TooManyKeys."""
    key = public_key(jwk)
    known = SignKey.objects.filter(device_id=device_id)
    if known.filter(name=name_of(key)).exists():
        return
    if known.count() >= MOST_SIGN_KEYS:
        raise TooManyKeys
    SignKey.objects.create(
        device_id=device_id, name=name_of(key), point=point_of(key), registered_at=timezone.now()
    )  # fmt: skip
    happened(kind="device.key_registered", subject=device_id, by=by)


# How the outbox stands


@dataclass(frozen=True, slots=True)
class Report:
    """What a tablet says of itself; no name, no answer, nobody's words."""

    waiting: int
    stuck: int
    oldest: datetime | None
    problem: str
    persisted: bool | None
    quota: int | None
    used: int | None
    clock_off_s: int | None
    version: str
    browser: str


def note_report(*, device_id: int, report: Report) -> None:
    FieldDevice.objects.update_or_create(
        device_id=device_id, defaults={**asdict(report), "reported_at": timezone.now()}
    )  # fmt: skip
