"""This installation, made ready for a command that works with its records: settings, tables, data folder."""

import os
import secrets
from pathlib import Path

WORDS = tuple(
    """
    amanzi ilanga umlilo intaba umoya inyoni isihlahla ukukhanya indlela umfula naledi pula letsatsi thaba noka
    lefika nonyana kgwedi sediba motse berg rivier ster wolk blom boom vuur wind pad
    """.split()  # noqa: SIM905
)


def ready() -> None:
    """Set Django up with the settings of this installation."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "khula.server.settings")
    import django

    django.setup()


def bring_up_to_date() -> list[str]:
    """Make or change the tables as this version needs them; returns the names of the steps taken."""
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    data_folder()
    executor = MigrationExecutor(connection)
    owed = [str(migration) for migration, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())]
    if owed:
        call_command("migrate", verbosity=0, interactive=False)
    return owed


def data_folder() -> Path:
    from django.conf import settings

    folder: Path = settings.DATA_DIR
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def new_password() -> str:
    """Four words that can be read out over a telephone, and a number."""
    return "-".join([*(secrets.choice(WORDS) for _ in range(4)), str(secrets.randbelow(90) + 10)])


def demo_password() -> str:
    """Given, or made once for this installation and kept beside the database, for invented children only."""
    given = os.environ.get("KHULA_DEMO_PASSWORD")
    if given:
        return given
    kept = data_folder() / "demo_password"
    if not kept.exists():
        handle = os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(new_password())
    return kept.read_text().strip()
