"""A served Khula and a mood for each request in; what a tablet meets on the way to it, out.

Between the two as a network stands between them: an answer of its own (500, 404, a sign-in page), half a reply, none
at all, or the server's.
"""

import http.client
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

#: fine: what the server says · half: it hears all and its reply breaks off · nothing: the line goes dead, unheard ·
#: silence: neither an answer nor an end · portal: a sign-in page, with 200
MOODS = ("500", "404", "half", "nothing", "silence", "portal")
HOP_BY_HOP = ("connection", "keep-alive", "transfer-encoding", "host")


class BadNetwork:
    """`mood` is asked for each request: its path in, one of MOODS or "fine" out."""

    def __init__(self, port: int) -> None:
        self.to = port
        self.mood: Callable[[str], str] = lambda path: "fine"
        self.met: Counter[str] = Counter()
        self.ended = threading.Event()
        network = self

        class Line(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                with suppress(OSError, http.client.HTTPException):
                    network.answer(self, body)

            do_POST = do_HEAD = do_GET

            def log_message(self, *_: Any) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Line)
        self.http.daemon_threads = True
        self.address = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.ended.set()
        self.http.shutdown()
        self.http.server_close()

    def answer(self, line: BaseHTTPRequestHandler, body: bytes) -> None:
        mood = self.mood(line.path.partition("?")[0])
        self.met[mood] += 1
        line.close_connection = True
        if mood == "silence":
            self.ended.wait(120)
        elif mood == "portal":
            write(line, 200, b"<!doctype html><title>Welcome</title><form>Your room number <input></form>", "text/html")
        elif mood in ("500", "404"):
            write(line, int(mood), b"?", "text/plain")
        elif mood != "nothing":
            self.pass_on(line, body, whole=mood == "fine")
            if mood == "fine":
                return
        if mood in ("nothing", "half", "silence"):
            # A reset, and not a polite end.
            line.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            line.connection.close()

    def pass_on(self, line: BaseHTTPRequestHandler, body: bytes, *, whole: bool) -> None:
        server = http.client.HTTPConnection("127.0.0.1", self.to, timeout=60)
        headers = {name: value for name, value in line.headers.items() if name.lower() not in HOP_BY_HOP}
        try:
            server.request(line.command, line.path, body or None, headers)
            said = server.getresponse()
            content = said.read()
            line.send_response_only(said.status)
            for name, value in said.getheaders():
                if name.lower() not in (*HOP_BY_HOP, "content-length"):
                    line.send_header(name, value)
            if said.status not in (204, 304):
                line.send_header("Content-Length", str(len(content)))
            line.send_header("Connection", "close")
            line.end_headers()
            line.wfile.write(content if whole else content[: len(content) // 2])
            line.wfile.flush()
        finally:
            server.close()


def write(line: BaseHTTPRequestHandler, status: int, content: bytes, kind: str) -> None:
    line.send_response_only(status)
    line.send_header("Content-Type", kind)
    line.send_header("Content-Length", str(len(content)))
    line.send_header("Connection", "close")
    line.end_headers()
    line.wfile.write(content)
