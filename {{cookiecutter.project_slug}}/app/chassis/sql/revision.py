"""Migrations: two histories, the machine's and the business's, each with a version table of its own."""

from dataclasses import dataclass
from pathlib import Path

from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.chassis.sql.tables import metadata
from app.core.exceptions import StartupError

ADVICE = "run `make migrate`, or `python -m app migrate` where there is no make"


@dataclass(frozen=True)
class History:
    """The migrations in `folder`, which make the tables of `metadata`."""

    folder: Path
    version_table: str
    metadata: MetaData


MACHINE = History(Path(__file__).parent / "migrations", "chassis_version", metadata)


async def check_revision(connection: AsyncConnection, history: History) -> None:
    """Raise `StartupError` if migrations are missing. A newer database is fine: a roll-out migrates it first."""
    table = history.version_table
    if not await connection.run_sync(lambda sync: inspect(sync).has_table(table)):
        raise StartupError(f"the database has no tables yet: {ADVICE}")
    try:
        found = set((await connection.execute(text(f"SELECT version_num FROM {table}"))).scalars())  # noqa: S608
    except DBAPIError as error:
        raise StartupError(f"the database does not let us read {table}: grant SELECT on it") from error
    scripts = ScriptDirectory(str(history.folder))
    known = {script.revision for script in scripts.walk_revisions()}
    if not found or (found <= known and found != set(scripts.get_heads())):
        raise StartupError(f"the database lacks the latest migrations: {ADVICE}")
