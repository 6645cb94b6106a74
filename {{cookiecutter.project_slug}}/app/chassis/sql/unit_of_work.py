"""The transaction under every unit of work: aggregates, outbox and the mark of the delivery in one commit."""

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Any, Self, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from app.chassis.context import current_delivery
from app.chassis.sql.database import Database
from app.chassis.sql.delivery import mark_done
from app.chassis.sql.outbox import Outbox
from app.chassis.sql.repository import SqlRepository

Repository = TypeVar("Repository", bound=SqlRepository[Any])


class SqlTransaction(ABC):
    """Base of the service's unit of work. Enter it once at a time; each entry is a new transaction.

    What is not committed on leaving is rolled back. In an event handler `commit` also marks the delivery as done:
    that makes its effect exactly-once, and is why a handler commits once.
    """

    def __init__(self, database: Database, outbox: Outbox) -> None:
        self._database = database
        self._outbox = outbox
        self._is_open = False

    @abstractmethod
    def _begin(self, session: AsyncSession) -> None:
        """Make the repositories of this transaction; `_track` those of aggregates."""

    def _track(self, repository: Repository) -> Repository:
        self._repositories.append(repository)
        return repository

    async def __aenter__(self) -> Self:
        if self._is_open:
            raise RuntimeError("this unit of work is open already: a second entry would lose the first one's changes")
        self._is_open = True
        self._repositories: list[SqlRepository[Any]] = []
        self._session = self._database.sessions()
        self._begin(self._session)
        return self

    async def commit(self) -> None:
        """Raise `AlreadyHandledError` if another attempt at the delivery in hand was faster."""
        if not self._is_open:
            raise RuntimeError("this unit of work is not open: what it held was rolled back")
        delivery = current_delivery.get()
        if delivery is not None and delivery.settled:
            raise RuntimeError("an event handler commits once: its delivery is marked as done already")
        for repository in self._repositories:
            await repository.store()
        aggregates = [aggregate for repository in self._repositories for aggregate in repository.aggregates]
        recorded = await self._outbox.add(self._session, aggregates)
        if delivery is not None:
            await mark_done(self._session, self._database, delivery)
        await self._session.commit()
        if delivery is not None:
            delivery.settled = True
        if recorded:
            self._outbox.committed.set()

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._is_open = False
        await self._session.close()  # rolls back what was not committed
