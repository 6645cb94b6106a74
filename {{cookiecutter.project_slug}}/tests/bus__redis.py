"""The event bus in tests of the whole service: one in the process. Redis Streams have tests of their own."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from app.containers import Overrides
from app.core.events import EventBus
from tests.chassis.servers.redis import any_redis
from tests.in_process_bus import InProcessBus


@contextmanager
def broker_settings() -> Iterator[dict[str, Any]]:
    """Settings that lead to a real Redis, where the tokens are."""
    with any_redis() as url:
        yield {"event_bus_url": url}


def bus_overrides() -> Overrides:
    return {EventBus: InProcessBus()}
