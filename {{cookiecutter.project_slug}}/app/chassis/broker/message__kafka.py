"""Events as Kafka messages: CloudEvents' binary mode. An attribute is a header `ce_...`, the key is the subject."""

from dataclasses import dataclass

from aiokafka.structs import ConsumerRecord

from app.chassis.broker.cloudevents import CONTENT_TYPE, as_text, from_other_service, from_wire, place_id, to_wire
from app.core.events import Event

PREFIX = "ce_"
CONTENT_TYPE_HEADER = "content-type"
TOMBSTONE = {"tombstone": "true"}  # tells a message without a value from one whose value is empty


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
    content_type = attributes.pop(CONTENT_TYPE)
    headers = {PREFIX + name: text for name, text in attributes.items()} | {CONTENT_TYPE_HEADER: content_type}
    return Message(event.subject.encode(), data, [(name, text.encode()) for name, text in headers.items()])


def to_event(record: ConsumerRecord[bytes, bytes], *, foreign: bool) -> Event:
    """`foreign`: the topic is that of another service."""
    attributes, data = _attributes(record), record.value or b""
    # the time as well: a topic that is deleted and made anew has the same offsets again
    place = place_id(record.topic, record.partition, record.offset, record.timestamp)
    if foreign:
        return from_other_service(record.topic, as_text(record.key or b""), attributes, data, place)
    return from_wire(attributes, data, place)


def _attributes(record: ConsumerRecord[bytes, bytes]) -> dict[str, str]:
    """`ce_` headers win over other headers of the same name."""
    headers = {name: as_text(text or b"") for name, text in record.headers}
    if CONTENT_TYPE_HEADER in headers:
        headers[CONTENT_TYPE] = headers.pop(CONTENT_TYPE_HEADER)
    said = {name: headers.pop(name) for name in list(headers) if name.startswith(PREFIX)}
    named = {name.removeprefix(PREFIX): text for name, text in said.items()}
    return headers | named | (TOMBSTONE if record.value is None else {})
