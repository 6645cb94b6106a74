"""What is particular to the Redis bus."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import pytest
from pydantic import SecretStr, ValidationError
from redis.asyncio import Redis

from app.core.events import UNDECODABLE
from app.core.exceptions import PermanentError
from app.core.retry import RetryPolicy
from app.infrastructure.events import consumer
from app.infrastructure.events.bus import EventBusSettings
from app.infrastructure.events.membership import Claim, Membership
from app.infrastructure.events.partition import LeaseLostError, Partition
from app.infrastructure.events.topic import Topic
from tests.contract.conftest import RedisHarness
from tests.contract.harness import SERVICE
from tests.contract.support import COUNTED, QUICK, Gate, Handling, Recorder, Records, event, until
from tests.servers.redis import RedisServer, own_redis


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_url) as redis:
        yield redis


@pytest.fixture
def harness(redis_url: str) -> RedisHarness:
    return RedisHarness(redis_url)


@pytest.fixture
def topic() -> Topic:
    return Topic(f"test-{uuid4().hex}", 8)


class OwnHarness(RedisHarness):
    """On a Redis that no other test uses."""

    def __init__(self, server: RedisServer) -> None:
        super().__init__(server.url)
        self.server = server


@pytest.fixture
def own() -> Iterator[OwnHarness]:
    with own_redis() as server:
        yield OwnHarness(server)


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
    own: OwnHarness, caplog: pytest.LogCaptureFixture
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


async def test_a_worker_survives_a_redis_that_forgot_everything(own: OwnHarness) -> None:
    recorder = Recorder()
    async with own.working(recorder), Redis.from_url(own.url) as redis:
        await own.publish(event(1))
        await until(lambda: recorder.numbers == [1])
        await redis.flushall()
        await own.publish(*(event(n, subject=f"s{n}") for n in range(2, 20)))
        await until(lambda: {*recorder.numbers} == {*range(1, 20)})


async def test_workers_share_the_partitions_and_leave_them_to_each_other(topic: Topic, redis: Redis) -> None:
    one, other = Membership(redis, SERVICE, lease=60.0), Membership(redis, SERVICE, lease=60.0)
    assert await one.claim(topic, take=True) == Claim(share=8, kept=set(), taken={*range(8)})
    assert await other.claim(topic, take=True) == Claim(share=4, kept=set(), taken=set())
    for partition in range(3):
        await one.release(topic, partition)
    await other.release(topic, 7)  # is not its own, so this changes nothing
    assert await one.claim(topic, take=True) == Claim(share=4, kept={3, 4, 5, 6, 7}, taken=set())
    assert await other.claim(topic, take=True) == Claim(share=4, kept=set(), taken={0, 1, 2})
    await one.leave(topic)
    assert await other.claim(topic, take=True) == Claim(share=8, kept={0, 1, 2}, taken={3, 4, 5, 6, 7})
    assert await other.claim(topic, take=False) == Claim(share=8, kept={*range(8)}, taken=set())


async def test_a_dead_worker_loses_its_partitions_and_its_share(topic: Topic, redis: Redis) -> None:
    dead, alive = Membership(redis, SERVICE, lease=0.2), Membership(redis, SERVICE, lease=0.2)
    await dead.claim(topic, take=True)

    async def all_are_mine() -> bool:
        claim = await alive.claim(topic, take=True)
        return claim.kept | claim.taken == {*range(8)}

    await until(all_are_mine)


async def test_a_worker_heard_of_in_the_future_has_no_share(topic: Topic, redis: Redis) -> None:
    """Redis' clock was set back, and the worker has died since."""
    await redis.zadd(topic.workers(SERVICE), {"ghost": 10**14})
    claim = await Membership(redis, SERVICE, lease=60.0).claim(topic, take=True)
    assert claim.taken == {*range(8)}


async def test_who_does_not_own_a_partition_changes_nothing_in_it(topic: Topic, redis: Redis) -> None:
    await redis.set(topic.owner(0, SERVICE), "owner")
    owner = Partition(redis, topic, 0, SERVICE, "owner", retention=0.0)
    former = Partition(redis, topic, 0, SERVICE, "former owner", retention=0.0)
    await redis.xadd(topic.stream(0), {"data": "1"})
    start = await owner.position()
    [entry] = await former.read(start)
    for change in (former.check(), former.acknowledge(entry)):
        with pytest.raises(LeaseLostError):
            await change
    assert await owner.position() == start
    await owner.check()
    await owner.acknowledge(entry)
    assert await owner.position() == entry.id


async def test_an_event_that_cannot_be_settled_for_a_while_is_not_given_up(
    harness: RedisHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the database is away: that is an end of the delivery, though not a good one."""

    async def fail(number: int) -> None:
        raise PermanentError("never")

    monkeypatch.setattr(consumer, "BACKOFF", RetryPolicy(first_delay=0.01, max_delay=0.01))
    records = Records()
    records.refusals = 2 * QUICK.crashes
    async with harness.working(Handling(records, fail)):
        await harness.publish(event(1))
        await until(lambda: len(records.letters) == 1)
    assert records.letters[0].event.type == COUNTED


async def test_a_handler_is_cut_off_when_its_worker_has_lost_the_lease(harness: RedisHarness, redis: Redis) -> None:
    gate, recorder = Gate(), Recorder()
    topic = Topic(harness.topic, 8)
    owner = topic.owner(topic.partition_of("a"), SERVICE)
    async with harness.working(Recorder(react=gate)):
        await harness.publish(event(1))
        await gate.entered.wait()
        await redis.set(owner, "another worker", px=500)
        async with harness.working(recorder):
            await until(lambda: recorder.numbers == [1])
            gate.opened.set()
    assert gate.passed == []


async def test_a_handler_is_cut_off_when_redis_is_away_for_longer_than_the_lease(own: OwnHarness) -> None:
    """By then another worker may have the event."""
    cut_off = asyncio.Event()

    async def hang(number: int) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cut_off.set()

    doomed, recorder = Recorder(react=hang), Recorder()
    async with own.working(doomed):
        await own.publish(event(1))
        await until(lambda: bool(doomed.events))
        own.server.stop()
        await asyncio.wait_for(cut_off.wait(), own.lease + 1.0)
    own.server.start()
    async with own.working(recorder):
        await until(lambda: recorder.numbers == [1])


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
    recorder = Recorder()
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


async def test_trimming_keeps_what_one_group_has_not_handled_and_what_is_young(topic: Topic, redis: Redis) -> None:
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
