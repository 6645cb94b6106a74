"""What a delivery costs PostgreSQL: counted at the driver, so BEGIN, COMMIT and everything else are in it."""

from collections import Counter
from typing import Any
from uuid import UUID

from sqlalchemy import event

from app.chassis.inbox.store import Inbox
from app.chassis.sql.database import Database
from app.core.subscriptions import Subscription
from tests.chassis.conftest import OpenMachine, only_postgresql
from tests.chassis.inbox_rows import counter, register, rows, until_states
from tests.chassis.sample import Counted, SampleUnitOfWork, counted
from tests.chassis.sample_handlers import CountInDatabase

EVENTS = 200
COUNTER = Subscription("counter", Counted, CountInDatabase)


class CountOnly(CountInDatabase):
    """A handler with one statement of its own."""

    async def __call__(self, event: Counted) -> None:
        async with SampleUnitOfWork(self._database, self._outbox) as uow:
            await uow.count(UUID(int=event.number // 1000), event.number)
            await uow.commit()


class Wire:
    """What goes over the connections of a pool. SQLAlchemy tells of its statements; the driver of all else it sends."""

    def __init__(self, database: Database) -> None:
        self.statements: Counter[str] = Counter()
        self.opened = 0
        self._known: set[Any] = set()
        engine = database.engine.sync_engine
        event.listen(engine, "before_cursor_execute", self._note_statement)
        event.listen(engine, "connect", self._note_connection)
        event.listen(engine, "checkout", self._listen)

    def _note_statement(self, _: Any, __: Any, statement: str, *___: Any) -> None:
        self.statements[" ".join(statement.split())[:60]] += 1

    def _note_connection(self, *_: Any) -> None:
        self.opened += 1

    def _listen(self, connection: Any, *_: Any) -> None:
        driver = connection.driver_connection
        if driver not in self._known:
            self._known.add(driver)
            driver.add_query_logger(lambda record: self.statements.update([record.query.strip()]))


@only_postgresql
async def test_a_delivery_through_the_unit_of_work_costs_at_most_four_and_a_half_statements(
    database: Database, open_machine: OpenMachine
) -> None:
    """BEGIN, the one of the handler, the mark and COMMIT. The rest are looks at the table for many deliveries at once.

    All that the process sends is counted: also what the relay asks. A statement that is prepared first is one.
    """
    subscription = Subscription("counter", Counted, CountOnly)
    await register(database, subscription)
    async with open_machine([subscription], CountOnly) as machine:
        await Inbox(database).store([counted(1000 * n + 1, str(n)) for n in range(EVENTS)])
        await until_states(database, done=EVENTS)  # now the pool has its connections, and all is prepared
        wire = Wire(machine.database)
        await Inbox(database).store([counted(1000 * n + 2, str(n)) for n in range(EVENTS)])
        await until_states(database, done=2 * EVENTS)
        assert await counter(database, 7) == (2, 7002)
    total = sum(wire.statements.values())
    begins = sum(count for text, count in wire.statements.items() if text.startswith("BEGIN"))
    assert begins >= EVENTS, f"the count is blind: {wire.statements}"
    assert wire.statements["COMMIT;"] >= EVENTS
    print(f"{total / EVENTS:.2f} statements a delivery: {wire.statements.most_common(8)}")  # noqa: T201
    assert total <= 4.5 * EVENTS, wire.statements.most_common(20)
    assert not [text for text in wire.statements if text in (";", "SELECT 1")], "that was a ping"
    assert wire.opened == 0


@only_postgresql
async def test_no_connection_is_opened_beyond_the_pool_and_the_locks(
    database: Database, open_machine: OpenMachine
) -> None:
    count = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'"
    )
    [(before,)] = await rows(database, count)
    async with open_machine([COUNTER], CountInDatabase, database_pool_size=4) as machine:
        machine.bus.topic += [counted(1000 * n + 1, str(n)) for n in range(100)]
        await until_states(database, done=100)
        [(most,)] = await rows(database, count)
    assert most - before <= 4 + 1
