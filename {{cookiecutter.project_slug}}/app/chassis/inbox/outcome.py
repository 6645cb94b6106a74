"""Writes down how an attempt ended."""

import traceback
from dataclasses import dataclass

from sqlalchemy import func, select, update

from app.chassis.context import DeliveryInHand
from app.chassis.inbox.rows import Delivery
from app.chassis.sql.database import Database
from app.chassis.sql.delivery import mark_done
from app.chassis.sql.engine import single_statements
from app.chassis.sql.tables import DEAD, WAITING, deliveries

MAX_REASON, MAX_TRACEBACK = 500, 20_000  # characters


@dataclass(frozen=True, slots=True)
class Failure:
    """`delay`: seconds until the next attempt; None makes the delivery a dead letter."""

    error: BaseException
    delay: float | None


class Outcomes:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._engine = single_statements(database.engine)

    async def begin(self, delivery: Delivery) -> None:
        """Note that an attempt begins, for one that may end its process."""
        await self._update(delivery, {"starts": deliveries.c.starts + 1})
        delivery.starts += 1

    async def done(self, delivery: Delivery) -> None:
        """Mark the delivery of a handler that committed nothing. Raise `AlreadyHandledError`."""
        async with self._engine.connect() as connection:
            await mark_done(connection, self._database, DeliveryInHand(delivery.consumer, delivery.event_id))
            await connection.commit()

    async def failed(self, delivery: Delivery, failure: Failure) -> bool:
        """Put the delivery to sleep, or make a dead letter of it. False, and nothing happens, if it is done."""
        now = self._database.now()
        values = {
            "attempts": deliveries.c.attempts + 1,
            "starts": 0,
            "first_failed_at": func.coalesce(deliveries.c.first_failed_at, now),
            "reason": reason_of(failure.error),
            "traceback": traceback_of(failure.error),
        }
        if failure.delay is None:
            values |= {"state": DEAD, "due_at": None, "finished_at": now}
        else:
            values |= {"due_at": self._database.now(failure.delay)}
        return await self._update(delivery, values)

    async def _update(self, delivery: Delivery, values: dict[str, object]) -> bool:
        this = (deliveries.c.event_id == delivery.event_id, deliveries.c.consumer == delivery.consumer)
        async with self._engine.connect() as connection:
            changed = update(deliveries).where(*this, deliveries.c.state == WAITING).values(values)
            if (await connection.execute(changed)).rowcount == 1:
                await connection.commit()
                return True
            # Dead already: we wrote it before, and the answer was lost.
            return (await connection.execute(select(deliveries.c.state).where(*this))).scalar() == DEAD


def reason_of(error: BaseException) -> str:
    """The error as text that every database accepts: PostgreSQL refuses NUL."""
    text = f"{type(error).__name__}: {error}".encode(errors="backslashreplace").decode()
    return "".join(char if char.isprintable() else " " for char in text)[:MAX_REASON]


def traceback_of(error: BaseException) -> str:
    """The last part of the traceback."""
    text = "".join(traceback.format_exception(error))[-MAX_TRACEBACK:]
    return text.replace("\0", "\\x00").encode(errors="backslashreplace").decode()
