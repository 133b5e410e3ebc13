"""`khula demo`: an empty database filled with invented schools, children and talks; or what came out of it."""

from datetime import date, datetime
from pathlib import Path

import click

from khula.cli.installation import bring_up_to_date, demo_password, ready


@click.command()
@click.option("--report", is_flag=True, help="Say what was aimed at and what came out, and make nothing.")
@click.option("--today", type=click.DateTime(["%Y-%m-%d"]), help="The day the three waves are dated from.")
@click.option(
    "--pack", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Another pack than the shipped one."
)
def demo(report: bool, today: datetime | None, pack: Path | None) -> None:
    """Fill it with invented schools, children and answers."""
    ready()
    bring_up_to_date()
    if report:
        from khula.demo.report import report as lines

        click.echo("\n".join(lines()))
        return
    make(today.date() if today else None, pack)
    click.echo("\n".join(sign_ins()))


def make(today: date | None = None, pack: Path | None = None) -> None:
    """Make the demonstration unless it is made; tell how it goes."""
    from django.utils import timezone

    from khula.demo.make import PACK, NotEmpty, is_made, make_demo
    from khula.demo.post import NotTaken
    from khula.server.packs.actions import PackRefused
    from khula.server.wsgi import application

    if is_made():
        click.echo("The demonstration is here already.")
        return
    try:
        make_demo(
            application=application, password=demo_password(), today=today or timezone.localdate(), say=click.echo,
            pack=pack or PACK,
        )  # fmt: skip
    except NotEmpty:
        raise click.ClickException(
            "This database has schools that are not invented. Make the demonstration in an empty folder: "
            "KHULA_DATA=/some/empty/folder khula demo"
        ) from None
    except PackRefused as refused:
        said = "\n".join(f"{finding.code}: {finding.problem} {finding.cure}" for finding in refused.findings[:10])
        raise click.ClickException(f"The pack cannot be published:\n{said}") from None
    except NotTaken as problem:
        raise click.ClickException(f"{problem} Start again: khula demo goes on where it stopped.") from None


def sign_ins(*, all_of_them: bool = True) -> list[str]:
    """Lines that say as whom to sign in; all have the one password of the demonstration."""
    from khula.demo.make import FIRST_SIGN_INS, SIGN_INS

    shown = [each for each in SIGN_INS if all_of_them or each.role in FIRST_SIGN_INS]
    lines = [f"  {each.role.label!s:22} {each.username:18} {each.full_name}" for each in shown]
    return ["Sign in as", *lines, f"with the password  {demo_password()}"]
