"""One lane: the deliveries of one consumer that are handled one after the other."""

import asyncio
from collections import deque

from app.chassis.inbox.rows import Delivery
from app.chassis.sql.lease import Shard


class Lane:
    """Some of the lane's next deliveries. `more`: there may be others after them, up to the cursor of the shard."""

    __slots__ = ("in_attempt", "key", "last", "more", "queue", "shard", "task")

    def __init__(self, first: Delivery, shard: Shard, *, more: bool) -> None:
        self.key = first.lane
        self.shard = shard
        self.queue: deque[Delivery] = deque([first])
        self.last = first.seq
        self.more = more
        self.in_attempt = False
        self.task: asyncio.Task[None] | None = None

    def add(self, delivery: Delivery, depth: int) -> bool:
        """False if it has to wait in the database."""
        if delivery.seq <= self.last:
            return False
        if self.more or len(self.queue) >= depth:
            self.more = True
            return False
        self.append(delivery)
        return True

    def append(self, delivery: Delivery) -> None:
        self.queue.append(delivery)
        self.last = delivery.seq
