"""Does the database have the tables that this code expects?"""

from pathlib import Path

from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.exceptions import StartupError

MIGRATIONS = Path(__file__).parent / "migrations"


async def check_revision(connection: AsyncConnection) -> None:
    """Raise `StartupError` if migrations are missing. A newer database is fine: a roll-out migrates it first."""
    try:
        found = set((await connection.execute(text("SELECT version_num FROM alembic_version"))).scalars())
    except DBAPIError as error:
        raise StartupError("the database has no tables yet: run `make migrate`") from error
    scripts = ScriptDirectory(str(MIGRATIONS))
    known = {script.revision for script in scripts.walk_revisions()}
    if not found or (found <= known and found != set(scripts.get_heads())):
        raise StartupError("the database lacks the latest migrations: run `make migrate`")
