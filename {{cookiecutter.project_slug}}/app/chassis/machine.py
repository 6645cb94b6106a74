"""The machine of one process: relay, fetcher and dispatcher, each as far as this process needs it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, nullcontext
from functools import partial

from app.chassis.codec import EventCodec
from app.chassis.fetcher import Fetcher
from app.chassis.inbox.consumers import ConsumerRegistry, consumers_of
from app.chassis.inbox.dispatcher import Dispatcher
from app.chassis.inbox.store import CHANNEL as INBOX
from app.chassis.inbox.store import Inbox
from app.chassis.intake import Intake
from app.chassis.metrics import announce
from app.chassis.settings import ChassisSettings
from app.chassis.sql.database import Database
from app.chassis.sql.engine import unreachable_is_one_line
from app.chassis.sql.lease import FETCH, RELAY, Lease
from app.chassis.sql.outbox import CHANNEL as OUTBOX
from app.chassis.sql.outbox import Outbox
from app.chassis.sql.postgresql_lease import PostgresqlLease
from app.chassis.sql.purge import Purge
from app.chassis.sql.relay import Relay
from app.chassis.sql.sqlite_lease import SqliteLease
from app.chassis.translator import Translator
from app.chassis.waiting import wait_for_any
from app.chassis.watchdog import watchdog
from app.core.events import FOREIGN, DomainEvent, Event, EventBus
from app.core.scope import OpenScope
from app.core.subscriptions import Subscription
from app.core.translations import Translation

logger = logging.getLogger(__name__)

Run = Callable[[asyncio.Event], Awaitable[None]]
WATCHDOG = 2.0  # the event loop may be blocked for so many leases; after one, other processes have taken over
RESTART = 1.0  # seconds
CANCEL = 2.0  # seconds to clean up after the grace period
QUICK_END = 3.0  # seconds for parts that end at once; the database frees locks that are not given back


class Machine:
    """`open_scope` opens the scopes in which handlers run. Raise `StartupError` if subscriptions contradict."""

    def __init__(
        self,
        settings: ChassisSettings,
        database: Database,
        outbox: Outbox,
        bus: EventBus,
        codec: EventCodec,
        open_scope: OpenScope,
        subscriptions: Iterable[Subscription],
        translations: Iterable[Translation],
    ) -> None:
        self.database = database
        self.outbox = outbox
        self.bus = bus
        self.consumers = consumers_of(subscriptions, settings.handler_concurrency, settings.retry)
        self._news = asyncio.Event()
        self._settings = settings
        self._codec = codec
        self._open_scope = open_scope
        self._translator = Translator(*translations)

    @asynccontextmanager
    async def running(self, *, consume: bool) -> AsyncIterator[None]:
        """Work in the background until the context ends; then let handlers finish within the grace period.

        A web process relays and does not consume, unless events never leave the process.
        """
        with unreachable_is_one_line(self.database.engine):
            await ConsumerRegistry(self.database).register(self.consumers)
        announce(self.consumers)
        consume = consume or self.bus.in_process
        lease = self._make_lease(consume)
        grace = self._settings.shutdown_grace
        # In the order in which they end: what is published in the process has to be fetched in it.
        stages = [[_Part("the relay", Relay(self.outbox, self.bus, lease, self._settings.outbox_poll).run)]]
        stages[0].append(_Part("the purge", self._make_purge(lease).run))
        if consume:
            dispatcher = Dispatcher(self.database, self.consumers, self._open_scope, self._decode, lease, self._news)
            stages[0].append(_Part("the dispatcher", partial(dispatcher.run, grace=grace)))
            stages.append([_Part("the fetcher", self._make_fetcher(lease).run)])
        stages.append([_Part("the lock holder", lease.run)])
        try:
            with watchdog(WATCHDOG * self._settings.process_lease) if self._settings.watchdog else nullcontext():
                yield
        finally:
            for stage in stages:
                await asyncio.gather(*(part.end(grace if stage is stages[0] else QUICK_END) for part in stage))

    def _make_fetcher(self, lease: Lease) -> Fetcher:
        intake = Intake(Inbox(self.database), self._translator)

        async def store(events: Sequence[Event]) -> None:
            await intake.store(events)
            self._news.set()

        def is_ours() -> bool:
            return not self.bus.one_fetcher or lease.holds(FETCH)

        return Fetcher(self.bus, store, self._translator.topics, is_ours)

    def _make_lease(self, consume: bool) -> Lease:
        seconds, keys = self._settings.process_lease, {RELAY}
        if consume and self.bus.one_fetcher:
            keys.add(FETCH)
        if not self.database.is_postgresql:
            return SqliteLease(self.database, seconds, keys, shards=consume)
        listeners = {OUTBOX: self.outbox.committed} | ({INBOX: self._news} if consume else {})
        return PostgresqlLease(self.database, seconds, keys, listeners, shards=consume)

    def _make_purge(self, lease: Lease) -> Purge:
        settings = self._settings
        return Purge(
            self.database,
            outbox=settings.outbox_retention,
            inbox=settings.inbox_retention,
            is_ours=lambda: lease.holds(RELAY),
        )

    def _decode(self, event: Event) -> DomainEvent | None:
        return self._translator.translate(event) if event.version == FOREIGN else self._codec.decode(event)


class _Part:
    """Something that runs in the background; should it end before its time, through a bug, it is started again."""

    def __init__(self, name: str, run: Run) -> None:
        self._name = name
        self._run = run
        self._stop = asyncio.Event()
        self._task = asyncio.create_task(self._keep_on())

    async def end(self, seconds: float) -> None:
        """Ask it to end, and cancel it when it takes too long; again, because `asyncio.wait_for` may lose it."""
        self._stop.set()
        await asyncio.wait([self._task], timeout=seconds + CANCEL)
        for _ in range(3):
            self._task.cancel()
            await asyncio.wait([self._task], timeout=CANCEL)

    async def _keep_on(self) -> None:
        while not self._stop.is_set():
            try:
                await self._run(self._stop)
            except Exception as error:
                logger.critical("%s ended because of a bug, starting it again", self._name, exc_info=error)
            await wait_for_any(self._stop, timeout=RESTART)
