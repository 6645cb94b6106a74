"""Events as brokers carry them: the envelope as text attributes (CloudEvents 1.0, binary mode), the payload apart."""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from app.core.events import FOREIGN, UNDECODABLE, Event

SPECVERSION = "1.0"
HEADER = "header."  # marks an attribute as a header of ours: CloudEvents names have no dot
MAX_LENGTH = 100  # characters of type, source and subject: what the tables keep
MAX_VERSION = 2**31 - 1


def to_wire(event: Event) -> tuple[dict[str, str], bytes]:
    """The event's attributes and its payload; `from_wire` makes an equal event of them."""
    attributes = {
        "specversion": SPECVERSION,
        "id": str(event.id),
        "type": event.type,
        "version": str(event.version),
        "source": event.source,
        "subject": event.subject,
        "time": event.time.isoformat(),
    }
    return attributes | {HEADER + name: value for name, value in event.headers.items()}, event.data


def from_wire(attributes: Mapping[str, str], data: bytes, fallback_id: UUID) -> Event:
    """The event, or if it is none of ours, one of type UNDECODABLE. Never raises: it reads what strangers wrote.

    `fallback_id` is the id of an undecodable one; `place_id` makes it, the same at each delivery.
    """
    try:
        return _event(attributes, data)
    except (KeyError, ValueError, OverflowError):
        return undecodable(attributes, data, fallback_id)


def undecodable(attributes: Mapping[str, str], data: bytes, fallback_id: UUID) -> Event:
    """The message as it came, in an envelope that every table can keep: attributes become headers."""
    return Event(
        id=fallback_id,
        type=UNDECODABLE,
        version=1,
        source="",
        subject="",
        time=datetime.now(UTC),
        data=data,
        headers={_storable(name): _storable(value) for name, value in attributes.items()},
    )


def from_other_service(topic: str, key: str, attributes: Mapping[str, str], data: bytes, fallback_id: UUID) -> Event:
    """The message as it came, for a translator to read. What it says in CloudEvents' words is used; none is needed.

    A CloudEvent's id follows from its `source` and `id`, unique by that standard: sent twice, it is one event.
    """
    said = {_storable(name): _storable(value) for name, value in attributes.items()}
    try:
        time = _time(said["time"])
    except (KeyError, ValueError, OverflowError):
        time = datetime.now(UTC)
    return Event(
        id=place_id(said["source"], said["id"]) if {"specversion", "source", "id"} <= said.keys() else fallback_id,
        type=said.get("type", "")[:MAX_LENGTH],
        version=FOREIGN,
        source=topic,
        subject=said.get("subject", _storable(key))[:MAX_LENGTH],
        time=time,
        data=data,
        headers={name.removeprefix(HEADER): text for name, text in said.items()},
    )


def as_text(raw: bytes) -> str:
    """Text of an attribute. Bytes that are not UTF-8 stay readable, as escapes."""
    return raw.decode(errors="backslashreplace")


def place_id(*place: object) -> UUID:
    """An id made of what there is only once: topic, partition and offset; or source and id."""
    return uuid5(NAMESPACE_URL, repr(place))


def _event(attributes: Mapping[str, str], data: bytes) -> Event:
    if attributes["specversion"] != SPECVERSION:
        raise ValueError("not the version of CloudEvents we speak")
    if any(_storable(text) != text for text in (*attributes, *attributes.values())):
        raise ValueError("not text that every table can keep")
    return Event(
        id=UUID(attributes["id"]),
        type=_short(attributes["type"]),
        version=_version(attributes["version"]),
        source=_short(attributes["source"]),
        subject=_short(attributes["subject"]),
        time=_time(attributes["time"]),
        data=data,
        headers={name.removeprefix(HEADER): text for name, text in attributes.items() if name.startswith(HEADER)},
    )


def _short(text: str) -> str:
    if len(text) > MAX_LENGTH:
        raise ValueError("longer than can be stored")
    return text


def _version(text: str) -> int:
    version = int(text)
    if not 1 <= version <= MAX_VERSION:
        raise ValueError("not a version")
    return version


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError("a time without a timezone is no moment")
    return time.astimezone(UTC)


def _storable(text: str) -> str:
    """PostgreSQL keeps neither NUL characters nor lone surrogates."""
    return text.replace("\0", "\\x00").encode(errors="backslashreplace").decode()
