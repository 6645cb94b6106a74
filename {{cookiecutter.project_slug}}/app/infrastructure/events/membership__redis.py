"""How the workers of one service share the partitions of a topic."""

from dataclasses import dataclass
from uuid import uuid4

from redis.asyncio import Redis

from app.infrastructure.events.topic import Topic

# All times are those of Redis' own clock: the clocks of workers differ, and jump.
CLAIM = """
-- KEYS: workers, then the owner of each partition. ARGV: worker, lease in ms, 1 to take partitions or 0.
local workers, worker, lease, wanted = KEYS[1], ARGV[1], ARGV[2], ARGV[3] == '1'
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREM', workers, worker)
redis.call('ZREMRANGEBYSCORE', workers, '-inf', now - lease)
redis.call('ZREMRANGEBYSCORE', workers, '(' .. now, '+inf')
if wanted then redis.call('ZADD', workers, now, worker) end
local share = math.ceil((#KEYS - 1) / math.max(1, redis.call('ZCARD', workers)))
local kept, free, taken = {}, {}, {}
for i = 2, #KEYS do
    local owner = redis.call('GET', KEYS[i])
    if owner == worker then
        redis.call('PEXPIRE', KEYS[i], lease)
        table.insert(kept, i - 2)
    elseif not owner then
        table.insert(free, i)
    end
end
for _, i in ipairs(free) do
    if wanted and #kept + #taken < share then
        redis.call('SET', KEYS[i], worker, 'PX', lease)
        table.insert(taken, i - 2)
    end
end
return {share, kept, taken}
"""
RELEASE = """
-- KEYS: owners of partitions. ARGV: worker.
for _, key in ipairs(KEYS) do
    if redis.call('GET', key) == ARGV[1] then redis.call('DEL', key) end
end
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """What one worker may own. `kept` it had already; `taken` were free."""

    share: int
    kept: set[int]
    taken: set[int]


class Membership:
    """One worker among those of its service. `lease`: seconds for which a claim holds."""

    def __init__(self, redis: Redis, group: str, lease: float) -> None:
        self.worker = uuid4().hex
        self._redis = redis
        self._group = group
        self._lease = int(lease * 1000)
        self._claim = redis.register_script(CLAIM)
        self._release = redis.register_script(RELEASE)

    async def claim(self, topic: Topic, *, take: bool) -> Claim:
        """Say that this worker is alive, renew its leases, and take free partitions up to its share.

        A worker that takes no more does not count in the shares of the others.
        """
        keys = [topic.workers(self._group), *self._owners(topic)]
        share, kept, taken = await self._claim(keys, [self.worker, self._lease, int(take)])
        return Claim(share, set(kept), set(taken))

    async def release(self, topic: Topic, partition: int) -> None:
        await self._release([topic.owner(partition, self._group)], [self.worker])

    async def leave(self, topic: Topic) -> None:
        """Own nothing, and count no more in the shares of the others."""
        await self._redis.zrem(topic.workers(self._group), self.worker)
        await self._release(self._owners(topic), [self.worker])

    def _owners(self, topic: Topic) -> list[str]:
        return [topic.owner(partition, self._group) for partition in range(topic.partitions)]
