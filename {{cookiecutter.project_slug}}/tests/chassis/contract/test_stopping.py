"""How a worker stops, and that nothing is lost when it does."""

import asyncio
import time

from app.core.retry import RetryPolicy
from tests.contract.applicability import Capability, needs
from tests.contract.harness import Harness
from tests.contract.support import Gate, Handling, Recorder, Records, event, until


async def test_a_stop_lets_the_handler_in_hand_finish_and_starts_no_other(harness: Harness) -> None:
    gate, records = Gate(), Records()
    stopped = Handling(records, gate)
    await harness.publish(*(event(n) for n in range(5)))
    async with harness.working(stopped):
        await gate.entered.wait()
        asyncio.get_running_loop().call_later(0.2, gate.opened.set)  # when the stop is under way
    assert stopped.calls == gate.passed == [0]
    successor = Handling(records)
    async with harness.working(successor):
        await until(lambda: len(records.settled) == 5)
    assert successor.calls == [1, 2, 3, 4]


async def test_a_stop_during_backoff_is_quick_and_the_event_comes_again(harness: Harness) -> None:
    async def fail(number: int) -> None:
        raise ValueError

    records = Records()
    stopped = Handling(records, fail, RetryPolicy(attempts=2, first_delay=3600.0, max_delay=3600.0))
    await harness.publish(event(1), event(2))
    async with harness.working(stopped):
        await until(lambda: stopped.calls == [1])
        started = time.monotonic()
    assert time.monotonic() - started < 5
    successor = Handling(records)
    async with harness.working(successor):
        await until(lambda: len(records.settled) == 2)
    assert (successor.calls, records.letters) == ([1, 2], [])


async def test_an_event_whose_worker_was_cut_off_comes_again(harness: Harness) -> None:
    gate, records = Gate(), Records()
    cut_off = Handling(records, gate)
    await harness.publish(event(1), event(2))
    async with harness.working(cut_off) as running:
        await gate.entered.wait()
        running.cancel()
    assert (cut_off.calls, gate.passed, records.settled) == ([1], [], set())
    successor = Handling(records)
    async with harness.working(successor):
        await until(lambda: len(records.settled) == 2)
    assert successor.calls == [1, 2]


async def test_closing_a_bus_loses_nothing_that_was_published(harness: Harness) -> None:
    await harness.publish(*(event(n) for n in range(100)))  # opens a bus, publishes and closes it at once
    recorder = Recorder()
    async with harness.working(recorder):
        await until(lambda: recorder.numbers == list(range(100)))


async def test_buses_that_publish_and_close_at_the_same_time_lose_nothing(harness: Harness) -> None:
    await asyncio.gather(*(harness.publish(event(n, subject=f"s{n}")) for n in range(10)))
    recorder = Recorder()
    async with harness.working(recorder):
        await until(lambda: sorted(recorder.numbers) == list(range(10)))


@needs(Capability.SEVERAL_WORKERS)
async def test_workers_that_stop_at_the_same_time_lose_nothing(harness: Harness) -> None:
    records = Records()
    workers = [Handling(records) for _ in range(3)]

    async def work(handling: Handling) -> None:
        async with harness.working(handling):
            await until(lambda: bool(records.settled))

    await harness.publish(*(event(n, subject=f"s{n}") for n in range(50)))
    await asyncio.gather(*map(work, workers))
    successor = Handling(records)
    async with harness.working(successor):
        await until(lambda: len(records.settled) == 50)
    assert sorted(n for handling in (*workers, successor) for n in handling.calls) == list(range(50))
