import pytest

from app.chassis import readiness
from app.chassis.settings import ChassisSettings
from app.core.subscriptions import Subscription
from tests.chassis.conftest import only_postgresql
from tests.chassis.inbox_rows import cut_connections, execute, register
from tests.chassis.local_bus import LocalBus
from tests.chassis.sample import Counted
from tests.chassis.sample_handlers import First, Second
from tests.chassis.serving import Served, serving
from tests.chassis.test_read_only import set_read_only
from tests.chassis.waiting import eventually

FIRST = Subscription("first", Counted, First)


async def answer(served: Served) -> tuple[int, list[str]]:
    found = await served.client.get("/health/ready")
    return found.status_code, found.json()["failing"]


async def test_a_process_that_can_work_is_live_and_ready(machine_settings: ChassisSettings) -> None:
    async with serving(machine_settings, FIRST, handlers=(First(),)) as served:
        assert (await served.client.get("/health/live")).status_code == 200
        ready = await served.client.get("/health/ready")
    assert (ready.status_code, ready.json()) == (200, {"status": "ok", "failing": [], "warnings": []})


async def test_without_its_bus_it_is_live_but_not_ready(machine_settings: ChassisSettings) -> None:
    bus = LocalBus()
    async with serving(machine_settings, bus=bus) as served:
        bus.away = True
        assert (await served.client.get("/health/live")).status_code == 200
        assert await answer(served) == (503, ["event-bus"])
        bus.away = False
        assert await answer(served) == (200, [])


@only_postgresql
async def test_a_database_that_only_reads_is_not_enough(machine_settings: ChassisSettings) -> None:
    async with serving(machine_settings) as served:
        await set_read_only(served.machine.database, "on")
        await cut_connections(served.machine.database)
        await eventually(lambda: _says(served, 503, ["database"]))
        assert (await served.client.get("/health/live")).status_code == 200
        await set_read_only(served.machine.database, "off")
        await eventually(lambda: _says(served, 200, []))


async def test_a_database_that_does_not_answer_in_time_is_not_enough(
    machine_settings: ChassisSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(machine_settings) as served:
        monkeypatch.setattr(readiness, "TIMEOUT", 0.0)
        assert await answer(served) == (503, ["database"])


async def test_a_warning_that_cannot_be_told_makes_nobody_unready(machine_settings: ChassisSettings) -> None:
    async with serving(machine_settings) as served:
        await execute(served.machine.database, "DROP TABLE inbox_consumers")
        assert await answer(served) == (200, [])


async def test_consumers_without_code_are_a_warning(machine_settings: ChassisSettings) -> None:
    async with serving(machine_settings, FIRST, handlers=(First(),)) as served:
        await register(served.machine.database, Subscription("gone", Counted, Second))
        ready = await served.client.get("/health/ready")
    assert ready.status_code == 200
    assert ready.json()["warnings"] == ["consumer gone is in the database but not in this code"]


async def _says(served: Served, status: int, failing: list[str]) -> bool:
    return await answer(served) == (status, failing)
