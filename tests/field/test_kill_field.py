"""A short run of `make kill-field-200`: what the tablet called saved survives its death and the server's, once."""

from pathlib import Path

import pytest

from tests.clients.khula_process import served
from tests.field.kill import kill_while_filling

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.slow]

KILLS = 8
#: No kill begins later: on a slow machine there are fewer.
SECONDS = 40


def test_what_was_shown_as_saved_is_there_once_after_kills_of_browser_and_server(tmp_path: Path) -> None:
    data, profile = tmp_path / "data", tmp_path / "profile"
    data.mkdir()
    with served(data, "sqlite", "--children", "12") as (khula, prepared):
        verdict = kill_while_filling(khula, prepared, profile, kills=KILLS, seconds=SECONDS)
    assert verdict.good, verdict
    assert verdict.kills >= 3, verdict
    assert verdict.saved > 10, verdict
