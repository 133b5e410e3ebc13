"""The one page that says what follows what: every line of it is alive."""

import re
from pathlib import Path

from khula.server.flow import FLOW

SERVER = Path(__file__).resolve().parents[2] / "khula" / "server"


def test_everything_that_has_a_consequence_does_happen() -> None:
    code = "\n".join(path.read_text() for path in SERVER.rglob("*.py") if path.name != "flow.py")
    recorded = set(re.findall(r'(?:kind=|_tell\()"([a-z_]+\.[a-z_]+)"', code))
    assert FLOW.keys() <= recorded, "a line of flow.py waits for something that nobody records"


def test_events_are_told_in_the_past_tense() -> None:
    assert all(re.fullmatch(r"[a-z_]+\.[a-z_]+", kind) for kind in FLOW)
