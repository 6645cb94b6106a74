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
from app.chassis.watchdog import watchdog
from app.core.events import FOREIGN, DomainEvent, Event, EventBus
from app.core.scope import OpenScope
from app.core.subscriptions import Subscription
from app.core.translations import Translation

logger = logging.getLogger(__name__)

Run = Callable[[asyncio.Event], Awaitable[None]]
WATCHDOG = 2.0  # leases that the event loop may be blocked: after one, others have taken over
RESTART = 1.0  # seconds
CANCEL = 2.0  # seconds to clean up after the grace period
GIVE_BACK = 5.0  # seconds to give the locks back; if the database is away, it frees them itself


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
        stop, give_back = asyncio.Event(), asyncio.Event()
        holding = asyncio.create_task(_supervised("the keeper of the locks", lease.run, give_back))
        parts: dict[str, Run] = {"the relay": Relay(self.outbox, self.bus, lease, self._settings.outbox_poll).run}
        parts |= {"the purge": self._make_purge(lease).run}
        if consume:
            parts |= self._consuming(lease)
        working = [asyncio.create_task(_supervised(name, run, stop)) for name, run in parts.items()]
        try:
            with watchdog(WATCHDOG * self._settings.process_lease) if self._settings.watchdog else nullcontext():
                yield
        finally:
            stop.set()
            await _end(working, self._settings.shutdown_grace)
            give_back.set()
            await _end([holding], GIVE_BACK)

    def _consuming(self, lease: Lease) -> dict[str, Run]:
        dispatcher = Dispatcher(self.database, self.consumers, self._open_scope, self._decode, lease, self._news)
        intake = Intake(Inbox(self.database), self._translator)

        async def store(events: Sequence[Event]) -> None:
            await intake.store(events)
            self._news.set()

        def is_ours() -> bool:
            return not self.bus.one_fetcher or lease.holds(FETCH)

        fetcher = Fetcher(self.bus, store, self._translator.topics, is_ours)
        return {
            "the fetcher": fetcher.run,
            "the dispatcher": partial(dispatcher.run, grace=self._settings.shutdown_grace),
        }

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


async def _end(tasks: Sequence[asyncio.Task[None]], seconds: float) -> None:
    _, late = await asyncio.wait(tasks, timeout=seconds + CANCEL)
    for task in late:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _supervised(name: str, run: Run, stop: asyncio.Event) -> None:
    """Run until `stop`; should it end before, through a bug, then say so and start it again."""
    while not stop.is_set():
        try:
            await run(stop)
        except Exception as error:
            logger.critical("%s ended because of a bug, starting it again", name, exc_info=error)
        if not stop.is_set():
            await asyncio.sleep(RESTART)
