"""`khula migrate`: the tables of the database made, or brought up to this version."""

import click

from khula.cli.installation import bring_up_to_date, ready


@click.command()
def migrate() -> None:
    """Make or bring up to date the tables of the database."""
    ready()
    steps = bring_up_to_date()
    click.echo("\n".join(steps) if steps else "The tables are up to date.")
