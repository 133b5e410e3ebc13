"""The field app's own tests, `*.test.mjs`, run by Node without a browser."""

import subprocess
from pathlib import Path

import pytest

from tests import surroundings

HERE = Path(__file__).resolve().parent
FIELD = HERE.parent.parent / "field"


@pytest.mark.needs("node")
@pytest.mark.parametrize("file", sorted(HERE.glob("*.test.mjs")), ids=lambda file: file.name.removesuffix(".test.mjs"))
def test_in_node(file: Path) -> None:
    surroundings.node_packages(FIELD)
    command = [str(surroundings.node()), "--test", "--test-reporter=spec", str(file)]
    done = subprocess.run(command, cwd=FIELD, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]
    assert "tests 0" not in done.stdout, f"{file.name} holds no test"
