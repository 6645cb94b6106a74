"""One partition of a topic, as the worker that owns it sees it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from redis.asyncio import Redis
from redis.exceptions import ResponseError
from redis.typing import EncodableT, FieldT

from app.core.events import Event
from app.infrastructure.events.topic import Topic
from app.infrastructure.events.wire import as_text, from_other_service, from_wire, place_id, to_wire

BATCH = 16  # entries read at once: few, because one may have a megabyte
BLOCK = 2000  # ms that Redis lets a read wait for an entry
DATA = b"data"  # the field with the payload; the others are attributes

ACKNOWLEDGE = """
-- KEYS: owner, stream. ARGV: worker, group, id of the entry that was handled.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('XGROUP', 'SETID', KEYS[2], ARGV[2], ARGV[3])
return 1
"""


def to_fields(event: Event) -> dict[FieldT, EncodableT]:
    """The event as the fields of an entry."""
    attributes, data = to_wire(event)
    fields: dict[FieldT, EncodableT] = {DATA: data}
    fields.update(attributes.items())
    return fields


class LeaseLostError(Exception):
    """The partition belongs to another worker, or to none."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A message in a stream. `id` is its place there, as Redis gave it out."""

    id: str
    topic: Topic
    attributes: Mapping[str, str]
    data: bytes
    fallback_id: UUID

    def event(self) -> Event:
        if self.topic.foreign:
            return from_other_service(self.topic.name, "", self.attributes, self.data, self.fallback_id)
        return from_wire(self.attributes, self.data, self.fallback_id)


class Partition:
    """Reads entries and keeps, in the stream's consumer group, how far the service has come.

    The group is a bookmark, moved by the owner alone: whatever an owner reads but does not finish, the next
    one reads again. Had the group handed out the entries (XREADGROUP), then an owner that was frozen in a
    read could still be given one after it lost the partition, and the new owner would not know of it.
    """

    def __init__(self, redis: Redis, topic: Topic, number: int, group: str, worker: str, retention: float) -> None:
        self._redis = redis
        self._topic = topic
        self._stream = topic.stream(number)
        self._owner = topic.owner(number, group)
        self._group = group
        self._worker = worker
        self._retention = retention
        self._acknowledge = redis.register_script(ACKNOWLEDGE)

    async def position(self) -> str:
        """The id of the last entry that the service is done with."""
        try:
            await self._redis.xgroup_create(self._stream, self._group, id="0", mkstream=not self._topic.plain)
        except ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise
        groups = await self._redis.xinfo_groups(self._stream)
        return next(as_text(group["last-delivered-id"]) for group in groups if as_text(group["name"]) == self._group)

    async def read(self, position: str) -> list[Entry]:
        """The entries after that position; none if none comes for some time."""
        streams: Any = await self._redis.xread({self._stream: position}, count=BATCH, block=BLOCK)
        return [self._entry(as_text(entry_id), fields) for _, entries in streams for entry_id, fields in entries]

    async def check(self) -> None:
        """Raise `LeaseLostError` unless the partition is still ours."""
        if await self._redis.get(self._owner) != self._worker.encode():
            raise LeaseLostError

    async def acknowledge(self, entry: Entry) -> None:
        """Say that the entry is handled. Raise `LeaseLostError` if that is no longer ours to say."""
        if not await self._acknowledge([self._owner, self._stream], [self._worker, self._group, entry.id]):
            raise LeaseLostError

    async def trim(self) -> None:
        """Remove entries that are older than the retention and that every group of the stream is done with.

        How long another service keeps its messages is not ours to say.
        """
        if self._topic.foreign:
            return
        seconds, microseconds = await self._redis.time()
        oldest = [(int((seconds - self._retention) * 1000 + microseconds / 1000), 0)]
        for group in await self._redis.xinfo_groups(self._stream):
            oldest.append(_parts(group["last-delivered-id"]))
            if group["pending"]:  # a group that does use XREADGROUP
                oldest.append(_parts((await self._redis.xpending(self._stream, group["name"]))["min"]))
        await self._redis.xtrim(self._stream, minid="{}-{}".format(*min(oldest)))

    def _entry(self, entry_id: str, fields: Mapping[bytes, bytes]) -> Entry:
        attributes = {as_text(name): as_text(value) for name, value in fields.items() if name != DATA}
        return Entry(entry_id, self._topic, attributes, fields.get(DATA, b""), place_id(self._stream, entry_id))


def _parts(entry_id: bytes) -> tuple[int, int]:
    milliseconds, _, number = entry_id.partition(b"-")
    return int(milliseconds), int(number)
