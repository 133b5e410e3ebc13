"""A short run of `make kill-200`: an acknowledged submission survives the death of the server, once, and assessed."""

from pathlib import Path

import pytest

from tests.clients.conftest import BOTH
from tests.clients.khula_process import served
from tests.clients.kill import kill_while_posting

KILLS = 6


@pytest.mark.slow
@pytest.mark.parametrize("database", BOTH)
def test_what_was_acknowledged_before_a_kill_is_there_once_and_assessed(database: str, tmp_path: Path) -> None:
    with served(tmp_path, database, "--children", "60", serve=False) as (khula, prepared):
        verdict = kill_while_posting(khula, prepared, kills=KILLS)
    assert verdict.good, verdict
    assert verdict.acknowledged > 20, verdict
