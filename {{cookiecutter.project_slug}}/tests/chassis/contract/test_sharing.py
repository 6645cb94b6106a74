"""Several workers of one service: they share the events, and each event is handled by one of them."""

import asyncio
import random
from functools import partial
from itertools import count
from pathlib import Path

from tests.contract.applicability import Capability, needs
from tests.contract.harness import PATIENCE, Harness
from tests.contract.support import Gate, Handling, Recorder, Records, event, until
from tests.contract.victim import Victim

pytestmark = needs(Capability.SEVERAL_WORKERS)


def have(number: int, *recorders: Recorder) -> bool:
    """The workers together were given so many events."""
    return sum(len(recorder.events) for recorder in recorders) >= number


async def test_workers_share_the_events_and_none_is_handled_twice(harness: Harness) -> None:
    one, other = Recorder(), Recorder()
    async with harness.working(one), harness.working(other), asyncio.timeout(PATIENCE):
        for rounds in count(1):
            await harness.publish(*(event(n, subject=f"s{n}") for n in range(20)))
            await until(partial(have, 20 * rounds, one, other))
            if one.events and other.events:
                break
    assert sorted(one.numbers + other.numbers) == sorted([*range(20)] * rounds)


async def test_a_handler_that_takes_longer_than_the_lease_runs_once(harness: Harness) -> None:
    calls: list[int] = []

    async def take_long(number: int) -> None:
        calls.append(number)
        if number == 0:
            await asyncio.sleep(1.5 * harness.lease)

    async with harness.working(Recorder(react=take_long)), harness.working(Recorder(react=take_long)):
        await harness.publish(event(0), event(1))
        await until(lambda: 1 in calls)  # it comes after all deliveries of the first
    assert calls == [0, 1]


async def test_a_worker_that_joins_during_a_handler_causes_no_duplicate(harness: Harness) -> None:
    gate, records = Gate(), Records()
    one, other = Handling(records, gate), Handling(records)
    subjects = [f"s{n}" for n in range(20)]
    async with harness.working(one):
        await harness.publish(*(event(n, subject=subject) for n, subject in enumerate(subjects)))
        await gate.entered.wait()
        async with harness.working(other), asyncio.timeout(PATIENCE):
            asyncio.get_running_loop().call_later(harness.lease / 2, gate.opened.set)
            for n in count(20):
                await harness.publish(event(n, subject=subjects[n % 20]))
                await asyncio.sleep(0.05)
                if other.calls and len(records.settled) == n + 1:
                    break
    assert sorted(one.calls + other.calls) == list(range(n + 1))


async def test_events_of_one_subject_stay_in_order_while_workers_come_and_go(harness: Harness) -> None:
    handled: dict[int, list[int]] = {subject: [] for subject in range(20)}
    busy: set[int] = set()
    enough = asyncio.Event()

    async def note(number: int) -> None:
        position, subject = divmod(number, 20)
        assert subject not in busy, "two events of one subject at the same time"
        busy.add(subject)
        await asyncio.sleep(random.uniform(0, 0.01))
        busy.remove(subject)
        handled[subject].append(position)

    def all_have(least: int) -> bool:
        return all(len(positions) >= least for positions in handled.values())

    async def publish_until_enough() -> int:
        for position in count():
            if enough.is_set():
                break
            await harness.publish(*(event(20 * position + subject, subject=f"s{subject}") for subject in handled))
            await until(partial(all_have, position - 5))
        return position

    async with harness.working(Recorder(react=note)), asyncio.TaskGroup() as tasks:
        publishing = tasks.create_task(publish_until_enough())
        for _ in range(3):
            guest = Recorder(react=note)
            async with harness.working(guest):
                await until(partial(have, 20, guest))
        enough.set()
        rounds = await publishing
        await until(partial(all_have, rounds))
    assert handled == {subject: list(range(rounds)) for subject in range(20)}


async def test_the_events_of_a_killed_worker_go_to_another(harness: Harness, tmp_path: Path) -> None:
    await harness.publish(*(event(n, subject=f"s{n}") for n in range(20)))
    with Victim(harness.settings, tmp_path / "numbers", hangs=True) as victim:
        await until(lambda: bool(victim.numbers))
        victim.kill()
    recorder = Recorder()
    async with harness.working(recorder):
        await until(lambda: sorted(recorder.numbers) == [*range(20)])


async def test_what_comes_while_a_worker_is_frozen_goes_to_another_and_is_still_in_order(
    harness: Harness, tmp_path: Path
) -> None:
    recorder = Recorder()
    await harness.publish(event(0))
    with Victim(harness.settings, tmp_path / "numbers", hangs=False) as victim:
        await until(lambda: victim.numbers == [0])
        victim.freeze()
        async with harness.working(recorder):
            await harness.publish(event(1), event(2), event(3))
            await until(lambda: recorder.numbers == [1, 2, 3])
            victim.thaw()
            await harness.publish(event(4), event(5), event(6))
            await until(lambda: {*recorder.numbers, *victim.numbers} == {*range(7)})
    for numbers in (recorder.numbers, victim.numbers):
        first_deliveries = list(dict.fromkeys(numbers))
        assert first_deliveries == sorted(first_deliveries)
