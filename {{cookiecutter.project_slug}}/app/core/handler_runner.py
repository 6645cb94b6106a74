"""Runs one handler on one event: inbox, retry with backoff, dead letter."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Any

from app.core.cancellation import is_cancelled
from app.core.delivery import AlreadyHandledError, DeadLetter, DeadLetters, Delivery, Inbox, current_delivery
from app.core.events import DomainEvent, Event
from app.core.exceptions import PermanentError
from app.core.metrics import DeliveryMetrics
from app.core.retry import RetryPolicy
from app.core.scope import OpenScope
from app.core.subscriptions import Subscription

logger = logging.getLogger(__name__)


CAREFUL = 500
"""So many deliveries after a start are noted before they begin: if an event ended the last process, it is among those
that come first, and it must not end every process for ever. Later ones are spared the two transactions."""


class ShuttingDownError(Exception):
    """The process stops between two attempts: the event stays unacknowledged and comes again."""


class CrashedError(Exception):
    """Each delivery of the event so far ended with its process."""


class HandlerRunner:
    """`decode` makes the domain event that handlers know, or None if it concerns nobody; may raise `PermanentError`."""

    def __init__(
        self,
        open_scope: OpenScope,
        decode: Callable[[Event], DomainEvent | None],
        inbox: Inbox,
        dead_letters: DeadLetters,
        metrics: DeliveryMetrics,
        retry: RetryPolicy,
    ) -> None:
        self._open_scope = open_scope
        self._decode = decode
        self._inbox = inbox
        self._dead_letters = dead_letters
        self._metrics = metrics
        self._retry = retry
        self._stopping = asyncio.Event()
        self._careful = CAREFUL
        self._suspects = asyncio.Lock()  # they run one by one, so that only the one to blame is noted again

    def stop(self) -> None:
        """Start no further attempt; those that run may finish."""
        self._stopping.set()

    async def run(self, event: Event, subscription: Subscription) -> None:
        """Return when the handler is done with the event, or has given it up; raise if that is not certain."""
        if self._stopping.is_set():
            raise ShuttingDownError
        if await self._inbox.is_settled(subscription.consumer, event.id):
            self._metrics.delivered(subscription.consumer, "duplicate")
            return
        if self._careful > 0:
            self._careful -= 1
            await self._run_noted(event, subscription)
        else:
            await self._try(event, subscription)

    async def _run_noted(self, event: Event, subscription: Subscription) -> None:
        crashes = await self._inbox.unfinished(subscription.consumer, event.id)
        async with self._suspects if crashes else nullcontext():
            await self._inbox.begin(subscription.consumer, event.id)
            try:
                if crashes < self._retry.crashes:
                    await self._try(event, subscription)
                else:
                    await self._give_up(event, subscription, CrashedError(f"{crashes} times in a row"), crashes)
            finally:
                if not is_cancelled():
                    await self._inbox.end(subscription.consumer, event.id)

    async def _try(self, event: Event, subscription: Subscription) -> None:
        for attempt in range(1, self._retry.attempts + 1):
            if attempt > 1:
                await self._pause(self._retry.delay(attempt - 1))
            delivery = Delivery(subscription.consumer, event.id)
            try:
                async with asyncio.timeout(self._retry.timeout):
                    await self._attempt(event, subscription, delivery)
            except BaseException as error:
                if is_cancelled() or isinstance(error, (KeyboardInterrupt, SystemExit)):
                    raise
                self._metrics.delivered(subscription.consumer, "failed")
                logger.warning("event handler failed", extra=_named(event) | {"attempt": attempt}, exc_info=error)
                hopeless = isinstance(error, PermanentError) or delivery.recorded  # done, but for what came after
                if hopeless or attempt == self._retry.attempts:
                    await self._give_up(event, subscription, error, attempt)
                    return
            else:
                return

    async def run_once(self, event: Event, subscription: Subscription) -> None:
        """One attempt, whatever the inbox says. Raise what the handler raises."""
        async with asyncio.timeout(self._retry.timeout):
            await self._attempt(event, subscription, Delivery(subscription.consumer, event.id))

    async def _attempt(self, event: Event, subscription: Subscription, delivery: Delivery) -> None:
        current_delivery.set(delivery)  # each run is a task, and so has a context of its own
        try:
            domain_event = self._decode(event)
            if domain_event is not None:
                async with self._open_scope() as scope:
                    handler = await scope.get(subscription.handler)
                    await handler(domain_event)
        except AlreadyHandledError:
            self._metrics.delivered(subscription.consumer, "duplicate")
            logger.info("event was handled by another delivery", extra=_named(event))
            return
        if not delivery.recorded:
            await self._inbox.mark_handled(delivery.consumer, delivery.event_id)
        self._metrics.delivered(subscription.consumer, "handled" if domain_event else "skipped")
        logger.info("event handled" if domain_event else "message is none of our business", extra=_named(event))

    async def _give_up(self, event: Event, subscription: Subscription, error: BaseException, attempts: int) -> None:
        await self._dead_letters.add(
            DeadLetter(
                consumer=subscription.consumer,
                event=event,
                reason=_reason(error),
                attempts=attempts,
                failed_at=datetime.now(UTC),
            )
        )
        self._metrics.delivered(subscription.consumer, "dead-letter")
        logger.error("event became a dead letter", extra=_named(event) | {"attempts": attempts})

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return
        raise ShuttingDownError


def _reason(error: BaseException) -> str:
    """Of a length and in characters that every database takes: PostgreSQL refuses NUL."""
    text = f"{type(error).__name__}: {error}".encode(errors="backslashreplace").decode()
    return "".join(char if char.isprintable() else " " for char in text)[:500]


def _named(event: Event) -> dict[str, Any]:
    return {"event_type": event.type}
