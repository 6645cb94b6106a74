"""Two services in one database, a schema each: neither knows of the other."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from sqlalchemy.engine import make_url

from app.chassis.sql.tables import SHARDS
from app.core.subscriptions import Subscription
from tests.chassis.conftest import OpenMachine, make_tables, only_postgresql
from tests.chassis.inbox_rows import counter, rows, until_states
from tests.chassis.sample import Counted, counted
from tests.chassis.sample_handlers import CountInDatabase
from tests.chassis.servers.postgres import PostgresServer
from tests.chassis.test_lease import LOCKS
from tests.chassis.test_relay import commit, until_published

COUNTER = Subscription("counter", Counted, CountInDatabase)


@pytest.fixture
def of_others(url: str, postgres: PostgresServer) -> Iterator[str]:
    """The same database, with the tables of another service of the same name in a schema of its own."""
    role = f"other_{uuid4().hex}"
    server = PostgresServer(make_url(url))
    for statement in (
        f"CREATE ROLE {role} LOGIN PASSWORD '{role}'",
        f"ALTER ROLE {role} SET search_path = {role}",
        f"CREATE SCHEMA {role} AUTHORIZATION {role}",
    ):
        server._execute(statement)
    other = make_url(url).set(username=role, password=role).render_as_string(hide_password=False)
    make_tables(other)
    yield other
    server._execute(f"DROP OWNED BY {role} CASCADE")
    server._execute(f"DROP ROLE {role}")


@only_postgresql
async def test_services_with_a_schema_each_do_not_disturb_each_other(
    open_machine: OpenMachine, url: str, of_others: str
) -> None:
    async with (
        open_machine([COUNTER], CountInDatabase) as one,
        open_machine([COUNTER], CountInDatabase, database_url=of_others) as other,
    ):
        assert one.database.space != other.database.space
        await commit(one.database, counted(1))
        await commit(other.database, *(counted(n) for n in range(1, 4)))
        await until_published(one.database)
        await until_published(other.database)
        await until_states(one.database, done=1)
        await until_states(other.database, done=3)
        assert (len(one.bus.topic), len(other.bus.topic)) == (1, 3)
        assert (await counter(one.database), await counter(other.database)) == ((1, 1), (3, 3))
        locks = await rows(one.database, LOCKS)
        assert len([key for _, key in locks if key < SHARDS]) == 2 * SHARDS
