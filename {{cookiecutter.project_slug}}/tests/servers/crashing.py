"""A broker that tests may kill."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass


def _nothing() -> None: ...


@dataclass(frozen=True)
class Broker:
    """`environment` tells the service where it is. `durable`: what it acknowledged is there after kill and start."""

    environment: Mapping[str, str]
    kill: Callable[[], None] = _nothing
    start: Callable[[], None] = _nothing
    durable: bool = False
