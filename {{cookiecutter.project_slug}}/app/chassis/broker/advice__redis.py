"""What the operator can do about an error of Redis."""

import ssl
from contextlib import AbstractContextManager

from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    MovedError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from app.chassis.broker.errors import Advice, explaining

UNREACHABLE = "Redis does not answer: check EVENT_BUS_URL, and that it runs"
ADVICE: Advice = {
    ssl.SSLError: "TLS fails: check EVENT_BUS_URL (redis or rediss) and the certificates it names",
    AuthenticationError: "the login is refused: check user and password in EVENT_BUS_URL",
    NoPermissionError: 'access is denied: grant the commands and keys that README.md names (section "Operate it")',
    OutOfMemoryError: "Redis is full: raise its maxmemory, or lower EVENT_BUS_RETENTION",
    ReadOnlyError: "this Redis is a replica: EVENT_BUS_URL must lead to the primary",
    MovedError: "Redis Cluster is not supported: EVENT_BUS_URL must lead to a single Redis",
    BusyLoadingError: "Redis is still loading its data",
    RedisConnectionError: UNREACHABLE,
    RedisTimeoutError: UNREACHABLE,
    OSError: UNREACHABLE,
    RedisError: "Redis refuses the command: it must be Redis 7 or later, and the topic a stream",
}


def explained(doing: str) -> AbstractContextManager[None]:
    """Within it, an error of Redis becomes an `EventBusError` that says what was being done and what may help."""
    return explaining(doing, ADVICE, refusals=(ResponseError,))
