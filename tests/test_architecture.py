"""The order of things, checked where import-linter cannot see: foreign keys by name, events, and the list of layers."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent.parent
CONTRACTS = tomllib.loads((HERE / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]


def layers_of(contract: str) -> list[str]:
    """The layers of a contract, lowest last, without import-linter's signs."""
    found = next(each for each in CONTRACTS if each["id"] == contract)
    return [name.strip(" ()") for layer in found["layers"] for name in layer.split("|")]


def steps() -> list[str]:
    """The apps of the server in the order an answer passes them."""
    return [name for name in reversed(layers_of("steps")) if (HERE / "khula/server" / name / "apps.py").exists()]


def test_every_layer_keeps_its_place() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_every_module_of_the_analysis_has_a_place_in_the_order() -> None:
    listed = set(layers_of("meaning"))
    paths = [path for path in (HERE / "khula/analysis").rglob("*.py") if path.name != "__init__.py"]
    modules = {".".join(path.relative_to(HERE).with_suffix("").parts) for path in paths}
    assert sorted(name for name in modules if not {name, name.rpartition(".")[0]} & listed) == []


def test_no_record_points_to_a_later_step() -> None:
    """import-linter does not see `ForeignKey("cases.Case")`, nor what a related name pulls in."""
    from django.apps import apps

    order = {name: place for place, name in enumerate(steps())}
    wrong = [
        f"{model.__name__}.{field.name} -> {field.related_model.__name__}"
        for model in apps.get_models()
        if model._meta.app_label in order
        for field in model._meta.get_fields(include_hidden=False)
        if field.concrete and field.is_relation and field.related_model is not None
        and order.get(field.related_model._meta.app_label, -1) > order[model._meta.app_label]
        and (model._meta.label, field.name) not in BY_DESIGN
    ]  # fmt: skip
    assert wrong == []


#: The event table stands first and still says who caused an event; the user stands in every record that has a `by`.
BY_DESIGN = {("events.Event", "by")}


def test_every_step_is_installed_in_its_order() -> None:
    from django.conf import settings

    ours = [app.removeprefix("khula.server.") for app in settings.INSTALLED_APPS if app.startswith("khula.")]
    assert ours == steps()


@pytest.mark.parametrize("path", sorted((HERE / "khula").rglob("*.py")), ids=lambda path: str(path.relative_to(HERE)))
def test_every_module_opens_with_a_sentence_and_has_no_hub_for_a_name(path: Path) -> None:
    text = path.read_text().strip()
    if text and "migrations" not in path.parts:
        assert text.startswith('"""'), "a module opens with one sentence: what comes in, what goes out"
    assert not re.fullmatch(r"utils?|helpers?|common|core|manager|services?_layer", path.stem)


def test_no_migration_has_an_automatic_name() -> None:
    assert [path.name for path in (HERE / "khula").rglob("migrations/*_auto_*.py")] == []
