"""What is particular to the Redis bus."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from pydantic import SecretStr, ValidationError
from redis.asyncio import Redis

from app.chassis.broker import bus as module
from app.chassis.broker.bus import EventBusSettings
from app.chassis.broker.errors import EventBusError
from app.chassis.broker.stream import Stream
from app.core.events import UNDECODABLE
from tests.chassis.contract.conftest import RedisHarness
from tests.chassis.contract.support import Inbox, event, events, until
from tests.chassis.servers.redis import RedisServer

RIGHTS = "+xadd +xread +xgroup +xinfo +xtrim +xpending +exists +time +multi +exec +ping"


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_url, protocol=2) as redis:
        yield redis


@pytest.fixture
def own(own_server: RedisServer) -> RedisHarness:
    """On a Redis that no other test uses."""
    return RedisHarness(own_server.url)


@pytest.fixture
async def admin(own_server: RedisServer) -> AsyncIterator[Redis]:
    """Of that Redis."""
    async with Redis.from_url(own_server.url) as redis:
        yield redis


async def log_in(harness: RedisHarness, admin: Redis, *, keys: list[str], commands: str) -> None:
    """As a user with these rights and no others."""
    await admin.acl_setuser("service", enabled=True, passwords=["+secret"], keys=keys, commands=commands.split())
    url = SecretStr(harness.url.replace("//", "//service:secret@"))
    harness.settings = harness.settings.model_copy(update={"event_bus_url": url})


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("", "must be redis://host:port/0 or rediss://host:port/0"),
        ("localhost", "must be redis://"),
        ("http://:hunter2@localhost", "must be redis://"),
        ("unix:///tmp/hunter2", "must be redis://"),
        ("redis://:hunter2@localhost:port", "must be redis://"),
        ("redis://:hunter2@localhost:99999", "must be redis://"),
        ("redis://localhost/hunter2", "must be redis://"),
        ("redis://localhost?colour=hunter2", "must be redis://"),
        ("redis://localhost?protocol=hunter2", "must be redis://"),
        ("rediss://localhost?ssl_cert_reqs=hunter2", "must be redis://"),
        ("redis://:hunter2@localhost?protocol=3", "has an option that the event bus does not allow"),
        ("redis://:hunter2@localhost?decode_responses=true", "has an option"),
        ("redis://:hunter2@localhost?encoding=latin-1", "has an option"),
        ("redis://:hunter2@localhost?socket_timeout=1", "has an option"),
        ("redis+sentinel://:hunter2@localhost:26379/main", "Redis Sentinel is not supported"),
        ("rediss+sentinel://:hunter2@localhost:26379/main", "Redis Sentinel is not supported"),
        ("redis+cluster://:hunter2@localhost:7000", "Redis Cluster is not supported"),
    ],
)
def test_a_wrong_url_is_refused_in_one_line_that_does_not_show_it(url: str, expected: str) -> None:
    with pytest.raises(ValidationError) as raised:
        EventBusSettings(event_bus_url=SecretStr(url))
    [error] = raised.value.errors()
    assert error["msg"].startswith(f"Value error, {expected}")
    assert "hunter2" not in str(raised.value)
    assert "\n" not in error["msg"]


@pytest.mark.parametrize("url", ["redis://localhost", "rediss://ada:pass%20word@[::1]:6380/3?ssl_check_hostname=false"])
def test_a_good_url_is_taken(url: str) -> None:
    assert EventBusSettings(event_bus_url=SecretStr(url)).event_bus_url.get_secret_value() == url


async def test_a_wrong_password_is_named_and_not_shown(own: RedisHarness, admin: Redis) -> None:
    await admin.config_set("requirepass", "right")
    wrong = {"event_bus_url": SecretStr(own.url.replace("//", "//:hunter2@"))}
    own.settings = own.settings.model_copy(update=wrong)
    async with own.open_bus() as bus:
        for call in (bus.check(), bus.publish_many([event(1)]), bus.fetch(Inbox().store)):
            with pytest.raises(EventBusError, match="the login is refused") as raised:
                await call
            assert "hunter2" not in str(raised.value)


async def test_the_rights_that_the_readme_names_are_enough(own: RedisHarness, admin: Redis) -> None:
    await log_in(own, admin, keys=[own.topic, "elsewhere"], commands=RIGHTS)
    await own.put("elsewhere", b"2")
    inbox = Inbox()
    async with own.fetching(inbox, topics=["elsewhere"]), own.open_bus() as bus:
        await bus.check()
        await bus.publish_many([event(1)])
        await until(inbox.has([1, 2]))
    assert inbox.errors == []


async def test_a_topic_that_we_have_no_right_to_is_named_and_holds_up_no_other(
    own: RedisHarness, admin: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    await log_in(own, admin, keys=[own.topic], commands="+@all")
    inbox = Inbox()
    async with own.fetching(inbox, topics=["forbidden"]):
        await until(lambda: "cannot fetch from topic forbidden: access is denied" in caplog.text)
        await own.publish(event(1))
        await until(inbox.has([1]))
    own.settings = own.settings.model_copy(update={"event_bus_topic": "forbidden"})
    async with own.open_bus() as bus:
        with pytest.raises(EventBusError, match="cannot use topic forbidden: access is denied"):
            await bus.check()


async def test_a_replica_does_not_pass_the_check(own: RedisHarness, admin: Redis) -> None:
    await admin.replicaof("127.0.0.1", "1")
    async with own.open_bus() as bus:
        with pytest.raises(EventBusError, match="is a replica"):
            await bus.check()


async def test_a_key_that_is_no_stream_does_not_pass_the_check(harness: RedisHarness, redis: Redis) -> None:
    await redis.set(harness.topic, "text")
    async with harness.open_bus() as bus:
        with pytest.raises(EventBusError, match="the topic a stream"):
            await bus.check()


async def test_a_redis_that_forgot_everything_is_filled_again(own: RedisHarness, admin: Redis) -> None:
    inbox = Inbox()
    async with own.fetching(inbox):
        await own.publish(event(1))
        await until(inbox.has([1]))
        await admin.flushall()
        await own.publish(*events(range(2, 20)))
        await until(inbox.has(range(1, 20)))


async def test_a_full_redis_is_still_fetched_from_and_trimmed(
    own: RedisHarness, admin: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TRIM_INTERVAL", 0.1)
    own.settings = own.settings.model_copy(update={"event_bus_retention": 0.0})
    inbox = Inbox()
    async with own.fetching(inbox):
        await own.publish(event(0))
        await until(inbox.has([0]))
    await own.publish(*(replace(event(n), data=b"%d" % n + b" " * 10_000) for n in range(1, 1000)))
    await admin.config_set("maxmemory-policy", "noeviction")
    await admin.config_set("maxmemory", "5mb")
    with pytest.raises(EventBusError, match="Redis is full"):
        await own.publish(event(1000))
    async with own.open_bus() as bus:
        await bus.check()  # it can fetch
    async with own.fetching(inbox):
        await until(inbox.has(range(1000)))
        await own.publish_somehow(event(1000))
        await until(inbox.has([1000]))
    assert inbox.errors == []


@pytest.mark.parametrize("fields", [{"a": "b"}, {b"\xff\0": b"\xff\0", "data": b"x"}, {"type": "t", "data": "1"}])
async def test_an_entry_of_a_stranger_can_be_stored(
    harness: RedisHarness, redis: Redis, fields: dict[str | bytes, str | bytes]
) -> None:
    inbox = Inbox()
    await redis.xadd(harness.topic, fields)  # type: ignore[arg-type] # invariant in its types
    async with harness.fetching(inbox):
        await until(lambda: len(inbox.events) == 1)
    [kept] = inbox.events
    assert kept.type == UNDECODABLE
    assert "\0" not in "".join([*kept.headers, *kept.headers.values()])


async def test_trimming_keeps_what_one_service_has_not_stored_and_what_is_young(
    harness: RedisHarness, redis: Redis
) -> None:
    topic = harness.topic
    ids = [await redis.xadd(topic, {"data": n}) for n in range(1000)]
    await redis.xgroup_create(topic, "done", ids[-1])
    await redis.xgroup_create(topic, "behind", ids[700])
    await redis.xgroup_create(topic, "with pending entries", "0")
    await redis.xreadgroup("with pending entries", "somebody", {topic: ">"}, count=800)
    await redis.xack(topic, "with pending entries", *ids[:400])

    async def trimmed(retention: float) -> int:
        await Stream(redis, topic, "done", foreign=False).trim(retention)
        return 1000 - int(await redis.xlen(topic))

    assert await trimmed(retention=60.0) == 0
    assert 300 <= await trimmed(retention=0.0) <= 400
    await redis.xgroup_destroy(topic, "with pending entries")
    assert 600 <= await trimmed(retention=0.0) <= 700
    await redis.xgroup_destroy(topic, "behind")
    assert 900 <= await trimmed(retention=0.0) < 1000


async def test_a_bookmark_that_somebody_moved_back_only_repeats(harness: RedisHarness, redis: Redis) -> None:
    inbox, again = Inbox(), Inbox()
    async with harness.fetching(inbox):
        await harness.publish(*events(range(20)))
        await until(inbox.has(range(20)))
    await redis.xgroup_setid(harness.topic, harness.service, "0")
    async with harness.fetching(again):
        await harness.publish(*events(range(20, 30)))
        await until(again.has(range(30)))
    assert again.numbers == [*range(30)]
