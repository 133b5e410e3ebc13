"""Public keys as browsers write them (JWK, P-256), and the server's own pairs in the data folder.

A tablet seals for the newest pair; older ones stay to open what was sealed for them. The folder belongs to the backup:
without it, what tablets sealed cannot be opened.
"""

import base64
import hashlib
import os
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.utils import timezone

COORDINATE = 32  # bytes of each coordinate of a point on P-256


class NotAKey(Exception):
    """What was given is no public P-256 key."""


def as_base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def from_base64(text: object) -> bytes:
    """Raises ValueError."""
    if not isinstance(text, str) or not re.fullmatch(r"[\w-]*", text, re.ASCII):
        raise ValueError("not base64url")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def public_key(jwk: object) -> ec.EllipticCurvePublicKey:
    """Raises NotAKey; also for a point that is not on the curve."""
    try:
        if not isinstance(jwk, Mapping) or jwk["kty"] != "EC" or jwk["crv"] != "P-256" or "d" in jwk:
            raise NotAKey
        x, y = from_base64(jwk["x"]), from_base64(jwk["y"])
        if len(x) != COORDINATE or len(y) != COORDINATE:
            raise NotAKey
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\4" + x + y)
    except (KeyError, ValueError) as problem:
        raise NotAKey from problem


def point_of(key: ec.EllipticCurvePublicKey) -> bytes:
    """The uncompressed point: 65 bytes."""
    return key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


def jwk_of(key: ec.EllipticCurvePublicKey) -> dict[str, str]:
    point = point_of(key)
    x, y = as_base64(point[1 : 1 + COORDINATE]), as_base64(point[1 + COORDINATE :])
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y}


def name_of(key: ec.EllipticCurvePublicKey) -> str:
    """What a sealed file calls a key: the hash of its point."""
    return as_base64(hashlib.sha256(point_of(key)).digest())


# The server's own pairs


def seal_key() -> tuple[str, dict[str, str]]:
    """(id, public half) of the pair tablets seal for now; the first one is made when it is first asked for."""
    names = _names() or [new_seal_key()]
    return _id(names[-1]), jwk_of(_read(str(folder() / names[-1])).public_key())


def seal_key_named(key_id: str) -> ec.EllipticCurvePrivateKey | None:
    """The pair a record was sealed for; None if it is not here."""
    name = next((name for name in _names() if _id(name) == key_id), None)
    return _read(str(folder() / name)) if name else None


def new_seal_key() -> str:
    """Make a pair that tablets seal for from their next contact on; returns the name of its file."""
    folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    pair = ec.generate_private_key(ec.SECP256R1())
    # Sorted by name, the newest is the last; two processes that make one at once agree on which that is.
    name = f"{timezone.now():%Y%m%dT%H%M%S%f}-{name_of(pair.public_key())[:16]}.pem"
    written = pair.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    partly = folder() / f".{name}.part"
    handle = os.open(partly, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(written)
        file.flush()
        os.fsync(file.fileno())
    partly.rename(folder() / name)
    _flush_folder()  # before anything is sealed for it
    return _names()[-1]


def _flush_folder() -> None:
    handle = os.open(folder(), os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def folder() -> Path:
    return Path(settings.DATA_DIR) / "seal_keys"


def _names() -> list[str]:
    return sorted(path.name for path in folder().glob("[0-9]*.pem")) if folder().is_dir() else []


def _id(name: str) -> str:
    return name.partition("-")[2].removesuffix(".pem")


@lru_cache(maxsize=16)
def _read(path: str) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(Path(path).read_bytes(), password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key
