"""The event bus on Kafka: one topic for the service, one consumer group for its workers."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from aiokafka.structs import ConsumerRecord

from app.core.events import Event, EventBus, Receive
from app.infrastructure.events.broker import advice, ensure_topic, knock
from app.infrastructure.events.consumer import Membership
from app.infrastructure.events.message import to_event
from app.infrastructure.events.producer import OrderedProducer
from app.infrastructure.events.settings import EventBusSettings, connection_options
from app.infrastructure.events.waiting import happens, unless

__all__ = ["EventBusSettings", "KafkaEventBus", "open_event_bus"]

logger = logging.getLogger(__name__)

FIRST_DELAY, MAX_DELAY = 0.5, 30.0  # seconds until we try again to join


class KafkaEventBus:
    """Events of one subject are in one partition, so they keep their order over all types.

    Kafka does not count deliveries: an event that takes its whole process down each time comes again
    for ever, and its partition waits, until an operator moves the group's offset past it.
    """

    def __init__(self, settings: EventBusSettings, service: str) -> None:
        self._settings = settings
        self._group = service
        self._topic = settings.event_bus_topic or f"{service}.events"
        self._options = connection_options(settings.event_bus_url.get_secret_value()) | {"client_id": service}
        self._producer = OrderedProducer(
            self._options, self._topic, settings.event_bus_partitions, idempotent=settings.event_bus_idempotent
        )
        self._receivers: dict[str, Receive] = {}

    def subscribe(self, event_type: str, receive: Receive) -> None:
        self._receivers[event_type] = receive

    async def publish(self, event: Event) -> None:
        await self.publish_many([event])

    async def publish_many(self, events: Sequence[Event]) -> None:
        try:
            await self._producer.publish(events)
        except Exception as error:
            self._complain("cannot publish to", error)
            raise

    async def run(self, stop: asyncio.Event) -> None:
        delay = FIRST_DELAY
        while not stop.is_set():
            started = asyncio.get_running_loop().time()
            try:
                await self._take_part(stop)
            except Exception as error:
                self._complain("cannot consume from", error)
                lasted = asyncio.get_running_loop().time() - started
                delay = FIRST_DELAY if lasted > MAX_DELAY else min(MAX_DELAY, 2 * delay)
                await happens(stop, delay)

    async def ping(self) -> None:
        await knock(self._options)

    async def close(self) -> None:
        await self._producer.close()

    async def _take_part(self, stop: asyncio.Event) -> None:
        """Be a member of the group until `stop`, or raise why that is not possible."""
        await unless(stop, ensure_topic(self._options, self._topic, self._settings.event_bus_partitions))
        if stop.is_set():
            return
        drain = self._settings.event_bus_drain
        member = Membership(self._consumer(), self._topic, self._take, self.ping, drain)
        patience: float | None = 0.0  # when cancelled
        try:
            await unless(stop, member.stay())
            patience = None  # whoever said `stop` cancels us when it has waited enough
        except Exception:
            patience = drain
            raise
        finally:
            await member.leave(patience)

    def _complain(self, what: str, error: Exception) -> None:
        kind = {"error": type(error).__name__}
        mistake = None if isinstance(error, (KafkaError, OSError)) else error
        logger.warning("%s topic %s: %s", what, self._topic, advice(error), extra=kind, exc_info=mistake)

    def _consumer(self) -> AIOKafkaConsumer:
        session, drain = self._settings.event_bus_session, self._settings.event_bus_drain
        longest = {
            "rebalance_timeout_ms": int(1000 * (drain + 10)),
            "request_timeout_ms": int(1000 * (drain + 20)),  # the answer to a join comes when all have joined
        }
        return AIOKafkaConsumer(
            group_id=self._group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=int(1000 * session),
            heartbeat_interval_ms=int(1000 * session / 4),
            fetch_max_wait_ms=100,  # a partition whose handler was busy waits for the fetch of the others
            metadata_max_age_ms=30_000,
            **(self._options | longest),
        )

    async def _take(self, record: ConsumerRecord[bytes, bytes]) -> None:
        event = to_event(record)
        if receive := self._receivers.get(event.type):
            await receive(event)


@asynccontextmanager
async def open_event_bus(settings: EventBusSettings, service: str) -> AsyncIterator[EventBus]:
    """The bus of this process. Connects when it is used first, so it opens without a broker."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it logs each attempt, and texts that may hold secrets
    bus = KafkaEventBus(settings, service)
    try:
        yield bus
    finally:
        await bus.close()
