"""Pages in; the same pages served over TLS and HTTP/2, compressed, as a hosted Khula stands behind a proxy, out.

BENCH_PAGES=folder granian … bench.field_pages:application
"""

import datetime
import ipaddress
import mimetypes
import os
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import brotli

from tests.clients.khula_process import free_port

HERE = Path(__file__).resolve().parent.parent
_packed: dict[str, tuple[bytes, str]] = {}


def application(environ: Mapping[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    """The WSGI application of the child process."""
    path = environ["PATH_INFO"]
    if path not in _packed:
        file = Path(os.environ["BENCH_PAGES"], path.lstrip("/") or "index.html")
        if not file.is_file():
            start("404 Not Found", [("Content-Length", "0")])
            return []
        _packed[path] = brotli.compress(file.read_bytes()), mimetypes.guess_type(file.name)[0] or "text/html"
    body, kind = _packed[path]
    start("200 OK", [
        ("Content-Type", f"{kind}; charset=utf-8"), ("Content-Encoding", "br"), ("Content-Length", str(len(body))),
        ("Cache-Control", "max-age=3600"),
    ])  # fmt: skip
    return [body]


@contextmanager
def served(files: Mapping[str, bytes], *, tls: bool = True) -> Iterator[str]:
    """The address under which the files (path below the root -> content) are served.

    Chromium keeps nothing in its cache that came under a certificate of nobody's, so a second visit goes without.
    """
    with TemporaryDirectory() as folder:
        for path, content in files.items():
            place = Path(folder, "pages", path)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        _certificate(Path(folder))
        port = free_port()
        command = [
            sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port), "--log-level", "error",
            "bench.field_pages:application",
            *(["--ssl-certificate", f"{folder}/cert.pem", "--ssl-keyfile", f"{folder}/key.pem"] if tls else []),
        ]  # fmt: skip
        address = f"http{'s' if tls else ''}://127.0.0.1:{port}"
        environment = {**os.environ, "BENCH_PAGES": f"{folder}/pages"}
        server = subprocess.Popen(command, cwd=HERE, env=environment)
        try:
            _wait_for(address)
            yield address
        finally:
            server.terminate()
            server.wait()


def _wait_for(address: str) -> None:
    anyone = ssl._create_unverified_context()
    for _ in range(300):
        try:
            urllib.request.urlopen(f"{address}/", context=anyone, timeout=5).close()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the server of the bench does not answer")


def _certificate(folder: Path) -> None:
    """For this run and this machine only."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1)).not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )  # fmt: skip
    (folder / "key.pem").write_bytes(secret)
