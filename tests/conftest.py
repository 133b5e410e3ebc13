"""What every test stands on: a data folder of its own, the database asked for, and skips that name what is missing."""

import os
import shutil
import tempfile
from pathlib import Path

import django
import pytest
from hypothesis import HealthCheck, settings

from tests import surroundings

RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))[:12]
DATABASE = os.environ.get("KHULA_TEST_DATABASE", "sqlite")  # sqlite or postgresql
DATA = Path(tempfile.mkdtemp(prefix="khula-tests-"))

# The server reads its surroundings when it is first imported, so they are set before any test module is.
os.environ["KHULA_DATA"] = str(DATA)
os.environ["KHULA_DATABASE"] = surroundings.POSTGRESQL if DATABASE == "postgresql" else ""
os.environ["KHULA_SECRET_KEY"] = "only for tests; no installation has it"
os.environ["DJANGO_SETTINGS_MODULE"] = "khula.server.settings"
django.setup()  # pytest-django looked for settings before this file was read

# The machine may be slow or shared: time decides no property. KHULA_EXAMPLES asks for a deeper run.
settings.register_profile(
    "khula",
    deadline=None,
    max_examples=int(os.environ.get("KHULA_EXAMPLES", "100")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("khula")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if DATABASE == "postgresql":  # the run on SQLite has had them; they would say the same again
        again = [item for item in items if item.get_closest_marker("own_database")]
        items[:] = [item for item in items if item not in again]
        config.hook.pytest_deselected(items=again)
    for item in items:
        _ask_for_surroundings(item, _needs(item))


def _needs(item: pytest.Item) -> tuple[str, ...]:
    named = tuple(name for mark in item.iter_markers("needs") for name in mark.args)
    # Everything under tests/server is run once more on PostgreSQL.
    of_records = DATABASE == "postgresql" and "tests/server/" in item.path.as_posix()
    return (*named, "postgresql") if of_records else named


def _ask_for_surroundings(item: pytest.Item, names: tuple[str, ...]) -> None:
    missing = surroundings.missing(names)
    if missing and not surroundings.all_required():
        reason = "; ".join(f"needs {name}: {why}" for name, why in missing.items())
        item.add_marker(pytest.mark.skip(reason=reason))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    missing = surroundings.missing(_needs(item)) if surroundings.all_required() else {}
    if missing:
        pytest.fail(f"KHULA_REQUIRE_ALL is set and this is missing: {missing}", pytrace=False)


def pytest_unconfigure() -> None:
    shutil.rmtree(DATA, ignore_errors=True)


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """A database of this run and this worker alone, so that two people may test on one machine."""
    from django.db import connections

    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    name = str(DATA / "records.sqlite3") if DATABASE == "sqlite" else f"khula_test_{RUN}_{worker}"
    connections["default"].settings_dict["TEST"]["NAME"] = name


@pytest.fixture
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder for a server or a command started by the test."""
    monkeypatch.setenv("KHULA_DATA", str(tmp_path))
    return tmp_path
