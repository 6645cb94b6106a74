"""Runs migrations: for Alembic's command line through each env.py, and for `python -m app migrate`."""

import asyncio
import sys
from collections.abc import Iterable
from typing import Any, Literal

from alembic import command, context
from alembic.config import Config
from sqlalchemy import Connection, text

from app.chassis.settings import ChassisSettings
from app.chassis.sql.engine import create_engine, unreachable_is_one_line
from app.chassis.sql.revision import MACHINE, History
from app.chassis.sql.types import UtcDateTime
from app.core.exceptions import StartupError

OTHERS = {*MACHINE.metadata.tables, MACHINE.version_table, "alembic_version"}


def upgrade(url: str, histories: Iterable[History]) -> None:
    """Bring the tables of each history up to date."""
    for history in histories:
        config = Config()
        config.set_main_option("script_location", str(history.folder).replace("%", "%%"))
        config.set_main_option("path_separator", "os")
        config.attributes["url"] = url
        command.upgrade(config, "head")


def run_migrations(history: History) -> None:
    """What each env.py does. Exits with one line if the database cannot be reached."""
    if context.is_offline_mode():
        sys.exit("offline mode (--sql) is not supported: the migrations run on a connection")
    try:
        url = context.config.attributes.get("url") or ChassisSettings.load().database_url
        asyncio.run(_run(url, history))
    except StartupError as error:
        sys.exit(f"cannot migrate: {error}")


async def _run(url: str, history: History) -> None:
    engine = create_engine(url, foreign_keys=False)
    try:
        with unreachable_is_one_line(engine):
            await (await engine.connect()).close()
        async with engine.connect() as connection:
            await connection.run_sync(_migrate, history)
            await connection.commit()
    finally:
        await engine.dispose()


def _migrate(connection: Connection, history: History) -> None:
    if connection.dialect.name == "postgresql":  # two processes that start at once: the second waits and finds all done
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('migrations'))"))
    context.configure(
        connection=connection,
        target_metadata=history.metadata,
        version_table=history.version_table,
        include_name=lambda name, kind, _: kind != "table" or name in history.metadata.tables or name not in OTHERS,
        render_as_batch=connection.dialect.name == "sqlite",  # SQLite alters a table by copying it
        render_item=_render_item,
    )
    with context.begin_transaction():
        context.run_migrations()


def _render_item(kind: str, item: Any, _: Any) -> str | Literal[False]:
    """In a migration our type is written as what it is to the database."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False
