"""What the inside may know of a DI container: it opens scopes, and a scope gives objects by type."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol, TypeVar

T = TypeVar("T")


class Scope(Protocol):
    """Objects that live for one request or one message."""

    async def get(self, dependency_type: type[T]) -> T: ...


OpenScope = Callable[[], AbstractAsyncContextManager[Scope]]
