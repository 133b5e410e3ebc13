"""`make check`: packs to check in, every finding of every check out; changes nothing.

All checks run, also after one has failed, so that one round of mending is enough.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
sys.path.insert(0, str(HERE))

from tests import surroundings  # noqa: E402


def checks(packs: list[str]) -> dict[str, list[str]]:
    """What is checked -> the command that checks it."""
    python = str(BIN / "python")
    django = [str(BIN / "django-admin")]
    return {
        "format": [str(BIN / "ruff"), "format", "--check", "--quiet"],
        "lint": [str(BIN / "ruff"), "check", "--quiet"],
        "types of the analysis": [str(BIN / "mypy"), "--no-error-summary"],
        "layers": [str(BIN / "lint-imports")],
        "migrations": [*django, "makemigrations", "--check", "--dry-run"],
        "server": [*django, "check", "--fail-level", "WARNING"],
        "documents, translations, architecture": [
            python, "-m", "pytest", "-q", "--no-header", "-p", "no:randomly",
            "tests/test_architecture.py", "tests/test_documents.py", *translations(),
        ],
        **field_checks(),
        **{f"pack {Path(pack).name}": [str(BIN / "khula"), "pack", "check", pack] for pack in packs},
    }  # fmt: skip


def field_checks() -> dict[str, list[str]]:
    """The field app's types and layers: TypeScript and dependency-cruiser read its modules as they are."""
    node = surroundings.node()
    if node is None or surroundings.npm() is None:
        print(f"Missing: Node: {surroundings.problem('node')}. The field app is not checked.", flush=True)
        return {}
    surroundings.node_packages(HERE / "field")
    tools = HERE / "field/node_modules"
    return {
        "field: types": [node, str(tools / "typescript/bin/tsc"), "--project", "field"],
        "field: layers": [
            node, str(tools / "dependency-cruiser/bin/dependency-cruise.mjs"), "--config",
            "field/.dependency-cruiser.cjs", "field/src",
        ],
    }  # fmt: skip


def translations() -> list[str]:
    return [str(path.relative_to(HERE)) for path in sorted((HERE / "tests").rglob("test_translations.py"))]


def main(packs: list[str]) -> int:
    wrong: list[str] = []
    commands = checks(packs)
    with tempfile.TemporaryDirectory() as data:
        surroundings = {**os.environ, "KHULA_DATA": data, "DJANGO_SETTINGS_MODULE": "khula.server.settings"}
        for name, command in commands.items():
            done = subprocess.run(command, cwd=HERE, env=surroundings, capture_output=True, text=True, check=False)
            print(f"{'ok   ' if done.returncode == 0 else 'WRONG'} {name}", flush=True)
            if done.returncode:
                wrong.append(name)
                print(done.stdout + done.stderr, flush=True)
    print(
        f"All {len(commands)} checks hold." if not wrong else f"To mend: {', '.join(wrong)}. make fix does the first."
    )
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
