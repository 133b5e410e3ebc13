"""Every sentence the server can say in → the catalogues in khula/server/locale, and the generated part of the style sheet.

`python tests/server/catalogue.py` extracts, updates and compiles; test_translations.py says what is missing.
"""

import os
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

HERE = Path(__file__).resolve().parents[2]
SERVER = HERE / "khula" / "server"
LOCALE = SERVER / "locale"
STYLE = SERVER / "dashboard" / "static" / "khula.css"
LANGUAGES = ("fr",)
KEYWORDS = {
    "_": None, "lazy": None, "gettext": None, "gettext_lazy": None, "ngettext": (1, 2), "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2), "npgettext": ((1, "c"), 2, 3),
}  # fmt: skip


def sentences() -> "Iterator[tuple[str, int, object, str | None]]":
    """(file, line, message or (one, many), context) of the server's Python and templates."""
    from babel.messages.extract import extract
    from django.utils.translation.template import templatize

    for path in sorted(SERVER.rglob("*.py")):
        if "migrations" not in path.parts:
            for line, message, _comments, context in extract("python", BytesIO(path.read_bytes()), KEYWORDS):
                yield path.relative_to(HERE).as_posix(), line, message, context
    for path in sorted(SERVER.rglob("templates/**/*.html")):
        # Django turns the template into calls of gettext; line by line, so that its blanks mean nothing.
        calls = "\n".join(line.strip() for line in templatize(path.read_text(), origin=str(path)).splitlines())
        for line, message, context in _calls(calls):
            yield path.relative_to(HERE).as_posix(), line, message, context


def _calls(text: str) -> "Iterator[tuple[int, object, str | None]]":
    import ast

    for found in re.finditer(r"(?<![\w.])(_|gettext|ngettext|pgettext|npgettext)\(", text):
        source = _balanced(text[found.start() :])
        call = ast.parse(source, mode="eval").body
        words = [part.value for part in call.args if isinstance(part, ast.Constant) and isinstance(part.value, str)]
        context = words.pop(0) if found[1] in ("pgettext", "npgettext") else None
        line = text.count("\n", 0, found.start()) + 1
        yield line, tuple(words) if found[1].startswith("n") else words[0], context


def _balanced(text: str) -> str:
    """The call at the start of `text`, up to its closing bracket, quotes respected."""
    quote, depth, skip = "", 0, False
    for place, sign in enumerate(text):
        if skip:
            skip = False
        elif sign == "\\":
            skip = True
        elif quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"":
            quote = sign
        elif sign == "(":
            depth += 1
        elif sign == ")":
            depth -= 1
            if depth == 0:
                return text[: place + 1]
    raise ValueError(text[:60])


def template() -> object:
    from babel.messages.catalog import Catalog

    catalog = Catalog(project="Khula", charset="utf-8")
    for path, _line, message, context in sentences():
        # Lines would change with every edit; the file is enough to find the place.
        catalog.add(message, locations=[(path, 1)], context=context, flags=_flags(message))
    return catalog


def _flags(message: object) -> tuple[str, ...]:
    words = message if isinstance(message, tuple) else (message,)
    return ("python-format",) if any(re.search(r"%\(\w+\)s", one) for one in words) else ()


def catalogue(language: str) -> object:
    """The committed translation."""
    from babel.messages.pofile import read_po

    path = LOCALE / language / "LC_MESSAGES" / "django.po"
    with path.open("rb") as file:
        return read_po(file, locale=language)


def write() -> None:
    from babel.messages.catalog import Catalog
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import write_po

    for language in LANGUAGES:
        folder = LOCALE / language / "LC_MESSAGES"
        folder.mkdir(parents=True, exist_ok=True)
        known = catalogue(language) if (folder / "django.po").exists() else Catalog(locale=language)
        known.update(template(), no_fuzzy_matching=True)
        known.obsolete.clear()
        _plain_head(known)
        with (folder / "django.po").open("wb") as file:
            write_po(file, known, width=110, sort_by_file=True, include_lineno=False, omit_header=False)
        with (folder / "django.mo").open("wb") as file:
            write_mo(file, known)
        left = [message.id for message in known if message.id and not _complete(message.string)]
        print(f"{language}: {len(known)} sentences, {len(left)} without translation", *left, sep="\n  ")


def _complete(words: str | tuple[str, ...]) -> bool:
    return all(words) if isinstance(words, tuple) else bool(words)


def _plain_head(known: object) -> None:
    """No dates and no names to fill in: the file changes when its words do."""
    known.fuzzy, known.project, known.version = False, "Khula", ""
    known.header_comment = (
        "# Khula in another language. Written by tests/server/catalogue.py; translate the empty msgstr."
    )
    known.creation_date = known.revision_date = datetime(2026, 1, 1, tzinfo=UTC)
    known.last_translator = known.language_team = "The Khula founders"
    known.msgid_bugs_address = ""


def style() -> str:
    """The style sheet as it should be: its generated part written anew."""
    from khula.server.dashboard.status import BEGIN, END, style_block

    text = STYLE.read_text()
    return text[: text.index(BEGIN)] + style_block() + text[text.index(END) + len(END) :]


def main() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "khula.server.settings")
    os.environ.setdefault("KHULA_SECRET_KEY", "only to read the words")
    sys.path.insert(0, str(HERE))
    django.setup()
    write()
    STYLE.write_text(style())


if __name__ == "__main__":
    main()
