"""The broker of this service's bus, for tests that kill it and for those who have none."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.chassis.servers.crashing import Broker
from tests.chassis.servers.redis import own_redis


@contextmanager
def own_broker() -> Iterator[Broker]:
    with own_redis() as redis:
        yield Broker({"EVENT_BUS_URL": redis.url}, kill=redis.kill, start=redis.start, durable=True)
