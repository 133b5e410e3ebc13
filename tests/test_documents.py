"""Documents say what the code says: tables, words, links and commands."""

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted([*HERE.glob("*.md"), *HERE.glob("docs/**/*.md")])


def test_the_tables_that_state_facts_are_what_the_code_says() -> None:
    done = subprocess.run([sys.executable, str(HERE / "docs/facts.py")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def words() -> list[tuple[str, str]]:
    """(word, name in the code) of the glossary."""
    rows = re.findall(r"^\| ([^|]+) \|[^|]+\| ([^|]*) \|[^|]*\|$", (HERE / "GLOSSARY.md").read_text(), re.MULTILINE)
    return [(word, name) for word, cell in rows for name in re.findall(r"`([^`]+)`", cell)]


def test_the_glossary_has_words() -> None:
    assert len(words()) > 50


@pytest.mark.parametrize(("word", "name"), words(), ids=lambda value: str(value).replace(" ", "-"))
def test_every_word_of_the_glossary_stands_where_it_says(word: str, name: str) -> None:
    if "/" in name:
        assert (HERE / name).exists()
        return
    for part in name.split("."):  # `Flag.about`: the class and its field
        assert re.search(rf"(?<![A-Za-z]){re.escape(part)}(?![A-Za-z])", _code()), f"{word}: {part} is not in the code"


@cache
def _code() -> str:
    return "\n".join(path.read_text() for path in sorted((HERE / "khula").rglob("*.py")))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(HERE)))
def test_every_link_inside_the_repository_leads_somewhere(path: Path) -> None:
    links = re.findall(r"\]\((?!https?:|mailto:|#)([^)#]+)", path.read_text())
    assert [link for link in links if not (path.parent / link).exists()] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(HERE)))
def test_every_command_of_make_that_is_named_exists(path: Path) -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", (HERE / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z0-9-]+)`", path.read_text())) <= targets


def test_no_document_names_a_file_that_is_gone() -> None:
    named = {
        (document.name, name)
        for document in DOCUMENTS
        for name in re.findall(r"`((?:khula|tests|docs|packs|bench)/[\w./-]+)`", document.read_text())
        if "…" not in name
    }
    assert sorted(each for each in named if not (HERE / each[1]).exists()) == []


def test_every_variable_of_the_surroundings_is_explained() -> None:
    places = [*HERE.glob("khula/**/*.py"), *HERE.glob("tests/**/*.py"), *HERE.glob("bench/*.py"), HERE / "Makefile"]
    used = {name for path in places for name in re.findall(r"\bKHULA_[A-Z_]+[A-Z]\b", path.read_text())}
    explained = set(re.findall(r"KHULA_[A-Z_]+", (HERE / "DEVELOPERS.md").read_text()))
    assert sorted(used - explained) == []
