"""The body of a post in; the record's XML, the files beside it and what the sender said of them out.

Only a post that is no submission at all is refused; whatever is strange inside the XML is somebody else's subject.
"""

import hashlib
import sys
import zlib
from collections.abc import Callable, Mapping
from datetime import datetime

from khula.server.collection.multipart import NotMultipart, Part, boundary_of, parts_of
from khula.server.collection.parse import parse
from khula.server.collection.queries import Sender
from khula.server.collection.store import Delivery, ReceivedFile, safe_name

XML_PART = "xml_submission_file"
INCOMPLETE_PART = "*isIncomplete*"
STEP = 1 << 20


class Refused(Exception):
    """`code` is a sentence in sentences.py."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code


def said_length(environ: Mapping[str, object]) -> int:
    """How long the sender says the body is; for one in pieces of unknown length, as long as can be."""
    said = str(environ.get("CONTENT_LENGTH") or "")
    if said.isascii() and said.isdigit():
        return int(said)
    return sys.maxsize if _in_pieces(environ) else 0


def _in_pieces(environ: Mapping[str, object]) -> bool:
    return not environ.get("CONTENT_LENGTH") and "chunked" in str(environ.get("HTTP_TRANSFER_ENCODING", "")).lower()


def read_body(environ: Mapping[str, object], limit: int) -> bytes:
    """The whole body, also when it comes in pieces of unknown length. Raises Refused."""
    length = None if _in_pieces(environ) else said_length(environ)
    if length is not None and length > limit:
        raise Refused(413, "too_large")
    read: Callable[[int], bytes] = environ["wsgi.input"].read  # type: ignore[attr-defined]
    pieces, size = [], 0
    while length is None or size < length:
        piece = read(STEP if length is None else length - size)
        if not piece:
            break
        size += len(piece)
        if size > limit:
            raise Refused(413, "too_large")
        pieces.append(piece)
    if length is not None and size < length:
        raise Refused(400, "cut_off")
    return _unpacked(b"".join(pieces), str(environ.get("HTTP_CONTENT_ENCODING") or ""), limit)


def _unpacked(body: bytes, encoding: str, limit: int) -> bytes:
    if encoding.strip().lower() in ("", "identity"):
        return body
    if encoding.strip().lower() not in ("gzip", "x-gzip"):
        raise Refused(415, "encoding")
    unpacker = zlib.decompressobj(wbits=31)
    try:
        unpacked = unpacker.decompress(body, limit + 1)
    except zlib.error:
        raise Refused(400, "cut_off") from None
    if len(unpacked) > limit:
        raise Refused(413, "too_large")
    if not unpacker.eof:
        raise Refused(400, "cut_off")
    return unpacked


def read_post(body: bytes, content_type: str, *, sender: Sender, device_said: str, at: datetime) -> Delivery:
    """Raises Refused when the post is no submission."""
    try:
        parts = parts_of(body, boundary_of(content_type))
    except NotMultipart as problem:
        code = {"cut_off": "cut_off", "too_many_parts": "too_large"}.get(problem.reason, "no_multipart")
        raise Refused(400, code) from None
    record = next((part for part in parts if part.name == XML_PART), None)
    if record is None:
        raise Refused(400, "no_xml")
    incomplete = any(part.name == INCOMPLETE_PART and _says_yes(part) for part in parts)
    files = [part for part in parts if part is not record and part.name != INCOMPLETE_PART]
    return Delivery(
        xml=record.content,
        sha256=hashlib.sha256(record.content).hexdigest(),
        parsed=parse(record.content),
        device_id=sender.device_id,
        user_id=sender.user_id,
        device_said=device_said,
        received_at=at,
        files=tuple(_file(part) for part in files),
        incomplete=incomplete,
    )


def _says_yes(part: Part) -> bool:
    return part.content.strip().lower() not in (b"", b"no", b"false", b"0")


def _file(part: Part) -> ReceivedFile:
    return ReceivedFile(
        name=safe_name(part.filename or part.name),
        content_type="".join(letter for letter in part.content_type[:100] if letter.isprintable()),
        content=part.content,
        sha256=hashlib.sha256(part.content).hexdigest(),
    )
