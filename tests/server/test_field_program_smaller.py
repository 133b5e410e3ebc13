"""Comments are taken out of the field app's modules on their way to a tablet; what is left is the same program."""

import subprocess
from pathlib import Path

import pytest

from khula.server.field import program
from tests import surroundings


@pytest.mark.needs("node")
def test_every_module_is_still_a_module(tmp_path: Path) -> None:
    modules = ["sw.js", *(path for path in program.listed()[1] if path.endswith(".js"))]
    files = []
    for number, path in enumerate(modules):
        file = program.file_at(path)
        assert file is not None, path
        written = tmp_path / f"{number}.mjs"
        written.write_bytes(file.forms[""])
        files.append(written)
    node = str(surroundings.node())
    broken = [
        path
        for path, file in zip(modules, files, strict=True)
        if subprocess.run([node, "--check", str(file)], capture_output=True, check=False).returncode
    ]
    assert not broken


def test_nothing_said_to_people_is_sent_along() -> None:
    for path in ("program.js", "meaning/assess.js"):
        file = program.file_at(path)
        assert file is not None
        assert b"export" in file.forms[""]
        assert b"@param" not in file.forms[""]
    assert "@param" in program.whole().text
