import asyncio
import shutil
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect

from app.chassis.settings import ChassisSettings
from app.chassis.sql.database import open_database
from app.chassis.sql.engine import create_engine
from app.chassis.sql.migrating import upgrade
from app.chassis.sql.revision import MACHINE, History
from app.chassis.sql.tables import metadata
from app.core.exceptions import StartupError
from tests.chassis.inbox_rows import execute
from tests.chassis.sample_machine import SERVICE


def look(url: str, see: Any) -> Any:
    async def run() -> Any:
        engine = create_engine(url)
        async with engine.connect() as connection:
            found = await connection.run_sync(see)
        await engine.dispose()
        return found

    return asyncio.run(run())


def downgrade(url: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MACHINE.folder))
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = url
    command.downgrade(config, "base")


def differences(connection: Connection) -> Any:
    def is_ours(_: Any, name: str | None, kind: str, *__: Any) -> bool:
        return kind != "table" or name in metadata.tables

    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "compare_server_default": False, "include_object": is_ours}
    )
    return compare_metadata(context, metadata)


def test_migrations_make_the_tables_that_the_code_knows(url: str) -> None:
    assert look(url, differences) == []


def test_indexes_are_as_the_code_says(url: str) -> None:
    """Alembic does not compare the conditions of partial indexes."""

    def conditions(connection: Connection) -> dict[str, bool]:
        return {
            str(index["name"]): any("where" in option for option in index.get("dialect_options", {}))
            for table in metadata.tables
            for index in inspect(connection).get_indexes(table)
        }

    expected = {str(index.name) for table in metadata.tables.values() for index in table.indexes}
    found = look(url, conditions)
    assert {name for name, is_partial in found.items() if is_partial} == expected


def test_down_and_up_again(url: str) -> None:
    downgrade(url)
    tables = set(look(url, lambda connection: inspect(connection).get_table_names()))
    assert not tables & set(metadata.tables)
    assert "sample_counters" in tables  # what is not the machine's is left alone
    for _ in range(2):
        upgrade(url, [MACHINE])
    assert look(url, differences) == []


async def start(settings: ChassisSettings) -> None:
    async with open_database(settings, SERVICE, MACHINE):
        pass


async def test_a_database_that_lacks_the_latest_migration_is_refused(
    machine_settings: ChassisSettings, tmp_path: Path
) -> None:
    await start(machine_settings)
    folder = shutil.copytree(MACHINE.folder, tmp_path / "migrations")
    (folder / "versions/newer.py").write_text('revision = "newer"\ndown_revision = "0001"\n')
    newer = History(folder, MACHINE.version_table, metadata)
    with pytest.raises(StartupError, match="lacks the latest migrations: run `make migrate`"):
        async with open_database(machine_settings, SERVICE, newer):
            pass


async def test_a_database_that_newer_code_has_migrated_is_taken(machine_settings: ChassisSettings) -> None:
    async with open_database(machine_settings, SERVICE, MACHINE) as database:
        await execute(database, "UPDATE chassis_version SET version_num = 'newer'")
    await start(machine_settings)


@pytest.mark.parametrize("statement", ["DELETE FROM chassis_version", "DROP TABLE chassis_version"])
async def test_a_database_that_was_never_migrated_is_refused(machine_settings: ChassisSettings, statement: str) -> None:
    async with open_database(machine_settings, SERVICE, MACHINE) as database:
        await execute(database, statement)
    with pytest.raises(StartupError, match="run `make migrate`"):
        await start(machine_settings)
