"""The bus of the chaos test: here there is no broker to kill."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.chaos.victims import Broker


@contextmanager
def chaos_broker() -> Iterator[Broker]:
    yield Broker(environment={}, crash=None)
