"""The command line of whoever runs the service. Exit code 0 is success, 1 a refusal told in one line."""

from collections.abc import Callable, Mapping

import typer

from app.chassis.cli import dead_letter_commands, inbox_commands, outbox_commands
from app.chassis.cli.session import OpenSession, Run, make_run

MakeCommands = Callable[[Run], typer.Typer]


def make_cli(open_session: OpenSession, migrate: Callable[[], None], groups: Mapping[str, MakeCommands]) -> typer.Typer:
    """`groups` are the commands of the business, by name."""
    run = make_run(open_session)
    cli = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)
    cli.command(name="migrate", help="Bring the tables of the database up to date.")(migrate)
    for name, make_commands in groups.items():
        cli.add_typer(make_commands(run), name=name)
    cli.add_typer(outbox_commands.make_commands(run), name="outbox")
    cli.add_typer(inbox_commands.make_commands(run), name="inbox")
    cli.add_typer(dead_letter_commands.make_commands(run), name="dead-letters")
    return cli
