import logging
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from app.chassis.inbox.dead_letters import Choice, DeadLetters
from app.chassis.inbox.store import Inbox
from app.chassis.sql.database import Database
from app.chassis.sql.tables import DEAD, deliveries
from app.core.events import Event
from app.core.exceptions import PermanentError
from app.core.subscriptions import Subscription
from tests.chassis.conftest import OpenMachine
from tests.chassis.inbox_rows import dead, discard, register, replay, rows, until_states
from tests.chassis.sample import Counted, Renamed, counted, renamed, undecodable
from tests.chassis.sample_handlers import FailingFirst, First, OfRenamed, Second

FIRST = Subscription("first", Counted, First)
SECOND = Subscription("second", Counted, Second)
OTHER = Subscription("other", Renamed, OfRenamed)


async def bury(database: Database, events: list[Event]) -> None:
    """As if all handlers of these events had failed for good, one a second, the last one now."""
    await register(database, FIRST, SECOND, OTHER)
    await Inbox(database).store(events)
    until = datetime.now(UTC) - timedelta(seconds=len(events))
    async with database.engine.begin() as connection:
        for number, event in enumerate(events):
            dead = {"state": DEAD, "attempts": 3, "reason": "no", "finished_at": until + timedelta(seconds=number)}
            await connection.execute(update(deliveries).filter_by(event_id=event.id).values(dead))


async def test_letters_are_listed_oldest_first_and_chosen_by_what_is_known(database: Database) -> None:
    events = [counted(0), renamed(), counted(1, "b")]
    await bury(database, events)
    letters = DeadLetters(database)
    found = await letters.page(Choice(), 10)
    assert [letter.event_id for letter in found] == [events[0].id] * 2 + [events[1].id] + [events[2].id] * 2
    assert (found[2].consumer, found[2].event_type, found[2].attempts, found[2].reason) == (
        "other",
        Renamed.name,
        3,
        "no",
    )

    async def chosen(choice: Choice) -> list[str]:
        return sorted(letter.consumer for letter in await letters.page(choice, 10))

    assert await chosen(Choice(consumer="first")) == ["first", "first"]
    assert await chosen(Choice(event_type=Renamed.name)) == ["other"]
    assert await chosen(Choice(event_id=events[2].id)) == ["first", "second"]
    assert await chosen(Choice(event_id=events[2].id, consumer="second")) == ["second"]
    assert await chosen(Choice(before=found[2].failed_at)) == ["first", "second"]
    assert len(await letters.page(Choice(), 2)) == 2


async def test_a_discarded_letter_lets_its_lane_go_on(open_machine: OpenMachine) -> None:
    first = First(FailingFirst({1: 99}, PermanentError))
    async with open_machine([FIRST], first) as machine:
        machine.bus.topic += [counted(n) for n in range(4)]
        await until_states(machine.database, done=1, dead=1, waiting=2)
        [letter] = await DeadLetters(machine.database).page(Choice(), 10)
        assert await DeadLetters(machine.database).behind(letter) == 2
        assert await discard(machine.database) == 1
        await until_states(machine.database, done=4)
    assert first.numbers == [0, 2, 3]


async def test_what_cannot_be_decoded_is_not_replayed_but_can_be_read_and_discarded(database: Database) -> None:
    await Inbox(database).store([undecodable(b"\xffgarbage")])
    assert await replay(database) == 0
    [letter] = await DeadLetters(database).page(Choice(), 10)
    assert (await DeadLetters(database).event(letter.event_id)).data == b"\xffgarbage"
    assert await discard(database) == 1
    assert await dead(database) == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("plain", "PermanentError: plain"),
        ("a\0b", "PermanentError: a b"),
        ("a\ud800b", "PermanentError: a\\ud800b"),
        ("x" * 9000, "PermanentError: " + "x" * 484),
        ("line\nline\x1b[2J", "PermanentError: line line [2J"),
    ],
    ids=["plain", "nul", "surrogate", "long", "control"],
)
async def test_reason_and_traceback_are_kept_whatever_is_in_them(
    open_machine: OpenMachine, text: str, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, "app.chassis")  # pytest-xdist cannot report a surrogate

    async def fail(_: int) -> None:
        raise PermanentError(text)

    async with open_machine([FIRST], First(fail)) as machine:
        machine.bus.topic += [counted(1)]
        await until_states(machine.database, dead=1)
        [letter] = await DeadLetters(machine.database).page(Choice(), 10)
    assert letter.reason == reason
    assert letter.traceback is not None
    assert "in fail\n" in letter.traceback


async def test_a_replayed_delivery_has_all_of_its_attempts_again(database: Database) -> None:
    await bury(database, [counted(0)])
    await replay(database)
    found = await rows(database, "SELECT state, attempts, starts, first_failed_at, due_at, finished_at FROM deliveries")
    assert found == [(0, 0, 0, None, None, None)] * 2
