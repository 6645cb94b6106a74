"""The unit of work: one session, one transaction, the outbox in it."""

from types import TracebackType
from typing import Self

from app.core.aggregate import AggregateRoot
from app.core.delivery import AlreadyHandledError, current_delivery
from app.core.events import EventCodec
from app.infrastructure.db.engine import Sessions
from app.infrastructure.db.inbox import insert_once
from app.infrastructure.db.last_seen import SqlLastSeen
from app.infrastructure.db.outbox import OutboxSignal, add_to_outbox, notify
from app.infrastructure.db.signups import SqlSignupCounter
from app.infrastructure.db.user_repository import SqlUserRepository


class SqlUnitOfWork:
    """Enter it once at a time; each entry is a new transaction."""

    def __init__(self, sessions: Sessions, codec: EventCodec, signal: OutboxSignal) -> None:
        self._sessions = sessions
        self._codec = codec
        self._signal = signal
        self._open = False

    async def __aenter__(self) -> Self:
        if self._open:
            raise RuntimeError("this unit of work is open already: a second entry would lose the first one's changes")
        self._open = True
        self._aggregates: list[AggregateRoot] = []
        self._session = self._sessions()
        self.users = SqlUserRepository(self._session, self._aggregates.append)
        self.signups = SqlSignupCounter(self._session)
        self.last_seen = SqlLastSeen(self._session)
        return self

    async def commit(self) -> None:
        delivery = current_delivery.get()
        if delivery is not None:
            if delivery.recorded:
                raise RuntimeError("an event handler commits once: its inbox row is written already")
            if not await insert_once(self._session, delivery.consumer, delivery.event_id):
                raise AlreadyHandledError
        await self.users.write_back()
        stored = add_to_outbox(self._session, self._codec, self._aggregates)
        if stored:
            await notify(self._session)
        await self._session.commit()
        if delivery is not None:
            delivery.recorded = True
        if stored:
            self._signal.set()

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._open = False
        await self._session.close()  # rolls back what was not committed
