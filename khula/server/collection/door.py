"""The OpenRosa door: a knock at /v1/key/<token>/… in, the answer a device understands out, whatever went wrong.

It stands before Django's middleware (sessions, sign-in, forms of pages): a device has none of these, and they cost more
than the rest of the door (measured for a HEAD: 0.4 ms with them, 0.06 without). `khula.server.wsgi` sends knocks
straight here; `urls.py` sends those of the test client.
"""

import hmac
import logging
import re
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, quote

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port, validate_host
from django.utils import timezone

from khula.server.collection import lists, openrosa
from khula.server.collection.actions import seen
from khula.server.collection.look_codes import LOOK_CODES
from khula.server.collection.offer import file_of, forms_for, manifest_files, xml_of
from khula.server.collection.post import STEP, Refused, read_body, read_post, said_length
from khula.server.collection.queries import Sender, is_revoked, sender_of, token_hash
from khula.server.collection.sentences import say, say_to_anyone
from khula.server.collection.store import Receipt
from khula.server.collection.writer import NotStored, writer
from khula.server.people.declared import DEVICE_TOKEN, declares

log = logging.getLogger(__name__)
PREFIX = "/v1/key/"
CSV = "text/csv; charset=utf-8"
#: A post with many photos is in memory whole, so only a few of them at a time.
LARGE = 8_000_000
large_posts = threading.BoundedSemaphore(3)
WAIT_FOR_ROOM = 45  # seconds; Collect gives up after 60
Environ = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes = b""
    content_type: str = openrosa.XML
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Knock:
    environ: Environ
    method: str
    rest: str  # of the path, behind the token
    sender: Sender
    token: str = field(repr=False)
    base: Callable[[], str]  # the device's own address; asked for only where it is written out
    unlocked: bool = True  # False: the tablet itself knocks, without the person who works with it


Doors = Mapping[str, Callable[..., Answer]]
Routes = Sequence[tuple[re.Pattern[str], Doors]]
NOTHING = re.compile("(?!)")


@dataclass(frozen=True, slots=True)
class Manner:
    """What may be asked for in one manner of speaking, and how a refusal is put: (status, code, language)."""

    routes: Routes
    refuse: Callable[[int, str, str], Answer]
    locked: re.Pattern[str] = NOTHING  # what a tablet may ask while it is locked
    only_gives: re.Pattern[str] = (
        NOTHING  # what may come from anybody with the token: it is signed, and nothing is told
    )


def answer(environ: Environ, manner: Manner) -> Answer:
    """Always an answer. An error of ours is told to the log by its kind alone: no token, no answer of a child."""
    try:
        return _answer(environ, manner)
    except Exception as problem:
        log.error("the door could not answer: %s", type(problem).__name__, exc_info=settings.DEBUG)
        return manner.refuse(503, "busy", "")
    finally:
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()


def _answer(environ: Environ, manner: Manner) -> Answer:
    path = str(environ.get("PATH_INFO", "")).encode("latin-1", "replace").decode("utf-8", "replace")
    token, _, rest = path.removeprefix(PREFIX).partition("/")
    sender = sender_of(token)
    if sender is None:
        _swallow(environ)
        return manner.refuse(403, "revoked_device" if is_revoked(token) else "unknown_device", "")
    rest, shown = rest.strip("/"), _shown(environ, sender)
    may = shown == "unlocked" or (shown and manner.locked.fullmatch(rest)) or manner.only_gives.fullmatch(rest)
    if not may:
        _swallow(environ)
        return manner.refuse(403, "another_tablet", sender.language)
    method = str(environ["REQUEST_METHOD"])
    knock = Knock(environ, method, rest, sender, token, lambda: _base(environ, token), shown == "unlocked")
    try:
        return _route(knock, manner)
    except Refused as refused:
        _swallow(environ)
        return manner.refuse(refused.status, refused.code, sender.language)
    except NotStored:
        return manner.refuse(503, "busy", sender.language)


def _shown(environ: Environ, sender: Sender) -> str:
    """An address stays in a browser's history. Once a tablet has shown its proof, the address alone is not enough.

    The proof itself lies behind the person's PIN; its hash is what the tablet holds while it is locked.
    """
    shown = token_hash(str(environ.get("HTTP_X_KHULA_TABLET", "")))
    if not sender.tablet_hash or hmac.compare_digest(token_hash(shown), sender.tablet_hash):
        return "unlocked"
    return "locked" if hmac.compare_digest(shown, sender.tablet_hash) else ""


def _route(knock: Knock, manner: Manner) -> Answer:
    for pattern, doors in manner.routes:
        if match := pattern.fullmatch(knock.rest):
            method = "GET" if knock.method == "HEAD" and "HEAD" not in doors else knock.method
            if method not in doors:
                allowed = ", ".join(sorted({*doors, "HEAD"}))
                refusal = manner.refuse(405, "not_this_way", knock.sender.language)
                return replace(refusal, headers=(*refusal.headers, ("Allow", allowed)))
            return doors[method](knock, *match.groups())
    raise Refused(404, "no_such_place")


# What can be asked for


def _form_list(knock: Knock) -> Answer:
    seen(knock.sender)
    wanted = query_of(knock).get("formID", [""])[0]
    base = knock.base()
    listed = [
        openrosa.ListedForm(
            form_id=form.form_id,
            name=form.title,
            version=form.version,
            md5=form.md5,
            download_url=f"{base}/forms/{form.id}/form.xml",
            manifest_url=f"{base}/forms/{form.id}/manifest" if form.has_media else "",
        )
        for form in forms_for(knock.sender.user_id)
        if wanted in ("", form.form_id)
    ]
    return Answer(200, openrosa.form_list(listed))


def _form(knock: Knock, form_pk: str) -> Answer:
    found = xml_of(int(form_pk))
    if found is None:
        raise Refused(404, "form_gone")
    xml, md5 = found
    return bytes_unless_had(knock, xml, md5, openrosa.XML)


def _manifest(knock: Knock, form_pk: str) -> Answer:
    base, user_id = knock.base(), knock.sender.user_id
    files = manifest_files(int(form_pk))
    if files is None:
        raise Refused(404, "form_gone")
    listed = []
    for file in files:
        if file.kind == "file":
            url = f"{base}/forms/{form_pk}/media/{quote(file.filename)}"
            listed.append(openrosa.ListedFile(file.filename, file.md5, url, file.kind, ""))
            continue
        name = file.filename.removesuffix(".csv")
        md5 = lists.current(user_id=user_id, list_name=name).md5
        place = f"{base}/lists/{quote(name)}"
        listed.append(openrosa.ListedFile(file.filename, md5, f"{place}/{md5}.csv", file.kind, f"{place}/integrity"))
    return Answer(200, openrosa.manifest(listed))


def _medium(knock: Knock, form_pk: str, filename: str) -> Answer:
    found = file_of(int(form_pk), filename)
    if found is None:
        raise Refused(404, "form_gone")
    return bytes_unless_had(knock, found.content, found.md5, found.content_type)


def _list(knock: Knock, name: str, md5: str) -> Answer:
    """Exactly the bytes that were listed under this hash; if they are gone, the device asks for the list again."""
    found = lists.copy_of(user_id=knock.sender.user_id, list_name=name, md5=md5)
    if found is None:
        raise Refused(404, "form_gone")
    # Children's names: not for a browser's cache on the tablet's disk.
    headers = (("ETag", f'"{found.md5}"'), ("Cache-Control", "no-store"))
    if has_already(knock, found.md5):
        return Answer(304, headers=headers)
    headers = (*headers, ("Vary", "Accept-Encoding"))
    if "gzip" in knock.environ.get("HTTP_ACCEPT_ENCODING", ""):
        return Answer(200, found.gzipped, CSV, (*headers, ("Content-Encoding", "gzip")))
    return Answer(200, found.content(), CSV, headers)


def _list_now(knock: Knock, name: str) -> Answer:
    return _list(knock, name, lists.current(user_id=knock.sender.user_id, list_name=name).md5)


def _integrity(knock: Knock, name: str) -> Answer:
    asked = [one.strip() for given in query_of(knock).get("id", []) for one in given.split(",") if one.strip()]
    gone = lists.gone(user_id=knock.sender.user_id, list_name=name, ids=asked[:10_000])
    return Answer(200, openrosa.integrity(gone))


# What can be handed in


def _ready(knock: Knock) -> Answer:
    """Collect asks before it sends: 204, and the largest post it may send."""
    return Answer(204)


def _submission(knock: Knock) -> Answer:
    if said_length(knock.environ) <= LARGE:
        return _take(knock)
    if not large_posts.acquire(timeout=WAIT_FOR_ROOM):
        raise NotStored
    try:
        return _take(knock)
    finally:
        large_posts.release()


def _take(knock: Knock) -> Answer:
    body = read_body(knock.environ, settings.SUBMISSION_LIMIT)
    device_said = query_of(knock).get("deviceID", [""])[0][:255]
    delivery = read_post(
        body,
        str(knock.environ.get("CONTENT_TYPE", "")),
        sender=knock.sender,
        device_said="".join(letter for letter in device_said if letter.isprintable()),
        at=timezone.now(),
    )
    return _receipt(writer.write(delivery), knock.sender.language)


def _receipt(receipt: Receipt, language: str) -> Answer:
    """201 for what is as it should be, 202 for what a person will look at; both end the matter for the device."""
    if receipt.kind == "conflict":
        return _told(202, say("conflict", language), "submit_success")
    if receipt.kept_out:
        why = LOOK_CODES[receipt.look_code].told(language)
        return _told(202, say("kept", language, why=why), "submit_success")
    return _told(201, say("received", language), "submit_success")


# A name is never longer than its column, and PostgreSQL knows no text with a NUL in it.
ROUTES: Routes = (
    (re.compile("submission", re.IGNORECASE), {"HEAD": _ready, "GET": _ready, "POST": _submission}),
    (re.compile("formlist", re.IGNORECASE), {"GET": _form_list}),
    (re.compile(r"forms/(\d{1,12})/manifest"), {"GET": _manifest}),
    (re.compile(r"forms/(\d{1,12})/form\.xml"), {"GET": _form}),
    (re.compile(r"forms/(\d{1,12})/media/([^/\0]{1,200})"), {"GET": _medium}),
    (re.compile(r"lists/([^/\0]{1,64})/([0-9a-f]{32})\.csv"), {"GET": _list}),
    (re.compile(r"lists/([^/\0]{1,64})/integrity"), {"GET": _integrity}),
    (re.compile(r"lists/([^/\0]{1,64})\.csv"), {"GET": _list_now}),
)


# The words and the envelope


def _told(status: int, sentence: str, nature: str = "error") -> Answer:
    return Answer(status, openrosa.message(sentence, nature))


def _refuse(status: int, code: str, language: str) -> Answer:
    """With no language known, in all we have."""
    limit = settings.SUBMISSION_LIMIT // 1_000_000
    return _told(status, say(code, language, limit=limit) if language else say_to_anyone(code))


OPENROSA = Manner(ROUTES, _refuse)


def bytes_unless_had(knock: Knock, content: bytes, md5: str, content_type: str) -> Answer:
    if has_already(knock, md5):
        return Answer(304, headers=validators(md5))
    return Answer(200, content, content_type, validators(md5))


def validators(md5: str) -> tuple[tuple[str, str], ...]:
    return (("ETag", f'"{md5}"'), ("Cache-Control", "private, no-cache"))


def has_already(knock: Knock, md5: str) -> bool:
    given = str(knock.environ.get("HTTP_IF_NONE_MATCH", ""))
    tags = {tag.strip().removeprefix("W/").strip('"') for tag in given.split(",")}
    return md5 in tags or "*" in tags


def query_of(knock: Knock) -> dict[str, list[str]]:
    return parse_qs(str(knock.environ.get("QUERY_STRING", "")), max_num_fields=None)


def _base(environ: Environ, token: str) -> str:
    host = str(environ.get("HTTP_HOST") or environ.get("SERVER_NAME", ""))
    domain, _ = split_domain_port(host)
    if not domain or not validate_host(domain, settings.ALLOWED_HOSTS):
        raise Refused(400, "wrong_host")
    scheme = str(environ.get("wsgi.url_scheme", "http"))
    if settings.SECURE_PROXY_SSL_HEADER:
        header, secure = settings.SECURE_PROXY_SSL_HEADER
        scheme = "https" if str(environ.get(header, "")).split(",")[0].strip() == secure else "http"
    return f"{scheme}://{host}{PREFIX}{token}"


def _swallow(environ: Environ) -> None:
    """Read on a little before saying no: a device still sending would see a broken line instead of the reason."""
    try:
        left = min(int(environ.get("CONTENT_LENGTH") or 0), 10 * STEP)
        while left > 0 and (piece := environ["wsgi.input"].read(min(STEP, left))):
            left -= len(piece)
    except (OSError, ValueError, AssertionError):
        return


def _headers(given: Answer) -> list[tuple[str, str]]:
    headers = [
        ("X-OpenRosa-Version", "1.0"),
        ("X-OpenRosa-Accept-Content-Length", str(settings.SUBMISSION_LIMIT)),
        ("Date", formatdate(usegmt=True)),
        ("Referrer-Policy", "no-referrer"),
        ("X-Content-Type-Options", "nosniff"),
    ]
    if given.status not in (204, 304):
        headers += [("Content-Type", given.content_type), ("Content-Length", str(len(given.body)))]
    return headers + list(given.headers)


# The two ways in


def application(
    environ: dict[str, Any], start_response: Callable[..., object], manner: Manner = OPENROSA
) -> Iterable[bytes]:
    """The way of a served installation: no middleware."""
    given = answer(environ, manner)
    start_response(f"{given.status} {HTTPStatus(given.status).phrase}", _headers(given))
    return [b"" if environ["REQUEST_METHOD"] == "HEAD" else given.body]


@declares(DEVICE_TOKEN)
def view(request: HttpRequest, manner: Manner = OPENROSA) -> HttpResponse:
    """The way of Django's own test client and development server."""
    given = answer(request.META, manner)
    response = HttpResponse(given.body, status=given.status)
    del response["Content-Type"]
    for name, value in _headers(given):
        response[name] = value
    response._has_been_logged = True  # type: ignore[attr-defined]  # Django would write the path, and with it the token
    return response


view.csrf_exempt = True  # type: ignore[attr-defined]  # a device has no session to protect
