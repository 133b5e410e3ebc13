"""Ready-made requests in; how many a served Khula answers in some seconds, from how many clients at once, out.

One thread and one selector for all clients, so that the load takes as little as it can of the processors it shares
with the server. A process of its own: `python -m bench.load` reads a job from standard input.
"""

import json
import selectors
import socket
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass
class Loaded:
    answered: int
    seconds: float
    statuses: dict[str, int]
    median_ms: float
    p95_ms: float

    @property
    def per_second(self) -> float:
        return self.answered / self.seconds


@dataclass
class Client:
    """One connection, kept open; one request under way at a time."""

    line: socket.socket
    sent_at: float = 0.0
    waiting: bytearray = field(default_factory=bytearray)
    received: bytearray = field(default_factory=bytearray)


def load(port: int, requests: list[bytes], *, clients: int, seconds: float) -> Loaded:
    """Every request is sent once; ends when the time is up or the requests are, each answer awaited."""
    selector = selectors.DefaultSelector()
    coming = iter(requests)
    latencies: list[float] = []
    statuses: Counter[str] = Counter()
    began = time.perf_counter()
    end = began + seconds
    busy = 0
    for _ in range(clients):
        line = socket.create_connection(("127.0.0.1", port))
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line.setblocking(False)
        client = Client(line)
        selector.register(line, selectors.EVENT_READ, client)
        busy += _next(client, coming, selector)
    while busy:
        for key, events in selector.select(timeout=10) or _silence():
            client = key.data
            if events & selectors.EVENT_WRITE:
                _write(client, selector)
            if not events & selectors.EVENT_READ:
                continue
            client.received += client.line.recv(65536) or _hung_up()
            status = _complete(client.received)
            if status is None:
                continue
            now = time.perf_counter()
            latencies.append(now - client.sent_at)
            statuses[status] += 1
            client.received.clear()
            if now >= end or not _next(client, coming, selector):
                busy -= 1
    took = time.perf_counter() - began
    for key in list(selector.get_map().values()):
        key.data.line.close()
    latencies.sort()
    return Loaded(
        answered=len(latencies),
        seconds=took,
        statuses=dict(statuses),
        median_ms=statistics.median(latencies) * 1000,
        p95_ms=latencies[int(len(latencies) * 0.95) - 1] * 1000,
    )


def _next(client: Client, coming: Iterator[bytes], selector: selectors.BaseSelector) -> bool:
    request = next(coming, None)
    if request is None:
        return False
    client.sent_at = time.perf_counter()
    client.waiting += request
    _write(client, selector)
    return True


def _write(client: Client, selector: selectors.BaseSelector) -> None:
    try:
        sent = client.line.send(client.waiting)
    except BlockingIOError:
        sent = 0
    del client.waiting[:sent]
    wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if client.waiting else 0)
    if selector.get_key(client.line).events != wanted:
        selector.modify(client.line, wanted, client)


def _complete(received: bytearray) -> str | None:
    """The status of an answer that has arrived whole, else None."""
    head, blank, body = bytes(received).partition(b"\r\n\r\n")
    if not blank:
        return None
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return head.split(b" ", 2)[1].decode() if len(body) >= length else None


def _silence() -> list[tuple[selectors.SelectorKey, int]]:
    raise TimeoutError("the server has not answered anybody for ten seconds")


def _hung_up() -> bytes:
    raise ConnectionError("the server closed a connection")


def request_of(path: str, host: str, body: bytes, content_type: str) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {host}\r\nX-OpenRosa-Version: 1.0\r\n"
        f"Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def main() -> None:
    job = json.load(sys.stdin)
    whole = Path(job["requests"]).read_bytes()
    sizes = job["sizes"]
    requests, start = [], 0
    for size in sizes:
        requests.append(whole[start : start + size])
        start += size
    print(json.dumps(asdict(load(job["port"], requests, clients=job["clients"], seconds=job["seconds"]))))


if __name__ == "__main__":
    main()
