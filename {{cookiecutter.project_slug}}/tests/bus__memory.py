"""The event bus in tests of the whole service: the real one."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from app.containers import Overrides


@contextmanager
def broker_settings() -> Iterator[dict[str, Any]]:
    """Settings that lead to the broker: there is none."""
    yield {}


def bus_overrides() -> Overrides:
    return {}
