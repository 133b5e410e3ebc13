"""The field app's program: a path below /field/ in; the file without its comments out, packed once, kept in memory.

There is no build step: a checkout serves `field/src` as it stands there, an installed wheel the copy it carries.
"""

import gzip
import hashlib
import posixpath
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
_IMPORT = re.compile(r"""^(?:import|export)\b[^;'"()]*["'](\.[^"']+)["']""", re.MULTILINE)
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


_kept: dict[str, tuple[object, File]] = {}


def file_at(path: str) -> File | None:
    """The file behind an address; packed anew only when it has changed on the disk."""
    if path == LISTING:
        return _listing()
    if path == WORKER:
        return _worker()
    if path == PAGE:
        return _page()
    return _file(ELSEWHERE.get(path, path))


def _file(path: str) -> File | None:
    place = root() / path
    if not _PATH.fullmatch(path) or place.suffix not in TYPES:
        return None
    try:
        stat = place.stat()
    except OSError:
        return None
    mark = (stat.st_mtime_ns, stat.st_size)
    kept = _kept.get(path)
    if kept is None or kept[0] != mark:
        kept = _kept[path] = (mark, _packed(_without_comments(place), place.suffix))
    return kept[1]


def _without_comments(place: Path) -> bytes:
    """A third of a module is said to people; on a slow line that is seconds (measured: 47 KB to the first question with
    comments, 33 without)."""
    content = place.read_bytes()
    return rjsmin.jsmin(content.decode()).encode() if place.suffix == ".js" else content


def paths() -> list[str]:
    """Every file of the program, below its root."""
    found = (path.relative_to(root()).as_posix() for path in root().rglob("*") if path.suffix in TYPES)
    return sorted(path for path in found if _PATH.fullmatch(path))


def listed() -> tuple[str, dict[str, str]]:
    """The program's version, one hash of all of it; and the hash of each address the service worker fetches."""
    at = {place: address for address, place in ELSEWHERE.items()}
    tags = {at.get(path, path): file.etag for path in paths() if (file := _file(path)) is not None}
    if (page := _page()) is not None:
        tags[PAGE] = page.etag
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
    """The page, which names every module the first screen needs: the browser asks for all of them at once."""
    file = _file(ELSEWHERE[PAGE])
    if file is None:
        return None
    page = file.forms[""].decode()
    needed = [path for start in _SCRIPT.findall(page) for path in _imported(start)]
    links = "".join(f'<link rel="modulepreload" href="{path}">\n' for path in dict.fromkeys(needed))
    whole = page.replace("<script", f"{links}<script", 1) if links else page
    return _made(PAGE, hashlib.sha256(whole.encode()).hexdigest(), whole.encode, ".html")


def _imported(start: str) -> list[str]:
    """What a module imports, and what that imports, near things first; not what it asks for later."""
    found, next_ = [], [start]
    while next_:
        files = [(path, file) for path in next_ if path not in found and (file := _file(path)) is not None]
        found += [path for path, _ in files]
        next_ = [
            posixpath.normpath(posixpath.join(posixpath.dirname(path), named))
            for path, file in files
            for named in _IMPORT.findall(file.forms[""].decode())
        ]
    return found[1:]


def _made(name: str, version: str, make: Callable[[], bytes], suffix: str) -> File:
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
