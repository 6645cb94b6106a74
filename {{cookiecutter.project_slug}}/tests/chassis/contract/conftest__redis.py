"""The Redis bus under the contract suite."""

from collections.abc import Iterator, Mapping
from uuid import uuid4

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from app.infrastructure.events.bus import EventBusSettings
from tests.contract.applicability import Applicability, Capability
from tests.contract.harness import Harness, Outage
from tests.servers.other_service import put
from tests.servers.redis import any_redis, own_redis

LACKS: dict[Capability, str] = {}


def pytest_configure(config: pytest.Config) -> None:
    Applicability.install(config, LACKS)


class RedisHarness(Harness):
    def __init__(self, url: str) -> None:
        topic = f"test-{uuid4().hex}"
        settings = EventBusSettings(
            event_bus_url=SecretStr(url),
            event_bus_topic=topic,
            event_bus_lease=2.0,
        )
        super().__init__(settings, topic=topic, lease=2.0)
        self.url = url

    async def publish_as_stranger(self, body: bytes) -> None:
        async with Redis.from_url(self.url) as redis:
            await redis.xadd(f"{{{self.topic}}}:0", {"data": body})

    async def publish_elsewhere(
        self, topic: str, body: bytes, attributes: Mapping[str, str] | None = None, key: str = ""
    ) -> None:
        await put(self.url, topic, body, attributes)


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    with any_redis() as url:
        yield url


@pytest.fixture
def harness(redis_url: str) -> Harness:
    return RedisHarness(redis_url)


@pytest.fixture
def outage() -> Iterator[Outage]:
    with own_redis() as server:
        yield Outage(RedisHarness(server.url), server)
