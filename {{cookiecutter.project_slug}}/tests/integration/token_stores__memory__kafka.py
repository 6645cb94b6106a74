"""Token repositories beside the one in SQL: here there is none."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from app.application.ports import Clock
from app.application.token.ports import TokenRepository

OTHER_STORES: dict[str, Callable[[Clock], AbstractAsyncContextManager[TokenRepository]]] = {}
