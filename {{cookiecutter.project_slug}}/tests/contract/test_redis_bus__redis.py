"""What is particular to the Redis bus."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from uuid import uuid4

import pytest
from pydantic import SecretStr, ValidationError
from redis.asyncio import Redis

from app.core.events import UNDECODABLE
from app.infrastructure.events.bus import EventBusSettings
from app.infrastructure.events.partition import Partition
from app.infrastructure.events.topic import Topic
from tests.contract.conftest import RedisHarness
from tests.contract.harness import SERVICE
from tests.contract.support import COUNTED, Handling, Recorder, Records, event, until
from tests.servers.redis import own_redis


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_url) as redis:
        yield redis


@pytest.fixture
def harness(redis_url: str) -> RedisHarness:
    return RedisHarness(redis_url)


@pytest.fixture
def own() -> Iterator[RedisHarness]:
    """On a Redis that no other test uses."""
    with own_redis() as server:
        yield RedisHarness(server.url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost",
        "http://:hunter2@localhost",
        "unix:///tmp/hunter2",
        "redis://:hunter2@localhost:port",
        "redis://:hunter2@localhost:99999",
        "redis://localhost?colour=hunter2",
        "redis://localhost?protocol=hunter2",
        "rediss://localhost?ssl_cert_reqs=hunter2",
    ],
)
def test_a_wrong_url_is_refused_without_being_quoted(url: str) -> None:
    with pytest.raises(ValidationError, match="must be redis://host:port/0 or rediss://host:port/0") as raised:
        EventBusSettings(event_bus_url=SecretStr(url))
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("url", ["redis://localhost", "rediss://ada:pass%20word@[::1]:6380/3?ssl_check_hostname=false"])
def test_a_good_url_is_taken(url: str) -> None:
    assert EventBusSettings(event_bus_url=SecretStr(url)).event_bus_url.get_secret_value() == url


async def test_a_wrong_password_is_reported_again_and_again_without_being_logged(
    own: RedisHarness, caplog: pytest.LogCaptureFixture
) -> None:
    async with Redis.from_url(own.url) as redis:
        await redis.config_set("requirepass", "right")
        own.settings = own.settings.model_copy(
            update={"event_bus_url": SecretStr(own.url.replace("//", "//:hunter2@"))}
        )
        async with own.working(Handling(Records())) as running, own.open_bus() as bus:
            await until(lambda: len(caplog.records) >= 2)
            assert not running.done()
            with pytest.raises(Exception, match="password") as raised:
                await bus.ping()
    assert "hunter2" not in caplog.text + str(raised.value)
    assert {record.levelno for record in caplog.records} == {logging.WARNING}
    assert all(record.exc_info is None for record in caplog.records)


async def test_a_worker_survives_a_redis_that_forgot_everything(own: RedisHarness) -> None:
    recorder = Recorder()
    async with own.working(recorder), Redis.from_url(own.url) as redis:
        await own.publish(event(1))
        await until(lambda: recorder.numbers == [1])
        await redis.flushall()
        await own.publish(*(event(n, subject=f"s{n}") for n in range(2, 20)))
        await until(lambda: {*recorder.numbers} == {*range(1, 20)})


async def test_a_joining_worker_is_given_its_share(harness: RedisHarness, redis: Redis) -> None:
    async def shares() -> list[int]:
        owners = await redis.mget([topic.owner(partition, SERVICE) for partition in range(8)])
        return sorted(owners.count(owner) for owner in {*owners} - {None})

    topic = Topic(harness.topic, 8)
    async with harness.working(Recorder()):
        await until(lambda: _equals(shares, [8]))
        async with harness.working(Recorder()):
            await until(lambda: _equals(shares, [4, 4]))
            async with harness.working(Recorder()):
                await until(lambda: _equals(shares, [2, 3, 3]))
        await until(lambda: _equals(shares, [8]))
    assert await shares() == []


async def test_a_dead_worker_from_the_future_keeps_no_share(harness: RedisHarness, redis: Redis) -> None:
    """Redis' clock was set back after it had noted when it last heard of a worker that has died since."""
    topic = Topic(harness.topic, 8)
    await redis.zadd(topic.workers(SERVICE), {"ghost": 10**14})
    recorder = Recorder()
    async with harness.working(recorder):
        await harness.publish(*(event(n, subject=f"s{n}") for n in range(40)))
        await until(lambda: len(recorder.events) == 40)


async def test_a_topic_keeps_its_number_of_partitions(harness: RedisHarness, caplog: pytest.LogCaptureFixture) -> None:
    await harness.publish(*(event(n, subject=f"s{n % 10}") for n in range(50)))
    harness.settings = harness.settings.model_copy(update={"event_bus_partitions": 3})
    await harness.publish(*(event(n, subject=f"s{n % 10}") for n in range(50, 100)))
    recorder = Recorder()
    async with harness.working(recorder):
        await until(lambda: len(recorder.events) == 100)
    assert recorder.by_subject() == {f"s{i}": list(range(i, 100, 10)) for i in range(10)}
    assert "the topic keeps its number of partitions" in caplog.text


@pytest.mark.parametrize("fields", [{"a": "b"}, {b"\xff\0": b"\xff\0", "data": b"x"}, {"type": COUNTED, "data": "1"}])
async def test_an_entry_of_a_stranger_can_be_stored(
    harness: RedisHarness, redis: Redis, fields: dict[str | bytes, str | bytes]
) -> None:
    recorder = Recorder(UNDECODABLE)
    await redis.xadd(Topic(harness.topic, 8).stream(0), fields)  # type: ignore[arg-type] # invariant in its types
    async with harness.working(recorder):
        await until(lambda: len(recorder.events) == 1)
    [kept] = recorder.events
    assert kept.type == UNDECODABLE
    assert "\0" not in "".join([*kept.headers, *kept.headers.values()])


async def test_a_receiver_whose_own_cancellation_escapes_is_asked_again(harness: RedisHarness) -> None:
    attempts: list[int] = []

    async def cancel_once(number: int) -> None:
        attempts.append(number)
        if len(attempts) == 1:
            raise asyncio.CancelledError

    async with harness.working(Recorder(react=cancel_once)):
        await harness.publish(event(1), event(2))
        await until(lambda: attempts == [1, 1, 2])


async def test_trimming_keeps_what_one_group_has_not_handled_and_what_is_young(redis: Redis) -> None:
    topic = Topic(f"test-{uuid4().hex}", 1)
    stream = topic.stream(0)
    ids = [await redis.xadd(stream, {"data": n}) for n in range(1000)]
    await redis.xgroup_create(stream, "done", ids[-1])
    await redis.xgroup_create(stream, "behind", ids[700])
    await redis.xgroup_create(stream, "with pending entries", "0")
    await redis.xreadgroup("with pending entries", "somebody", {stream: ">"}, count=800)
    await redis.xack(stream, "with pending entries", *ids[:400])

    async def trimmed(retention: float) -> int:
        await Partition(redis, topic, 0, "done", "worker", retention).trim()
        return 1000 - await redis.xlen(stream)

    assert await trimmed(retention=60.0) == 0
    assert 300 <= await trimmed(retention=0.0) <= 400
    await redis.xgroup_destroy(stream, "with pending entries")
    assert 600 <= await trimmed(retention=0.0) <= 700
    await redis.xgroup_destroy(stream, "behind")
    assert 900 <= await trimmed(retention=0.0) < 1000


async def _equals(shares: Callable[[], Awaitable[list[int]]], expected: list[int]) -> bool:
    return await shares() == expected
