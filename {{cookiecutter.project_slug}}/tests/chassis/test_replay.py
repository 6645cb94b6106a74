import pytest

from app.chassis.inbox import dead_letters
from app.chassis.inbox.dead_letters import Choice, DeadLetters
from app.chassis.inbox.store import Inbox
from app.chassis.sql.database import Database
from app.core.events import Event
from app.core.exceptions import PermanentError
from app.core.subscriptions import Subscription
from app.core.translations import Translation
from tests.chassis.conftest import OpenMachine
from tests.chassis.inbox_rows import dead, execute, register, replay, until_states
from tests.chassis.sample import NOON, Counted, Renamed, counted, foreign
from tests.chassis.sample_handlers import FailingFirst, First, OfRenamed, Second

FIRST = Subscription("first", Counted, First)
SECOND = Subscription("second", Counted, Second)
OTHER = Subscription("other", Renamed, OfRenamed)


async def test_one_letter_is_replayed_and_the_others_stay(open_machine: OpenMachine) -> None:
    first = First(FailingFirst({0: 1, 1: 1}, PermanentError))
    async with open_machine([FIRST], first) as machine:
        events = [counted(0, "a"), counted(1, "b")]
        machine.bus.topic += events
        await until_states(machine.database, dead=2)
        assert await replay(machine.database, Choice(event_id=events[1].id)) == 1
        await until_states(machine.database, dead=1, done=1)
    assert first.numbers == [1]


async def test_many_letters_are_replayed_in_chunks(database: Database, open_machine: OpenMachine) -> None:
    await register(database, FIRST)
    await Inbox(database).store([counted(n, subject=str(n % 90)) for n in range(450)])
    await execute(database, "UPDATE deliveries SET state = 2, reason = 'no', finished_at = CURRENT_TIMESTAMP")
    chunks = [count async for count in DeadLetters(database).replay(Choice())]
    assert sum(chunks) == 450
    assert len(chunks) == 3
    first = First()
    async with open_machine([FIRST], first):
        await until_states(database, done=450)
    for lane in range(90):
        assert [n for n in first.numbers if n % 90 == lane] == list(range(lane, 450, 90))


async def test_a_replay_keeps_the_order_of_a_lane_that_grows_meanwhile(open_machine: OpenMachine) -> None:
    first, second = First(FailingFirst({3: 2, 7: 1}, PermanentError)), Second()
    async with open_machine([FIRST, SECOND], first, second) as machine:
        topic = machine.bus.topic
        topic += [counted(n) for n in range(10)]
        await until_states(machine.database, done=3 + 10, dead=1, waiting=6)
        for dies_next in (3, 7):
            topic += [counted(len(topic))]
            assert await replay(machine.database) == 1
            await until_states(
                machine.database, done=dies_next + len(topic), dead=1, waiting=len(topic) - dies_next - 1
            )
        topic += [counted(len(topic))]
        assert await replay(machine.database) == 1
        await until_states(machine.database, done=26)
    assert first.numbers == list(range(13))
    assert second.started == list(range(13))


async def test_letters_that_die_again_at_once_are_not_replayed_for_ever(
    open_machine: OpenMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dead_letters, "CHUNK", 3)
    first = First(FailingFirst(dict.fromkeys(range(10), 9), PermanentError))
    async with open_machine([FIRST], first) as machine:
        machine.bus.topic += [counted(n, subject=str(n)) for n in range(10)]
        await until_states(machine.database, dead=10)
        for turn in (1, 2):
            replayed = 0
            async for count in DeadLetters(machine.database).replay(Choice()):
                replayed += count
                await until_states(machine.database, dead=10)  # all of this chunk have died again
            assert replayed == 10
            assert len(first.started) == 10 * (turn + 1)


async def test_a_message_of_another_service_is_replayed_after_its_translation_was_mended(
    open_machine: OpenMachine,
) -> None:
    def broken(_: Event) -> Counted:
        raise KeyError("amount")

    def mended(message: Event) -> Counted:
        return Counted(number=int(message.data), occurred_at=NOON)

    first = First()
    async with open_machine([FIRST], first, translations=[_sold(broken)]) as machine:
        machine.bus.topic += [foreign(1, "7"), foreign(2, "7")]
        await until_states(machine.database, dead=1, waiting=1)
        assert await dead(machine.database) == [("first", "PermanentError: cannot be translated: KeyError: 'amount'")]
    async with open_machine([FIRST], first, translations=[_sold(mended)]) as machine:
        assert await replay(machine.database) == 1
        await until_states(machine.database, done=2)
    assert first.started == [1, 2]


def _sold(translate: object) -> Translation:
    return Translation(topic="shop", event=Counted, translate=translate, message_type="shop.sold")  # type: ignore[arg-type]
