"""Applies the translations of this service to messages of other services."""

from dataclasses import replace

from app.core.events import DomainEvent, Event
from app.core.exceptions import PermanentError
from app.core.translations import Translation

MESSAGE_TYPE = "messagetype"  # the header that keeps the message's own type once it bears the name of our event


class Translator:
    def __init__(self, *translations: Translation) -> None:
        """Raise `ValueError` if a translation comes after one on the same topic that takes all of its messages."""
        for number, later in enumerate(translations):
            for earlier in translations[:number]:
                if earlier.topic == later.topic and earlier.message_type in (None, later.message_type):
                    raise ValueError(f"two translations match the same messages of {later.topic}: drop one of them")
        self._translations = translations

    @property
    def topics(self) -> list[str]:
        """The topics to fetch from, each once."""
        return list(dict.fromkeys(translation.topic for translation in self._translations))

    def recognize(self, message: Event) -> Event | None:
        """The message with the type of our event, its content unchanged; None if no translation matches."""
        match = self._find(message)
        if match is None:
            return None
        return replace(message, type=match.event.name, headers={**message.headers, MESSAGE_TYPE: message.type})

    def translate(self, message: Event) -> DomainEvent | None:
        """Our event, made of a message that was recognized; None if it is to be ignored. Raise `PermanentError`."""
        original = replace(message, type=message.headers.get(MESSAGE_TYPE, ""))
        match = self._find(original)
        if match is None or match.event.name != message.type:
            raise PermanentError(f"no translation makes {message.type} of messages from {message.source}")
        try:
            event = match.translate(original)
        except Exception as error:
            raise PermanentError(f"cannot be translated: {type(error).__name__}: {error}") from error
        if event is not None and (not isinstance(event, match.event) or event.occurred_at.tzinfo is None):
            raise PermanentError(f"the translation gave no {match.event.__name__} whose time has a timezone")
        return event

    def _find(self, message: Event) -> Translation | None:
        return next((one for one in self._translations if one.matches(message)), None)
