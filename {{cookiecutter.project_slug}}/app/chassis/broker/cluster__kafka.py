"""The Kafka cluster as this service meets it: does it answer, is the topic there?"""

from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.conn import collect_hosts, create_conn
from aiokafka.errors import (
    KafkaError,
    LeaderNotAvailableError,
    NoError,
    TopicAlreadyExistsError,
    UnknownTopicOrPartitionError,
    for_code,
)
from aiokafka.protocol.metadata import MetadataRequest

BROKER_DECIDES = -1


async def topic_exists(options: dict[str, Any], topic: str) -> bool:
    """Ask one of the hosts, without creating the topic. Raise what the last one said if none answers.

    aiokafka's clients would not say why they cannot connect.
    """
    options = dict(options)
    refusal: Exception = ConnectionError()
    for host, port, _ in collect_hosts(options.pop("bootstrap_servers")):
        try:
            connection = await create_conn(host, port, **options)
            try:
                answer = await connection.send(MetadataRequest([topic], allow_auto_topic_creation=False))
            finally:
                connection.close()
        except (OSError, KafkaError) as error:
            refusal = error
        else:
            return _is_there(answer.topics[0][0])
    raise refusal


def _is_there(error_code: int) -> bool:
    kind = for_code(error_code)
    if kind in (NoError, LeaderNotAvailableError):
        return True
    if kind is UnknownTopicOrPartitionError:
        return False
    raise kind()


async def ensure_topic(options: dict[str, Any], topic: str, partitions: int) -> None:
    """Create the topic unless it is there."""
    if await topic_exists(options, topic):
        return
    admin = AIOKafkaAdminClient(**options)
    try:
        await admin.start()
        answer = await admin.create_topics([NewTopic(topic, partitions, BROKER_DECIDES, {})])
    finally:
        await admin.close()
    kind = for_code(answer.topic_errors[0][1])
    if kind not in (NoError, TopicAlreadyExistsError):
        raise kind()
