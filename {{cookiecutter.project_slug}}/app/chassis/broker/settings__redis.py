"""Where Redis is, and how long events stay there."""

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, SecretStr, field_validator
from redis.asyncio import Connection, ConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ReadOnlyError, RedisError

TIMEOUT = 5.0  # seconds for any answer of Redis; longer than a read waits for entries
OPTIONS = re.compile(r"db|client_name|socket_keepalive|ssl_[a-z_]+")  # others would change what the adapter relies on


class EventBusSettings(BaseModel):
    """Times are seconds.

    `event_bus_url`: rediss:// for TLS, with ssl_ca_certs, ssl_certfile and ssl_keyfile after a question mark.
    `event_bus_topic`: `<service>.events` if not given. Services that share events share a topic.
    `event_bus_retention`: how long events are kept that all services have stored, for a service that comes later.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    event_bus_url: SecretStr = SecretStr("redis://127.0.0.1:6379/0")
    event_bus_topic: str | None = Field(default=None, pattern=r"^[A-Za-z0-9._-]+$")
    event_bus_retention: NonNegativeFloat = 3600.0

    @field_validator("event_bus_url")
    @classmethod
    def _known_redis(cls, value: SecretStr) -> SecretStr:
        _check_url(value.get_secret_value())
        return value


def open_redis(url: str) -> Redis:
    """Connects when it is used first."""
    return Redis.from_url(
        url,
        protocol=2,
        socket_timeout=TIMEOUT,
        socket_connect_timeout=TIMEOUT,
        health_check_interval=30,
        retry=Retry(ExponentialBackoff(cap=1.0, base=0.1), retries=3),  # from_url() would not retry at all
        retry_on_error=[ReadOnlyError],  # a former primary: the next connection finds the new one
    )


def _check_url(url: str) -> None:
    """Raise `ValueError` that does not show the URL: it holds a password."""
    scheme = url.partition(":")[0].lower()
    for product in ("sentinel", "cluster"):
        if product in scheme:
            raise ValueError(f"Redis {product.title()} is not supported: give the redis:// address of the primary")
    try:
        options = parse_qs(urlsplit(url).query, keep_blank_values=True)
        make_connection: Callable[[], Connection] = ConnectionPool.from_url(url).make_connection
        make_connection()  # connects to nothing yet, but refuses values that it does not understand
        known = scheme in ("redis", "rediss") and bool(re.fullmatch(r"/?\d*", urlsplit(url).path))
    except (ValueError, TypeError, RedisError, OSError):
        known, options = False, {}
    if not known:
        raise ValueError("must be redis://host:port/0 or rediss://host:port/0, with user:password@ as needed")
    if not all(map(OPTIONS.fullmatch, options)):
        raise ValueError("has an option that the event bus does not allow: db, client_name, socket_keepalive, ssl_...")
