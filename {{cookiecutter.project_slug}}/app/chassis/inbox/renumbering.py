"""Gives lanes new arrival numbers, so that they are read again: after a replay, or under a new consumer."""

from sqlalchemy import ColumnElement, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.chassis.inbox.store import CHANNEL
from app.chassis.sql.database import Database
from app.chassis.sql.tables import deliveries, received_events

IS_OPEN_DELIVERY = text("deliveries.state <> 1")  # as the index has it


async def renumber(connection: AsyncConnection, database: Database, *chosen: ColumnElement[bool]) -> None:
    """Renumber the chosen open deliveries in the order of their events: whole lanes, otherwise order is lost.

    The caller keeps stores from happening meanwhile.
    """
    number = func.row_number().over(order_by=(received_events.c.position, deliveries.c.consumer))
    order = (
        select(deliveries.c.seq.label("old"), number.label("number"))
        .join_from(deliveries, received_events, received_events.c.event_id == deliveries.c.event_id)
        .where(*chosen, IS_OPEN_DELIVERY)
        .subquery("renewed")
    )
    count = int((await connection.execute(select(func.count()).select_from(order))).scalar_one())
    base = await _reserve(connection, database, count)
    renewed = update(deliveries).where(deliveries.c.seq == order.c.old).values(seq=base + order.c.number)
    await connection.execute(renewed)


async def _reserve(connection: AsyncConnection, database: Database, count: int) -> int:
    """Reserve `count` numbers and return the one before the first."""
    if database.is_postgresql:
        sequence = func.pg_get_serial_sequence("deliveries", "seq")
        base = int((await connection.execute(select(func.nextval(sequence)))).scalar_one())
        await connection.execute(select(func.setval(sequence, base + count)))
        await connection.execute(select(func.pg_notify(database.channel(CHANNEL), "")))
        return base
    given = text("SELECT seq FROM sqlite_sequence WHERE name = 'deliveries'")
    base = int((await connection.execute(given)).scalar_one())
    reserve = text("UPDATE sqlite_sequence SET seq = seq + :count WHERE name = 'deliveries'")
    await connection.execute(reserve, {"count": count})
    return base
