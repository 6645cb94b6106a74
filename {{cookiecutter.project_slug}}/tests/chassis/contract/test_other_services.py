"""Messages of other services are handed over as they came, whatever they look like."""

from uuid import uuid4

import pytest

from app.core.events import FOREIGN
from tests.chassis.contract.applicability import Capability, needs
from tests.chassis.contract.harness import Harness
from tests.chassis.contract.support import NOON, Inbox, event, events, until

pytestmark = needs(Capability.BROKER)


@pytest.fixture(autouse=True)
def haste(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.chassis.broker.topics.LOOK_AGAIN", 0.2)


@pytest.fixture
def topic() -> str:
    return f"elsewhere-{uuid4().hex}"


async def test_a_bare_message_arrives_as_it_was_put(harness: Harness, topic: str) -> None:
    inbox = Inbox()
    await harness.put(topic, b"17")
    async with harness.fetching(inbox, topics=[topic]):
        await until(lambda: inbox.numbers == [17])
    [message] = inbox.events
    assert (message.version, message.source, message.type, message.subject) == (FOREIGN, topic, "", "")
    assert message.headers == {}


async def test_what_a_message_says_of_itself_is_kept(harness: Harness, topic: str) -> None:
    inbox = Inbox()
    said = {"type": "order.placed", "subject": "o-17", "time": "2026-05-04T14:00:00+02:00", "tenant": "größe"}
    await harness.put(topic, b"17", said)
    async with harness.fetching(inbox, topics=[topic]):
        await until(lambda: inbox.numbers == [17])
    [message] = inbox.events
    assert (message.type, message.subject, message.time) == ("order.placed", "o-17", NOON)
    assert message.headers == said


async def test_a_cloudevent_that_was_sent_twice_has_one_id(harness: Harness, topic: str) -> None:
    inbox = Inbox()
    for number in (b"1", b"1", b"2"):
        identity = {"specversion": "1.0", "source": "shop", "id": number.decode()}
        await harness.put(topic, number, identity, key="same")
    async with harness.fetching(inbox, topics=[topic]):
        await until(lambda: inbox.numbers == [1, 1, 2])
    first, again, other = (message.id for message in inbox.events)
    assert first == again != other


async def test_messages_that_are_no_cloudevents_are_told_apart_whatever_they_say(harness: Harness, topic: str) -> None:
    inbox = Inbox()
    for number in (b"1", b"2"):
        await harness.put(topic, number, {"source": "web", "id": "order 17"}, key="same")
    async with harness.fetching(inbox, topics=[topic]):
        await until(lambda: inbox.numbers == [1, 2])
    first, second = (message.id for message in inbox.events)
    assert first != second


async def test_a_service_may_listen_to_its_own_topic_as_well(harness: Harness) -> None:
    inbox = Inbox()
    async with harness.fetching(inbox, topics=[harness.topic]):
        await harness.publish(*events(range(20)))
        await until(lambda: len(inbox.events) == 40)
    for foreign in (True, False):
        assert sorted(int(e.data) for e in inbox.events if (e.version == FOREIGN) is foreign) == [*range(20)]


async def test_a_topic_that_does_not_exist_is_waited_for_and_not_created(
    harness: Harness, topic: str, caplog: pytest.LogCaptureFixture
) -> None:
    inbox = Inbox()
    async with harness.fetching(inbox, topics=[topic]):
        await harness.publish(event(1))
        await until(lambda: inbox.numbers == [1] and "does not exist" in caplog.text)
        assert not await harness.exists(topic)
        await harness.put(topic, b"2")
        await until(lambda: inbox.numbers == [1, 2])
    assert caplog.text.count("does not exist") == 1
    assert inbox.errors == []


async def test_messages_do_not_come_again_after_a_restart(harness: Harness, topic: str) -> None:
    first, second = Inbox(), Inbox()
    for number in range(5):
        await harness.put(topic, str(number).encode(), key="same")
    async with harness.fetching(first, topics=[topic]):
        await until(first.has(range(5)))
        await harness.put(topic, b"5", key="same")
        await until(first.has(range(6)))
    async with harness.fetching(second, topics=[topic]):
        await harness.put(topic, b"6", key="same")
        await until(second.has([6]))
    assert second.numbers in ([6], [5, 6])
