"""A process that the system froze: others take over, and when it wakes up it does no harm."""

from pathlib import Path

from app.chassis.inbox.store import Inbox
from app.chassis.settings import ChassisSettings
from app.chassis.sql.database import Database
from app.chassis.sql.lease import RELAY
from app.core.events import Event
from app.core.subscriptions import Subscription
from tests.chassis.conftest import only_postgresql
from tests.chassis.inbox_rows import counter, dead, register, rows, until_states
from tests.chassis.sample import Counted, counted
from tests.chassis.test_lease import holders
from tests.chassis.test_relay import commit, until_published
from tests.chassis.waiting import eventually
from tests.chassis.worker import TAKES_A_SECOND, Moody
from tests.chassis.workers import worker

LANES = 12


@only_postgresql
async def test_another_process_goes_on_for_a_frozen_one_and_nothing_is_doubled_when_it_wakes_up(
    database: Database, machine_settings: ChassisSettings, tmp_path: Path
) -> None:
    await register(database, Subscription("moody", Counted, Moody))
    with worker(machine_settings.database_url, tmp_path / "frozen", handler_timeout=3) as frozen:
        await frozen.until_ready()
        await eventually(lambda: _relays(database))
        [relay] = [pid for key, pid in (await holders(database)).items() if key == RELAY]
        with worker(machine_settings.database_url, tmp_path / "other", handler_timeout=3) as other:
            await other.until_ready()
            slow = [counted(TAKES_A_SECOND, "slow")]
            await Inbox(database).store([*slow, *_events(range(1, 30))])
            await eventually(lambda: _at_least(database, 50))
            frozen.freeze()
            await commit(database, *_events(range(30, 40)))
            await until_published(database)
            await eventually(lambda: _all_counted(database, 39))
            assert relay not in (await holders(database)).values()
            frozen.thaw()
            await Inbox(database).store(_events(range(40, 45)))
            await until_states(database, done=LANES * 44 + 1)
            assert frozen.popen.poll() is None
            assert await frozen.stop() == 0
    assert await dead(database) == []
    assert [await counter(database, lane) for lane in range(LANES)] == [(44, 1000 * lane + 44) for lane in range(LANES)]


def _events(numbers: range) -> list[Event]:
    return [counted(1000 * lane + n, str(lane)) for n in numbers for lane in range(LANES)]


async def _relays(database: Database) -> bool:
    return RELAY in await holders(database)


async def _at_least(database: Database, count: int) -> bool:
    [(done,)] = await rows(database, "SELECT count(*) FROM deliveries WHERE state = 1")
    return bool(done >= count)


async def _all_counted(database: Database, last: int) -> bool:
    return all([await counter(database, lane) == (last, 1000 * lane + last) for lane in range(LANES)])
