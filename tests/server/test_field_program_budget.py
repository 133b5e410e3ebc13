"""What a tablet on a slow line must fetch, weighed as the server sends it: it may not grow past what was promised."""

import base64
import random
import shutil
from pathlib import Path

import pytest
from django.test import Client

from bench.field_weight import FIRST, RUNTIME, first_form_bytes, runtime_bytes
from khula.server.field import program

KB = 1000
MOST_OF_RUNTIME = 20 * KB
MOST_WITH_FIRST_FORM = 60 * KB


def sent(client: Client, path: str) -> int:
    said = client.get(f"/field/{path}", headers={"Accept-Encoding": "br"})
    assert (said.status_code, said["Content-Encoding"]) == (200, "br"), path
    return len(said.content)


def first_bytes(client: Client) -> int:
    return sum(sent(client, path) for path in FIRST) + first_form_bytes()


def test_what_runs_a_form_keeps_its_budget() -> None:
    assert {path for path in program.paths() if path.startswith("forms/")} <= set(RUNTIME) <= program.whole().modules
    assert runtime_bytes() <= MOST_OF_RUNTIME


def test_the_program_and_a_first_form_keep_their_budget(client: Client) -> None:
    assert first_bytes(client) <= MOST_WITH_FIRST_FORM


def test_what_is_added_to_a_module_is_weighed(client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten KB that cannot be packed, in a module of the runtime, pass both budgets; so both can fail."""
    runtime, first = runtime_bytes(), first_bytes(client)
    shutil.copytree(program.root(), tmp_path / "src")
    with (tmp_path / "src/forms/values.js").open("a") as module:
        module.write(f'export const more = "{base64.b64encode(random.Random(1).randbytes(10 * KB)).decode()}";\n')
    monkeypatch.setattr(program, "root", lambda: tmp_path / "src")
    assert runtime_bytes() - runtime > 9 * KB
    assert first_bytes(client) - first > 9 * KB
    assert runtime_bytes() > MOST_OF_RUNTIME
