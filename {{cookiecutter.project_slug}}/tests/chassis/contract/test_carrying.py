"""What a bus does with events while all goes well."""

import os
from dataclasses import replace

from tests.contract.applicability import Capability, needs
from tests.contract.harness import Harness
from tests.contract.support import COUNTED, Gate, Recorder, event, until


async def test_an_event_arrives_as_it_was_published(harness: Harness) -> None:
    recorder = Recorder()
    headers = {"request-id": "r-1", "time": "a header may bear an attribute's name", "grüße": "こんにちは"}
    published = replace(event(1, subject="größe"), version=3, data=b"\x00{}\xff", headers=headers)
    async with harness.working(recorder):
        await harness.publish(published)
        await until(lambda: bool(recorder.events))
    assert recorder.events == [published]


async def test_an_event_without_payload_and_headers_arrives(harness: Harness) -> None:
    recorder, published = Recorder(), replace(event(1), data=b"")
    async with harness.working(recorder):
        await harness.publish(published)
        await until(lambda: bool(recorder.events))
    assert recorder.events == [published]


async def test_a_payload_of_one_megabyte_arrives(harness: Harness) -> None:
    recorder, published = Recorder(), replace(event(1), data=os.urandom(1_000_000))
    async with harness.working(recorder):
        await harness.publish(published)
        await until(lambda: bool(recorder.events))
    assert recorder.events == [published]


async def test_events_of_one_subject_arrive_in_the_order_of_their_publication(harness: Harness) -> None:
    recorder = Recorder()
    async with harness.working(recorder):
        for first in range(0, 200, 50):
            await harness.publish(*(event(n, subject=f"s{n % 10}") for n in range(first, first + 50)))
        await until(lambda: len(recorder.events) >= 200)
    assert recorder.by_subject() == {f"s{i}": list(range(i, 200, 10)) for i in range(10)}


async def test_events_published_before_the_first_worker_started_are_delivered(harness: Harness) -> None:
    recorder = Recorder()
    await harness.publish(event(1), event(2))
    async with harness.working(recorder):
        await until(lambda: recorder.numbers == [1, 2])


async def test_events_of_every_type_arrive_and_keep_their_order_among_each_other(harness: Harness) -> None:
    recorder = Recorder()
    async with harness.working(recorder):
        await harness.publish(event(1), event(2, event_type="nobody's"), event(3, event_type="other"), event(4))
        await until(lambda: recorder.numbers == [1, 2, 3, 4])
    assert [event.type for event in recorder.events] == [COUNTED, "nobody's", "other", COUNTED]


async def test_an_event_in_hand_does_not_keep_the_other_subjects_waiting(harness: Harness) -> None:
    gate = Gate()

    async def react(number: int) -> None:
        if number == 0:
            await gate(number)

    recorder = Recorder(react=react)
    async with harness.working(recorder):
        await harness.publish(*(event(n, subject=f"s{n}") for n in range(40)))
        await gate.entered.wait()
        await until(lambda: len(recorder.events) > 20)  # the others may share a partition with the first
        gate.opened.set()
        await until(lambda: len(recorder.events) == 40)


@needs(Capability.SEVERAL_SERVICES)
async def test_every_service_is_given_every_event(harness: Harness) -> None:
    one, other = Recorder(), Recorder()
    async with harness.working(one, "one"), harness.working(other, "other"):
        await harness.publish(event(1), event(2))
        await until(lambda: one.numbers == other.numbers == [1, 2])


@needs(Capability.SEVERAL_SERVICES)
async def test_a_service_that_comes_later_is_given_what_another_has_handled(harness: Harness) -> None:
    one, late = Recorder(), Recorder()
    await harness.publish(event(1), event(2))
    async with harness.working(one, "one"):
        await until(lambda: one.numbers == [1, 2])
    async with harness.working(late, "late"):
        await until(lambda: late.numbers == [1, 2])
