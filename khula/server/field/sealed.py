"""Bytes of a file that was carried by hand in; its envelopes, checked and opened one by one, out. No database.

The format, byte by byte: docs/how-to/carry-records-by-hand.md.
"""

import hashlib
import hmac
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass

import msgspec
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from khula.server.field.keys import from_base64, point_of

MAGIC = b"KHULA-CARRY-1\n"
SIGNATURE = 64


class Wrong(Exception):
    """`code` is one of `carry_codes.py`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Header(msgspec.Struct):
    v: int
    what: str
    from_: str = msgspec.field(name="from")
    to: str = ""
    epk: str = ""
    iv: str = ""
    made: str = ""
    envelopes: list[str] = []


class SaidFile(msgspec.Struct):
    name: str
    size: int
    sha256: str
    type: str = ""


class SaidXml(msgspec.Struct):
    size: int
    sha256: str


class About(msgspec.Struct):
    instance_id: str
    xml: SaidXml
    person: str = ""
    files: list[SaidFile] = []


LEAST = 4 + len("{}") + SIGNATURE  # bytes of an envelope
MOST = 5_000  # envelopes in a file; a tablet writes files of 8 MB


@dataclass(frozen=True, slots=True)
class Record:
    about: About
    xml: bytes
    files: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Envelope:
    """One record, note or list of contents, still closed."""

    place: int  # in the file, counted from 1
    content: bytes

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def envelopes(file: bytes) -> Iterator[Envelope]:
    """Each envelope in its order. Raises Wrong when the file is none of ours or ends in the middle of one.

    Also at what cannot be an envelope: each is answered, and to a heap of zeros the answer would fill the memory.
    """
    if not file.startswith(MAGIC):
        raise Wrong("CARRY_001")
    at, place = len(MAGIC), 1
    while at < len(file):
        size, at = _number(file, at), at + 4
        if at + size > len(file):
            raise Wrong("CARRY_002")
        if size < LEAST or place > MOST:
            raise Wrong("CARRY_003")
        yield Envelope(place, file[at : at + size])
        at, place = at + size, place + 1


def header_of(envelope: Envelope) -> Header:
    """Not to be believed before `check_signature`. Raises Wrong."""
    try:
        header = msgspec.json.decode(_header_bytes(envelope.content), type=Header)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Wrong("CARRY_003") from None
    if header.v != 1 or header.what not in ("record", "note", "contents"):
        raise Wrong("CARRY_004")
    return header


def check_signature(envelope: Envelope, point: bytes) -> None:
    """Raises Wrong when it was changed after the tablet with this key had sealed it."""
    signed, signature = envelope.content[:-SIGNATURE], envelope.content[-SIGNATURE:]
    r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    try:
        key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise Wrong("CARRY_006") from None


def opened(envelope: Envelope, header: Header, key_named: Callable[[str], ec.EllipticCurvePrivateKey | None]) -> bytes:
    """The body as the tablet closed it in. Raises Wrong."""
    pair = key_named(header.to)
    if pair is None:
        raise Wrong("CARRY_007")
    try:
        once, nonce = from_base64(header.epk), from_base64(header.iv)
        shared = pair.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), once))
        key = HKDF(hashes.SHA256(), 32, salt=once + point_of(pair.public_key()), info=b"khula seal 1").derive(shared)
        return AESGCM(key).decrypt(nonce, _body(envelope.content), _header_bytes(envelope.content))
    except (ValueError, InvalidTag):
        raise Wrong("CARRY_008") from None


def record_in(body: bytes) -> Record:
    """The record and its files, each with the size and hash the tablet wrote down. Raises Wrong."""
    size = _number(body, 0)
    try:
        about = msgspec.json.decode(body[4 : 4 + size], type=About)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Wrong("CARRY_009") from None
    at, parts = 4 + size, []
    for said in (about.xml, *about.files):
        part = body[at : at + max(said.size, 0)]
        if len(part) != said.size or not hmac.compare_digest(hashlib.sha256(part).hexdigest(), said.sha256):
            raise Wrong("CARRY_009")
        parts.append(part)
        at += said.size
    if at != len(body) or not about.instance_id:
        raise Wrong("CARRY_009")
    return Record(about, parts[0], tuple(parts[1:]))


def check_contents(header: Header, before: Sequence[str], damaged: Container[str]) -> None:
    """Raises Wrong when the file does not hold exactly what the tablet put into it, in its order.

    What stands in the place of something damaged has been told of already.
    """
    named = header.envelopes
    pairs = zip(named, before, strict=False)
    if len(named) == len(before) and all(name == here or here in damaged for name, here in pairs):
        return
    raise Wrong("CARRY_010" if set(named) - set(before) else "CARRY_011")


def _number(content: bytes, at: int) -> int:
    if at + 4 > len(content):
        raise Wrong("CARRY_002")
    return int.from_bytes(content[at : at + 4], "big")


def _header_bytes(content: bytes) -> bytes:
    size = _number(content, 0)
    if 4 + size + SIGNATURE > len(content):
        raise Wrong("CARRY_003")
    return content[4 : 4 + size]


def _body(content: bytes) -> bytes:
    return content[4 + len(_header_bytes(content)) : -SIGNATURE]
