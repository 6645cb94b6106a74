from app.chassis.sql.database import Database
from app.chassis.sql.outbox import Outbox
from tests.chassis.sample import CODEC, NOON, counted
from tests.chassis.test_relay import commit


async def test_a_batch_is_bounded_by_rows_and_bytes_and_has_at_least_one_event(database: Database) -> None:
    sizes = [400, 500, 600, 3000, 100]
    events = [counted(n, data=b"x" * size) for n, size in enumerate(sizes)]
    await commit(database, *events)
    outbox = Outbox(database, CODEC)

    async def batch(rows: int, size: int) -> list[int]:
        return [len(event.data) for _, event in await outbox.unpublished(rows, size)]

    assert await batch(10, 10_000) == sizes
    assert await batch(2, 10_000) == [400, 500]
    assert await batch(10, 1000) == [400, 500, 600]  # the one that reaches the limit is still taken
    assert await batch(10, 900) == [400, 500]
    assert await batch(10, 1) == [400]


async def test_the_status_tells_how_many_wait_and_since_when(database: Database) -> None:
    status = await Outbox(database, CODEC).status()
    assert (status.unpublished, status.oldest) == (0, None)
    await commit(database, counted(1), counted(2))
    status = await Outbox(database, CODEC).status()
    assert (status.unpublished, status.oldest) == (2, NOON)
