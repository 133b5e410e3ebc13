"""The command `khula`: the words a person typed in, one command of the modules beside this one run.

A command's module is imported when the command is called, so that `khula growth` never waits for the server.
"""

from __future__ import annotations

import importlib

import click

#: command -> (module that holds it, one line for the list)
COMMANDS: dict[str, tuple[str, str]] = {
    "serve": ("khula.cli.serve", "Serve Khula on this machine."),
    "demo": ("khula.cli.demo", "Fill it with invented schools, children and answers."),
    "migrate": ("khula.cli.migrate", "Make or bring up to date the tables of the database."),
    "user": ("khula.cli.user", "Add people, devices and roles."),
    "seal-key": ("khula.cli.seal_key", "The key tablets seal finished records for."),
    "pack": ("khula.cli.pack", "Check a pack of questionnaires, and publish it."),
    "score": ("khula.cli.score", "Score files of answers with a pack."),
    "growth": ("khula.cli.growth", "WHO z-scores for a file of weights and heights."),
}


class LazyGroup(click.Group):
    """A group that knows its commands by name and loads one only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*COMMANDS, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return super().get_command(ctx, cmd_name)
        module = importlib.import_module(COMMANDS[cmd_name][0])
        commands = (found for found in vars(module).values() if isinstance(found, click.Command))
        return next((command for command in commands if command.name == cmd_name), None)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands without importing any of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="khula")
def main() -> None:
    """Khula: four voices about one child, one explained case, one team that acts."""
