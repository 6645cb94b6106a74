"""Events as Kafka messages: CloudEvents' binary mode, an attribute is a header `ce_...`, the key is the subject."""

from dataclasses import dataclass

from aiokafka.structs import ConsumerRecord

from app.core.events import Event
from app.infrastructure.events.wire import as_text, from_wire, place_id, to_wire

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
    attributes = {name.removeprefix(PREFIX): as_text(text or b"") for name, text in record.headers}
    return from_wire(attributes, record.value or b"", place_id(record.topic, record.partition, record.offset))
