"""How the inbox is doing, in numbers."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Integer, case, cast, distinct, func, select

from app.chassis.sql.database import Database
from app.chassis.sql.engine import read_only
from app.chassis.sql.tables import DEAD, IS_OPEN, WAITING, deliveries, received_events


@dataclass(frozen=True, slots=True)
class ConsumerStatus:
    """Deliveries of one consumer that are not done.

    `waiting` includes the `sleeping` ones, which failed and are tried again later, and what waits behind those and
    behind dead letters. `parked`: lanes that wait for a decision about a dead letter. `oldest`: when the event that
    waits longest was received.
    """

    consumer: str
    waiting: int
    sleeping: int
    dead: int
    parked: int
    oldest: datetime | None


class InboxStatus:
    def __init__(self, database: Database) -> None:
        self._engine = read_only(database.engine)

    async def by_consumer(self) -> list[ConsumerStatus]:
        """Consumers that have something to do, or dead letters."""
        state = deliveries.c.state
        is_waiting = state == WAITING
        is_ordered = deliveries.c.lane == received_events.c.lane  # else each delivery is a lane of its own
        dead_lane = distinct(case(((state == DEAD) & is_ordered, deliveries.c.lane)))
        query = select(
            deliveries.c.consumer,
            func.sum(cast(is_waiting, Integer)),
            func.sum(cast(is_waiting & deliveries.c.due_at.is_not(None), Integer)),
            func.sum(cast(state == DEAD, Integer)),
            func.count(dead_lane),
            func.min(case((is_waiting, received_events.c.received_at))),
        )
        query = query.join_from(deliveries, received_events, received_events.c.event_id == deliveries.c.event_id)
        query = query.where(IS_OPEN).group_by(deliveries.c.consumer).order_by(deliveries.c.consumer)
        async with self._engine.connect() as connection:
            return [ConsumerStatus(*row) for row in await connection.execute(query)]
