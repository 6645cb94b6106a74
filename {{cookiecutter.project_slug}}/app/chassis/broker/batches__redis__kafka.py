"""Bounds what is held in memory and sent at once."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def in_batches(items: Iterable[T], weigh: Callable[[T], int], limit: int) -> Iterator[list[T]]:
    """The items in order, in batches of at most `limit` bytes. A single item that is heavier is a batch of its own."""
    batch: list[T] = []
    total = 0
    for item in items:
        weight = weigh(item)
        if batch and total + weight > limit:
            yield batch
            batch, total = [], 0
        batch.append(item)
        total += weight
    if batch:
        yield batch
