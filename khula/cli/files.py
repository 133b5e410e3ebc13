"""Paths and frames in; files written whole or not at all, progress on the terminal, and words for what went wrong."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TextIO

import click
import polars as pl

from khula.analysis.answer_files import XLSX_ROWS, FileUnreadable

OUTPUT_KINDS = (".csv", ".parquet", ".xlsx")
EVERY_SECONDS = 0.5
COULD_NOT_START = 2
"""Exit code: nothing was written. 1: written, but nothing could be computed. 0: written."""

MESSAGES: dict[str, dict[str, str]] = {
    "FILE_001": {
        "en": "{file}: this kind of file is not read. Give one of {kinds}.",
        "fr": "{file} : ce type de fichier n’est pas lu. Donnez l’un de {kinds}.",
    },
    "FILE_002": {
        "en": "{file}: there is no such file. Check the name and the folder.",
        "fr": "{file} : ce fichier n’existe pas. Vérifiez le nom et le dossier.",
    },
    "FILE_003": {
        "en": "{file}: the file is empty. It needs a row of column names and rows below it.",
        "fr": "{file} : le fichier est vide. Il faut une ligne de noms de colonnes et des lignes en dessous.",
    },
    "FILE_004": {
        "en": "{file}: it could not be read as {kind}. Open it in the program it comes from and save it again.",
        "fr": "{file} : impossible de le lire comme {kind}. Enregistrez-le de nouveau depuis son programme.",
    },
    "FILE_005": {
        "en": "{file}, row 1: column {column} has no name. Give it one, or delete the column.",
        "fr": "{file}, ligne 1 : la colonne {column} n’a pas de nom. Donnez-lui-en un ou supprimez la colonne.",
    },
    "FILE_006": {
        "en": "{file}, row 1: two columns are called {column}. Rename one of them.",
        "fr": "{file}, ligne 1 : deux colonnes s’appellent {column}. Renommez l’une d’elles.",
    },
    "FILE_007": {
        "en": "{file}: any of these columns could be {meaning}: {columns}. Name the right one {meaning}.",
        "fr": "{file} : chacune de ces colonnes pourrait être {meaning} : {columns}. Nommez la bonne {meaning}.",
    },
    "FILE_008": {
        "en": "{file}: this is also an input file. Write the result to another name.",
        "fr": "{file} : c’est aussi un fichier d’entrée. Écrivez le résultat sous un autre nom.",
    },
    "FILE_009": {
        "en": "{file}: a spreadsheet holds {most} rows and the result has {rows}. Write it as .csv or .parquet.",
        "fr": "{file} : un classeur contient {most} lignes et le résultat en a {rows}. Écrivez-le en .csv ou .parquet.",
    },
    "FILE_010": {
        "en": "{file}: only the first sheet was read.",
        "fr": "{file} : seule la première feuille a été lue.",
    },
    "FILE_011": {
        "en": "{file}: the text is not UTF-8; it was read as Windows or UTF-16 text. Check names with accents.",
        "fr": "{file} : le texte n’est pas en UTF-8 ; il a été lu comme texte Windows ou UTF-16. Vérifiez les accents.",
    },
    "FILE_012": {
        "en": "{file}: this kind of file is not written. Give a name that ends in {kinds}.",
        "fr": "{file} : ce type de fichier n’est pas écrit. Donnez un nom qui finit par {kinds}.",
    },
    "FILE_013": {
        "en": "{file}: it could not be written. Check that the folder is there, may be written to and has room.",
        "fr": "{file} : écriture impossible. Vérifiez que le dossier existe, est accessible et a de la place.",
    },
}


def words(code: str, language: str, messages: dict[str, dict[str, str]], **about: object) -> str:
    """The message of a code in a language, its gaps filled."""
    text = (messages.get(code) or MESSAGES[code])[language]
    return text.format(**{name: f"{x:,}" if isinstance(x, int) else x for name, x in about.items()})


def stop(problem: FileUnreadable, language: str, messages: dict[str, dict[str, str]]) -> None:
    """Says what is wrong and ends the program, nothing written."""
    click.echo(f"{problem.code}  {words(problem.code, language, messages, **problem.about)}", err=True)
    raise SystemExit(COULD_NOT_START)


def check_output(out: Path, inputs: Sequence[Path]) -> None:
    """Before any work: may the result be written there?"""
    if out.suffix.lower() not in OUTPUT_KINDS:
        raise FileUnreadable("FILE_012", file=out.name, kinds=", ".join(OUTPUT_KINDS))
    if not out.parent.is_dir() or not os.access(out.parent, os.W_OK):
        raise FileUnreadable("FILE_013", file=out.name)
    if any(out.exists() and given.exists() and out.samefile(given) for given in inputs):
        raise FileUnreadable("FILE_008", file=out.name)


def write_frame(
    frame: pl.LazyFrame,
    out: Path,
    formats: dict[Any, str] | None = None,
    optimizations: pl.QueryOptFlags | None = None,
) -> None:
    """Writes to a neighbour of `out` and renames it at the end: a cut leaves no half file under the name asked for."""
    beside = out.with_name(f".{out.name}.{os.getpid()}{out.suffix.lower()}")
    try:
        _write(frame, beside, out, formats or {}, optimizations or pl.QueryOptFlags())
        beside.replace(out)
    except OSError as problem:
        raise FileUnreadable("FILE_013", file=out.name) from problem
    finally:
        beside.unlink(missing_ok=True)


def _write(
    frame: pl.LazyFrame, beside: Path, out: Path, formats: dict[Any, str], optimizations: pl.QueryOptFlags
) -> None:
    kind = out.suffix.lower()
    if kind == ".parquet":
        frame.sink_parquet(beside, engine="streaming", optimizations=optimizations)
    elif kind == ".csv":
        frame.sink_csv(beside, engine="streaming", optimizations=optimizations)
    else:
        rows = frame.collect(engine="streaming", optimizations=optimizations)
        if rows.height > XLSX_ROWS:
            raise FileUnreadable("FILE_009", file=out.name, most=XLSX_ROWS, rows=rows.height)
        _write_workbook(rows, beside, formats)


def _write_workbook(rows: pl.DataFrame, beside: Path, formats: dict[Any, str]) -> None:
    import xlsxwriter

    # A cell that begins with "=" is what somebody typed, never a formula to be run.
    with xlsxwriter.Workbook(beside, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        rows.write_excel(book, column_formats=formats, autofit=False)


class Progress:
    """Counts rows as they pass and says so now and then: on a terminal, or where asked for."""

    def __init__(self, wanted: bool | None, sentence: str, to: TextIO | None = None) -> None:
        self.to = to or sys.stderr
        self.shown = self.to.isatty() if wanted is None else wanted
        self.sentence = sentence
        self.rows = 0
        self.began = self.last = time.monotonic()

    def passed(self, rows: int) -> None:
        self.rows += rows
        now = time.monotonic()
        if self.shown and now - self.last >= EVERY_SECONDS:
            self.last = now
            self._say(now)

    def _say(self, now: float) -> None:
        ending = "" if self.to.isatty() else "\n"
        start = "\r" if self.to.isatty() else ""
        pace = int(self.rows / max(now - self.began, 0.001))
        self.to.write(f"{start}{self.sentence.format(rows=f'{self.rows:,}', pace=f'{pace:,}')}{ending}")
        self.to.flush()

    def done(self) -> None:
        if self.shown and self.to.isatty() and self.last != self.began:
            self.to.write("\r\033[K")


def watched(frame: pl.LazyFrame, look: Callable[[pl.DataFrame], pl.DataFrame], columns: Sequence[str]) -> pl.LazyFrame:
    """The frame with `look` called on each block that passes; it gives back `columns` of it, rows as they are."""
    schema = frame.collect_schema()
    after = {name: schema[name] for name in columns}
    return frame.map_batches(look, schema=after, validate_output_schema=False, streamable=True)
