"""Takes one event to its handlers. Inbox, retry and dead letters live here, once for every bus."""

import asyncio
import logging
from collections.abc import Iterable
from datetime import UTC, datetime

from app.core.cancellation import is_cancelled
from app.core.context import request_id
from app.core.delivery import AlreadyHandledError, DeadLetter, DeadLetters, Delivery, Inbox, current_delivery
from app.core.events import FOREIGN, UNDECODABLE, DomainEvent, Event, EventCodec
from app.core.exceptions import PermanentError, StartupError
from app.core.foreign import Translations
from app.core.metrics import DeliveryMetrics
from app.core.retry import RetryPolicy
from app.core.scope import OpenScope
from app.core.subscriptions import Subscription

logger = logging.getLogger(__name__)

NOBODY = "nobody"  # stands for the consumer where an event has none


class ShuttingDownError(Exception):
    """The process stops between two attempts: the event stays unacknowledged and comes again."""


class MessageBus:
    """Routes an event to all its handlers, side by side, so that one that fails delays no other."""

    def __init__(
        self,
        subscriptions: Iterable[Subscription],
        translations: Translations,
        open_scope: OpenScope,
        codec: EventCodec,
        inbox: Inbox,
        dead_letters: DeadLetters,
        metrics: DeliveryMetrics,
        retry: RetryPolicy,
    ) -> None:
        self._by_type: dict[str, list[Subscription]] = {}
        names = set()
        for subscription in subscriptions:
            if subscription.consumer in names:
                raise StartupError(
                    f"two subscriptions are called {subscription.consumer!r}: one would go without events"
                )
            names.add(subscription.consumer)
            self._by_type.setdefault(subscription.event.name, []).append(subscription)
        self._translations = translations
        self._open_scope = open_scope
        self._codec = codec
        self._inbox = inbox
        self._dead_letters = dead_letters
        self._metrics = metrics
        self._retry = retry
        self._stopping = asyncio.Event()

    @property
    def foreign_topics(self) -> list[str]:
        """Where other services say what concerns us."""
        return self._translations.topics

    def stop(self) -> None:
        """Start no further attempt; those that run may finish."""
        self._stopping.set()

    async def receive(self, event: Event) -> None:
        """Take whatever a bus delivers. Return when each handler has handled it or given it up: then acknowledge it.

        Raises whatever keeps that from being certain, for instance a database that is away.
        """
        if event.type == UNDECODABLE:
            await self._reject(event)
            return
        known = self._translations.recognize(event) if event.version == FOREIGN else event
        if known is None or known.type not in self._by_type:
            self._metrics.delivered(NOBODY, "skipped")
            logger.debug("event skipped, because nobody waits for its type", extra={"event_type": event.type})
            return
        await self._handle(known)

    async def replay(self, letter: DeadLetter) -> None:
        """Run only the handler that failed, once, and forget the letter. Raise what the handler raises."""
        subscription = next(
            (s for s in self._by_type.get(letter.event.type, ()) if s.consumer == letter.consumer), None
        )
        if subscription is None:
            raise PermanentError(f"no handler {letter.consumer!r} waits for {letter.event.type!r}")
        async with asyncio.timeout(self._retry.timeout):
            await self._attempt(letter.event, subscription, Delivery(letter.consumer, letter.event.id))
        await self._dead_letters.discard(letter.consumer, letter.event.id)

    async def _handle(self, event: Event) -> None:
        if self._stopping.is_set():
            raise ShuttingDownError
        request_id.set(event.headers.get("request-id"))
        subscriptions = self._by_type.get(event.type, ())
        results = await asyncio.gather(*(self._deliver(event, s) for s in subscriptions), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result

    async def _deliver(self, event: Event, subscription: Subscription) -> None:
        if await self._inbox.is_settled(subscription.consumer, event.id):
            self._metrics.delivered(subscription.consumer, "duplicate")
            return
        for attempt in range(1, self._retry.attempts + 1):
            if attempt > 1:
                await self._pause(self._retry.delay(attempt - 1))
            delivery = Delivery(subscription.consumer, event.id)
            try:
                async with asyncio.timeout(self._retry.timeout):
                    await self._attempt(event, subscription, delivery)
            except (Exception, asyncio.CancelledError) as error:
                if is_cancelled():
                    raise
                self._metrics.delivered(subscription.consumer, "failed")
                logger.warning("event handler failed", extra={"attempt": attempt}, exc_info=error)
                hopeless = isinstance(error, PermanentError) or delivery.recorded  # done, but for what came after
                if hopeless or attempt == self._retry.attempts:
                    await self._give_up(event, subscription, error, attempt)
                    return
            else:
                return

    async def _attempt(self, event: Event, subscription: Subscription, delivery: Delivery) -> None:
        current_delivery.set(delivery)  # gather() gave each delivery a context of its own
        try:
            async with self._open_scope() as scope:
                handler = await scope.get(subscription.handler)
                await handler(self._decode(event))
        except AlreadyHandledError:
            self._metrics.delivered(subscription.consumer, "duplicate")
            logger.info("event was handled by another delivery")
            return
        if not delivery.recorded:
            await self._inbox.mark_handled(delivery.consumer, delivery.event_id)
        self._metrics.delivered(subscription.consumer, "handled")
        logger.info("event handled")

    def _decode(self, event: Event) -> DomainEvent:
        return self._translations.translate(event) if event.version == FOREIGN else self._codec.decode(event)

    async def _give_up(self, event: Event, subscription: Subscription, error: BaseException, attempts: int) -> None:
        text = f"{type(error).__name__}: {error}".encode(errors="backslashreplace").decode()
        reason = "".join(char if char.isprintable() else " " for char in text)[:500]  # a database refuses NUL
        await self._dead_letters.add(
            DeadLetter(
                consumer=subscription.consumer,
                event=event,
                reason=reason,
                attempts=attempts,
                failed_at=datetime.now(UTC),
            )
        )
        self._metrics.delivered(subscription.consumer, "dead-letter")
        logger.error("event became a dead letter", extra={"attempts": attempts})

    async def _reject(self, event: Event) -> None:
        """Keep what the bus could not read as a dead letter of nobody in particular."""
        await self._dead_letters.add(
            DeadLetter(
                consumer=UNDECODABLE,
                event=event,
                reason="not an event of ours, or its delivery took the worker down each time",
                attempts=0,
                failed_at=datetime.now(UTC),
            )
        )
        self._metrics.delivered(NOBODY, "dead-letter")
        logger.error("undecodable message became a dead letter")

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return
        raise ShuttingDownError


async def assemble(
    open_scope: OpenScope, subscriptions: Iterable[Subscription], translations: Translations, retry: RetryPolicy
) -> MessageBus:
    """The message bus of this process, with what its container holds."""
    async with open_scope() as scope:
        return MessageBus(
            subscriptions,
            translations,
            open_scope,
            await scope.get(EventCodec),
            await scope.get(Inbox),
            await scope.get(DeadLetters),
            await scope.get(DeliveryMetrics),
            retry,
        )
