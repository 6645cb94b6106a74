"""Events as brokers carry them: CloudEvents 1.0, binary mode. The envelope is text attributes, the payload is apart.

Headers of ours travel as extension attributes under their own names, so any CloudEvents SDK reads our events.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID, uuid5

from app.core.events import FOREIGN, UNDECODABLE, Event

SPECVERSION = "1.0"
CONTENT_TYPE = "datacontenttype"
ENVELOPE = {"specversion", "id", "type", "version", "source", "subject", "time", CONTENT_TYPE}
MAX_LENGTH = 100  # characters of type, source and subject: what the tables keep
MAX_VERSION = 2**31 - 1

# Two spaces, so that nobody can choose a CloudEvent's id that equals the id of a message without one.
CLOUDEVENTS = UUID("5c3f1a0e-2d0b-4f43-9a51-3a1b7e0c9d11")  # ids made of topic, source and id
PLACES = UUID("b1f5a9d2-77c8-4f0e-8f0b-60d7c2a4e822")  # ids made of where in a topic the message is


def to_wire(event: Event) -> tuple[dict[str, str], bytes]:
    """The event's attributes and its payload. `from_wire` makes an equal event of them.

    A header that bears the name of an attribute is left out.
    """
    envelope = {
        "specversion": SPECVERSION,
        "id": str(event.id),
        "type": event.type,
        "version": str(event.version),
        "source": event.source,
        "subject": event.subject,
        "time": event.time.isoformat(),
        CONTENT_TYPE: "application/json",
    }
    return {**event.headers, **envelope}, event.data


def from_wire(attributes: Mapping[str, str], data: bytes, place: UUID) -> Event:
    """The event, or one of type UNDECODABLE if it is none of ours. Never raises: anybody may write to a topic.

    `place` is the id of an undecodable one: the same each time it is fetched.
    """
    try:
        return _event(attributes, data)
    except (KeyError, ValueError, OverflowError):
        headers = _storable_all(attributes)
        return Event(
            id=place, type=UNDECODABLE, version=1, source="", subject="", time=_now(), data=data, headers=headers
        )


def from_other_service(topic: str, key: str, attributes: Mapping[str, str], data: bytes, place: UUID) -> Event:
    """The message as it came. CloudEvents attributes are used where present; none is required.

    A CloudEvent is known by its `source` and `id`: sent twice, it is one event. Any other message is known by its
    place, whatever its headers say.
    """
    said = _storable_all(attributes)
    try:
        time = _time(said["time"])
    except (KeyError, ValueError, OverflowError):
        time = _now()
    is_cloudevent = {"specversion", "source", "id"} <= said.keys()
    return Event(
        id=uuid5(CLOUDEVENTS, repr((topic, said["source"], said["id"]))) if is_cloudevent else place,
        type=said.get("type", "")[:MAX_LENGTH],
        version=FOREIGN,
        source=topic,
        subject=said.get("subject", _storable(key))[:MAX_LENGTH],
        time=time,
        data=data,
        headers=said,
    )


def place_id(*place: str | int) -> UUID:
    """A stable id made of the message's place: topic, partition, offset."""
    return uuid5(PLACES, repr(place))


def as_text(raw: bytes) -> str:
    """Text of an attribute. Bytes that are not UTF-8 stay readable, as escapes."""
    return raw.decode(errors="backslashreplace")


def _event(attributes: Mapping[str, str], data: bytes) -> Event:
    if attributes["specversion"] != SPECVERSION:
        raise ValueError("not the version of CloudEvents we speak")
    if _storable_all(attributes) != attributes:
        raise ValueError("not text that every table can keep")
    return Event(
        id=UUID(attributes["id"]),
        type=_short(attributes["type"]),
        version=_version(attributes["version"]),
        source=_short(attributes["source"]),
        subject=_short(attributes["subject"]),
        time=_time(attributes["time"]),
        data=data,
        headers={name: text for name, text in attributes.items() if name not in ENVELOPE},
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


def _now() -> datetime:
    return datetime.now(UTC)


def _storable(text: str) -> str:
    """PostgreSQL keeps neither NUL characters nor lone surrogates."""
    return text.replace("\0", "\\x00").encode(errors="backslashreplace").decode()


def _storable_all(attributes: Mapping[str, str]) -> dict[str, str]:
    return {_storable(name): _storable(text) for name, text in attributes.items()}
