"""What the commands share."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Annotated, Protocol, TypeVar

import typer

from app.core.message_bus import MessageBus
from app.core.scope import OpenScope

T = TypeVar("T")


@dataclass(frozen=True)
class Session:
    """What a command works with: the container of every other process, and the way to run a handler."""

    open_scope: OpenScope
    message_bus: MessageBus


OpenSession = Callable[[], AbstractAsyncContextManager[Session]]


class Run(Protocol):
    """Runs one job in a session of its own; turns a refusal into one line and exit code 1."""

    def __call__(self, job: Callable[[Session], Awaitable[T]]) -> T: ...


class CommandError(Exception):
    """The command cannot do what it was asked; the text is the one line to say."""


Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
