"""Finished forms in; each posted at the server's own door as a device would, several at a time.

The door is called as any web server calls it (WSGI), so nothing goes round it: token, multipart, storing, scoring.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from threading import Barrier
from typing import Any
from wsgiref.util import setup_testing_defaults

from django.conf import settings
from django.db import connection, connections

from khula.demo.sent import Sent

AT_ONCE = 6
LIMIT = b"khula-demo-limit"
HEAD = (
    b'Content-Disposition: form-data; name="xml_submission_file"; filename="form.xml"\r\nContent-Type: text/xml\r\n\r\n'
)
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class NotTaken(Exception):
    """The door answered something else than that it has the form."""


def post_all(application: Application, tokens: Mapping[str, str], sent: Iterable[Sent]) -> Counter[int]:
    """How many were answered with which status; raises NotTaken if the door did not take one."""

    def one(each: Sent) -> int:
        return post(application, tokens[each.by], each.xml)

    if connection.in_atomic_block:  # a test's transaction, which no other thread can see into
        statuses = Counter(map(one, sent))
    else:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            statuses = Counter(pool.map(one, sent))
            together = Barrier(AT_ONCE)
            for _ in range(AT_ONCE):
                pool.submit(_leave, together)
    refused = {status: count for status, count in statuses.items() if status not in (201, 202)}
    if refused:
        raise NotTaken(f"The door did not take all forms; it answered {refused}.")
    return statuses


def _leave(together: Barrier) -> None:
    """Every thread closes its own connection to the database: none does it twice, as all wait for all."""
    together.wait()
    connections.close_all()


def post(application: Application, token: str, xml: bytes) -> int:
    body = b"--" + LIMIT + b"\r\n" + HEAD + xml + b"\r\n--" + LIMIT + b"--\r\n"
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": f"/v1/key/{token}/submission",
        "QUERY_STRING": "deviceID=khula-demo",
        "CONTENT_TYPE": "multipart/form-data; boundary=" + LIMIT.decode(),
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_HOST": _own_host(),
        "HTTP_X_OPENROSA_VERSION": "1.0",
        "wsgi.input": BytesIO(body),
    }
    setup_testing_defaults(environ)
    said: list[str] = []
    answer = application(environ, lambda status, *_: said.append(status))
    try:
        for _ in answer:
            pass
    finally:
        close = getattr(answer, "close", None)
        if close:
            close()
    return int(said[0].split()[0])


def _own_host() -> str:
    host = settings.ALLOWED_HOSTS[0].lstrip(".")
    return "localhost" if host in ("*", "") else host
