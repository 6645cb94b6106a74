"""The mark that says a delivery is done."""

from sqlalchemy import CursorResult, bindparam, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from app.chassis.context import DeliveryInHand
from app.chassis.sql.database import Database
from app.chassis.sql.tables import DONE, WAITING, deliveries


class AlreadyHandledError(Exception):
    """Another attempt at the same delivery committed first; nothing was written."""


async def mark_done(connection: AsyncConnection | AsyncSession, database: Database, delivery: DeliveryInHand) -> None:
    """Mark the delivery as done, in the caller's transaction. Raise `AlreadyHandledError` if it is settled already.

    A second transaction that marks the same delivery waits here until the first has ended.
    """
    values = {"handled_event": delivery.event_id, "by_consumer": delivery.consumer}
    result = await connection.execute(_MARK.values(finished_at=database.now()), values)
    if not isinstance(result, CursorResult) or result.rowcount != 1:
        raise AlreadyHandledError


_MARK = (
    update(deliveries)
    .where(
        deliveries.c.event_id == bindparam("handled_event"),
        deliveries.c.consumer == bindparam("by_consumer"),
        deliveries.c.state == WAITING,
    )
    .values(state=DONE, due_at=None)
)
