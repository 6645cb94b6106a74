"""Another service, which knows nothing of ours but its Redis: puts a message onto a stream of its own.

`python -m tests.chassis.servers.other_service redis://... TOPIC BODY`
"""

import asyncio
import sys
from collections.abc import Mapping

from redis.asyncio import Redis
from redis.typing import EncodableT, FieldT


async def put(url: str, topic: str, body: bytes, attributes: Mapping[str, str] | None = None) -> None:
    fields: dict[FieldT, EncodableT] = {"data": body}
    fields.update(attributes or {})
    async with Redis.from_url(url) as redis:
        await redis.xadd(topic, fields)


if __name__ == "__main__":
    asyncio.run(put(sys.argv[1], sys.argv[2], sys.argv[3].encode()))
