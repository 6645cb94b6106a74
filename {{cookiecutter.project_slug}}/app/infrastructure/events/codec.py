"""Domain events as JSON and back; the dataclass is the schema."""

from collections.abc import Iterable

from pydantic import TypeAdapter, ValidationError
from uuid_utils.compat import uuid7

from app.core.context import request_id
from app.core.events import DomainEvent, Event
from app.core.exceptions import PermanentError


class JsonEventCodec:
    """Knows the events it is given, by name. `source` names this service in the envelope."""

    def __init__(self, events: Iterable[type[DomainEvent]], source: str) -> None:
        self._source = source
        self._schemas: dict[str, TypeAdapter[DomainEvent]] = {event.name: TypeAdapter(event) for event in events}

    def encode(self, event: DomainEvent, *, subject: str) -> Event:
        cause = request_id.get()
        return Event(
            id=uuid7(),
            type=event.name,
            version=event.version,
            source=self._source,
            subject=subject,
            time=event.occurred_at,
            data=self._schemas[event.name].dump_json(event),
            headers={} if cause is None else {"request-id": cause},
        )

    def decode(self, event: Event) -> DomainEvent:
        try:
            return self._schemas[event.type].validate_json(event.data)
        except ValidationError as error:
            places = ", ".join(".".join(map(str, e["loc"])) or "payload" for e in error.errors(include_input=False))
            raise PermanentError(f"{event.type} v{event.version} does not fit its schema at: {places}") from None
