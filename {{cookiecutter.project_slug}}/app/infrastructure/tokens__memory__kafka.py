"""Where tokens are kept: in SQL. To keep them elsewhere, open another adapter here."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.application.ports import Clock
from app.application.token.ports import TokenRepository
from app.infrastructure.db.engine import Sessions
from app.infrastructure.db.tokens import SqlTokenRepository
from app.infrastructure.events.bus import EventBusSettings


@asynccontextmanager
async def open_token_repository(
    _settings: EventBusSettings, sessions: Sessions, clock: Clock
) -> AsyncIterator[TokenRepository]:
    yield SqlTokenRepository(sessions, clock)
