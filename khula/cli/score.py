"""`khula score PACK ANSWERS… --out FILE`: files of answers in; scores, levels and reasons, a row a child, out."""

from __future__ import annotations

import csv
import heapq
import math
import tempfile
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import click
import polars as pl

from khula.analysis.answer_files import FileUnreadable, read_table
from khula.analysis.assessment import Assessor
from khula.analysis.packs.findings import PackUnreadable
from khula.analysis.packs.pack import CONTEXT, NOT_ENOUGH, Pack
from khula.analysis.packs.reader import read_pack
from khula.analysis.plan import Plan, PlanError, plan_of
from khula.analysis.population import OPTIMIZATIONS, score_population
from khula.analysis.raised import Reasons
from khula.analysis.scoring_files import (
    CHILD,
    DIFFERS,
    ROW_REASONS,
    WAVE,
    AnswerFile,
    Merge,
    Problems,
    recognise,
)
from khula.cli.files import Progress, check_output, stop, watched, words, write_frame

FORMAT_VERSION = "1"
"""Of the output, as docs/score-output.md describes it. A column that goes or changes its meaning makes it 2."""
INPUT_HASH = "input_hash"
ROWS_NAMED = 10
MEMORY_MB = 500
GROWS = {".csv": 3, ".tsv": 3, ".txt": 3, ".xlsx": 8, ".parquet": 10}
"""So many times its size on disk a file may take in memory while it is merged."""

MESSAGES: dict[str, dict[str, str]] = {
    "SCORE_001": {
        "en": "{file}: no column names the child. Call it child. The file has: {columns} …",
        "fr": "{file} : aucune colonne ne nomme l’enfant. Appelez-la child. Le fichier contient : {columns} …",
    },
    "SCORE_002": {
        "en": "{file}: no column is a question of the pack or a fact about the child. The file has: {columns} …",
        "fr": "{file} : aucune colonne n’est une question du paquet ni un fait sur l’enfant. Il contient : {columns} …",
    },
    "SCORE_003": {
        "en": "{files}: there is no column wave, and other files have one. Add it, or leave it out of all.",
        "fr": "{files} : pas de colonne wave, alors que d’autres en ont une. Ajoutez-la, ou retirez-la partout.",
    },
    "SCORE_004": {
        "en": "{pack}: {problem} See all of it with: khula pack check {pack}",
        "fr": "{pack} : {problem} Tout voir avec : khula pack check {pack}",
    },
    "reading": {"en": "{rows} rows read, {pace} a second", "fr": "{rows} lignes lues, {pace} par seconde"},
    "writing": {"en": "{rows} children written, {pace} a second", "fr": "{rows} enfants écrits, {pace} par seconde"},
    "file": {
        "en": "{file}: {questions} questions ({informants}), {facts} facts, {ignored} columns not used.",
        "fr": "{file} : {questions} questions ({informants}), {facts} faits, {ignored} colonnes non utilisées.",
    },
    "dates": {
        "en": "{file}: dates in {column} are read {order}: row {row} can be read in no other way.",
        "fr": "{file} : les dates de {column} sont lues {order} : la ligne {row} ne se lit pas autrement.",
    },
    "doubtful": {
        "en": "{file}: {rows} dates in {column} can be read as day/month or as month/day and were not read. "
        "Say --dates day-first or --dates month-first.",
        "fr": "{file} : {rows} dates de {column} peuvent se lire jour/mois ou mois/jour et n’ont pas été lues. "
        "Dites --dates day-first ou --dates month-first.",
    },
    "day-first": {"en": "day first", "fr": "jour d’abord"},
    "month-first": {"en": "month first", "fr": "mois d’abord"},
    "row problem": {
        "en": "{file}: {rows} rows not used, {reason}: {numbers}",
        "fr": "{file} : {rows} lignes non utilisées, {reason} : {numbers}",
    },
    "cell problem": {
        "en": "{file}, column {column}: {rows} cells taken as missing, {reason}: rows {numbers}",
        "fr": "{file}, colonne {column} : {rows} cellules tenues pour manquantes, {reason} : lignes {numbers}",
    },
    "differs": {
        "en": "{file}, column {column}: {rows} children differ from an earlier file; that was taken: rows {numbers}",
        "fr": "{file}, colonne {column} : {rows} enfants diffèrent d’un autre fichier, retenu : lignes {numbers}",
    },
    "and more": {"en": " and more", "fr": " et d’autres"},
    "met": {
        "en": "{all} children stand in the files of all informants, {one} in those of one only.",
        "fr": "{all} enfants figurent dans les fichiers de tous les informateurs, {one} chez un seul.",
    },
    "children": {
        "en": "{children} children scored with {pack} {version}.",
        "fr": "{children} enfants, paquet {pack} {version}.",
    },
    "written": {"en": "Written: {file}", "fr": "Écrit : {file}"},
    "problems": {
        "en": "Every row and cell not used is listed in {file}.",
        "fr": "Chaque ligne et cellule écartée figure dans {file}.",
    },
    "none": {"en": "No child could be scored.", "fr": "Aucun enfant n’a pu être évalué."},
}

REASONS_FR = {
    "no child": "enfant absent",
    "cells beyond the last column": "cellules au-delà de la dernière colonne",
    "a later row of the same child was used": "une ligne plus récente du même enfant a été retenue",
    "unreadable": "illisible ou code inconnu",
    "ambiguous date": "date ambiguë",
    "differs from another file": "diffère d’un autre fichier",
}


class ProblemTally:
    """Counts problems by file, column and reason, keeps the first rows of each, and writes all to a file if asked."""

    def __init__(self, to: TextIO | None) -> None:
        self.writer = csv.writer(to, lineterminator="\n") if to else None
        if self.writer:
            self.writer.writerow(["file", "row", "column", "reason"])
        self.counts: Counter[tuple[str, str, str]] = Counter()
        self.rows: dict[tuple[str, str, str], list[int]] = defaultdict(list)
        self.lock = threading.Lock()

    def take(self, problems: pl.DataFrame) -> None:
        with self.lock:
            for (file, column, reason), found in problems.group_by("file", "column", "reason"):
                key = (str(file), str(column), str(reason))
                self.counts[key] += found.height
                self.rows[key] = heapq.nsmallest(ROWS_NAMED, [*self.rows[key], *found["row"].to_list()])
            if self.writer:
                self.writer.writerows(problems.iter_rows())


@dataclass
class Run:
    """One run of the command: what was asked for, and what came of it."""

    pack: Pack
    plan: Plan
    files: list[AnswerFile]
    out: Path
    reasons: str
    input_hash: bool
    reading: Progress
    writing: Progress
    tally: ProblemTally
    memory_mb: int

    def write(self) -> Merge:
        merge = Merge(self.pack, self.files, Problems(self.tally.take), self.reading.passed)
        parts = self._parts(merge)
        if parts == 1:
            write_frame(self._scored(merge), self.out, optimizations=OPTIMIZATIONS)
            return merge
        # One stretch of children at a time; the pieces stand in their order in the one file at the end.
        with tempfile.TemporaryDirectory(dir=self.out.parent, prefix=".khula-score-") as place:
            merge.settle(Path(place))
            pieces = []
            for number, stretch in enumerate(merge.stretches(parts)):
                pieces.append(Path(place) / f"{number:05}.parquet")
                piece = self._scored(merge, stretch)
                piece.sink_parquet(pieces[-1], compression="lz4", engine="streaming", optimizations=OPTIMIZATIONS)
            write_frame(pl.scan_parquet(pieces), self.out)
        return merge

    def _parts(self, merge: Merge) -> int:
        if len(merge.groups) == 1:
            return 1
        size = sum(file.table.path.stat().st_size * GROWS[file.table.path.suffix.lower()] for file in self.files)
        return math.ceil(size / (self.memory_mb * 1e6))

    def _scored(self, merge: Merge, stretch: tuple[str | None, str | None] = (None, None)) -> pl.LazyFrame:
        answers = merge.frame(stretch)
        keys = [CHILD, WAVE] if merge.has_waves else [CHILD]
        asked = [name for name in answers.collect_schema().names() if name in self.pack.questions]
        keep = [*keys, *(asked if self.reasons == "full" else [])]
        if self.input_hash:
            answers, keep = self._hashed(answers), [*keep, INPUT_HASH]
        scored = score_population(self.plan, answers, keep=keep)
        if len(merge.groups) > 1:
            scored = scored.sort(keys)
        if self.reasons != "none":
            scored = self._with_reasons(scored)
        finished = scored.select(self._columns(keys, scored.collect_schema().names()))
        return watched(finished, self._look, finished.collect_schema().names())

    def _with_reasons(self, scored: pl.LazyFrame) -> pl.LazyFrame:
        schema = scored.collect_schema()
        reasons = Reasons.of(self.pack, schema, values=self.reasons == "full")
        after = {**schema, **dict.fromkeys(reasons.names, pl.String())}
        return scored.map_batches(reasons.add, schema=after, validate_output_schema=False, streamable=True)

    def _hashed(self, answers: pl.LazyFrame) -> pl.LazyFrame:
        """With the hash of what goes into each child, as `Assessor.input_hash` makes it: child by child, so slowly."""
        input_hash = Assessor(self.pack).input_hash
        schema = {**answers.collect_schema(), INPUT_HASH: pl.String()}

        def add(block: pl.DataFrame) -> pl.DataFrame:
            hashes = [input_hash(child) for child in block.iter_rows(named=True)]
            return block.with_columns(pl.Series(INPUT_HASH, hashes, pl.String))

        return answers.map_batches(add, schema=schema, validate_output_schema=False, streamable=True)

    def _columns(self, keys: Sequence[str], found: Sequence[str]) -> list[pl.Expr]:
        """The published columns in their published order."""
        pack = self.pack
        columns = [*keys, *(name for name in CONTEXT if name in found)]
        truths = pl.col if self.out.suffix.lower() == ".parquet" else _as_number
        levels = []
        for domain in pack.domains:
            level = pl.col(f"{domain}__level").cast(pl.String).fill_null(NOT_ENOUGH).alias(f"{domain}__level")
            levels += [level, pl.col(f"{domain}__have"), pl.col(f"{domain}__could_be"), truths(f"{domain}__differ")]
        reasons = [pl.col(name) for name in (f"{domain}__reasons" for domain in pack.domains) if name in found]
        alerts = [f"alert__{name}" for name in pack.alerts]
        scales = [name + end for name in pack.scales for end in ("", "__band", "__could_be", "__answered")]
        rest = [*(f"flag__{name}" for name in pack.flags), *(f"strength__{name}" for name in pack.strengths)]
        derived = [name for name in pack.derive if name in found]
        about = {"pack": pack.name, "pack_version": pack.version, "pack_hash": pack.content_hash}
        literal = [pl.lit(text).alias(name) for name, text in {**about, "format_version": FORMAT_VERSION}.items()]
        plain = [truths(name) for name in alerts] + [pl.col(name) for name in scales]
        plain += [truths(name) for name in rest] + [pl.col(name) for name in derived]
        hashed = [pl.col(INPUT_HASH)] if self.input_hash else []
        return [*(pl.col(name) for name in columns), *levels, *reasons, *plain, *literal, *hashed]

    def _look(self, block: pl.DataFrame) -> pl.DataFrame:
        self.writing.passed(block.height)
        return block


def _as_number(name: str) -> pl.Expr:
    """1, 0 or empty: as every statistics program reads it."""
    return pl.col(name).cast(pl.Int8)


@click.command("score", short_help="Score files of answers with a pack.")
@click.argument("pack", type=click.Path(path_type=Path))
@click.argument("answers", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="File to write: .csv, .parquet or .xlsx.")
@click.option("--problems", type=click.Path(path_type=Path), help="CSV to list every row and cell that was not used.")
@click.option("--reasons", type=click.Choice(["none", "flags", "full"]), default="full", show_default=True)
@click.option(
    "--input-hash", is_flag=True, help="Add the hash of what went into each child (slow: some 20,000 a second)."
)
@click.option("--dates", type=click.Choice(["day-first", "month-first"]), help="How 03/04/2018 is to be read.")
@click.option("--language", type=click.Choice(["en", "fr"]), default="en", show_default=True)
@click.option("--progress/--no-progress", default=None, help="Say how far it is. Default: on a terminal only.")
@click.option("--memory-mb", default=MEMORY_MB, show_default=True, help="Merge files in parts of about this size.")
def score(
    pack: Path,
    answers: tuple[Path, ...],
    out: Path,
    problems: Path | None,
    reasons: str,
    input_hash: bool,
    dates: str | None,
    language: str,
    progress: bool | None,
    memory_mb: int,
) -> None:
    """Score the children in ANSWERS (.csv, .xlsx, .parquet; one file per informant) with PACK.

    Files are recognised by their columns: child, wave (optional), sex, birth_date, today, age_days or age_months,
    language, grade, and the questions of the pack. Measurements may come alone: child, sex, age, weight_kg, height_cm,
    measured, oedema. The files of one child are merged. The columns written are described in docs/score-output.md.
    """
    try:
        check_output(out, [*answers, *([problems] if problems else [])])
        read, plan = _read_pack(pack, language)
        files = recognise(read, plan.inputs, [read_table(path) for path in answers], dates)
        reading, writing = (Progress(progress, MESSAGES[what][language]) for what in ("reading", "writing"))
        with _opened(problems) as listing:
            tally = ProblemTally(listing)
            merge = Run(read, plan, files, out, reasons, input_hash, reading, writing, tally, memory_mb).write()
        writing.done()
    except FileUnreadable as problem:
        stop(problem, language, MESSAGES)
    else:
        _report(read, merge, tally, writing.rows, out, problems, language)
        raise SystemExit(0 if writing.rows else 1)


def _read_pack(folder: Path, language: str) -> tuple[Pack, Plan]:
    try:
        pack = read_pack(folder)
        return pack, plan_of(pack)
    except PlanError as problem:
        raise FileUnreadable("SCORE_004", pack=str(folder), problem=problem.told(language)) from problem
    except (PackUnreadable, OSError) as problem:
        raise FileUnreadable("SCORE_004", pack=str(folder), problem=str(problem)) from problem


@contextmanager
def _opened(path: Path | None) -> Iterator[TextIO | None]:
    if path is None:
        yield None
        return
    try:
        with path.open("w", encoding="utf-8", newline="") as listing:
            yield listing
    except OSError as problem:
        raise FileUnreadable("FILE_013", file=path.name) from problem


def _report(
    pack: Pack,
    merge: Merge,
    tally: ProblemTally,
    children: int,
    out: Path,
    problems: Path | None,
    language: str,
) -> None:
    def say(code: str, **about: object) -> None:
        click.echo(words(code, language, MESSAGES, **about), err=True)

    for file in merge.files:
        _report_file(pack, file, say, language)
    for (name, column, reason), rows in sorted(tally.counts.items()):
        more = words("and more", language, MESSAGES) if rows > ROWS_NAMED else ""
        numbers = ", ".join(str(x) for x in tally.rows[name, column, reason]) + more
        code = "row problem" if reason in ROW_REASONS else "differs" if reason == DIFFERS else "cell problem"
        said = REASONS_FR[reason] if language == "fr" else reason
        say(code, file=name, column=column, rows=rows, reason=said, numbers=numbers)
    if len(merge.groups) > 1:
        say("met", all=merge.met[len(merge.groups)], one=merge.met[1])
    say("children", children=children, pack=pack.name, version=pack.version)
    if problems:
        say("problems", file=problems.name)
    say("written", file=out.name)
    if not children:
        say("none")


def _report_file(pack: Pack, file: AnswerFile, say: Callable[..., None], language: str) -> None:
    for note in file.table.notes:
        say(note, file=file.name)
    informants = ", ".join(sorted({pack.questions[name].informant for name in file.questions})) or "–"
    about = {"questions": len(file.questions), "facts": len(file.facts), "ignored": file.ignored}
    say("file", file=file.name, informants=informants, **about)
    for fact, order in file.dates.items():
        column = file.facts[fact]
        if order.order and order.shown_by:
            said = words(order.order, language, MESSAGES)
            say("dates", file=file.name, column=column, order=said, row=order.shown_by)
        if order.undecided:
            say("doubtful", file=file.name, column=column, rows=order.undecided)
