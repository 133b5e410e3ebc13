"""`khula growth IN --out OUT`: a file of weights and heights in, the same rows with WHO z-scores out."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from pathlib import Path

import click
import polars as pl

from khula.analysis.answer_files import ROW, FileUnreadable, read_table
from khula.analysis.measurements import (
    AGES_DIFFER,
    COMMA,
    INDICES,
    NOTES,
    WHOLE_MONTHS,
    Sheet,
    output_columns,
    read_sheet,
    with_z_scores,
)
from khula.cli.files import Progress, check_output, stop, watched, words, write_frame

ROWS_NAMED = 10
"""So many row numbers are named for each reason; all of them stand in the file written."""

MESSAGES: dict[str, dict[str, str]] = {
    "GROWTH_001": {
        "en": "{file}: it already has the columns {columns}. Rename or delete them.",
        "fr": "{file} : les colonnes {columns} y sont déjà. Renommez-les ou supprimez-les.",
    },
    "GROWTH_002": {
        "en": "{file}: no z-score can be made without sex and an age. Needed: a column sex, and birth_date with "
        "measured_date, or age_days, or age_months. The file has: {columns}.",
        "fr": "{file} : aucun score z sans le sexe et l’âge. Il faut une colonne sex, et birth_date avec "
        "measured_date, ou age_days, ou age_months. Le fichier contient : {columns}.",
    },
    "GROWTH_003": {
        "en": "{file}: neither weight_kg nor height_cm is there. The file has: {columns}.",
        "fr": "{file} : ni weight_kg ni height_cm ne s’y trouve. Le fichier contient : {columns}.",
    },
    "dates": {
        "en": "Dates in {column} are read {order}: row {row} can be read in no other way.",
        "fr": "Les dates de {column} sont lues {order} : la ligne {row} ne se lit pas autrement.",
    },
    "doubtful": {
        "en": "{rows} dates in {column} can be read as day/month or as month/day and were not read. "
        "Say --dates day-first or --dates month-first.",
        "fr": "{rows} dates de {column} peuvent se lire jour/mois ou mois/jour et n’ont pas été lues. "
        "Dites --dates day-first ou --dates month-first.",
    },
    "day-first": {"en": "day first", "fr": "jour d’abord"},
    "month-first": {"en": "month first", "fr": "mois d’abord"},
    "progress": {"en": "{rows} rows, {pace} a second", "fr": "{rows} lignes, {pace} par seconde"},
    "rows": {"en": "{rows} rows read.", "fr": "{rows} lignes lues."},
    "made": {
        "en": "{index}: {made} z-scores, {implausible} of them implausible by WHO’s limits.",
        "fr": "{index} : {made} scores z, dont {implausible} invraisemblables selon les limites de l’OMS.",
    },
    "not made": {
        "en": "Not made, {reason}: {indices} of {rows} rows: {numbers}",
        "fr": "Non calculé, {reason} : {indices} de {rows} lignes : {numbers}",
    },
    "and more": {"en": " and more", "fr": " et d’autres"},
    "commas": {
        "en": "{cells} numbers were written with a comma and read with a decimal point, as 18,7 is read as 18.7.",
        "fr": "{cells} nombres écrits avec une virgule ont été lus avec un point décimal : 18,7 est lu 18.7.",
    },
    "whole months": {
        "en": "All ages are whole months. Completed months cost up to 0.13 in haz: give dates where you have them.",
        "fr": "Tous les âges sont en mois entiers. Cela coûte jusqu’à 0,13 sur haz : donnez plutôt les dates.",
    },
    "ages differ": {
        "en": "{rows} rows give an age and dates that lie more than a month apart; the age given was taken.",
        "fr": "{rows} lignes donnent un âge et des dates écartés de plus d’un mois ; l’âge donné a été pris.",
    },
    "written": {"en": "Written: {file}", "fr": "Écrit : {file}"},
    "none": {
        "en": "No z-score could be made. The reasons stand beside each row.",
        "fr": "Aucun score z n’a pu être calculé. Les raisons figurent à côté de chaque ligne.",
    },
}

REASONS_FR = {
    "cells beyond the last column": "cellules au-delà de la dernière colonne",
    "unreadable sex": "sexe illisible",
    "no sex": "sexe absent",
    "measured before birth": "mesuré avant la naissance",
    "ambiguous date": "date ambiguë",
    "unreadable date": "date illisible",
    "unreadable age": "âge illisible",
    "no age": "âge absent",
    "oedema": "œdème",
    "unreadable oedema": "œdème illisible",
    "unreadable weight": "poids illisible",
    "no weight": "poids absent",
    "unreadable height": "taille illisible",
    "no height": "taille absente",
    "unreadable measured": "position illisible",
    "age outside the table": "âge hors des tables",
    "implausible": "invraisemblable",
}


class Tally:
    """What passed: rows, z-scores, and for each reason how many rows and the first of them. Never a value."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.rows = self.commas = self.whole_months = self.exact_ages = self.ages_differ = 0
        self.made: Counter[str] = Counter()
        self.implausible: Counter[str] = Counter()
        self.without: Counter[tuple[str, str]] = Counter()
        self.numbers: dict[tuple[str, str], list[int]] = defaultdict(list)

    def look(self, block: pl.DataFrame) -> pl.DataFrame:
        self.rows += block.height
        self.commas += int(block[COMMA].sum())
        self.ages_differ += int(block[AGES_DIFFER].sum())
        whole = int(block[WHOLE_MONTHS].sum())
        self.whole_months += whole
        self.exact_ages += int(block[WHOLE_MONTHS].is_not_null().sum()) - whole
        for index in INDICES:
            self._look_at(index, block.select(ROW, z=pl.col(index).is_not_null(), flag=f"{index}_flag"))
        self.progress.passed(block.height)
        return block.drop(NOTES)

    def _look_at(self, index: str, block: pl.DataFrame) -> None:
        self.made[index] += int(block["z"].sum())
        said = (
            block.filter(pl.col("flag").is_not_null())
            .group_by("flag", "z")
            .agg(pl.len(), pl.col(ROW).sort().head(ROWS_NAMED))
        )
        for reason, made, rows, numbers in said.iter_rows():
            if made:
                self.implausible[index] += rows
                continue
            self.without[index, reason] += rows
            # Blocks may pass out of order; the lowest numbers are kept.
            self.numbers[index, reason] = heapq.nsmallest(ROWS_NAMED, [*self.numbers[index, reason], *numbers])

    def reasons(self) -> dict[tuple[str, int, tuple[int, ...]], list[str]]:
        """(reason, rows, first row numbers) -> the indices it stands in the way of."""
        together: dict[tuple[str, int, tuple[int, ...]], list[str]] = defaultdict(list)
        for (index, reason), rows in self.without.items():
            together[reason, rows, tuple(self.numbers[index, reason])].append(index)
        return {key: sorted(indices) for key, indices in sorted(together.items())}


@click.command("growth", short_help="WHO z-scores for a file of weights and heights.")
@click.argument("source", metavar="IN", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="File to write: .csv, .xlsx or .parquet.")
@click.option("--dates", type=click.Choice(["day-first", "month-first"]), help="How 03/04/2018 is to be read.")
@click.option("--language", type=click.Choice(["en", "fr"]), default="en", show_default=True)
@click.option("--progress/--no-progress", default=None, help="Say how far it is. Default: on a terminal only.")
def growth(source: Path, out: Path, dates: str | None, language: str, progress: bool | None) -> None:
    """Read IN (.csv, .xlsx, .parquet) and write its rows with haz, waz and baz.

    IN needs a column sex (m, f, male, female, 1, 2) and an age: birth_date with measured_date, or age_days, or
    age_months; and weight_kg, height_cm or both. It may have measured (standing, lying) and oedema (yes, no).
    All rows and columns are kept, in order; haz_flag, waz_flag and baz_flag are empty, "implausible", or say
    why there is no z-score.
    """
    try:
        check_output(out, [source])
        sheet = read_sheet(read_table(source), dates)
        tally = _write(sheet, out, Progress(progress, MESSAGES["progress"][language]))
    except FileUnreadable as problem:
        stop(problem, language, MESSAGES)
    else:
        _report(sheet, tally, out, language)
        raise SystemExit(0 if sum(tally.made.values()) or not tally.rows else 1)


def _write(sheet: Sheet, out: Path, progress: Progress) -> Tally:
    tally = Tally(progress)
    frame = with_z_scores(sheet, as_text=out.suffix.lower() == ".csv")
    columns = (*sheet.table.columns, *output_columns())
    write_frame(watched(frame, tally.look, columns), out, dict.fromkeys(INDICES, "0.00"))
    progress.done()
    return tally


def _report(sheet: Sheet, tally: Tally, out: Path, language: str) -> None:
    def say(code: str, **about: object) -> None:
        click.echo(words(code, language, MESSAGES, **about), err=True)

    for note in sheet.table.notes:
        say(note, file=sheet.table.path.name)
    for meaning, found in sheet.dates.items():
        column = sheet.found[meaning]
        if found.order and found.shown_by:
            say("dates", column=column, order=words(found.order, language, MESSAGES), row=found.shown_by)
        if found.undecided:
            say("doubtful", column=column, rows=found.undecided)
    say("rows", rows=tally.rows)
    for index in INDICES:
        say("made", index=index, made=tally.made[index], implausible=tally.implausible[index])
    for (reason, rows, numbers), indices in tally.reasons().items():
        named = ", ".join(str(x) for x in numbers)
        more = words("and more", language, MESSAGES) if rows > ROWS_NAMED else ""
        about = {"indices": ", ".join(indices), "reason": _reason(reason, language)}
        say("not made", rows=rows, numbers=named + more, **about)
    if tally.commas:
        say("commas", cells=tally.commas)
    if tally.whole_months and not tally.exact_ages:
        say("whole months")
    if tally.ages_differ:
        say("ages differ", rows=tally.ages_differ)
    say("written", file=out.name)
    if tally.rows and not sum(tally.made.values()):
        say("none")


def _reason(reason: str, language: str) -> str:
    return REASONS_FR[reason] if language == "fr" else reason
