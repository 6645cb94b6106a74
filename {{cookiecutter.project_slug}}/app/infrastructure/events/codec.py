"""Domain events as JSON and back; the dataclass is the schema."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError
from uuid_utils.compat import uuid7

from app.core.context import request_id
from app.core.events import DomainEvent, Event, Upcaster
from app.core.exceptions import PermanentError

MAX_DATA = 1_000_000  # bytes: what brokers take unless told otherwise. More would hold up the relay for ever


class JsonEventCodec:
    """Knows the events it is given, by name, and how older versions of them become the present one.

    `source` names this service in the envelope.
    """

    def __init__(
        self, events: Iterable[type[DomainEvent]], upcasters: Mapping[tuple[str, int], Upcaster], source: str
    ) -> None:
        self._events = {event.name: event for event in events}
        self._schemas: dict[str, TypeAdapter[DomainEvent]] = {
            name: TypeAdapter(event) for name, event in self._events.items()
        }
        self._upcasters = upcasters
        self._source = source

    def encode(self, event: DomainEvent, *, subject: str) -> Event:
        cause, data = request_id.get(), self._schemas[event.name].dump_json(event)
        if len(data) > MAX_DATA:
            raise ValueError(
                f"{event.name} has {len(data)} bytes, at most {MAX_DATA} travel: send a key to the content"
            )
        return Event(
            id=uuid7(),
            type=event.name,
            version=event.version,
            source=self._source,
            subject=subject,
            time=event.occurred_at,
            data=data,
            headers={} if cause is None else {"request-id": cause},
        )

    def decode(self, event: Event) -> DomainEvent:
        what = f"{event.type} v{event.version}"
        if event.type not in self._events:
            raise PermanentError(f"{what} is not in the registry")
        try:
            payload = json.loads(event.data)
        except ValueError:
            raise PermanentError(f"{what} is not JSON") from None
        try:
            return self._schemas[event.type].validate_python(self._up_to_date(event, payload), strict=False)
        except ValidationError as error:
            places = ", ".join(".".join(map(str, e["loc"])) or "payload" for e in error.errors(include_input=False))
            raise PermanentError(f"{what} does not fit its schema at: {places}") from None

    def _up_to_date(self, event: Event, payload: Any) -> Any:
        present = self._events[event.type].version
        if event.version > present:
            raise PermanentError(f"{event.type} v{event.version} is newer than this code, which knows v{present}")
        for version in range(event.version, present):
            upcast = self._upcasters.get((event.type, version))
            if upcast is None or not isinstance(payload, dict):
                raise PermanentError(f"{event.type} v{version} cannot be made into v{version + 1}")
            payload = upcast(payload)
        return payload
