"""What is particular to the Kafka bus."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    KafkaConnectionError,
    MessageSizeTooLargeError,
    SaslAuthenticationFailed,
    TopicAuthorizationFailedError,
)
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event
from pydantic import SecretStr, ValidationError

from app.chassis.broker.advice import explained
from app.chassis.broker.bus import EventBusSettings, open_event_bus
from app.chassis.broker.errors import EventBusError, TopicRefusedError
from app.chassis.broker.settings import connection_options
from tests.chassis.contract.applicability import Capability, needs
from tests.chassis.contract.conftest import KafkaHarness
from tests.chassis.contract.support import PATIENCE, Inbox, event, until

SECRET = "text of the error"


def kafka_at(url: str) -> EventBusSettings:
    return EventBusSettings(event_bus_url=SecretStr(url))


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
    options = connection_options(kafka_at(url))
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
        kafka_at(url)
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (TopicAuthorizationFailedError(SECRET), "grant DESCRIBE, READ and WRITE on the topic"),
        (GroupAuthorizationFailedError(SECRET), "grant READ on the consumer group"),
        (SaslAuthenticationFailed(SECRET), "check user, password and mechanism"),
        (MessageSizeTooLargeError(SECRET), "raise its max.message.bytes"),
        (ssl.SSLCertVerificationError(SECRET), "set EVENT_BUS_CA_FILE"),
        (TimeoutError(SECRET), "check EVENT_BUS_URL"),
        (KafkaConnectionError(SECRET), "check that it runs"),
    ],
)
def test_what_the_operator_can_do_is_said_in_words_of_our_own(error: Exception, expected: str) -> None:
    with pytest.raises(EventBusError) as raised, explained("cannot do it"):
        raise error
    assert expected in str(raised.value)
    assert SECRET not in str(raised.value)
    assert isinstance(raised.value, TopicRefusedError) == isinstance(
        error, TopicAuthorizationFailedError | GroupAuthorizationFailedError
    )


async def test_the_topic_is_created_with_the_partitions_of_the_settings(
    harness: KafkaHarness, admin: AIOKafkaAdminClient
) -> None:
    await harness.publish(event(1))
    assert await partitions_of(harness.topic, admin) == harness.settings.event_bus_partitions


async def test_a_topic_that_is_there_is_used_as_it_is(harness: KafkaHarness, admin: AIOKafkaAdminClient) -> None:
    await admin.create_topics([NewTopic(harness.topic, 3, 1)])
    inbox = Inbox()
    async with harness.fetching(inbox):
        await harness.publish(event(1))
        await until(inbox.has([1]))
    assert await partitions_of(harness.topic, admin) == 3


async def test_a_login_that_the_broker_does_not_want_is_named_and_not_shown(harness: KafkaHarness) -> None:
    async with open_event_bus(kafka_at(f"kafka://user:secret@{harness.address}"), "service") as bus:
        with pytest.raises(EventBusError, match=r"login|closes the connection") as raised:
            await bus.check()
    assert "secret" not in str(raised.value)


async def test_checks_leave_nothing_behind(harness: KafkaHarness) -> None:
    async with harness.open_bus() as bus:
        await bus.check()
        before = len(asyncio.all_tasks())
        await asyncio.gather(*(bus.check() for _ in range(20)))
        await asyncio.sleep(0.1)
        assert len(asyncio.all_tasks()) <= before


async def test_a_message_without_a_value_is_told_from_an_empty_one(harness: KafkaHarness) -> None:
    topic, inbox = f"{harness.topic}-foreign", Inbox()
    await harness.put(topic, b"", key="same")
    producer = AIOKafkaProducer(bootstrap_servers=harness.address)
    await producer.start()
    await producer.send_and_wait(topic, None, b"same")
    await producer.stop()
    async with harness.fetching(inbox, topics=[topic]):
        await until(lambda: len(inbox.events) == 2)
    assert [(message.data, message.headers) for message in inbox.events] == [(b"", {}), (b"", {"tombstone": "true"})]


@needs(Capability.TRANSACTIONS)
async def test_what_an_aborted_transaction_sent_is_not_handed_over(harness: KafkaHarness) -> None:
    topic, inbox = f"{harness.topic}-foreign", Inbox()
    await harness.put(topic, b"1", key="same")
    producer = AIOKafkaProducer(bootstrap_servers=harness.address, transactional_id=topic)
    async with asyncio.timeout(PATIENCE):
        await producer.start()
        await producer.begin_transaction()
        await producer.send_and_wait(topic, b"2", b"same")
        await producer.abort_transaction()
        async with producer.transaction():
            await producer.send_and_wait(topic, b"3", b"same")
        await producer.stop()
    async with harness.fetching(inbox, topics=[topic]):
        await until(inbox.has([1, 3]))
    assert inbox.numbers == [1, 3]


async def test_the_official_sdk_reads_our_events(harness: KafkaHarness) -> None:
    published = event(1, subject="größe")
    await harness.publish(published)
    consumer = AIOKafkaConsumer(harness.topic, bootstrap_servers=harness.address, auto_offset_reset="earliest")
    await consumer.start()
    record = await consumer.getone()
    await consumer.stop()
    message = KafkaMessage(headers=dict(record.headers), key=record.key, value=record.value)
    understood = from_binary_event(message)
    assert (understood.get_id(), understood.get_type()) == (str(published.id), published.type)
    assert (understood.get_subject(), understood.get_time()) == (published.subject, published.time)
    assert str(understood.get_data()) == "1"
    assert understood.get_datacontenttype() == "application/json"
