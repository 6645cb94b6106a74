"""The broker of this service's bus, for tests that kill it and for those who have none."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.servers.crashing import Broker
from tests.servers.redis import own_redis


@contextmanager
def own_broker() -> Iterator[Broker]:
    with own_redis() as redis:
        yield Broker({"EVENT_BUS_URL": redis.url}, {"EVENT_BUS_LEASE": "2"}, redis.kill, redis.start, durable=True)
