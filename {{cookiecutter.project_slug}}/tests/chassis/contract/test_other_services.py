"""Messages of other services: whatever they look like, they reach a handler, or are kept until they can."""

from uuid import uuid4

import pytest

from app.core.events import FOREIGN
from tests.contract.applicability import Capability, needs
from tests.contract.harness import Harness
from tests.contract.support import Handling, Recorder, Records, event, until

pytestmark = needs(Capability.STRANGERS)


@pytest.fixture
def topic() -> str:
    return f"elsewhere-{uuid4().hex}"


async def test_a_bare_message_arrives_as_it_was_put(harness: Harness, topic: str) -> None:
    recorder = Recorder()
    await harness.publish_elsewhere(topic, b"17")
    async with harness.working(Recorder(), elsewhere=recorder, topic=topic):
        await until(lambda: recorder.numbers == [17])
    [message] = recorder.events
    assert (message.version, message.source, message.type, message.subject) == (FOREIGN, topic, "", "")
    assert message.headers == {}


async def test_what_a_message_says_of_itself_is_kept(harness: Harness, topic: str) -> None:
    recorder = Recorder()
    said = {"type": "order.placed", "subject": "o-17", "time": "2026-05-04T14:00:00+02:00", "tenant": "größe"}
    await harness.publish_elsewhere(topic, b"17", said)
    async with harness.working(Recorder(), elsewhere=recorder, topic=topic):
        await until(lambda: recorder.numbers == [17])
    [message] = recorder.events
    assert (message.type, message.subject, message.time) == ("order.placed", "o-17", event(0).time)
    assert message.headers == said


async def test_a_message_that_was_sent_twice_has_one_id(harness: Harness, topic: str) -> None:
    recorder = Recorder()
    for number in (b"1", b"1", b"2"):
        identity = {"specversion": "1.0", "source": "shop", "id": number.decode()}
        await harness.publish_elsewhere(topic, number, identity, key="same")
    async with harness.working(Recorder(), elsewhere=recorder, topic=topic):
        await until(lambda: recorder.numbers == [1, 1, 2])
    first, again, other = (message.id for message in recorder.events)
    assert first == again != other


async def test_messages_that_are_no_cloudevents_are_told_apart_whatever_their_fields_say(
    harness: Harness, topic: str
) -> None:
    recorder = Recorder()
    for number in (b"1", b"2"):
        await harness.publish_elsewhere(topic, number, {"source": "web", "id": "order 17"}, key="same")
    async with harness.working(Recorder(), elsewhere=recorder, topic=topic):
        await until(lambda: recorder.numbers == [1, 2])
    first, second = (message.id for message in recorder.events)
    assert first != second


async def test_a_service_that_listens_to_its_own_topic_still_gets_all_of_its_events(harness: Harness) -> None:
    ours, theirs = Recorder(), Recorder()
    async with harness.working(ours, elsewhere=theirs, topic=harness.topic):
        await harness.publish(*(event(number, subject=f"s{number}") for number in range(20)))
        await until(lambda: sorted(ours.numbers) == sorted(theirs.numbers) == [*range(20)])


async def test_a_topic_that_comes_later_is_waited_for(
    harness: Harness, topic: str, caplog: pytest.LogCaptureFixture
) -> None:
    ours, theirs = Recorder(), Recorder()
    caplog.set_level("INFO")
    async with harness.working(ours, elsewhere=theirs, topic=topic):
        await harness.publish(event(1))
        await until(lambda: ours.numbers == [1] and "waiting for it" in caplog.text)
        await harness.publish_elsewhere(topic, b"2")
        await until(lambda: theirs.numbers == [2])


async def test_another_service_of_our_kind_is_understood(harness: Harness) -> None:
    ours, theirs = Recorder(), Recorder()
    published = event(1, event_type="order.placed")
    await harness.publish(published)
    harness.settings = harness.settings.model_copy(update={"event_bus_topic": f"{harness.topic}-own"})
    async with harness.working(ours, "listener", elsewhere=theirs, topic=harness.topic):
        await until(lambda: theirs.numbers == [1])
    [message] = theirs.events
    assert (message.type, message.subject, message.time) == (published.type, published.subject, published.time)
    assert ours.events == []


async def test_workers_share_the_messages_and_none_comes_again_after_a_restart(harness: Harness, topic: str) -> None:
    records = Records()
    one, other, later = Handling(records, topic=topic), Handling(records, topic=topic), Handling(records, topic=topic)
    for number in range(5):
        await harness.publish_elsewhere(topic, str(number).encode(), key=str(number))
    async with (
        harness.working(Recorder(), elsewhere=one, topic=topic),
        harness.working(Recorder(), elsewhere=other, topic=topic),
    ):
        await until(lambda: len(records.settled) == 5)
    assert sorted(one.calls + other.calls) == [0, 1, 2, 3, 4]
    async with harness.working(Recorder(), elsewhere=later, topic=topic):
        await harness.publish_elsewhere(topic, b"5")
        await until(lambda: 5 in later.calls)
    assert later.calls == [5]


async def test_a_message_that_cannot_be_translated_becomes_a_dead_letter_and_the_next_ones_go_on(
    harness: Harness, topic: str
) -> None:
    records = Records()
    handling = Handling(records, topic=topic)
    await harness.publish_elsewhere(topic, b"no number", key="same")
    await harness.publish_elsewhere(topic, b"99", key="same")
    async with harness.working(Recorder(), "another service", elsewhere=handling, topic=topic):
        await until(lambda: 99 in handling.calls)
    [letter] = records.letters
    assert (letter.consumer, letter.event.version, letter.event.data) == ("handler", FOREIGN, b"no number")
