"""The Kafka cluster as this service meets it: does it answer, is the topic there, and what if not."""

import asyncio
import logging
import ssl
from itertools import count
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.conn import collect_hosts, create_conn
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    IllegalSaslStateError,
    KafkaConnectionError,
    KafkaError,
    MessageSizeTooLargeError,
    SaslAuthenticationFailed,
    TopicAlreadyExistsError,
    TopicAuthorizationFailedError,
    UnknownError,
    UnsupportedSaslMechanismError,
    for_code,
)
from aiokafka.protocol.metadata import MetadataRequest

logger = logging.getLogger(__name__)

BROKER_DECIDES = -1
LOOK_AGAIN = 5.0  # seconds until a topic of another service that is missing is looked for again


class TopicMissingError(KafkaError):  # type: ignore[misc] # aiokafka has no types
    """The topic is not there, and this service is not allowed or not able to create it."""


UNREACHABLE = "Kafka does not answer: check EVENT_BUS_URL (hosts, kafka or kafkas, login), and that it runs"
ADVICE: dict[type[BaseException], str] = {
    TopicMissingError: "it is missing, or hidden from us, and we may not create it: create it, or grant the right",
    TopicAuthorizationFailedError: "access is denied: grant DESCRIBE, READ and WRITE on the topic",
    GroupAuthorizationFailedError: "access is denied: grant READ on the consumer group",
    SaslAuthenticationFailed: "the login is refused: check user, password and mechanism in EVENT_BUS_URL",
    UnsupportedSaslMechanismError: "the login's mechanism is not known there: check EVENT_BUS_URL",
    IllegalSaslStateError: "no login is expected there, or another kind: check EVENT_BUS_URL",
    ssl.SSLError: "TLS fails: check EVENT_BUS_URL, and the certificate or SSL_CERT_FILE",
    MessageSizeTooLargeError: "an event is too large for it: raise its max.message.bytes",
    UnknownError: "the broker reports an unknown error: see its log (Tansu needs EVENT_BUS_IDEMPOTENT=false)",
    OSError: UNREACHABLE,
    KafkaConnectionError: UNREACHABLE,
    KafkaError: "the broker reports an error: see its log",
}


def advice(error: Exception) -> str:
    """What the operator can do about it. Nothing of the error's own text, which may hold secrets."""
    return next((text for kind, text in ADVICE.items() if isinstance(error, kind)), "this is unexpected")


def complain(what: str, topic: str, error: Exception) -> None:
    """One line of the log; a traceback only for a mistake of ours."""
    kind = {"error": type(error).__name__}
    mistake = None if isinstance(error, (KafkaError, OSError)) else error
    logger.warning("%s topic %s: %s", what, topic, advice(error), extra=kind, exc_info=mistake)


async def knock(options: dict[str, Any]) -> None:
    """Ask one of the hosts for the least there is to ask. Raise what the last one said if none answers."""
    options = dict(options)
    refusal: Exception = ConnectionError()
    for host, port, _ in collect_hosts(options.pop("bootstrap_servers")):
        try:
            connection = await create_conn(host, port, **options)
            try:
                await connection.send(MetadataRequest([]))
                return
            finally:
                connection.close()
        except (OSError, KafkaError) as error:
            refusal = error
    raise refusal


async def ensure_topic(options: dict[str, Any], topic: str, partitions: int) -> None:
    """Create the topic unless it is there. Raise `TopicMissingError` if neither is so."""
    await knock(options)  # the admin client would not say why it cannot connect
    admin = AIOKafkaAdminClient(**options)
    try:
        await admin.start()
        if topic in await admin.list_topics():  # asking for this one could create it with the broker's partitions
            return
        new = NewTopic(topic, partitions, BROKER_DECIDES, {})
        answer = await admin.create_topics([new])
    finally:
        await admin.close()
    outcome = for_code(answer.topic_errors[0][1])
    if outcome not in (for_code(0), TopicAlreadyExistsError):
        raise TopicMissingError(topic) from outcome()


async def await_topic(options: dict[str, Any], topic: str) -> None:
    """Return as soon as the topic of another service is there: to create it is not our business."""
    await knock(options)
    admin = AIOKafkaAdminClient(**options)
    try:
        await admin.start()
        for look in count():
            if topic in await admin.list_topics():
                return
            if look == 0:
                logger.info("topic %s of another service is not there, or hidden from us: waiting for it", topic)
            await asyncio.sleep(LOOK_AGAIN)
    finally:
        await admin.close()
