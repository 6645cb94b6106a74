"""The event bus in tests of the whole service: one in the process. Kafka has tests of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from app.containers import Overrides
from app.core.events import EventBus
from tests.in_process_bus import InProcessBus


@contextmanager
def broker_settings() -> Iterator[dict[str, Any]]:
    """Settings that lead to the broker: no test that uses these asks for it."""
    yield {}


def bus_overrides() -> Overrides:
    return {EventBus: InProcessBus()}
