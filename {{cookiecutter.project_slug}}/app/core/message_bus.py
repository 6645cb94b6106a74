"""Takes an event to its handlers: which ones, and what of those that concern nobody. Once for every bus."""

import asyncio
import logging
from collections.abc import Iterable
from datetime import UTC, datetime

from app.core.context import is_safe_id, request_id
from app.core.delivery import DeadLetter, DeadLetters, Inbox
from app.core.events import FOREIGN, UNDECODABLE, DomainEvent, Event, EventCodec
from app.core.exceptions import PermanentError, StartupError
from app.core.foreign import Translations
from app.core.handler_runner import HandlerRunner
from app.core.metrics import DeliveryMetrics
from app.core.retry import RetryPolicy
from app.core.scope import OpenScope
from app.core.subscriptions import Subscription

logger = logging.getLogger(__name__)

NOBODY = "nobody"  # stands for the consumer where an event has none


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
        self._codec = codec
        self._dead_letters = dead_letters
        self._metrics = metrics
        self._runner = HandlerRunner(open_scope, self._decode, inbox, dead_letters, metrics, retry)

    @property
    def foreign_topics(self) -> list[str]:
        """Where other services say what concerns us."""
        return self._translations.topics

    def stop(self) -> None:
        """Start no further attempt; those that run may finish."""
        self._runner.stop()

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
        _take_over_request_id(letter.event)
        await self._runner.run_once(letter.event, subscription)
        await self._dead_letters.discard(letter.consumer, letter.event.id)

    async def _handle(self, event: Event) -> None:
        _take_over_request_id(event)
        runs = (self._runner.run(event, subscription) for subscription in self._by_type[event.type])
        results = await asyncio.gather(*runs, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result

    def _decode(self, event: Event) -> DomainEvent | None:
        return self._translations.translate(event) if event.version == FOREIGN else self._codec.decode(event)

    async def _reject(self, event: Event) -> None:
        """Keep what the bus could not read as a dead letter of nobody in particular."""
        await self._dead_letters.add(
            DeadLetter(
                consumer=UNDECODABLE,
                event=event,
                reason="not an event of ours",
                attempts=0,
                failed_at=datetime.now(UTC),
            )
        )
        self._metrics.delivered(NOBODY, "dead-letter")
        logger.error("undecodable message became a dead letter")


def _take_over_request_id(event: Event) -> None:
    given = event.headers.get("request-id", "")
    request_id.set(given if is_safe_id(given) else None)


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
