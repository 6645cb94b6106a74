import re

from app.chassis.settings import ChassisSettings
from app.core.exceptions import PermanentError
from app.core.subscriptions import Subscription
from tests.chassis.conftest import only_sqlite
from tests.chassis.inbox_rows import execute, until_states
from tests.chassis.local_bus import LocalBus
from tests.chassis.sample import NOON, Counted, counted, foreign, undecodable
from tests.chassis.sample_handlers import FailingFirst, First
from tests.chassis.serving import Served, serving
from tests.chassis.test_relay import commit

OUTCOMES = ("handled", "failed", "dead-letter", "duplicate", "skipped")


async def scrape(served: Served) -> dict[str, float]:
    text = (await served.client.get("/metrics")).text
    lines = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


def outcome(consumer: str, name: str) -> str:
    return f'event_deliveries_total{{consumer="{consumer}",outcome="{name}"}}'


@only_sqlite
async def test_all_series_exist_from_the_start(machine_settings: ChassisSettings) -> None:
    async with serving(machine_settings, Subscription("fresh", Counted, First), handlers=(First(),)) as served:
        found = await scrape(served)
    for name in OUTCOMES:
        assert found[outcome("fresh", name)] == 0
        assert outcome("nobody", name) in found
    for state in ("waiting", "sleeping", "dead"):
        assert found[f'inbox_deliveries{{consumer="fresh",state="{state}"}}'] == 0
    assert found['inbox_parked_lanes{consumer="fresh"}'] == 0
    assert found["outbox_unpublished_events"] == found["outbox_oldest_unpublished_seconds"] == 0


async def test_attempts_are_counted_by_consumer_and_outcome(machine_settings: ChassisSettings) -> None:
    first = First(FailingFirst({1: 2}))
    async with serving(machine_settings, Subscription("tallied", Counted, First), handlers=(first,)) as served:
        before = await scrape(served)
        served.machine.bus.topic += [counted(0), counted(1), undecodable(), foreign(1)]
        await until_states(served.machine.database, done=2, dead=1)
        after = await scrape(served)

    def grown(consumer: str, name: str) -> float:
        return after[outcome(consumer, name)] - before[outcome(consumer, name)]

    assert (grown("tallied", "handled"), grown("tallied", "failed")) == (2, 2)
    assert (grown("nobody", "dead-letter"), grown("nobody", "skipped")) == (1, 1)


async def test_gauges_tell_what_waits_sleeps_and_is_parked(machine_settings: ChassisSettings) -> None:
    async def fail(number: int) -> None:
        raise PermanentError if number == 0 else ConnectionError

    gauged = Subscription("gauged", Counted, First)
    async with serving(machine_settings, gauged, handlers=(First(fail),), handler_first_delay=60.0) as served:
        served.machine.bus.topic += [counted(0, "a"), counted(1, "a"), counted(2, "b"), counted(3, "b")]
        await until_states(served.machine.database, dead=1, waiting=3)
        found = await scrape(served)
        assert found['inbox_deliveries{consumer="gauged",state="waiting"}'] == 3
        assert found['inbox_deliveries{consumer="gauged",state="dead"}'] == 1
        assert found['inbox_parked_lanes{consumer="gauged"}'] == 1
        await execute(served.machine.database, "UPDATE deliveries SET state = 1")
        assert (await scrape(served))['inbox_deliveries{consumer="gauged",state="dead"}'] == 0


async def test_gauges_tell_how_far_the_relay_is_behind(machine_settings: ChassisSettings) -> None:
    bus = LocalBus()
    bus.away = True
    async with serving(machine_settings, bus=bus) as served:
        await commit(served.machine.database, counted(1), counted(2))
        found = await scrape(served)
    assert found["outbox_unpublished_events"] == 2
    assert found["outbox_oldest_unpublished_seconds"] > (NOON - NOON).total_seconds()


@only_sqlite
async def test_requests_are_counted_by_pattern_and_made_up_methods_as_one(machine_settings: ChassisSettings) -> None:
    made_up = "0190c4a2-7a5b-7cc3-98c4-dc0c0c07398f"
    async with serving(machine_settings) as served:
        await served.client.get(f"/things/{made_up}")
        await served.client.request("FOO1", "/nope")
        text = (await served.client.get("/metrics")).text
    assert 'http_request_seconds_count{method="GET",route="/things/{thing_id}",status="200"}' in text
    assert 'method="other",route=""' in text
    assert not re.search(f"FOO1|{made_up}", text)


async def test_metrics_are_served_while_the_database_is_away(machine_settings: ChassisSettings) -> None:
    async with serving(machine_settings) as served:
        await execute(served.machine.database, "ALTER TABLE outbox RENAME TO elsewhere")
        answer = await served.client.get("/metrics")
        assert answer.status_code == 200
        assert "outbox_unpublished_events NaN" in answer.text
        await execute(served.machine.database, "ALTER TABLE elsewhere RENAME TO outbox")
        assert (await scrape(served))["outbox_unpublished_events"] == 0
