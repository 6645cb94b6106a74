"""Token repositories beside the one in SQL."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from uuid import uuid4

from app.application.ports import Clock
from app.application.token.ports import TokenRepository
from app.infrastructure.tokens import RedisTokenRepository, connect
from tests.chassis.servers.redis import any_redis


@asynccontextmanager
async def redis_store(clock: Clock) -> AsyncIterator[TokenRepository]:
    with any_redis() as url:
        async with connect(url) as redis:
            yield RedisTokenRepository(redis, clock, prefix=f"{uuid4()}:")


OTHER_STORES: dict[str, Callable[[Clock], AbstractAsyncContextManager[TokenRepository]]] = {"redis": redis_store}
