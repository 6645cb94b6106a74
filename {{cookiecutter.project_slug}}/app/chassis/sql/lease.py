"""Locks of one process: who relays, who fetches, and which shards of the inbox are whose.

Nothing depends on them for correctness: two relays or two owners of a shard would repeat work, not lose or double it.
"""

import asyncio
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from app.chassis.waiting import wait_for_any

logger = logging.getLogger(__name__)

MEMBER, RELAY, FETCH = 1000, 1001, 1002  # keys of locks; below SHARDS a key is a shard
RETRY = 0.5  # seconds until a lost connection is opened again


@dataclass(frozen=True, eq=False, slots=True)
class Shard:
    """A shard that we lose and get again is a new object.

    `unclean`: its former owner did not give it back; a delivery it had in hand may have ended that process.
    """

    number: int
    unclean: bool


class Lease(ABC):
    """`keys`: the exclusive locks this process wants, RELAY or FETCH. `shards`: whether it wants a share of the shards.

    `seconds`: a process that is silent for so long loses its locks to the others, where the database can tell.
    `shards` are ours, by number. Those in `leaving` are given up, but something of them is still in hand.
    """

    def __init__(self, seconds: float, keys: Iterable[int], *, shards: bool) -> None:
        self.seconds = seconds
        self.keys = frozenset(keys)
        self.wants_shards = shards
        self.shards: dict[int, Shard] = {}
        self.leaving: dict[int, Shard] = {}
        self.changed = asyncio.Event()  # set when shards come or go
        self.drained = asyncio.Event()  # set by the dispatcher when a leaving shard is no longer in hand
        self.in_hand: Callable[[int], bool] = lambda shard: False
        self._held: set[int] = set()
        self._proved = 0.0
        self._heard = asyncio.Event()
        self._stopping = False

    def holds(self, key: int) -> bool:
        """Whether the lock is ours for sure. A process that was frozen must hear from the database first."""
        return key in self._held and self.is_proved()

    def owns(self, shard: Shard) -> bool:
        return self.shards.get(shard.number) is shard

    async def keeps(self, shard: Shard) -> bool:
        """Whether the shard is ours for sure, or still ours to finish work in hand; waits until that is known."""
        while (kept := self.owns(shard) or self.leaving.get(shard.number) is shard) and not self.is_proved():
            await self._heard.wait()
        return kept

    def is_proved(self) -> bool:
        return time.monotonic() - self._proved < self.seconds / 2

    async def run(self, stop: asyncio.Event) -> None:
        """Hold what can be had. When `stop` is set, give all back as soon as nothing is in hand, and return."""
        while not self._stopping:
            try:
                await self._hold(stop)
            except Exception as error:
                logger.warning("the connection that keeps the locks is lost, trying again", exc_info=error)
                self._stopping = stop.is_set()
            finally:
                self._forget()
            if not self._stopping:
                await asyncio.sleep(RETRY)

    @abstractmethod
    async def _hold(self, stop: asyncio.Event) -> None:
        """Take the locks and keep them until `stop`, then give them back. Raise if they are lost."""

    def _prove(self) -> None:
        self._proved = time.monotonic()
        self._heard.set()
        self._heard = asyncio.Event()

    def _forget(self) -> None:
        self._proved = 0.0
        self.shards, self.leaving, self._held = {}, {}, set()
        self._heard.set()
        self._heard = asyncio.Event()
        self.changed.set()

    async def _pause(self, stop: asyncio.Event, seconds: float) -> None:
        """Between two beats; ends early when something can be given back, or nothing is left to do."""
        if self._stopping:
            return
        await wait_for_any(self.drained, *([] if stop.is_set() else [stop]), timeout=seconds)
        self.drained.clear()


Listeners = Mapping[str, asyncio.Event]
"""Events to set when PostgreSQL tells of news on a channel."""
