import shutil
from pathlib import Path

import pytest

from app.core.exceptions import StartupError
from app.infrastructure.db import revision
from app.infrastructure.db.engine import open_engine
from tests.database import Database


async def start(database: Database) -> None:
    async with open_engine(database.url):
        pass


async def test_refuses_a_database_that_lacks_the_latest_migration(
    database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    await start(database)
    [(head,)] = await database.rows("SELECT version_num FROM alembic_version")
    migrations = Path(shutil.copytree(revision.MIGRATIONS, tmp_path / "migrations"))
    (migrations / "versions/newer.py").write_text(f'revision = "newer"\ndown_revision = "{head}"\n')
    monkeypatch.setattr(revision, "MIGRATIONS", migrations)
    with pytest.raises(StartupError, match="lacks the latest migrations: run `make migrate`"):
        await start(database)


async def test_takes_a_database_that_a_newer_version_of_the_service_has_migrated(database: Database) -> None:
    await database.execute("UPDATE alembic_version SET version_num = 'newer'")
    await start(database)


async def test_refuses_a_database_that_was_never_migrated(database: Database) -> None:
    await database.execute("DELETE FROM alembic_version")
    with pytest.raises(StartupError, match="run `make migrate`"):
        await start(database)
