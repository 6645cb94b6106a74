"""Attempts to handle the deliveries of one consumer: how many at once, how long, and what if they fail."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from app.chassis.codec import UnknownVersionError
from app.chassis.context import DeliveryInHand, current_delivery, is_safe_id, request_id
from app.chassis.inbox.cancellation import is_cancelled
from app.chassis.inbox.consumers import Consumer
from app.chassis.inbox.outcome import Failure, Outcomes
from app.chassis.inbox.rows import Delivery
from app.chassis.metrics import delivered
from app.chassis.sql.delivery import AlreadyHandledError
from app.core.events import DomainEvent, Event
from app.core.exceptions import PermanentError
from app.core.scope import OpenScope

logger = logging.getLogger(__name__)

FAILURES_OF_A_SICK_CONSUMER = 20  # attempts in a row
PROBE_INTERVAL = 0.5  # seconds between two attempts of a sick consumer
MARK_AGAIN = 1.0  # seconds
NEWER_CODE_DELAY = 15.0  # seconds until another process, perhaps one with newer code, gets a chance

Decode = Callable[[Event], DomainEvent | None]


class CrashedError(Exception):
    """The process ended during each attempt so far."""


class Attempts:
    """`decode` makes the domain event that handlers know, or None if the message is to be ignored.

    `alone` is held by an attempt that is suspected of ending its process: one at a time in all of the process.
    """

    def __init__(
        self, consumer: Consumer, open_scope: OpenScope, decode: Decode, outcomes: Outcomes, alone: asyncio.Lock
    ) -> None:
        self.consumer = consumer
        self._recovered_at = 0.0
        self.recovered = False  # a sick consumer succeeded: what sleeps may be tried earlier
        self._open_scope = open_scope
        self._decode = decode
        self._outcomes = outcomes
        self._alone = alone
        self._slots = asyncio.Semaphore(consumer.concurrency)
        self._probe = asyncio.Lock()
        self._recent: deque[bool] = deque(maxlen=FAILURES_OF_A_SICK_CONSUMER)

    @property
    def is_sick(self) -> bool:
        """Whether the last attempts all failed; then one attempt at a time probes the consumer."""
        return len(self._recent) == FAILURES_OF_A_SICK_CONSUMER and not any(self._recent)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait until an attempt may begin. A consumer may become sick, or recover, while we wait."""
        while True:
            if not self.is_sick:
                async with self._slots:
                    if not self.is_sick:
                        yield
                        return
            async with self._probe:
                if not self.is_sick:
                    continue
                async with self._slots:
                    yield
                if self.is_sick:
                    await asyncio.sleep(PROBE_INTERVAL)
                return

    async def run(self, delivery: Delivery, *, suspect: bool) -> Failure | None:
        """None if the delivery is settled. `suspect`: it may have been in hand when a process ended."""
        if not suspect and not delivery.starts:
            return await self._attempt(delivery)
        # It runs beside others, but is noted first: if the process ends now, the note says what was in hand.
        if delivery.starts == 0:
            await self._outcomes.begin(delivery)
            return await self._attempt(delivery)
        async with self._alone:  # only an attempt that runs alone is to blame if the process ends
            if delivery.starts > self.consumer.retry.max_crashes:
                return Failure(CrashedError(f"{delivery.starts} attempts ended with their process"), None)
            await self._outcomes.begin(delivery)
            return await self._attempt(delivery)

    async def _attempt(self, delivery: Delivery) -> Failure | None:
        assert delivery.event is not None
        event = delivery.event
        hand, began = DeliveryInHand(delivery.consumer, delivery.event_id, _hops(event)), time.monotonic()
        current_delivery.set(hand)  # each lane is a task, and so has a context of its own
        given = event.headers.get("requestid", "")
        request_id.set(given if is_safe_id(given) else None)
        try:
            handled = await self._handle(event)
            if not hand.settled:
                await self._settle(delivery)
        except AlreadyHandledError:
            delivered(delivery.consumer, "duplicate")
            logger.info("event was settled by another attempt", extra={"event_type": event.type})
            return None
        except BaseException as error:
            if is_cancelled() or isinstance(error, (KeyboardInterrupt, SystemExit)):
                raise
            return self._failure(delivery, error, hand, began)
        finally:
            current_delivery.set(None)
        self._note(True)
        delivered(delivery.consumer, "handled" if handled else "skipped")
        details = {"event_type": event.type, "consumer": delivery.consumer, "event_id": str(event.id)}
        logger.info("event handled" if handled else "message ignored: its translation gave no event", extra=details)
        return None

    async def _handle(self, event: Event) -> bool:
        """False if the message is to be ignored."""
        domain_event = self._decode(event)
        if domain_event is not None:
            handler_type = self.consumer.handlers.get(event.type)
            if handler_type is None:
                raise UnknownVersionError(f"this code has no handler of {event.type} for {self.consumer.name}")
            async with asyncio.timeout(self.consumer.retry.timeout), self._open_scope() as scope:
                await (await scope.get(handler_type))(domain_event)
        return domain_event is not None

    async def _settle(self, delivery: Delivery) -> None:
        """Mark a delivery whose handler committed nothing; retry until it works, so that it is not handled twice."""
        while True:
            try:
                return await self._outcomes.done(delivery)
            except AlreadyHandledError:
                raise
            except Exception as error:
                logger.warning("cannot mark an event as handled, trying again", exc_info=error)
                await asyncio.sleep(MARK_AGAIN)

    def _failure(self, delivery: Delivery, error: BaseException, hand: DeliveryInHand, began: float) -> Failure | None:
        details = {"attempt": delivery.attempts + 1, "consumer": delivery.consumer, "event_id": str(delivery.event_id)}
        if hand.settled:
            logger.error("event handler failed after its commit, its effect stays", extra=details, exc_info=error)
            return None
        delivered(delivery.consumer, "failed")
        logger.warning("event handler failed", extra=details, exc_info=error)
        if isinstance(error, PermanentError):
            return Failure(error, None)
        delay = self._delay(delivery)
        if isinstance(error, UnknownVersionError):
            return Failure(error, delay and NEWER_CODE_DELAY)
        self._note(False)
        if delay and began < self._recovered_at:  # it says nothing of the time after
            delay = min(delay, PROBE_INTERVAL)
        return Failure(error, delay)

    def _delay(self, delivery: Delivery) -> float | None:
        retry, failures = self.consumer.retry, delivery.attempts + 1
        if retry.max_attempts is not None and failures >= retry.max_attempts:
            return None
        if delivery.first_failed_at is not None:
            age = (datetime.now(UTC) - delivery.first_failed_at).total_seconds()
            if age >= retry.give_up_after:
                return None
        return retry.delay(failures)

    def _note(self, success: bool) -> None:
        if success and self.is_sick:
            self.recovered, self._recovered_at = True, time.monotonic()
        self._recent.append(success)


def _hops(event: Event) -> int:
    text = event.headers.get("hops", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else 0
