"""Locks of one process on SQLite: locked files beside the database. One process is active, the others stand by.

The operating system frees them when the process ends. It cannot tell a frozen process from a busy one.
"""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from filelock import FileLock, Timeout
from sqlalchemy import select, update

from app.chassis.sql.database import Database
from app.chassis.sql.lease import FETCH, RELAY, Lease, Shard
from app.chassis.sql.tables import SHARDS, shards

INTERVAL = 0.5  # seconds between two tries
NAMES = {RELAY: "relay", FETCH: "fetch"}


class SqliteLease(Lease):
    def __init__(self, database: Database, seconds: float, keys: set[int], *, shards: bool) -> None:
        super().__init__(seconds, keys, shards=shards)
        self._database = database

    async def _hold(self, stop: asyncio.Event) -> None:
        with ExitStack() as locks:
            while not self._stopping:
                self._prove()
                for key in [] if stop.is_set() else self.keys - self._held:
                    if locks.enter_context(self._lock(NAMES[key])):
                        self._held.add(key)
                if self.wants_shards and not self.shards and not stop.is_set():
                    await self._take_shards(locks)
                if stop.is_set():
                    await self._give_back()
                await self._pause(stop, INTERVAL)

    async def _take_shards(self, locks: ExitStack) -> None:
        if locks.enter_context(self._lock("inbox")):
            async with self._database.engine.begin() as connection:
                unclean = select(shards.c.shard).where(shards.c.clean.is_(False))
                found = set((await connection.execute(unclean)).scalars())
                await connection.execute(update(shards).values(clean=False))
            self.shards = {number: Shard(number, number in found) for number in range(SHARDS)}
            self.changed.set()

    async def _give_back(self) -> None:
        if self.shards:
            self.leaving, self.shards = self.shards, {}
            self.changed.set()
        if any(map(self.in_hand, self.leaving)):
            return
        if self.leaving:
            async with self._database.engine.begin() as connection:
                await connection.execute(update(shards).values(clean=True))
        self._stopping = True

    @contextmanager
    def _lock(self, name: str) -> Iterator[bool]:
        lock = FileLock(f"{self._database.engine.url.database}.{name}.lock", thread_local=False)
        try:
            lock.acquire(blocking=False)
        except Timeout:
            yield False
            return
        try:
            yield True
        finally:
            lock.release()
