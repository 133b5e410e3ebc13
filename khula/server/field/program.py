"""The field app's program: a path below /field/ in; the file without its comments out, packed once, kept in memory.

There is no build step: a checkout serves `field/src` as it stands there, an installed wheel the copy it carries. The
modules that everybody needs at once come in one file (`together.py`), all others one by one when they are asked for.
"""

import gzip
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

import brotli
import msgspec
import rjsmin
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from khula.server.field import together
from khula.server.people.declared import ANYONE, declares

PREFIX = "/field/"
#: The one program that may run scripts; nothing from elsewhere, nothing written into the page.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:;"
    " connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)
HEADERS = (
    ("Content-Security-Policy", POLICY),
    ("Permissions-Policy", "camera=(self), geolocation=(self), microphone=(self)"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
)
TYPES: Mapping[str, str] = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
}
PACKED_ALREADY = (".png", ".woff2", ".mp3", ".ogg")
#: Addresses that do not say where the file stands: the page, and the worker, whose scope is its folder.
ELSEWHERE = {"": "shell/index.html", "sw.js": "shell/sw.js"}  # address -> file
PAGE = ""
LISTING = "files.json"
WORKER = "sw.js"
_SCRIPT = re.compile(r'<script type="module" src="([^"]+)"')
_PATH = re.compile(r"(?:[\w-]+/)*[\w-]+(?:\.[\w-]+)+", re.ASCII)


@dataclass(frozen=True, slots=True)
class File:
    content_type: str
    etag: str
    forms: Mapping[str, bytes] = field(repr=False)  # content coding -> bytes; "" as it is


@dataclass(frozen=True, slots=True)
class Given:
    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


def root() -> Path:
    carried = Path(__file__).resolve().parent / "src"
    return carried if carried.is_dir() else Path(__file__).resolve().parents[3] / "field" / "src"


@dataclass(frozen=True, slots=True)
class Whole:
    """What everybody needs at once, in one file."""

    modules: frozenset[str]
    text: str = field(repr=False)
    marks: Mapping[str, object] = field(repr=False)  # path -> as it stood on the disk


_kept: dict[str, tuple[object, File]] = {}
_wholes: dict[Path, Whole] = {}


def file_at(path: str) -> File | None:
    """The file behind an address; packed anew only when it has changed on the disk."""
    if path == LISTING:
        return _listing()
    if path == WORKER:
        return _worker()
    if path == PAGE:
        return _page()
    if path == together.ADDRESS:
        return _program()
    return None if path in whole().modules else _file(ELSEWHERE.get(path, path))


def _file(path: str) -> File | None:
    place, mark = root() / path, _mark(path)
    if mark is None:
        return None
    if place.suffix != ".js":
        return _made(path, mark, place.read_bytes, place.suffix)
    inside = whole().modules
    return _made(
        path, (mark, inside), lambda: _smaller(together.outside(path, place.read_text(), inside, PREFIX)), ".js"
    )


def _mark(path: str) -> object:
    """What differs when the file does; None where no such file is served."""
    place = root() / path
    if not _PATH.fullmatch(path) or place.suffix not in TYPES:
        return None
    try:
        stat = place.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size


def _smaller(text: str) -> bytes:
    """A third of a module is said to people; on a slow line that is seconds (measured: 47 KB to the first question with
    comments, 33 without)."""
    return rjsmin.jsmin(text).encode()


def whole() -> Whole:
    """What the page's script imports and what is everyday work, put together anew only when one of them has changed."""
    kept = _wholes.get(root())
    if kept is None or any(_mark(path) != mark for path, mark in kept.marks.items()):
        read = {path: (root() / path).read_text() for path in paths() if path.endswith(".js")}
        page = ELSEWHERE[PAGE]
        scripts = _SCRIPT.findall((root() / page).read_text()) if _mark(page) else []
        modules = together.needed([*scripts, *together.EVERYDAY], read.get)
        inside = {path: read[path] for path in modules if path not in scripts}
        marks = {path: _mark(path) for path in (page, *scripts, *together.EVERYDAY, *inside)}
        kept = _wholes[root()] = Whole(frozenset(inside), together.one_file(inside), marks)
    return kept


def _program() -> File | None:
    put = whole()
    return _made(together.ADDRESS, put, lambda: _smaller(put.text), ".js") if put.modules else None


def paths() -> list[str]:
    """Every file of the program, below its root."""
    found = (path.relative_to(root()).as_posix() for path in root().rglob("*") if path.suffix in TYPES)
    return sorted(path for path in found if _PATH.fullmatch(path))


def listed() -> tuple[str, dict[str, str]]:
    """The program's version, one hash of all of it; and the hash of each address the service worker fetches."""
    at = {place: address for address, place in ELSEWHERE.items()}
    inside = whole().modules
    tags = {
        at.get(path, path): file.etag for path in paths() if path not in inside and (file := _file(path)) is not None
    }
    for address, made in ((PAGE, _page()), (together.ADDRESS, _program())):
        if made is not None:
            tags[address] = made.etag
    version = hashlib.sha256(repr(sorted(tags.items())).encode()).hexdigest()[:16]
    return version, {path: tag for path, tag in sorted(tags.items()) if path != WORKER}


def _listing() -> File:
    version, tags = listed()
    return _made(LISTING, version, lambda: msgspec.json.encode({"version": version, "files": tags}), ".json")


def _worker() -> File | None:
    """A browser takes a new worker only when its bytes differ, so they end with the version of all they serve."""
    file = _file(ELSEWHERE[WORKER])
    if file is None:
        return None
    version, _ = listed()
    return _made(WORKER, version, lambda: file.forms[""] + f"\n// {version}\n".encode(), ".js")


def _page() -> File | None:
    """The page, which names the one file its script needs: the browser asks for both at once."""
    file = _file(ELSEWHERE[PAGE])
    if file is None or not whole().modules:
        return file
    link = f'<link rel="modulepreload" href="{together.ADDRESS}">\n<script'
    page = file.forms[""].decode().replace("<script", link, 1).encode()
    return _made(PAGE, file.etag, lambda: page, ".html")


def _made(name: str, version: object, make: Callable[[], bytes], suffix: str) -> File:
    kept = _kept.get(name)
    if kept is None or kept[0] != version:
        kept = _kept[name] = (version, _packed(make(), suffix))
    return kept[1]


def _packed(content: bytes, suffix: str) -> File:
    forms = {"": content}
    if suffix not in PACKED_ALREADY:
        mode = brotli.MODE_TEXT
        forms = {"": content, "gzip": gzip.compress(content, 9, mtime=0), "br": brotli.compress(content, mode)}
    return File(TYPES[suffix], hashlib.sha256(content).hexdigest()[:20], forms)


def is_for(path: str) -> bool:
    return path.startswith(PREFIX) or path == PREFIX.rstrip("/")


def answer(environ: Mapping[str, Any]) -> Given:
    method = str(environ["REQUEST_METHOD"])
    if method not in ("GET", "HEAD"):
        return Given(405, (*HEADERS, ("Allow", "GET, HEAD")))
    path = str(environ.get("PATH_INFO", ""))
    if path == PREFIX.rstrip("/"):  # typed by hand
        return Given(308, (*HEADERS, ("Location", PREFIX)))
    path = path.removeprefix(PREFIX)
    file = file_at(path)
    if file is None:
        return Given(404, (*HEADERS, ("Cache-Control", "no-store"), ("Content-Type", "text/plain; charset=utf-8")))
    hashed = str(environ.get("QUERY_STRING", "")) == f"v={file.etag}"
    headers = [
        *HEADERS,
        ("ETag", f'"{file.etag}"'),
        ("Cache-Control", "public, max-age=31536000, immutable" if hashed else "no-cache"),
        ("Vary", "Accept-Encoding"),
    ]
    if path == WORKER:
        headers.append(("Service-Worker-Allowed", PREFIX))
    if settings.BEHIND_TLS:
        headers.append(("Strict-Transport-Security", "max-age=31536000"))
    if _knows(environ, file.etag):
        return Given(304, tuple(headers))
    coding = _best_of(str(environ.get("HTTP_ACCEPT_ENCODING", "")), file)
    body = file.forms[coding]
    if coding:
        headers.append(("Content-Encoding", coding))
    return Given(200, (*headers, ("Content-Type", file.content_type), ("Content-Length", str(len(body)))), body)


def _knows(environ: Mapping[str, Any], etag: str) -> bool:
    given = str(environ.get("HTTP_IF_NONE_MATCH", ""))
    return etag in {tag.strip().removeprefix("W/").strip('"') for tag in given.split(",")}


def _best_of(accepted: str, file: File) -> str:
    codings = {
        coding.partition(";")[0].strip() for coding in accepted.split(",") if "q=0" not in coding.split(";")[-1:]
    }
    return next((coding for coding in ("br", "gzip") if coding in codings and coding in file.forms), "")


# The two ways in


def application(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    """The way of a served installation: no middleware."""
    given = answer(environ)
    start_response(f"{given.status} {HTTPStatus(given.status).phrase}", list(given.headers))
    return [b"" if environ["REQUEST_METHOD"] == "HEAD" else given.body]


@declares(ANYONE)
def view(request: HttpRequest) -> HttpResponse:
    """The way of Django's own test client."""
    given = answer(request.META)
    response = HttpResponse(given.body, status=given.status)
    del response["Content-Type"]
    for name, value in given.headers:
        response[name] = value
    return response
