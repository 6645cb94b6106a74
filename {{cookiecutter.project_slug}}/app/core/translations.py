"""Messages of other services, and what they mean in our words: an anti-corruption layer."""

from collections.abc import Callable
from dataclasses import dataclass

from app.core.events import DomainEvent, Event

MAX_LENGTH = 100  # characters of a topic and of a type: what the tables of the inbox keep


@dataclass(frozen=True, slots=True, kw_only=True)
class Translation:
    """A message that another service put on its `topic` means our `event`.

    `translate` makes the one of the other, or returns None to ignore the message. What it raises makes a dead letter
    of the message, to be replayed once `translate` is mended. `message_type` (the `type` of CloudEvents) chooses
    among several kinds of messages on one topic; None takes all of them.
    """

    topic: str
    event: type[DomainEvent]
    translate: Callable[[Event], DomainEvent | None]
    message_type: str | None = None

    def __post_init__(self) -> None:
        for text in (self.topic, self.message_type or ""):
            if len(text) > MAX_LENGTH:
                raise ValueError(f"{text!r} is longer than {MAX_LENGTH} characters, more than the inbox can store")

    def matches(self, message: Event) -> bool:
        return self.topic == message.source and self.message_type in (None, message.type)
