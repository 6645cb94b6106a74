"""From the bus into the inbox."""

import logging
from collections.abc import Sequence

from app.chassis.inbox.store import Inbox
from app.chassis.metrics import NOBODY, delivered
from app.chassis.translator import Translator
from app.core.events import FOREIGN, UNDECODABLE, Event

logger = logging.getLogger(__name__)


class Intake:
    """Stores what was fetched. Messages of other services that no translation matches are counted and dropped."""

    def __init__(self, inbox: Inbox, translator: Translator) -> None:
        self._inbox = inbox
        self._translator = translator

    async def store(self, events: Sequence[Event]) -> None:
        known = []
        for event in events:
            recognized = self._translator.recognize(event) if event.version == FOREIGN else event
            if recognized is None:
                delivered(NOBODY, "skipped")
                logger.debug("message ignored: no translation matches", extra={"topic": event.source})
                continue
            if event.type == UNDECODABLE:
                delivered(NOBODY, "dead-letter")
                logger.error(
                    "message cannot be decoded, it is kept as a dead letter", extra={"event_id": str(event.id)}
                )
            known.append(recognized)
        await self._inbox.store(known)
