"""Where tokens are kept: in SQL. To keep them elsewhere, open another adapter here."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.application.ports import Clock
from app.application.token.ports import TokenRepository
from app.chassis.broker.bus import EventBusSettings
from app.chassis.sql.database import Database
from app.infrastructure.db.tokens import SqlTokenRepository


@asynccontextmanager
async def open_token_repository(
    _settings: EventBusSettings, database: Database, clock: Clock
) -> AsyncIterator[TokenRepository]:
    yield SqlTokenRepository(database.sessions, clock)
