"""Does the database have the tables that this code expects?"""

from pathlib import Path

from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.exceptions import StartupError

ADVICE = "run `make migrate`, or `alembic upgrade head` where there is no make"
MIGRATIONS = Path(__file__).parent / "migrations"


async def check_revision(connection: AsyncConnection) -> None:
    """Raise `StartupError` if migrations are missing. A newer database is fine: a roll-out migrates it first."""
    if not await connection.run_sync(lambda sync: inspect(sync).has_table("alembic_version")):
        raise StartupError(f"the database has no tables yet: {ADVICE}")
    try:
        found = set((await connection.execute(text("SELECT version_num FROM alembic_version"))).scalars())
    except DBAPIError as error:
        raise StartupError("the database does not let us read alembic_version: grant SELECT on it") from error
    scripts = ScriptDirectory(str(MIGRATIONS))
    known = {script.revision for script in scripts.walk_revisions()}
    if not found or (found <= known and found != set(scripts.get_heads())):
        raise StartupError(f"the database lacks the latest migrations: {ADVICE}")
