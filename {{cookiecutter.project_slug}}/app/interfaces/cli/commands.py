"""The command line of whoever runs the service. Exit code 0 is success, 1 a refusal told in one line."""

import asyncio
from collections.abc import Awaitable, Callable

import typer

from app.core.exceptions import DomainError, StartupError
from app.interfaces.cli import dead_letters, outbox, users
from app.interfaces.cli.session import CommandError, OpenSession, Session, T


def make_cli(open_session: OpenSession) -> typer.Typer:
    def run(job: Callable[[Session], Awaitable[T]]) -> T:
        async def in_session() -> T:
            async with open_session() as session:
                return await job(session)

        try:
            return asyncio.run(in_session())
        except (CommandError, DomainError, StartupError) as error:
            typer.echo(f"error: {error}", err=True)
            raise typer.Exit(1) from None

    cli = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)
    cli.add_typer(users.make_commands(run), name="users")
    cli.add_typer(dead_letters.make_commands(run), name="dead-letters")
    cli.add_typer(outbox.make_commands(run), name="outbox")
    return cli
