"""A database that only reads for a while, as a primary does that was replaced: sessions keep what they were told."""

from collections.abc import Awaitable

from app.chassis.inbox.store import Inbox
from app.chassis.sql.database import Database
from app.core.subscriptions import Subscription
from tests.chassis.conftest import OpenMachine, only_postgresql
from tests.chassis.inbox_rows import counter, cut_connections, dead, until_states
from tests.chassis.sample import Counted, counted
from tests.chassis.sample_handlers import CountInDatabase
from tests.chassis.test_relay import commit, until_published
from tests.chassis.waiting import eventually

COUNTER = Subscription("counter", Counted, CountInDatabase)


async def set_read_only(database: Database, value: str) -> None:
    """For sessions that begin from now on."""
    async with database.direct.connect() as connection:
        await connection.exec_driver_sql("SET default_transaction_read_only = off")
        name = (await connection.exec_driver_sql("SELECT current_database()")).scalar_one()
        await connection.exec_driver_sql(f'ALTER DATABASE "{name}" SET default_transaction_read_only = {value}')


@only_postgresql
async def test_work_goes_on_after_the_database_was_read_only(database: Database, open_machine: OpenMachine) -> None:
    async with open_machine([COUNTER], CountInDatabase) as machine:
        await commit(machine.database, *(counted(n, "a") for n in range(1, 6)))
        await until_states(database, done=5)
        await set_read_only(database, "on")
        await cut_connections(database)
        await eventually(lambda: _refuses(commit(machine.database, counted(99))))
        await set_read_only(database, "off")  # but the sessions of the pool do not hear of it
        await eventually(lambda: _committed(machine.database, 6))
        await until_published(database)
        await until_states(database, done=6)
    assert await counter(database) == (6, 6)
    assert await dead(database) == []


@only_postgresql
async def test_a_store_that_was_refused_succeeds_on_a_new_connection(database: Database) -> None:
    await set_read_only(database, "on")
    await cut_connections(database)
    await eventually(lambda: _refuses(Inbox(database).store([counted(1)])))
    await set_read_only(database, "off")
    await Inbox(database).store([counted(1)])


async def _refuses(writing: Awaitable[None]) -> bool:
    try:
        await writing
    except Exception as error:  # the first may meet a connection that was cut
        return "read-only" in str(error)
    return False


async def _committed(database: Database, number: int) -> bool:
    try:
        await commit(database, counted(number, "a"))
    except Exception:
        return False
    return True
