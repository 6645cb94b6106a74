"""The part of a DI container that core and application may use."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol, TypeVar

T = TypeVar("T")


class Scope(Protocol):
    """Objects that live for one request or one message."""

    async def get(self, dependency_type: type[T]) -> T: ...


OpenScope = Callable[[], AbstractAsyncContextManager[Scope]]
