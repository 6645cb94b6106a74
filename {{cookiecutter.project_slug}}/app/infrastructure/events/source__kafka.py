"""A topic that this service consumes: its own, or one of another service."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import ConsumerRecord

from app.core.events import Event, Receive
from app.infrastructure.events.broker import complain, knock
from app.infrastructure.events.consumer import Membership
from app.infrastructure.events.settings import EventBusSettings
from app.infrastructure.events.waiting import happens, unless

FIRST_DELAY, MAX_DELAY = 0.5, 30.0  # seconds until we try again to join


class Source:
    """`group` is the consumer group. `prepare` returns when the topic is there, and raises if that will not be.

    `read` makes an event of a message; it goes to `receive`.
    """

    def __init__(
        self,
        topic: str,
        group: str,
        options: dict[str, Any],
        settings: EventBusSettings,
        prepare: Callable[[], Coroutine[Any, Any, None]],
        read: Callable[[ConsumerRecord[bytes, bytes]], Event],
        receive: Receive,
    ) -> None:
        self._topic = topic
        self._group = group
        self._options = options
        self._settings = settings
        self._prepare = prepare
        self._read = read
        self._receive = receive

    async def consume(self, stop: asyncio.Event) -> None:
        """Until `stop`; outlives a broker that is away."""
        delay = FIRST_DELAY
        while not stop.is_set():
            started = asyncio.get_running_loop().time()
            try:
                await self._take_part(stop)
            except Exception as error:
                complain("cannot consume from", self._topic, error)
                lasted = asyncio.get_running_loop().time() - started
                delay = FIRST_DELAY if lasted > MAX_DELAY else min(MAX_DELAY, 2 * delay)
                await happens(stop, delay)

    async def _take_part(self, stop: asyncio.Event) -> None:
        """Be a member of the group until `stop`, or raise why that is not possible."""
        await unless(stop, self._prepare())
        if stop.is_set():
            return
        drain = self._settings.event_bus_drain
        member = Membership(self._consumer(), self._topic, self._take, self._ping, drain)
        patience: float | None = 0.0  # when cancelled
        try:
            await unless(stop, member.stay())
            patience = None  # whoever said `stop` cancels us when it has waited enough
        except Exception:
            patience = drain
            raise
        finally:
            await member.leave(patience)

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
        await self._receive(self._read(record))

    async def _ping(self) -> None:
        await knock(self._options)
