"""Domain events as JSON and back; the dataclass is the schema."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError
from uuid_utils.compat import uuid7

from app.chassis.context import current_delivery, request_id
from app.core.events import DomainEvent, Event, Upcaster
from app.core.exceptions import PermanentError

MAX_DATA = 1_000_000  # bytes: what brokers take unless told otherwise; a larger event would block the relay for ever
MAX_HOPS = 32  # handlers in a row that answer an event with an event: more is a loop


class UnknownVersionError(Exception):
    """The event is newer than this code: a process with newer code will handle it."""


class EventCodec:
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
        """Raise `ValueError` if it is too large to travel: better now, with the transaction, than in the relay.

        Raise `PermanentError` if handlers answer events with events without end.
        """
        data = self._schemas[event.name].dump_json(event)
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
            headers=_headers(),
        )

    def decode(self, event: Event) -> DomainEvent:
        """Older versions are brought up to date. Raise `PermanentError` if the payload does not fit its schema.

        Raise `UnknownVersionError` if the event was written by newer code.
        """
        what = f"{event.type} v{event.version}"
        if event.type not in self._events:
            raise PermanentError(f"{what} is not in the registry")
        if event.version > self._events[event.type].version:
            raise UnknownVersionError(f"{what} is newer than this code")
        try:
            payload = json.loads(event.data)
        except (ValueError, RecursionError):
            raise PermanentError(f"{what} is not JSON") from None
        try:
            return self._schemas[event.type].validate_python(self._up_to_date(event, payload), strict=False)
        except ValidationError as error:
            places = ", ".join(".".join(map(str, e["loc"])) or "payload" for e in error.errors(include_input=False))
            raise PermanentError(f"{what} does not fit its schema at: {places}") from None

    def _up_to_date(self, event: Event, payload: Any) -> Any:
        for version in range(event.version, self._events[event.type].version):
            upcast = self._upcasters.get((event.type, version))
            if upcast is None or not isinstance(payload, dict):
                raise PermanentError(f"{event.type} v{version} cannot be made into v{version + 1}")
            payload = upcast(payload)
        return payload


def _headers() -> dict[str, str]:
    """Which request and which event caused this one."""
    headers = {}
    if (cause := request_id.get()) is not None:
        headers["requestid"] = cause
    if (delivery := current_delivery.get()) is not None:
        if delivery.hops >= MAX_HOPS:
            raise PermanentError(f"{MAX_HOPS} handlers in a row answered an event with an event: this is a loop")
        headers |= {"causationid": str(delivery.event_id), "hops": str(delivery.hops + 1)}
    return headers
