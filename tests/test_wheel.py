"""What is installed elsewhere works there: a wheel is built, laid out in an empty folder, and Khula is run from it."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent.parent
LOOK = """
import json, os
os.environ["DJANGO_SETTINGS_MODULE"] = "khula.server.settings"
import django
django.setup()
from khula.analysis.packs.reader import read_pack
from khula.demo.make import PACK
from khula.server.field import program
from khula.server.dashboard.static_files import FOLDER
page = program.file_at("")
print(json.dumps({
    "khula": str(program.root()), "pack": str(PACK), "forms": len(read_pack(PACK).forms),
    "page": page is not None and b"<script" in page.forms[""], "program": len(program.paths()),
    "style": (FOLDER / "khula.css").exists(),
}))
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "uv", "build", "--wheel", "--quiet", "--out-dir", str(folder), str(HERE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_the_wheel_holds_what_is_served_and_shown_and_nothing_of_the_workshop(installed: Path) -> None:
    files = {path.relative_to(installed).as_posix() for path in installed.rglob("*") if path.is_file()}
    source = HERE / "field/src"
    program = {f"khula/server/field/src/{path.relative_to(source).as_posix()}" for path in source.rglob("*.js")}
    packs = {
        f"khula/demo/packs/foundation_phase/{path.name}" for path in (HERE / "packs/foundation_phase").glob("*.xlsx")
    }
    assert program | packs <= files
    assert len(packs) >= 5
    assert "khula/server/locale/fr/LC_MESSAGES/django.mo" in files
    assert {name.split("/")[0] for name in files} == {"khula", next(n for n in files if "dist-info" in n).split("/")[0]}
    assert not [name for name in files if "node_modules" in name or "__pycache__" in name or "/tests/" in name]


def test_the_program_and_the_demonstrations_pack_are_found_from_there(installed: Path, tmp_path: Path) -> None:
    surroundings = os.environ | {"PYTHONPATH": str(installed), "KHULA_DATA": str(tmp_path), "KHULA_SECRET_KEY": "x"}
    done = subprocess.run(
        [sys.executable, "-c", LOOK], cwd=tmp_path, env=surroundings, capture_output=True, text=True, check=False
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert Path(found["khula"]).is_relative_to(installed)
    assert Path(found["pack"]).is_relative_to(installed)
    assert found["forms"] == len(list((HERE / "packs/foundation_phase").glob("*.xlsx"))) - 1  # and the workbook
    assert found["page"] is True
    assert found["style"] is True
    assert found["program"] > 10
