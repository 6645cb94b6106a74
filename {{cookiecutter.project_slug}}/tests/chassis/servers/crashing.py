"""A broker that tests may kill."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


def _nothing() -> None: ...


@dataclass(frozen=True)
class Broker:
    """`address`: settings that lead to it. `haste`: for tests that wait for a killed worker's events.

    `durable`: what it acknowledged is there after kill and start.
    """

    address: Mapping[str, str] = field(default_factory=dict)
    haste: Mapping[str, str] = field(default_factory=dict)
    kill: Callable[[], None] = _nothing
    start: Callable[[], None] = _nothing
    durable: bool = False

    @property
    def environment(self) -> dict[str, str]:
        return {**self.address, **self.haste}
