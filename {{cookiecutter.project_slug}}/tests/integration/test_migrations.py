from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from app.chassis.sql.engine import create_engine
from app.chassis.sql.migrating import OTHERS
from app.infrastructure.db.tables import Base


def is_of_the_business(name: str | None, kind: str, _: object) -> bool:
    return kind != "table" or name not in OTHERS


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"include_name": is_of_the_business})
    return list(compare_metadata(context, Base.metadata))


async def test_the_migrations_make_the_tables_that_the_code_describes(database_url: str) -> None:
    engine = create_engine(database_url)
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()
