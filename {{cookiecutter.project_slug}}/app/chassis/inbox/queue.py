"""The queue of one consumer: reads what waits in its shards, and works on the lanes side by side."""

import asyncio
import logging
from collections import Counter

from app.chassis.inbox.attempts import Attempts
from app.chassis.inbox.cursors import Cursors
from app.chassis.inbox.lane import Lane
from app.chassis.inbox.outcome import Failure, Outcomes
from app.chassis.inbox.rows import Delivery, Rows
from app.chassis.metrics import delivered
from app.chassis.sql.lease import Lease

logger = logging.getLogger(__name__)

WINDOW = 500  # deliveries that are read at once, and about as many lanes in memory
CAPACITY = 1000  # deliveries in memory
DEPTH = 20  # of one lane
RETRY = 0.5  # seconds until a statement that failed is tried again


class ConsumerQueue:
    """Shards that are ours are read with a cursor on the arrival number: no claim is written.

    `_table` is held by whoever reads rows or changes which of them are asleep. No read sees a half-changed
    lane, and a row that was skipped is read later.
    """

    def __init__(self, rows: Rows, attempts: Attempts, outcomes: Outcomes, lease: Lease, news: asyncio.Event) -> None:
        self.attempts = attempts
        self.room = asyncio.Event()
        self._rows = rows
        self._outcomes = outcomes
        self._lease = lease
        self._news = news  # set to have the dispatcher look at the table
        self._cursors = Cursors(lease)
        self._lanes: dict[str, Lane] = {}
        self._in_hand: Counter[int] = Counter()  # lanes at work, by shard
        self._tasks: set[asyncio.Task[None]] = set()
        self._table = asyncio.Lock()
        self._stopping = False

    def has_in_hand(self, shard: int) -> bool:
        return self._in_hand[shard] > 0

    async def load(self, high: int) -> bool:
        """Read on from the cursors up to the arrival number `high`; True if there is more to read at once."""
        async with self._table:
            self._cursors.follow(high, self.has_in_hand)
            self._drop([lane for lane in self._lanes.values() if not self._lease.owns(lane.shard)])
            start, shards = self._cursors.furthest_behind(high)
            if not shards or self._stopping or not self._has_room():
                return False
            found = await self._rows.after(start, high, [shard.number for shard in shards], WINDOW)
            self._cursors.move(shards, found[-1].seq if len(found) == WINDOW else high)
            for delivery in found:
                self._add(delivery, more=False)
            return self._has_room()

    def read_again(self) -> None:
        """Read our shards from their beginnings. What is in memory stays as it is.

        A former owner of a shard may finish a delivery that failed before, after we passed what waits behind it.
        """
        for shard in self._cursors.shards.values():
            self._cursors.restart(shard)

    async def wake(self) -> bool:
        """Go on with lanes whose first delivery failed before and is due again; True if there may be others."""
        async with self._table:
            if not self._cursors.shards or self._stopping or len(self._lanes) >= 2 * WINDOW:
                return False
            limit = len(self._lanes) + WINDOW // 2  # those in memory may be due as well
            found = await self._rows.due(list(self._cursors.shards), limit)
            for delivery in found:
                if delivery.lane not in self._lanes:
                    self._add(delivery, more=True)
            return len(found) == limit

    def stop(self) -> None:
        """Begin no further attempt; those that run may finish."""
        self._stopping = True
        self._drop(list(self._lanes.values()))

    async def finish(self, grace: float) -> None:
        """Wait for the attempts that run; cut off those that take longer than `grace` seconds."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=grace)
            for task in late:
                logger.warning("an event handler did not finish within the grace period, it is cancelled")
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _drop(self, lanes: list[Lane]) -> None:
        for lane in lanes:
            self._lanes.pop(lane.key, None)
            if not lane.in_attempt and lane.task is not None:
                lane.task.cancel()

    def _has_room(self) -> bool:
        waiting = sum(len(lane.queue) for lane in self._lanes.values())
        return len(self._lanes) < WINDOW and waiting < CAPACITY

    def _add(self, delivery: Delivery, *, more: bool) -> None:
        shard = self._cursors.shards.get(delivery.shard)
        lane = self._lanes.get(delivery.lane)
        if shard is None:
            return
        if lane is not None and lane.shard is shard:
            lane.add(delivery, DEPTH)
            return
        if delivery.behind:  # what is earlier in its lane comes first
            self._cursors.restart(shard)
            return
        lane = self._lanes[delivery.lane] = Lane(delivery, shard, more=more)
        lane.task = asyncio.create_task(self._work(lane))
        self._tasks.add(lane.task)
        self._in_hand[shard.number] += 1
        lane.task.add_done_callback(lambda task: self._leave(lane, task))

    def _leave(self, lane: Lane, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.critical("work on a lane ended because of a bug, its shard is read again", exc_info=error)
        if lane.queue:  # otherwise the rest of the lane would never be read again
            self._cursors.restart(lane.shard)
        self._in_hand[lane.shard.number] -= 1
        self.room.set()
        if lane.shard.number in self._lease.leaving:
            self._lease.drained.set()

    async def _work(self, lane: Lane) -> None:
        """Handle the lane's deliveries in order, until there is none, or one fails, or it is no longer ours."""
        try:
            while await self._has_next(lane):
                async with self.attempts.turn():
                    if not await self._may_begin(lane):
                        return
                    lane.in_attempt = True
                    delivery = lane.queue[0]
                    suspect = self._cursors.is_suspect(lane.shard, delivery.seq)
                    failure = await self._attempt(delivery, suspect=suspect)
                if failure is not None and not await self._is_settled_meanwhile(lane, failure):
                    return
                lane.queue.popleft()
                lane.in_attempt = False
        finally:  # at once: a delivery added to a finished lane would never be handled
            if self._lanes.get(lane.key) is lane:
                del self._lanes[lane.key]

    async def _attempt(self, delivery: Delivery, *, suspect: bool) -> Failure | None:
        """Repeated if what failed is not the handler but the database."""
        while True:
            try:
                if delivery.event is None:
                    delivery.event = await self._rows.event(delivery.event_id)
                return await self.attempts.run(delivery, suspect=suspect)
            except Exception as error:
                logger.warning("cannot read or update a delivery, trying again", exc_info=error)
                await asyncio.sleep(RETRY)

    async def _may_begin(self, lane: Lane) -> bool:
        """A process that was frozen asks whether the lane is still its own before it goes on."""
        return await self._lease.keeps(lane.shard) and self._is_ours(lane)

    def _is_ours(self, lane: Lane) -> bool:
        return self._lanes.get(lane.key) is lane and self._lease.owns(lane.shard) and not self._stopping

    async def _has_next(self, lane: Lane) -> bool:
        if lane.queue:
            return True
        while lane.more and self._is_ours(lane):
            try:
                async with self._table:
                    found = await self._rows.of_lane(lane.key, lane.last, self._cursors.of(lane.shard), DEPTH)
                    lane.more = len(found) == DEPTH
                    for delivery in found:
                        lane.append(delivery)
                    return bool(found)
            except Exception as error:
                logger.warning("cannot read the next events of a lane, trying again", exc_info=error)
                await asyncio.sleep(RETRY)
        return False

    async def _is_settled_meanwhile(self, lane: Lane, failure: Failure) -> bool:
        """Write the failure down, and forget the lane: it is read again when it is due, or after a replay.

        True if there was nothing to write: another attempt settled the delivery, or our own commit succeeded although
        its answer was lost.
        """
        delivery = lane.queue[0]
        while await self._lease.keeps(lane.shard):  # else its new owner finds out what becomes of it
            try:
                async with self._table:
                    if not await self._outcomes.failed(delivery, failure):
                        return True
                    lane.queue.clear()
                    if self._lanes.get(lane.key) is lane:
                        del self._lanes[lane.key]
                self._tell(delivery, failure)
                return False
            except Exception as error:
                logger.warning("cannot record that an event handler failed, trying again", exc_info=error)
                await asyncio.sleep(RETRY)
        return False

    def _tell(self, delivery: Delivery, failure: Failure) -> None:
        if failure.delay is None:
            delivered(delivery.consumer, "dead-letter")
            details = {"consumer": delivery.consumer, "event_id": str(delivery.event_id)}
            logger.error("event became a dead letter", extra=details | {"attempts": delivery.attempts + 1})
        else:
            asyncio.get_running_loop().call_later(failure.delay, self._news.set)
