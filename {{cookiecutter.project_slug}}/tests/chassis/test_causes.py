from uuid import UUID

from app.chassis.context import request_id
from app.chassis.inbox.store import Inbox
from app.chassis.sql.database import Database
from app.chassis.sql.outbox import Outbox
from app.core.events import Event
from app.core.subscriptions import Subscription
from tests.chassis.conftest import OpenMachine
from tests.chassis.inbox_rows import dead, until_states
from tests.chassis.local_bus import LocalBus
from tests.chassis.sample import CODEC, Counted, Counter, SampleUnitOfWork, counted
from tests.chassis.sample_handlers import Echo, First

KEY = UUID(int=5)
FIRST = Subscription("first", Counted, First)


async def test_what_a_handler_emits_says_what_caused_it(open_machine: OpenMachine) -> None:
    bus = LocalBus()
    cause = counted(1, headers={"requestid": "req-7", "hops": "3"})
    async with open_machine([Subscription("echo", Counted, Echo, concurrency=1)], Echo, bus=bus) as machine:
        await Inbox(machine.database).store([cause])
        await until_states(machine.database, done=29, dead=1)  # it answers its own answers, until that is a loop
    answers = [event for event in bus.topic if event.id != cause.id]
    first = answers[0]
    assert first.headers == {"requestid": "req-7", "causationid": str(cause.id), "hops": "4"}
    assert answers[1].headers["causationid"] == str(first.id)
    assert [event.headers["hops"] for event in answers] == [str(hops) for hops in range(4, 33)]
    assert {event.headers["requestid"] for event in answers} == {"req-7"}


async def test_a_loop_of_events_ends_in_a_dead_letter(open_machine: OpenMachine) -> None:
    bus = LocalBus()
    async with open_machine([Subscription("echo", Counted, Echo)], Echo, bus=bus) as machine:
        bus.topic.append(counted(0))
        await until_states(machine.database, done=32, dead=1)
        [(consumer, reason)] = await dead(machine.database)
    assert (consumer, reason[:50]) == ("echo", "PermanentError: 32 handlers in a row answered an e")
    assert _hops(bus.topic) == list(range(33))


async def test_an_event_from_a_request_bears_its_id(database: Database) -> None:
    request_id.set("req-1")
    async with SampleUnitOfWork(database, Outbox(database, CODEC)) as uow:
        counter = Counter(id=KEY)
        await uow.counters.add(counter)
        counter.count_up()
        await uow.commit()
    [(_, event)] = await Outbox(database, CODEC).unpublished(10, 1000)
    assert event.headers == {"requestid": "req-1"}
    assert (event.type, event.subject) == (Counted.name, str(KEY))


def _hops(events: list[Event]) -> list[int]:
    return [int(event.headers.get("hops", "0")) for event in events]
