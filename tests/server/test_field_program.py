"""The field app's program: served as it was written, packed, with the headers that keep everything else out."""

import gzip
import json
import re
from pathlib import Path

import brotli
import pytest
from django.test import Client

from khula.server import wsgi
from khula.server.field import program

FILES = {
    "shell/index.html": '<!doctype html><title>Khula</title><script type="module" src="shell/app.js"></script>',
    "shell/sw.js": "self.oninstall = () => {};",
    "shell/app.js": "import { a } from '../store/store.js';\n// said to people\na();\n" + "a();" * 60,
    "shell/app.css": "body { margin: 0 }",
    "shell/icon-192.png": "no real picture",
    "shell/manifest.webmanifest": "{}",
    "store/store.js": "import {\n  b,\n} from './seal.js';\nexport { c } from './seal.js';\nexport const a = () => import('./later.js');",
    "store/seal.js": "/** @param {import('./types.js').A} a */\nexport const b = 1;\nexport const c = 2;",
    "store/later.js": "export const d = 1;",
    "store/types.d.ts": "type A = 1;",
    ".secret.js": "hidden",
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, content in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    (tmp_path.parent / "outside.js").write_text("outside")
    monkeypatch.setattr(program, "root", lambda: tmp_path)
    monkeypatch.setattr(program, "_kept", {})
    return tmp_path


@pytest.mark.parametrize(("path", "kind"), [
    ("", "text/html; charset=utf-8"), ("shell/app.js", "text/javascript; charset=utf-8"),
    ("sw.js", "text/javascript; charset=utf-8"), ("shell/app.css", "text/css; charset=utf-8"),
    ("shell/manifest.webmanifest", "application/manifest+json"), ("shell/icon-192.png", "image/png"),
    ("files.json", "application/json"),
])  # fmt: skip
def test_each_file_has_its_type_and_the_strict_policy(client: Client, path: str, kind: str) -> None:
    said = client.get(f"/field/{path}")
    assert (said.status_code, said["Content-Type"]) == (200, kind)
    policy = said["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    assert said["X-Content-Type-Options"] == "nosniff"
    assert said["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("path", [
    "shell/", "shell", "nowhere.js", "../outside.js", "%2e%2e/outside.js", "shell/../store/store.js", ".secret.js",
    "store/types.d.ts", "/etc/passwd", "shell//app.js", "store/store.js%00", "a" * 5000 + ".js",
])  # fmt: skip
def test_nothing_else_is_served(client: Client, path: str) -> None:
    said = client.get(f"/field/{path}")
    assert said.status_code == 404
    assert said["Content-Security-Policy"]


def test_only_reading_is_possible(client: Client) -> None:
    said = client.post("/field/", {})
    assert (said.status_code, said["Allow"]) == (405, "GET, HEAD")
    assert client.head("/field/").content == b""


def test_the_address_without_its_last_stroke_leads_to_the_program(client: Client) -> None:
    said = client.get("/field")
    assert (said.status_code, said["Location"]) == (308, "/field/")


def test_a_file_comes_packed_as_the_browser_can_open_it(client: Client) -> None:
    content = FILES["shell/app.css"].encode()
    best = client.get("/field/shell/app.css", headers={"Accept-Encoding": "gzip, deflate, br"})
    assert (best["Content-Encoding"], brotli.decompress(best.content)) == ("br", content)
    older = client.get("/field/shell/app.css", headers={"Accept-Encoding": "gzip, br;q=0"})
    assert (older["Content-Encoding"], gzip.decompress(older.content)) == ("gzip", content)
    plain = client.get("/field/shell/app.css")
    assert "Content-Encoding" not in plain
    assert plain.content == content
    assert all("Accept-Encoding" in each["Vary"] for each in (best, older, plain))
    picture = client.get("/field/shell/icon-192.png", headers={"Accept-Encoding": "br"})
    assert "Content-Encoding" not in picture


def test_what_the_browser_has_is_not_sent_again(client: Client) -> None:
    tag = client.get("/field/shell/app.js")["ETag"]
    for given in (tag, f"W/{tag}", f'"other", {tag}'):
        again = client.get("/field/shell/app.js", headers={"If-None-Match": given})
        assert (again.status_code, again.content) == (304, b"")
        assert again["ETag"] == tag


def test_an_address_with_the_right_hash_may_be_kept_for_ever(client: Client) -> None:
    tag = client.get("/field/shell/app.js")["ETag"].strip('"')
    assert "immutable" in client.get(f"/field/shell/app.js?v={tag}")["Cache-Control"]
    assert client.get("/field/shell/app.js?v=0")["Cache-Control"] == "no-cache"


def test_the_listing_names_every_file_and_one_version(client: Client, folder: Path) -> None:
    said = client.get("/field/files.json").json()
    assert set(said["files"]) == {
        "", "program.js", "shell/app.css", "shell/app.js", "shell/icon-192.png", "shell/manifest.webmanifest",
        "store/later.js",
    }  # fmt: skip
    for path, tag in said["files"].items():
        assert client.get(f"/field/{path}")["ETag"] == f'"{tag}"'


def test_a_changed_file_is_a_new_program_with_a_new_worker(client: Client, folder: Path) -> None:
    before, worker = client.get("/field/files.json").json(), client.get("/field/sw.js")
    assert worker["Service-Worker-Allowed"] == "/field/"
    assert worker.content.decode().endswith(f"// {before['version']}\n")
    (folder / "store/store.js").write_text("export const a = 1;")
    after = client.get("/field/files.json").json()
    assert after["version"] != before["version"]
    assert b"const a=1;" in client.get("/field/program.js").content
    assert client.get("/field/sw.js").content != worker.content


def test_the_served_way_answers_without_the_pages(folder: Path) -> None:
    given: dict[str, object] = {}
    body = b"".join(wsgi.application(
        {"REQUEST_METHOD": "GET", "PATH_INFO": "/field/store/later.js"},
        lambda status, headers: given.update(status=status, headers=dict(headers)),
    ))  # fmt: skip
    assert (given["status"], body) == ("200 OK", b"export const d=1;")
    assert "Set-Cookie" not in json.dumps(given["headers"])


def test_the_page_names_the_one_file_that_its_script_needs(client: Client, folder: Path) -> None:
    page = client.get("/field/").content.decode()
    assert re.findall(r'<link rel="modulepreload" href="([^"]+)">', page) == ["program.js"]
    assert page.index("modulepreload") < page.index("<script")


def test_a_module_in_the_one_file_has_no_address_of_its_own(client: Client, folder: Path) -> None:
    """Two of one module would be two of what it remembers."""
    assert client.get("/field/store/seal.js").status_code == 404
    (folder / "store/store.js").write_text("export const a = 1;")
    assert client.get("/field/store/seal.js").status_code == 200
    assert b"seal" not in client.get("/field/program.js").content
