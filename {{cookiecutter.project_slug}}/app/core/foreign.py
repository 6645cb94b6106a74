"""Messages of other services, and what they mean in our words: an anti-corruption layer."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from app.core.events import DomainEvent, Event
from app.core.exceptions import PermanentError

TYPE = "message-type"  # the header that keeps the message's own type once it bears the name of our event
MAX_LENGTH = 100  # characters of a topic and of a type: what the table of dead letters keeps


@dataclass(frozen=True, slots=True, kw_only=True)
class Translation:
    """A message that another service put on its `topic` means our `event`.

    `translate` makes the one of the other, or returns None: this message is none of our business. What it raises
    makes a dead letter of the message, to be replayed once `translate` is mended. `message_type` (CloudEvents'
    `type`) chooses among several kinds of messages on one topic; None takes all of them.
    """

    topic: str
    event: type[DomainEvent]
    translate: Callable[[Event], DomainEvent | None]
    message_type: str | None = None

    def __post_init__(self) -> None:
        for text in (self.topic, self.message_type or ""):
            if len(text) > MAX_LENGTH:
                raise ValueError(f"{text!r} is longer than {MAX_LENGTH} characters: no table keeps it")

    def is_meant_for(self, message: Event) -> bool:
        return self.topic == message.source and self.message_type in (None, message.type)


class Translations:
    """All that this service understands of others."""

    def __init__(self, *translations: Translation) -> None:
        """Raise `ValueError` if a translation stands behind another one that takes all of its messages."""
        for number, later in enumerate(translations):
            for earlier in translations[:number]:
                if earlier.topic == later.topic and earlier.message_type in (None, later.message_type):
                    raise ValueError(f"two translations of the same messages of {later.topic}: the second gets none")
        self._translations = translations

    @property
    def topics(self) -> list[str]:
        """The topics to listen to, each once."""
        return list(dict.fromkeys(translation.topic for translation in self._translations))

    def recognize(self, message: Event) -> Event | None:
        """The message under the name of our event, still in the words of the other service; None if it is not meant."""
        meant = self._of(message)
        if meant is None:
            return None
        return replace(message, type=meant.event.name, headers={**message.headers, TYPE: message.type})

    def translate(self, message: Event) -> DomainEvent | None:
        """What was recognized, in our words; None if it is none of our business. Raise `PermanentError`."""
        original = replace(message, type=message.headers.get(TYPE, ""))
        meant = self._of(original)
        if meant is None or meant.event.name != message.type:
            raise PermanentError(f"nobody translates what comes from {message.source} into {message.type}")
        try:
            event = meant.translate(original)
        except Exception as error:
            raise PermanentError(f"cannot be translated: {type(error).__name__}: {error}") from error
        if event is not None and (not isinstance(event, meant.event) or event.occurred_at.tzinfo is None):
            raise PermanentError(f"is translated into no {meant.event.__name__} with a time that has a timezone")
        return event

    def _of(self, message: Event) -> Translation | None:
        return next((one for one in self._translations if one.is_meant_for(message)), None)
