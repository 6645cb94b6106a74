"""The broker of this service's bus: here there is none."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.chassis.servers.crashing import Broker


@contextmanager
def own_broker() -> Iterator[Broker]:
    yield Broker()
