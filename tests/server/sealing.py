"""A tablet's sealing, written from the document alone: records in, the bytes of a file to carry out."""

import hashlib
import json
import os
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from khula.server.field import keys


def framed(content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + content


@dataclass
class Sealer:
    """The keys of one person on one tablet."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @property
    def jwk(self) -> dict[str, str]:
        return keys.jwk_of(self.key.public_key())

    def signed(self, header: dict[str, Any], body: bytes) -> bytes:
        everything = framed(json.dumps(header).encode()) + body
        r, s = decode_dss_signature(self.key.sign(everything, ec.ECDSA(hashes.SHA256())))
        return everything + r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def header(self, what: str, **more: object) -> dict[str, Any]:
        return {"v": 1, "what": what, "from": keys.name_of(self.key.public_key()), **more}

    def sealed(self, what: str, content: bytes, *, to: dict[str, Any] | None = None, **changed: object) -> bytes:
        key_id, jwk = keys.seal_key() if to is None else (to["id"], to["jwk"])
        server, once = keys.public_key(jwk), ec.generate_private_key(ec.SECP256R1())
        point, nonce = keys.point_of(once.public_key()), os.urandom(12)
        salt = point + keys.point_of(server)
        key = HKDF(hashes.SHA256(), 32, salt, b"khula seal 1").derive(once.exchange(ec.ECDH(), server))
        header = self.header(what, to=key_id, epk=keys.as_base64(point), iv=keys.as_base64(nonce)) | changed
        aad = json.dumps(header).encode()
        return self.signed(header, AESGCM(key).encrypt(nonce, content, aad))

    def record(
        self,
        xml: bytes,
        instance_id: str,
        *,
        person: object = "",
        files: dict[str, bytes] | None = None,
        about: dict[str, object] | None = None,
    ) -> bytes:
        files = files or {}
        told: dict[str, object] = {
            "instance_id": instance_id, "form_id": "meal", "version": "1", "made": "2026-02-03T08:00:00Z",
            "person": str(person), "xml": said(xml),
            "files": [{"name": name, "type": "image/png", **said(content)} for name, content in files.items()],
        }  # fmt: skip
        told |= about or {}
        return self.sealed("record", framed(json.dumps(told).encode()) + xml + b"".join(files.values()))

    def file(self, *envelopes: bytes, contents: list[bytes] | None = None) -> bytes:
        names = [hashlib.sha256(one).hexdigest() for one in (envelopes if contents is None else contents)]
        last = self.signed(self.header("contents", made="2026-02-03T09:00:00Z", envelopes=names), b"")
        return carried(*envelopes, last)


def carried(*envelopes: bytes) -> bytes:
    return b"KHULA-CARRY-1\n" + b"".join(framed(one) for one in envelopes)


def said(content: bytes) -> dict[str, object]:
    return {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def digest(envelope: bytes) -> str:
    return hashlib.sha256(envelope).hexdigest()
