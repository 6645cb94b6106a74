"""Ports that every slice of the application may use."""

from datetime import datetime
from types import TracebackType
from typing import Protocol, Self
from uuid import UUID

from app.application.user.ports import LastSeen, SignupCounter
from app.domain.user.repositories import UserRepository


class Clock(Protocol):
    def now(self) -> datetime:
        """The present moment, timezone-aware, in UTC."""
        ...


class IdGenerator(Protocol):
    def new_id(self) -> UUID:
        """A UUID that nobody had before; later ones sort after earlier ones."""
        ...


class UnitOfWork(Protocol):
    """One transaction over all repositories. What is not committed on leaving is rolled back.

    `commit` stores the aggregates that were added or fetched, as they are then, and in the same transaction the events
    they recorded (outbox). In an event handler it also marks the event as handled (inbox): that is what makes its
    effect exactly-once. An event handler therefore commits once, as its last step.
    """

    @property
    def users(self) -> UserRepository: ...

    @property
    def signups(self) -> SignupCounter: ...

    @property
    def last_seen(self) -> LastSeen: ...

    async def commit(self) -> None:
        """Raise an error, with nothing stored, if another attempt to handle the event in hand was faster."""
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None: ...
