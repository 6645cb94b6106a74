from app.chassis.inbox.store import Inbox
from app.chassis.intake import Intake
from app.chassis.sql.database import Database
from app.chassis.translator import MESSAGE_TYPE, Translator
from app.core.subscriptions import Subscription
from app.core.translations import Translation
from tests.chassis.conftest import OpenMachine
from tests.chassis.inbox_rows import dead, queued, register, stored, until_states
from tests.chassis.sample import NOON, Counted, counted, foreign, undecodable
from tests.chassis.sample_handlers import First

FIRST = Subscription("first", Counted, First)
SOLD = Translation(
    topic="shop",
    event=Counted,
    message_type="shop.sold",
    translate=lambda message: Counted(number=int(message.data), occurred_at=NOON) if message.data != b"0" else None,
)


async def test_what_no_translation_matches_is_dropped_and_the_rest_is_stored_in_order(database: Database) -> None:
    await register(database, FIRST)
    kept = [counted(1), foreign(2), undecodable(), counted(3)]
    dropped = [foreign(4, type="shop.opened"), foreign(5, source="elsewhere")]
    await Intake(Inbox(database), Translator(SOLD)).store([kept[0], dropped[0], *kept[1:], dropped[1]])
    assert await stored(database) == [event.id for event in kept]
    assert await queued(database, "first") == [event.id for event in kept if event is not kept[2]]
    assert [consumer for consumer, _ in await dead(database)] == ["undecodable"]


async def test_messages_of_another_service_reach_the_handlers_of_our_event_in_order(open_machine: OpenMachine) -> None:
    first = First()
    async with open_machine([FIRST], first, translations=[SOLD]) as machine:
        machine.bus.topic += [foreign(n, "7") for n in (1, 0, 2)] + [foreign(3, type="shop.opened")]
        await until_states(machine.database, done=3)
    assert first.numbers == [1, 2]  # 0 turned out to be none of our business


def test_a_recognized_message_keeps_its_own_type_and_content() -> None:
    message = foreign(7)
    recognized = Translator(SOLD).recognize(message)
    assert recognized is not None
    assert (recognized.type, recognized.headers[MESSAGE_TYPE], recognized.data) == (Counted.name, "shop.sold", b"7")
