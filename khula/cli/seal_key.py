"""`khula seal-key`: which key tablets seal their finished records for, and a new one when the old may be known."""

import click

from khula.cli.installation import ready


@click.command("seal-key")
@click.option("--new", is_flag=True, help="Make another; the older ones stay, to open what was sealed for them.")
def seal_key(new: bool) -> None:
    """The key tablets seal finished records for."""
    ready()
    from khula.server.field import keys

    if new:
        keys.new_seal_key()
    name, _ = keys.seal_key()
    click.echo(f"Tablets seal for the key {name} from their next contact on.")
    click.echo(f"Keep a copy of {keys.folder()}: without it nobody can open what was sealed.")
