"""What becomes of events whose handlers fail, and of messages that are no events."""

import asyncio
from functools import partial

from app.core.events import UNDECODABLE
from app.core.exceptions import PermanentError
from app.core.retry import RetryPolicy
from tests.contract.applicability import Capability, needs
from tests.contract.harness import Harness
from tests.contract.support import QUICK, Handling, Records, event, until


async def test_a_handler_that_failed_is_tried_again_until_it_succeeds(harness: Harness) -> None:
    async def fail_twice(number: int) -> None:
        if len(handling.calls) < 3:
            raise ValueError

    records = Records()
    handling = Handling(records, fail_twice)
    async with harness.working(handling):
        await harness.publish(event(1), event(2))
        await until(lambda: len(records.settled) == 2)
    assert (handling.calls, records.letters) == ([1, 1, 1, 2], [])


async def test_an_event_that_keeps_failing_becomes_a_dead_letter_and_the_next_ones_go_on(harness: Harness) -> None:
    async def fail(number: int) -> None:
        if number == 1:
            raise ValueError("no luck")

    records = Records()
    handling = Handling(records, fail)
    poisonous = event(1)
    async with harness.working(handling):
        await harness.publish(poisonous, event(2), event(3))
        await until(lambda: len(records.settled) == 3)
    [letter] = records.letters
    assert (letter.event, letter.reason, letter.attempts) == (poisonous, "ValueError: no luck", 3)
    assert handling.calls == [1, 1, 1, 2, 3]


async def test_a_permanent_error_is_not_tried_again(harness: Harness) -> None:
    async def fail(number: int) -> None:
        raise PermanentError("never")

    records = Records()
    handling = Handling(records, fail)
    async with harness.working(handling):
        await harness.publish(event(1))
        await until(lambda: len(records.letters) == 1)
    assert handling.calls == [1]


async def test_an_event_whose_dead_letter_cannot_be_kept_comes_again_before_the_next(harness: Harness) -> None:
    async def fail(number: int) -> None:
        if number == 1:
            raise PermanentError("never")

    records = Records()
    records.refusals = 2
    handling = Handling(records, fail)
    async with harness.working(handling):
        await harness.publish(event(1), event(2))
        await until(lambda: len(records.settled) == 2)
    assert handling.calls == [1, 1, 1, 2]
    assert [letter.event.data for letter in records.letters] == [b"1"]


async def test_a_handler_that_never_returns_is_given_up(harness: Harness) -> None:
    async def hang(number: int) -> None:
        if number == 1:
            await asyncio.Event().wait()

    records = Records()
    handling = Handling(records, hang, RetryPolicy(attempts=2, first_delay=0.01, timeout=0.1))
    async with harness.working(handling):
        await harness.publish(event(1), event(2))
        await until(lambda: len(records.settled) == 2)
    assert handling.calls == [1, 1, 2]
    assert [letter.attempts for letter in records.letters] == [2]


@needs(Capability.STRANGERS)
async def test_a_message_of_a_stranger_is_kept_once_and_the_events_after_it_arrive(harness: Harness) -> None:
    records = Records()
    handling = Handling(records)
    async with harness.working(handling):
        await harness.publish(event(1))
        await harness.publish_as_stranger(b"\xff\x00 not an event")
        await harness.publish(event(2))
        await until(lambda: len(records.settled) == 3)
    [letter] = records.letters
    assert (letter.event.type, letter.event.data) == (UNDECODABLE, b"\xff\x00 not an event")
    assert handling.calls == [1, 2]


async def test_an_event_that_takes_its_worker_down_each_time_becomes_a_dead_letter(harness: Harness) -> None:
    async def hang(number: int) -> None:
        await asyncio.Event().wait()

    records = Records()
    await harness.publish(event(1), event(2))
    for _ in range(QUICK.crashes):
        doomed = Handling(records, hang)
        async with harness.working(doomed) as running:
            await until(partial(doomed.was_called_with, 1))
            running.cancel()
    handling = Handling(records)
    async with harness.working(handling):
        await until(lambda: len(records.letters) == 1 and handling.calls == [2])
    assert records.letters[0].event.data == b"1"
