"""Locks of one process on PostgreSQL: advisory locks of one session, which the server ends if we fall silent."""

import asyncio
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.chassis.sql.database import Database
from app.chassis.sql.lease import MEMBER, Lease, Listeners, Shard
from app.chassis.sql.tables import SHARDS

_LOCKS = text("""
SELECT CAST(objid AS bigint) AS key FROM pg_locks
WHERE locktype = 'advisory' AND granted AND objsubid = 2 AND CAST(classid AS bigint) = CAST(:space AS bigint)
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())""")
_TRY = text("""
SELECT key FROM unnest(CAST(:keys AS int[])) AS wanted (key)
WHERE pg_try_advisory_lock(CAST(:space AS int), key)""")
_UNLOCK = text("SELECT pg_advisory_unlock(CAST(:space AS int), key) FROM unnest(CAST(:keys AS int[])) AS given (key)")
_UNCLEAN = text("SELECT shard FROM inbox_shards WHERE shard = ANY(:keys) AND NOT clean")
_MARK = text("UPDATE inbox_shards SET clean = :clean WHERE shard = ANY(:keys)")


class PostgresqlLease(Lease):
    def __init__(
        self, database: Database, seconds: float, keys: set[int], listeners: Listeners, *, shards: bool
    ) -> None:
        super().__init__(seconds, keys, shards=shards)
        self._database = database
        self._listeners = listeners
        self._beat_interval = min(1.0, seconds / 5)

    async def _hold(self, stop: asyncio.Event) -> None:
        async with self._database.direct.connect() as connection:
            try:
                await self._set_up(connection)
                while not self._stopping:
                    async with asyncio.timeout(self.seconds / 2):
                        await self._beat(connection, stop)
                    await self._pause(stop, self._beat_interval)
            finally:
                await connection.invalidate()  # closing the session is the one unlock that cannot fail

    async def _set_up(self, connection: AsyncConnection) -> None:
        await connection.execute(text(f"SET idle_session_timeout = {int(1000 * self.seconds)}"))
        driver: Any = (await connection.get_raw_connection()).driver_connection  # asyncpg's own
        for channel, event in self._listeners.items():
            await driver.add_listener(self._database.channel(channel), lambda *_, event=event: event.set())
        for event in self._listeners.values():
            event.set()  # look once: notifications sent before we listened are lost
        if self.wants_shards:
            await connection.execute(
                text("SELECT pg_advisory_lock_shared(:space, :key)"), {"space": self._space, "key": MEMBER}
            )

    async def _beat(self, connection: AsyncConnection, stop: asyncio.Event) -> None:
        """One look at all locks of the service; then give back surplus shards and take free ones."""
        locks = (await connection.execute(_LOCKS, {"space": self._space % 2**32})).scalars().all()
        self._prove()
        members = locks.count(MEMBER)
        share = 0 if stop.is_set() or not self.wants_shards else -(-SHARDS // max(1, members))
        await self._give_back(connection, share)
        if stop.is_set():
            self._stopping = not self.leaving
            return
        wanted = [key for key in self.keys - self._held if key not in locks]
        free = [shard for shard in range(SHARDS) if shard not in locks]
        wanted += free[: max(0, share - len(self.shards))]
        if wanted:
            await self._take(connection, wanted)

    async def _give_back(self, connection: AsyncConnection, share: int) -> None:
        surplus = sorted(self.shards, key=self.in_hand)[: max(0, len(self.shards) - share)]
        if surplus:
            self.leaving |= {number: self.shards.pop(number) for number in surplus}
            self.changed.set()
        idle = [shard for shard in self.leaving if not self.in_hand(shard)]
        if idle:
            await connection.execute(_MARK, {"keys": idle, "clean": True})
            await connection.execute(_UNLOCK, {"space": self._space, "keys": idle})
            self.leaving = {number: shard for number, shard in self.leaving.items() if number not in idle}

    async def _take(self, connection: AsyncConnection, wanted: list[int]) -> None:
        got = set((await connection.execute(_TRY, {"space": self._space, "keys": wanted})).scalars())
        self._held |= got & self.keys
        numbers = [key for key in got if key < SHARDS]
        if numbers:
            unclean = set((await connection.execute(_UNCLEAN, {"keys": numbers})).scalars())
            await connection.execute(_MARK, {"keys": numbers, "clean": False})
            self.shards |= {number: Shard(number, number in unclean) for number in numbers}
            self.changed.set()

    @property
    def _space(self) -> int:
        return self._database.space
