"""Messages of other services, and what they mean in our words: an anti-corruption layer."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from app.core.events import DomainEvent, Event
from app.core.exceptions import PermanentError

MAX_TOPIC = 100  # characters: it is the source of a dead letter


@dataclass(frozen=True, slots=True, kw_only=True)
class Translation:
    """A message that another service put on its `topic` means our `event`.

    `translate` makes the one of the other. What it raises makes a dead letter of the message, to be replayed
    once `translate` is mended. `message_type` (CloudEvents' `type`): None if all messages of the topic are meant.
    """

    topic: str
    event: type[DomainEvent]
    translate: Callable[[Event], DomainEvent]
    message_type: str | None = None

    def __post_init__(self) -> None:
        if len(self.topic) > MAX_TOPIC:
            raise ValueError(f"the topic {self.topic!r} is longer than {MAX_TOPIC} characters: no table keeps it")


class Translations:
    """All that this service understands of others."""

    def __init__(self, *translations: Translation) -> None:
        self._translations = translations

    @property
    def topics(self) -> list[str]:
        """The topics to listen to, each once."""
        return list(dict.fromkeys(translation.topic for translation in self._translations))

    def recognize(self, message: Event) -> Event | None:
        """The message under the name of our event, still in the words of the other service; None if it is not meant."""
        for translation in self._translations:
            if translation.topic == message.source and translation.message_type in (None, message.type):
                return replace(message, type=translation.event.name)
        return None

    def translate(self, message: Event) -> DomainEvent:
        """What was recognized, in our words. Raise `PermanentError` if that cannot be done."""
        for translation in self._translations:
            if (translation.topic, translation.event.name) == (message.source, message.type):
                try:
                    return translation.translate(message)
                except Exception as error:
                    raise PermanentError(f"cannot be translated: {type(error).__name__}: {error}") from error
        raise PermanentError(f"nobody translates what comes from {message.source} into {message.type}")
