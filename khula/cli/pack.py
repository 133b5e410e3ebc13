"""`khula pack check` and `khula pack publish`: a folder of workbooks in; findings, or a published version, out."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any, Protocol

import click

from khula.analysis.packs.check import check_reading
from khula.analysis.packs.findings import Finding, PackUnreadable, finding
from khula.analysis.packs.forms import FormRefused, compile_form
from khula.analysis.packs.pack import Place
from khula.analysis.packs.reader import Reading, files_of, read
from khula.cli import odk_validate

MESSAGES: dict[str, dict[str, str]] = {
    "good": {"en": "{pack}: nothing to put right.", "fr": "{pack} : rien à corriger."},
    "count": {
        "en": "{pack}. Errors: {errors}. Warnings: {warnings}. In the way of publishing: {blocking}.",
        "fr": "{pack}. Erreurs : {errors}. Avertissements : {warnings}. Empêchent la publication : {blocking}.",
    },
    "no_java": {
        "en": "ODK Validate was not run: Java is not installed here. Everything else was checked.",
        "fr": "ODK Validate n’a pas été lancé : Java n’est pas installé ici. Tout le reste a été vérifié.",
    },
    "row": {"en": "row {row}", "fr": "ligne {row}"},
    "error": {"en": "error", "fr": "erreur"},
    "warning": {"en": "warning", "fr": "avertissement"},
    "published": {"en": "{pack} {version} is published.", "fr": "{pack} {version} est publié."},
}

_language = click.option("--language", type=click.Choice(["en", "fr"]), default="en", show_default=True)
_as_json = click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")


class Told(Protocol):
    """A finding of the check, or what stands in the way of publishing."""

    @property
    def code(self) -> str: ...
    @property
    def severity(self) -> str: ...
    @property
    def blocks_publishing(self) -> bool: ...
    @property
    def file(self) -> str: ...
    @property
    def sheet(self) -> str: ...
    @property
    def row(self) -> int: ...
    @property
    def column(self) -> str: ...
    def told(self, language: str) -> tuple[str, str]: ...


@click.group()
def pack() -> None:
    """Check a pack of questionnaires, and publish it."""


@pack.command("check", short_help="Find everything that is wrong with a pack.")
@click.argument("source", metavar="PACK", type=click.Path(exists=True, path_type=Path))
@_language
@_as_json
@click.option("--odk-validate/--no-odk-validate", "validate", default=None, help="Default: when Java is there.")
def check(source: Path, language: str, as_json: bool, validate: bool | None) -> None:
    """Say everything that is wrong with PACK (a folder), each with its row and its cure.

    Exit code 1 when something is an error.
    """
    java = odk_validate.java_is_there()
    found = findings_of(source, validate=java if validate is None else validate)
    show(found, source.resolve().name, language, as_json=as_json)
    if not java and validate is not False and not as_json:
        click.echo(MESSAGES["no_java"][language], err=True)
    raise SystemExit(1 if any(one.severity == "error" for one in found) else 0)


@pack.command("publish", short_help="Offer a pack's forms to devices and score with it from now on.")
@click.argument("source", metavar="PACK", type=click.Path(exists=True, path_type=Path))
@_language
@_as_json
def publish(source: Path, language: str, as_json: bool) -> None:
    """Check PACK (a folder) and publish it here. Earlier versions stay for the waves that use them."""
    from khula.cli import installation  # the server is loaded by this command only

    installation.ready()
    installation.bring_up_to_date()
    from khula.server.packs.actions import PackRefused
    from khula.server.packs.actions import publish as publish_pack

    try:
        version = publish_pack(files_of(source))
    except PackRefused as problem:
        show(problem.findings, source.resolve().name, language, as_json=as_json)
        raise SystemExit(1) from None
    click.echo(MESSAGES["published"][language].format(pack=version.name, version=version.version))


# --- checking --------------------------------------------------------------------------------------------------------


def findings_of(source: Path, *, validate: bool) -> list[Finding]:
    """The findings of the check, and ODK Validate's about forms that nothing else stands against."""
    try:
        reading = read(source)
    except PackUnreadable as problem:
        return sorted(problem.findings)
    found = check_reading(reading, on=datetime.now().astimezone().date())
    return sorted([*found, *_validated(reading, found)]) if validate else found


def _validated(reading: Reading, found: Iterable[Finding]) -> Iterable[Finding]:
    wrong = {one.file for one in found if one.severity == "error" or one.code == "PACK_504"}
    for form in reading.pack.forms:
        if form.workbook in wrong:
            continue
        try:
            said = odk_validate.objections(compile_form(reading.files[form.workbook], reading.files).xml)
        except FormRefused:
            continue  # a plug-in that waits for its wording
        if said:
            yield finding("PACK_601", Place(form.workbook, "survey", 0), detail=said)


# --- showing ---------------------------------------------------------------------------------------------------------


def show(found: Iterable[Told], name: str, language: str, *, as_json: bool) -> None:
    listed = list(found)
    if as_json:
        click.echo(json.dumps([as_data(one, language) for one in listed], ensure_ascii=False, indent=1))
        return
    for file, of_file in groupby(listed, key=lambda one: one.file):
        click.secho(file or name, bold=True)
        for one in of_file:
            click.echo(as_text(one, language))
        click.echo()
    click.echo(summary(listed, name, language))


def as_text(one: Told, language: str) -> str:
    """ "PACK_200 error · scales, row 4, reverse" and below it what is wrong and what to do."""
    problem, cure = one.told(language)
    row = MESSAGES["row"][language].format(row=one.row) if one.row else ""
    where = ", ".join(part for part in (one.sheet, row, one.column) if part)
    severity = MESSAGES[one.severity][language]
    return f"  {one.code} {severity}{' · ' + where if where else ''}\n    {problem}\n    → {cure}"


def as_data(one: Told, language: str) -> dict[str, Any]:
    problem, cure = one.told(language)
    return {
        "code": one.code,
        "severity": one.severity,
        "blocks_publishing": one.blocks_publishing,
        "file": one.file,
        "sheet": one.sheet,
        "row": one.row,
        "column": one.column,
        "problem": problem,
        "cure": cure,
    }


def summary(found: list[Told], name: str, language: str) -> str:
    if not found:
        return MESSAGES["good"][language].format(pack=name)
    return MESSAGES["count"][language].format(
        pack=name,
        errors=sum(one.severity == "error" for one in found),
        warnings=sum(one.severity == "warning" for one in found),
        blocking=sum(one.blocks_publishing for one in found),
    )
