"""Runs migrations on the database of the settings: `uv run alembic upgrade head`."""

import asyncio
import sys
from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection, text

from app.config import Settings
from app.core.exceptions import StartupError
from app.infrastructure.db.engine import create_engine, unreachable_is_one_line
from app.infrastructure.db.models import Base, UtcDateTime


def render_item(kind: str, item: Any, _: Any) -> str | Literal[False]:
    """In a migration our type is written as what it is to the database."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


def migrate(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":  # two processes that start at once: the second waits and finds all done
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('migrations'))"))
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",  # SQLite alters a table by copying it
        render_item=render_item,
    )
    with context.begin_transaction():
        context.run_migrations()


async def migrate_database() -> None:
    url = context.config.get_main_option("sqlalchemy.url") or Settings.load().database_url
    engine = create_engine(url, foreign_keys=False)
    try:
        with unreachable_is_one_line(engine):
            await (await engine.connect()).close()
        async with engine.connect() as connection:
            await connection.run_sync(migrate)
            await connection.commit()
    finally:
        await engine.dispose()


if context.is_offline_mode():
    sys.exit("offline mode (--sql) is not supported: the migrations run on a connection")
try:
    asyncio.run(migrate_database())
except StartupError as error:
    sys.exit(f"cannot migrate: {error}")
