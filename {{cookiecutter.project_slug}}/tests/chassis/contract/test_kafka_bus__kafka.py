"""What is particular to the Kafka bus."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    KafkaConnectionError,
    MessageSizeTooLargeError,
    SaslAuthenticationFailed,
    TopicAuthorizationFailedError,
)
from pydantic import SecretStr, ValidationError

from app.core.events import Event, EventBus
from app.infrastructure.events.broker import TopicMissingError, advice
from app.infrastructure.events.bus import EventBusSettings, open_event_bus
from app.infrastructure.events.settings import connection_options
from tests.contract.applicability import Capability, needs
from tests.contract.conftest import KafkaHarness
from tests.contract.harness import SERVICE, Outage
from tests.contract.support import Recorder, event, until

NOBODY = "kafka://127.0.0.1:1"
SECRET = "text of the error"


@pytest.fixture
async def admin(harness: KafkaHarness) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=harness.address)
    await admin.start()
    yield admin
    await admin.close()


async def partitions_of(topic: str, admin: AIOKafkaAdminClient) -> int:
    [description] = await admin.describe_topics([topic])
    return len(description["partitions"])


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("kafka://one", {"bootstrap_servers": "one", "security_protocol": "PLAINTEXT"}),
        ("kafka://one:9092,two:9093,[::1]:9094/", {"bootstrap_servers": "one:9092,two:9093,[::1]:9094"}),
        ("kafkas://one:9093", {"security_protocol": "SSL"}),
        ("kafka+ssl://one:9093", {"security_protocol": "SSL"}),
        ("kafka://me:secret@one", {"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "SCRAM-SHA-512"}),
        ("kafkas://me:secret@one?mechanism=PLAIN", {"security_protocol": "SASL_SSL", "sasl_mechanism": "PLAIN"}),
        ("kafkas://m%40e:s%2Fcret@one", {"sasl_plain_username": "m@e", "sasl_plain_password": "s/cret"}),
    ],
)
def test_the_url_says_how_to_connect(url: str, expected: dict[str, Any]) -> None:
    options = connection_options(url)
    assert {name: options[name] for name in expected} == expected


@pytest.mark.parametrize(
    "url",
    [
        "",
        "one:9092",
        "amqp://one:9092",
        "kafka://",
        "kafka://one:9092,",
        "kafka://one:99999",
        "kafka://one:9092/topic",
        "kafka://[one:9092",
        "kafka://me@one",
        "kafka://me:secret@one?mechanism=GSSAPI",
        "kafka://me:secret@one?mechanism=PLAIN&mechanism=PLAIN",
        "kafka://me:secret@one?timeout=1",
        "kafka://me:sec/ret@one",
        "kafka://one?mechanism=PLAIN",
    ],
)
def test_a_url_that_is_none_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(ValidationError, match="must be kafka://host:port") as refusal:
        EventBusSettings(event_bus_url=SecretStr(url))
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (TopicMissingError(SECRET), "create it, or grant the right"),
        (TopicAuthorizationFailedError(SECRET), "grant DESCRIBE, READ and WRITE on the topic"),
        (GroupAuthorizationFailedError(SECRET), "grant READ on the consumer group"),
        (SaslAuthenticationFailed(SECRET), "check user, password and mechanism"),
        (MessageSizeTooLargeError(SECRET), "raise its max.message.bytes"),
        (ssl.SSLCertVerificationError(SECRET), "check EVENT_BUS_URL, and the certificate"),
        (TimeoutError(SECRET), "check EVENT_BUS_URL (hosts"),
        (KafkaConnectionError(SECRET), "check EVENT_BUS_URL (hosts"),
        (ValueError(SECRET), "unexpected"),
    ],
)
def test_what_the_operator_can_do_is_said_in_words_of_our_own(error: Exception, expected: str) -> None:
    assert expected in advice(error)
    assert SECRET not in advice(error)


async def test_the_topic_is_created_with_the_partitions_of_the_settings(
    harness: KafkaHarness, admin: AIOKafkaAdminClient
) -> None:
    await harness.publish(event(1))
    assert await partitions_of(harness.topic, admin) == harness.settings.event_bus_partitions


async def test_a_topic_that_is_there_is_used_as_it_is(harness: KafkaHarness, admin: AIOKafkaAdminClient) -> None:
    await admin.create_topics([NewTopic(harness.topic, 3, 1)])
    recorder = Recorder()
    async with harness.working(recorder):
        await harness.publish(event(1))
        await until(lambda: recorder.numbers == [1])
    assert await partitions_of(harness.topic, admin) == 3


async def test_a_batch_of_several_megabytes_arrives_in_order(harness: KafkaHarness) -> None:
    recorder = Recorder()
    padding = {"padding": "x" * 100_000}
    events = [
        Event(id=e.id, type=e.type, version=1, source="x", subject="a", time=e.time, data=e.data, headers=padding)
        for e in map(event, range(30))
    ]
    async with harness.working(recorder):
        await harness.publish(*events)
        await until(lambda: recorder.numbers == list(range(30)))


async def publish_as_the_relay_does(bus: EventBus, batch: list[Event]) -> None:
    """As a whole, again and again, until it succeeds."""
    while True:
        try:
            return await bus.publish_many(batch)
        except Exception:
            await asyncio.sleep(0.1)


@needs(Capability.RESTART)
async def test_what_is_published_over_an_outage_stays_in_order(outage: Outage) -> None:
    recorder = Recorder()

    async def publish_all() -> None:
        async with outage.harness.open_bus() as bus:
            for start in range(0, 200, 10):
                batch = [event(n) for n in range(start, start + 10)]
                await publish_as_the_relay_does(bus, batch)
                await asyncio.sleep(0.02)

    async with outage.harness.working(recorder):
        publishing = asyncio.create_task(publish_all())
        await until(lambda: len(recorder.numbers) > 20)
        outage.broker.stop()
        await asyncio.sleep(2)
        outage.broker.start()
        await publishing
        await until(lambda: len(set(recorder.numbers)) == 200)
    assert list(dict.fromkeys(recorder.numbers)) == list(range(200))


@pytest.mark.parametrize("password", ["", "user:se%2Fcret@"])
async def test_a_broker_that_is_away_is_one_line_of_the_log_each_time(
    password: str, caplog: pytest.LogCaptureFixture
) -> None:
    settings = EventBusSettings(event_bus_url=SecretStr(NOBODY.replace("//", f"//{password}")))
    async with open_event_bus(settings, SERVICE) as bus:
        bus.subscribe(Recorder().receive)
        stop = asyncio.Event()
        running = asyncio.create_task(bus.run(stop))
        await until(lambda: bool(caplog.records))
        with pytest.raises(ConnectionRefusedError):
            await bus.publish(event(1))
        stop.set()
        await running
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 2
    assert "cannot consume from topic service.events: Kafka does not answer: check EVENT_BUS_URL" in caplog.text
    assert "cannot publish to topic service.events" in caplog.text
    assert "cret" not in caplog.text
    assert "Traceback" not in caplog.text


async def test_a_login_that_the_broker_does_not_want_is_said_in_the_log(
    harness: KafkaHarness, caplog: pytest.LogCaptureFixture
) -> None:
    url = f"kafka://user:secret@{harness.address}"
    async with open_event_bus(EventBusSettings(event_bus_url=SecretStr(url)), SERVICE) as bus:
        bus.subscribe(Recorder().receive)
        stop = asyncio.Event()
        running = asyncio.create_task(bus.run(stop))
        await until(lambda: "login" in caplog.text)
        stop.set()
        await running
    assert "secret" not in caplog.text


async def test_pings_leave_nothing_behind(harness: KafkaHarness) -> None:
    async with harness.open_bus() as bus:
        await bus.ping()
        before = len(asyncio.all_tasks())
        await asyncio.gather(*(bus.ping() for _ in range(20)))
        await asyncio.sleep(0.1)
        assert len(asyncio.all_tasks()) <= before
