"""The Redis bus under the contract suite."""

from collections.abc import Iterator, Mapping
from uuid import uuid4

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from app.chassis.broker.bus import EventBusSettings
from tests.chassis.contract.applicability import Applicability, Capability
from tests.chassis.contract.harness import Harness, Outage
from tests.chassis.servers.other_service import put
from tests.chassis.servers.redis import RedisServer, any_redis, own_redis

LACKS = {Capability.TRANSACTIONS: "Redis has none that a reader could see before their end"}


def pytest_configure(config: pytest.Config) -> None:
    Applicability.install(config, LACKS)


class RedisHarness(Harness):
    def __init__(self, url: str) -> None:
        topic = f"test-{uuid4().hex}"
        super().__init__(EventBusSettings(event_bus_url=SecretStr(url), event_bus_topic=topic), topic)
        self.url = url

    async def put(self, topic: str, body: bytes, attributes: Mapping[str, str] | None = None, key: str = "") -> None:
        await put(self.url, topic, body, attributes)

    async def exists(self, topic: str) -> bool:
        async with Redis.from_url(self.url) as redis:
            return bool(await redis.exists(topic))


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    with any_redis() as url:
        yield url


@pytest.fixture
def harness(redis_url: str) -> RedisHarness:
    return RedisHarness(redis_url)


@pytest.fixture
def own_server() -> Iterator[RedisServer]:
    with own_redis() as server:
        yield server


@pytest.fixture
def outage(own_server: RedisServer) -> Outage:
    return Outage(RedisHarness(own_server.url), own_server)
