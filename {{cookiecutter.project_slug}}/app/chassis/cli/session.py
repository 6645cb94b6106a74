"""What the commands share."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Annotated, Protocol, TypeVar

import typer

from app.chassis.machine import Machine
from app.core.exceptions import DomainError, StartupError
from app.core.scope import OpenScope

T = TypeVar("T")


@dataclass(frozen=True)
class Session:
    """What a command works with: the container of every other process, and the machine, which does not run."""

    open_scope: OpenScope
    machine: Machine


OpenSession = Callable[[], AbstractAsyncContextManager[Session]]


class Run(Protocol):
    """Runs one job in a session of its own; turns a refusal into one line and exit code 1."""

    def __call__(self, job: Callable[[Session], Awaitable[T]]) -> T: ...


class CommandError(Exception):
    """The command cannot do what it was asked; the text is the one line to say."""


Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def make_run(open_session: OpenSession) -> Run:
    def run(job: Callable[[Session], Awaitable[T]]) -> T:
        async def in_session() -> T:
            async with open_session() as session:
                return await job(session)

        try:
            return asyncio.run(in_session())
        except (CommandError, DomainError, StartupError) as error:
            typer.echo(f"error: {error}", err=True)
            raise typer.Exit(1) from None

    return run


def plain(text: object) -> str:
    """One line without control characters: what strangers wrote must not steer the terminal."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in str(text))


def say(as_json: bool, values: object, lines: list[str]) -> None:
    """The values for programs, or the lines for people."""
    if as_json:
        typer.echo(json.dumps(values))
    for line in [] if as_json else lines:
        typer.echo(line)
