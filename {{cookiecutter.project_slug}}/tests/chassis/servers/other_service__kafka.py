"""Another service, which knows nothing of ours but its Kafka: puts a message onto a topic of its own.

`python -m tests.chassis.servers.other_service kafka://... TOPIC BODY`
"""

import asyncio
import sys
from collections.abc import Mapping

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic


async def put(url: str, topic: str, body: bytes, attributes: Mapping[str, str] | None = None, key: str = "") -> None:
    address = url.removeprefix("kafka://")
    admin = AIOKafkaAdminClient(bootstrap_servers=address)
    await admin.start()
    if topic not in await admin.list_topics():
        await admin.create_topics([NewTopic(topic, 3, 1)])
    await admin.close()
    headers = [(f"ce_{name}", value.encode()) for name, value in (attributes or {}).items()]
    producer = AIOKafkaProducer(bootstrap_servers=address)
    await producer.start()
    await producer.send_and_wait(topic, body, key.encode() or None, headers=headers)
    await producer.stop()


if __name__ == "__main__":
    asyncio.run(put(sys.argv[1], sys.argv[2], sys.argv[3].encode()))
