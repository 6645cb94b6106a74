"""One topic in Redis, as one service reads it."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from redis.asyncio import Redis

from app.chassis.broker.cloudevents import as_text, from_other_service, from_wire, place_id, to_wire
from app.chassis.broker.errors import TopicRefusedError
from app.core.events import Event

ROWS, BYTES = 500, 8_000_000  # the largest batch
PIECE = 32  # entries per request: bounds memory if entries suddenly become larger
LARGE = 1_000_000  # bytes of an entry, as long as none is known
BLOCK = 2000  # milliseconds that Redis lets a read wait for an entry
DATA = b"data"  # the field with the payload; the others are attributes

Entry: TypeAlias = tuple[bytes, Mapping[bytes, bytes]]
"""Its id, which Redis gave out, and its fields."""


def to_fields(event: Event) -> dict[Any, Any]:
    attributes, data = to_wire(event)
    return {DATA: data, **attributes}


def weight(fields: Mapping[Any, Any]) -> int:
    return sum(len(name) + len(text) for name, text in fields.items())


class Stream:
    """The topic is one stream. The consumer group of the service is only a bookmark in it.

    The bookmark never passes an entry that is not stored. So a second process that reads at the same time,
    or one that was frozen, stores what is stored already, and may move the bookmark back: both do no harm. (Had the
    group handed out the entries, two processes would each store some, and one overtake the other.)
    """

    def __init__(self, redis: Redis, topic: str, group: str, *, foreign: bool) -> None:
        self.topic = topic
        self.foreign = foreign
        self._redis = redis
        self._group = group
        self._average = LARGE

    async def bookmark(self) -> bytes:
        """The id of the last entry that is stored. Raise `TopicRefusedError` if another service's topic is missing.

        Create the group only if it is missing, because a full Redis refuses XGROUP CREATE even for a group that exists.
        """
        exists = await self._redis.exists(self.topic)
        if self.foreign and not exists:
            raise TopicRefusedError(f"topic {self.topic} of another service does not exist")
        groups = await self._redis.xinfo_groups(self.topic) if exists else []
        for group in groups:
            if group["name"] == self._group.encode():
                return bytes(group["last-delivered-id"])
        await self._redis.xgroup_create(self.topic, self._group, id="0", mkstream=not self.foreign)
        return b"0-0"

    async def read(self, position: bytes) -> list[Entry]:
        """The entries after that position, as many as one batch may hold. None if none comes for some time."""
        batch: list[Entry] = []
        room = BYTES
        while room > 0 and len(batch) < ROWS:
            count = max(1, min(PIECE, ROWS - len(batch), room // self._average))
            found: Any = await self._redis.xread({self.topic: position}, count=count, block=None if batch else BLOCK)
            piece: list[Entry] = found[0][1] if found else []
            batch += piece
            if len(piece) < count:
                break
            size = sum(weight(fields) for _, fields in piece)
            self._average = max(1, size // len(piece))
            room -= size
            position = piece[-1][0]
        return batch

    def events(self, entries: Sequence[Entry]) -> list[Event]:
        return [self._event(entry_id, fields) for entry_id, fields in entries]

    async def acknowledge(self, entry_id: bytes) -> None:
        """Move the bookmark: everything up to this entry is stored."""
        await self._redis.xgroup_setid(self.topic, self._group, entry_id)

    async def trim(self, retention: float) -> None:
        """Remove entries that are older than that many seconds and that every group has stored."""
        seconds, microseconds = await self._redis.time()
        oldest = [(int((seconds - retention) * 1000 + microseconds / 1000), 0)]
        for group in await self._redis.xinfo_groups(self.topic):
            oldest.append(_parts(group["last-delivered-id"]))
            if group["pending"]:  # somebody else's, who uses XREADGROUP
                oldest.append(_parts((await self._redis.xpending(self.topic, group["name"]))["min"]))
        await self._redis.xtrim(self.topic, minid="{}-{}".format(*min(oldest)), limit=0)

    def _event(self, entry_id: bytes, fields: Mapping[bytes, bytes]) -> Event:
        attributes = {as_text(name): as_text(text) for name, text in fields.items() if name != DATA}
        data, place = fields.get(DATA, b""), place_id(self.topic, as_text(entry_id))
        if self.foreign:
            return from_other_service(self.topic, "", attributes, data, place)
        return from_wire(attributes, data, place)


def _parts(entry_id: bytes) -> tuple[int, int]:
    milliseconds, _, number = entry_id.partition(b"-")
    return int(milliseconds), int(number)
