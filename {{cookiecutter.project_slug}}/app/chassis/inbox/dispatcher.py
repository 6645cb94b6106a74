"""The dispatcher: runs the queues of all consumers in this process."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping

from sqlalchemy import func, select, update

from app.chassis.inbox.attempts import Attempts, Decode
from app.chassis.inbox.consumers import Consumer
from app.chassis.inbox.outcome import Outcomes
from app.chassis.inbox.queue import ConsumerQueue
from app.chassis.inbox.rows import Rows
from app.chassis.sql.database import Database
from app.chassis.sql.engine import read_only, single_statements
from app.chassis.sql.lease import Lease
from app.chassis.sql.tables import WAITING, deliveries
from app.chassis.waiting import wait_for_any
from app.core.scope import OpenScope

logger = logging.getLogger(__name__)

POLL = 1.0  # seconds between two looks at the table if nothing wakes the dispatcher earlier
SOON = 0.1  # seconds until the next look if not all that is due fitted into memory
RETRY = 0.5  # seconds until a statement that failed is tried again
SWEEP = 60.0  # seconds between two readings of our shards from their beginnings
PULLED_AT_ONCE = 200  # sleeping deliveries of a consumer that recovered, once in POLL seconds

_HIGHEST = select(func.coalesce(func.max(deliveries.c.seq), 0))


class Dispatcher:
    """`news` is set when something was stored, or is due: by NOTIFY, by a timer, or by a store of this process."""

    def __init__(
        self,
        database: Database,
        consumers: Mapping[str, Consumer],
        open_scope: OpenScope,
        decode: Decode,
        lease: Lease,
        news: asyncio.Event,
    ) -> None:
        self._news = news
        self._database = database
        self._engine = single_statements(read_only(database.engine))
        self._lease = lease
        self._high = 0
        self._next_pull: dict[str, float] = {}
        self._next_sweep = 0.0
        alone, outcomes = asyncio.Lock(), Outcomes(database)
        self._queues = {}
        for name, consumer in consumers.items():
            attempts = Attempts(consumer, open_scope, decode, outcomes, alone)
            self._queues[name] = ConsumerQueue(Rows(database, name), attempts, outcomes, lease, news)
        lease.in_hand = lambda shard: any(queue.has_in_hand(shard) for queue in self._queues.values())

    async def run(self, stop: asyncio.Event, grace: float) -> None:
        """Dispatch until `stop` is set; then let the handlers that run finish within `grace` seconds."""
        feeding = [asyncio.create_task(self._keep_on(self._feed, queue)) for queue in self._queues.values()]
        looking = asyncio.create_task(self._keep_on(self._look))
        try:
            await stop.wait()
        finally:
            for task in (looking, *feeding):
                task.cancel()
            for queue in self._queues.values():
                queue.stop()
            await asyncio.gather(looking, *feeding, return_exceptions=True)
            await asyncio.gather(*(queue.finish(grace) for queue in self._queues.values()))

    async def _keep_on(self, work: Callable[..., object], *arguments: object) -> None:
        while True:
            try:
                await work(*arguments)  # type: ignore[misc]
            except Exception as error:
                logger.warning("cannot read the inbox, trying again", exc_info=error)
                await asyncio.sleep(RETRY)

    async def _look(self) -> None:
        """One look at the table for all consumers: what is new, and what is due again?"""
        self._news.clear()
        full: list[str] = []
        if self._lease.shards:
            due = select(deliveries.c.consumer).distinct()
            due = due.where(deliveries.c.state == WAITING, deliveries.c.due_at <= self._database.now())
            async with self._engine.connect() as connection:
                high = (await connection.execute(_HIGHEST)).scalar_one()
                is_due = set((await connection.execute(due)).scalars())
            self._high = high
            for name, queue in self._queues.items():
                if queue.attempts.recovered:
                    await self._pull_forward(name, queue)
            full = [name for name in is_due & self._queues.keys() if await self._queues[name].wake()]
        if time.monotonic() > self._next_sweep:
            self._next_sweep = time.monotonic() + SWEEP
            for queue in self._queues.values():
                queue.read_again()
        for queue in self._queues.values():
            queue.room.set()
        await wait_for_any(self._news, self._lease.changed, timeout=SOON if full else POLL)
        self._lease.changed.clear()

    async def _feed(self, queue: ConsumerQueue) -> None:
        queue.room.clear()
        if not await queue.load(self._high):
            await queue.room.wait()

    async def _pull_forward(self, name: str, queue: ConsumerQueue) -> None:
        """What a sick consumer put to sleep need not wait for its time once it has recovered."""
        if queue.attempts.is_sick:
            queue.attempts.recovered = False
            return
        if time.monotonic() < self._next_pull.get(name, 0.0):
            return
        self._next_pull[name] = time.monotonic() + POLL
        asleep = (deliveries.c.consumer == name, deliveries.c.state == WAITING)
        now = self._database.now()
        some = select(deliveries.c.seq).where(*asleep, deliveries.c.due_at > now).order_by(deliveries.c.due_at)
        chosen = deliveries.c.seq.in_(some.limit(PULLED_AT_ONCE))
        async with single_statements(self._database.engine).connect() as connection:
            pulled = await connection.execute(update(deliveries).where(*asleep, chosen).values(due_at=now))
            await connection.commit()
        queue.attempts.recovered = pulled.rowcount == PULLED_AT_ONCE
        if pulled.rowcount:
            logger.info("consumer has recovered, its sleeping events are tried now", extra={"consumer": name})
