"""Events as Kafka messages: CloudEvents' binary mode, an attribute is a header `ce_...`, the key is the subject."""

from dataclasses import dataclass
from uuid import UUID

from aiokafka.structs import ConsumerRecord

from app.core.events import Event
from app.infrastructure.events.wire import as_text, from_other_service, from_wire, place_id, to_wire

PREFIX = "ce_"


@dataclass(frozen=True, slots=True)
class Message:
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]

    @property
    def size(self) -> int:
        """Bytes, but for what Kafka adds."""
        return len(self.key) + len(self.value) + sum(len(name) + len(text) for name, text in self.headers)


def to_message(event: Event) -> Message:
    attributes, data = to_wire(event)
    headers = [(PREFIX + name, text.encode()) for name, text in attributes.items()]
    return Message(event.subject.encode(), data, headers)


def to_event(record: ConsumerRecord[bytes, bytes]) -> Event:
    """The event of a message; of type UNDECODABLE if it is none of ours."""
    return from_wire(_attributes(record), record.value or b"", _place(record))


def to_foreign_event(record: ConsumerRecord[bytes, bytes]) -> Event:
    """The message of another service, as it came."""
    key, data = as_text(record.key or b""), record.value or b""
    return from_other_service(record.topic, key, _attributes(record), data, _place(record))


def _attributes(record: ConsumerRecord[bytes, bytes]) -> dict[str, str]:
    """Those of CloudEvents stand above other headers of the same name."""
    headers = {name: as_text(text or b"") for name, text in record.headers}
    said = {name: headers.pop(name) for name in list(headers) if name.startswith(PREFIX)}
    return headers | {name.removeprefix(PREFIX): text for name, text in said.items()}


def _place(record: ConsumerRecord[bytes, bytes]) -> UUID:
    """The time as well: a topic that is deleted and made anew has the same offsets again."""
    return place_id(record.topic, record.partition, record.offset, record.timestamp)
