"""Where tokens are kept: in Redis, which forgets them by itself. The SQL adapter would do as well."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from uuid import UUID

from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.application.ports import Clock
from app.application.token.errors import TokensUnavailableError
from app.application.token.ports import TokenRepository
from app.chassis.broker.bus import EventBusSettings
from app.chassis.sql.database import Database

TIMEOUT = 5.0  # seconds for any answer


class RedisTokenRepository:
    """A key for each token, with its moment of expiry.

    Our clock decides whether a token has expired; Redis only removes it.
    """

    def __init__(self, redis: Redis, clock: Clock, prefix: str = "token:") -> None:
        self._redis = redis
        self._clock = clock
        self._prefix = prefix

    async def add(self, token_hash: str, user_id: UUID, expires_at: datetime) -> None:
        lifetime = int((expires_at - self._clock.now()).total_seconds() * 1000)
        if lifetime > 0:
            value = f"{user_id} {expires_at.isoformat()}"
            with _silence_is_said():
                await self._redis.set(self._prefix + token_hash, value, px=lifetime)

    async def user_of(self, token_hash: str) -> UUID | None:
        with _silence_is_said():
            value = await self._redis.get(self._prefix + token_hash)
        if value is None:
            return None
        user_id, expires_at = str(value).split()
        return UUID(user_id) if datetime.fromisoformat(expires_at) > self._clock.now() else None

    async def revoke(self, token_hash: str) -> None:
        with _silence_is_said():
            await self._redis.delete(self._prefix + token_hash)


@contextmanager
def _silence_is_said() -> Iterator[None]:
    try:
        yield
    except RedisError as error:
        raise TokensUnavailableError from error


@asynccontextmanager
async def open_token_repository(
    settings: EventBusSettings, _database: Database, clock: Clock
) -> AsyncIterator[TokenRepository]:
    async with connect(settings.event_bus_url.get_secret_value()) as redis:
        yield RedisTokenRepository(redis, clock)


def connect(url: str) -> Redis:
    """A client that answers with text. Connects when it is used."""
    return Redis.from_url(
        url, protocol=2, decode_responses=True, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT
    )
