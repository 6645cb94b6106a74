import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from app.core.delivery import AlreadyHandledError, DeadLetter, current_delivery
from app.core.events import FOREIGN, UNDECODABLE, DomainEvent, Event
from app.core.exceptions import PermanentError, StartupError
from app.core.foreign import Translation, Translations
from app.core.handler_runner import ShuttingDownError
from app.core.message_bus import MessageBus
from app.core.metrics import Outcome
from app.core.retry import RetryPolicy
from app.core.subscriptions import Subscription
from app.domain.user.events import UserRegistered
from app.infrastructure.events.codec import JsonEventCodec
from tests.fakes import NOON
from tests.waiting import eventually

CODEC = JsonEventCodec([UserRegistered], {}, source="test")
EVENT = CODEC.encode(
    UserRegistered(channel="api", user_id=UUID(int=1), email="ada@example.com", occurred_at=NOON), subject="1"
)

MEANING: dict[bytes, str | None] = {b"bob": "bob@example.com"}


def customer_came(message: Event) -> UserRegistered | None:
    email = MEANING[message.data]
    if email is None:
        return None
    return UserRegistered(channel="api", user_id=UUID(int=2), email=email, occurred_at=message.time)


TRANSLATIONS = Translations(
    Translation(topic="shop.customers", event=UserRegistered, translate=customer_came, message_type="customer.came")
)
MESSAGE = Event(
    id=UUID(int=3),
    type="customer.came",
    version=FOREIGN,
    source="shop.customers",
    subject="2",
    time=NOON,
    data=b"bob",
    headers={},
)

Reaction = Callable[[DomainEvent], Awaitable[None]]


class One:
    """Stands for a handler class; the scope returns the reaction of the test instead."""

    async def __call__(self, event: UserRegistered) -> None: ...


class Other(One): ...


class Records:
    """Inbox, dead letters and scope in memory."""

    def __init__(self, reactions: dict[type[Any], Reaction]) -> None:
        self.handled: set[tuple[str, UUID]] = set()
        self.crashes: Counter[str] = Counter()
        self.letters: list[DeadLetter] = []
        self.outcomes: list[tuple[str, Outcome]] = []
        self._reactions = reactions

    async def is_settled(self, consumer: str, event_id: UUID) -> bool:
        return (consumer, event_id) in self.handled

    async def mark_handled(self, consumer: str, event_id: UUID) -> None:
        self.handled.add((consumer, event_id))

    async def unfinished(self, consumer: str, event_id: UUID) -> int:
        return self.crashes[consumer]

    async def begin(self, consumer: str, event_id: UUID) -> None:
        self.crashes[consumer] += 1

    async def end(self, consumer: str, event_id: UUID) -> None:
        del self.crashes[consumer]

    async def add(self, letter: DeadLetter) -> None:
        self.letters.append(letter)

    async def page(self, limit: int, consumer: str | None = None) -> list[DeadLetter]:
        return self.letters[:limit]

    async def of_event(self, event_id: UUID) -> list[DeadLetter]:
        return [letter for letter in self.letters if letter.event.id == event_id]

    async def discard(self, consumer: str, event_id: UUID) -> None:
        self.letters = [x for x in self.letters if (x.consumer, x.event.id) != (consumer, event_id)]

    def delivered(self, consumer: str, outcome: Outcome) -> None:
        self.outcomes.append((consumer, outcome))

    @asynccontextmanager
    async def open_scope(self) -> AsyncIterator["Records"]:
        yield self

    async def get(self, dependency_type: type[Any]) -> Any:
        return self._reactions[dependency_type]


def make(reactions: dict[type[Any], Reaction], retry: RetryPolicy | None = None) -> tuple[MessageBus, Records]:
    records = Records(reactions)
    subscriptions = [Subscription(kind.__name__, UserRegistered, kind) for kind in reactions]
    retry = retry or RetryPolicy(attempts=3, first_delay=0.001, timeout=5.0)
    bus = MessageBus(subscriptions, TRANSLATIONS, records.open_scope, CODEC, records, records, records, retry)
    return bus, records


class Recorder:
    """A reaction that notes its calls and raises what it is given, first things first."""

    def __init__(self, *errors: Exception) -> None:
        self.events: list[DomainEvent] = []
        self._errors = list(errors)

    async def __call__(self, event: DomainEvent) -> None:
        self.events.append(event)
        if self._errors:
            raise self._errors.pop(0)


async def test_every_handler_gets_the_decoded_event() -> None:
    one, other = Recorder(), Recorder()
    bus, records = make({One: one, Other: other})
    await bus.receive(EVENT)
    assert one.events == other.events == [CODEC.decode(EVENT)]
    assert records.handled == {("One", EVENT.id), ("Other", EVENT.id)}


async def test_a_settled_event_is_not_handled_again() -> None:
    one = Recorder()
    bus, _ = make({One: one})
    for _ in range(2):
        await bus.receive(EVENT)
    assert len(one.events) == 1


async def test_a_handler_that_failed_is_tried_again_alone() -> None:
    one, other = Recorder(ValueError(), ValueError()), Recorder()
    bus, records = make({One: one, Other: other})
    await bus.receive(EVENT)
    assert (len(one.events), len(other.events), records.letters) == (3, 1, [])


async def test_after_the_last_attempt_the_event_is_a_dead_letter_of_that_handler() -> None:
    one = Recorder(*[ValueError("no luck")] * 3)
    bus, records = make({One: one, Other: Recorder()})
    await bus.receive(EVENT)
    [letter] = records.letters
    assert (letter.consumer, letter.event, letter.attempts) == ("One", EVENT, 3)
    assert letter.reason == "ValueError: no luck"
    assert records.handled == {("Other", EVENT.id)}


async def test_each_attempt_is_counted_by_its_outcome() -> None:
    bus, records = make({One: Recorder(ValueError(), ValueError())})
    for _ in range(2):
        await bus.receive(EVENT)
    assert records.outcomes == [("One", "failed"), ("One", "failed"), ("One", "handled"), ("One", "duplicate")]


async def test_a_replay_runs_only_the_handler_that_failed_and_forgets_the_letter() -> None:
    one, other = Recorder(PermanentError()), Recorder()
    bus, records = make({One: one, Other: other})
    await bus.receive(EVENT)
    await bus.replay(records.letters[0])
    assert (len(one.events), len(other.events), records.letters) == (2, 1, [])


async def test_a_replay_that_fails_keeps_the_letter() -> None:
    bus, records = make({One: Recorder(PermanentError(), ValueError("still broken"))})
    await bus.receive(EVENT)
    with pytest.raises(ValueError, match="still broken"):
        await bus.replay(records.letters[0])
    assert len(records.letters) == 1


async def test_a_permanent_error_is_not_tried_again() -> None:
    one = Recorder(PermanentError("never"))
    bus, records = make({One: one})
    await bus.receive(EVENT)
    assert (len(one.events), len(records.letters)) == (1, 1)


async def test_an_event_whose_dead_letter_cannot_be_kept_is_not_acknowledged(monkeypatch: pytest.MonkeyPatch) -> None:
    bus, records = make({One: Recorder(PermanentError())})

    async def disk_full(_: DeadLetter) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(records, "add", disk_full)
    with pytest.raises(OSError, match="disk full"):
        await bus.receive(EVENT)


async def test_an_event_that_another_delivery_handled_counts_as_handled() -> None:
    one = Recorder(AlreadyHandledError())
    bus, records = make({One: one})
    await bus.receive(EVENT)
    assert (len(one.events), records.letters) == (1, [])


async def test_a_handler_that_never_returns_is_given_up() -> None:
    async def hang(_: DomainEvent) -> None:
        await asyncio.Event().wait()

    bus, records = make({One: hang}, RetryPolicy(attempts=2, first_delay=0.001, timeout=0.01))
    await bus.receive(EVENT)
    assert [letter.attempts for letter in records.letters] == [2]


async def test_a_stop_during_backoff_leaves_the_event_unacknowledged_at_once() -> None:
    one = Recorder(ValueError())
    bus, records = make({One: one}, RetryPolicy(attempts=3, first_delay=3600.0, max_delay=3600.0))
    handling = asyncio.create_task(bus.receive(EVENT))
    await eventually(lambda: len(one.events) == 1)
    bus.stop()
    with pytest.raises(ShuttingDownError):
        await asyncio.wait_for(handling, 5)
    assert (records.handled, records.letters) == (set(), [])


async def test_a_stopped_bus_takes_no_further_event() -> None:
    one = Recorder()
    bus, _ = make({One: one})
    bus.stop()
    with pytest.raises(ShuttingDownError):
        await bus.receive(EVENT)
    assert one.events == []


async def test_an_undecodable_payload_becomes_a_dead_letter_of_each_handler() -> None:
    one = Recorder()
    bus, records = make({One: one})
    broken = Event(
        id=EVENT.id, type=EVENT.type, version=1, source="", subject="1", time=NOON, data=b"\xff\x00", headers={}
    )
    await bus.receive(broken)
    assert one.events == []
    assert [letter.event.data for letter in records.letters] == [b"\xff\x00"]


async def test_what_the_bus_cannot_read_is_kept() -> None:
    bus, records = make({One: Recorder()})
    unreadable = replace(EVENT, type=UNDECODABLE)
    await bus.receive(unreadable)
    assert [letter.event for letter in records.letters] == [unreadable]
    assert records.outcomes == [("nobody", "dead-letter")]


async def test_an_event_that_nobody_waits_for_is_skipped_and_counted() -> None:
    bus, records = make({One: Recorder()})
    await bus.receive(replace(EVENT, type="user.renamed"))
    assert (records.outcomes, records.handled, records.letters) == ([("nobody", "skipped")], set(), [])


async def test_a_message_of_another_service_reaches_the_handlers_of_our_event() -> None:
    one = Recorder()
    bus, records = make({One: one})
    await bus.receive(MESSAGE)
    await bus.receive(MESSAGE)
    assert [event.email for event in one.events if isinstance(event, UserRegistered)] == ["bob@example.com"]
    assert records.handled == {("One", MESSAGE.id)}


async def test_a_message_that_cannot_be_translated_is_replayed_after_the_mending(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = Recorder()
    bus, records = make({One: one})
    broken = replace(MESSAGE, data=b"b\xf6b")
    await bus.receive(broken)
    [letter] = records.letters
    assert (letter.event.data, letter.attempts, one.events) == (b"b\xf6b", 1, [])
    assert letter.reason.startswith("PermanentError: cannot be translated: KeyError")
    monkeypatch.setitem(MEANING, b"b\xf6b", "bob@example.com")
    await bus.replay(letter)
    assert (len(one.events), records.letters) == (1, [])


async def test_a_message_that_turns_out_to_be_none_of_our_business_is_settled_without_a_handler(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = Recorder()
    bus, records = make({One: one})
    monkeypatch.setitem(MEANING, b"bob", None)
    await bus.receive(MESSAGE)
    assert (one.events, records.outcomes, records.handled) == ([], [("One", "skipped")], {("One", MESSAGE.id)})


async def test_a_message_of_another_service_that_does_not_concern_us_is_skipped_and_counted() -> None:
    bus, records = make({One: Recorder()})
    await bus.receive(replace(MESSAGE, type="customer.left"))
    await bus.receive(replace(MESSAGE, source="another topic"))
    assert (records.outcomes, records.letters) == ([("nobody", "skipped")] * 2, [])


async def test_an_event_that_ended_its_process_each_time_is_given_up_after_the_last_crash() -> None:
    one = Recorder()
    bus, records = make({One: one}, RetryPolicy(crashes=2))
    records.crashes["One"] = 2
    await bus.receive(EVENT)
    [letter] = records.letters
    assert (one.events, letter.attempts, letter.reason) == ([], 2, "CrashedError: 2 times in a row")
    assert records.crashes == {}


@pytest.mark.parametrize("error", [None, ValueError(), PermanentError()])
async def test_a_delivery_that_ended_is_not_taken_for_a_crash(error: Exception | None) -> None:
    bus, records = make({One: Recorder(*[error] * 9 if error else [])})
    await bus.receive(EVENT)
    assert records.crashes == {}


async def test_those_that_may_have_ended_the_process_run_one_by_one() -> None:
    async def hang(_: DomainEvent) -> None:
        await asyncio.Event().wait()

    bus, records = make({One: hang, Other: hang})
    records.crashes.update({"One": 1, "Other": 1})
    handling = asyncio.create_task(bus.receive(EVENT))
    await eventually(lambda: records.crashes.total() == 3)
    await asyncio.sleep(0.05)
    handling.cancel()
    await asyncio.wait([handling])
    assert sorted(records.crashes.values()) == [1, 2]


async def test_only_a_delivery_that_is_cut_off_counts_as_a_crash() -> None:
    async def hang(_: DomainEvent) -> None:
        await asyncio.Event().wait()

    bus, records = make({One: hang})
    handling = asyncio.create_task(bus.receive(EVENT))
    await eventually(lambda: records.crashes == {"One": 1})
    handling.cancel()
    await asyncio.wait([handling])
    assert records.crashes == {"One": 1}


async def test_deliveries_long_after_the_start_are_not_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.core.handler_runner.CAREFUL", 1)
    bus, records = make({One: Recorder()})
    await bus.receive(EVENT)
    records.crashes["One"] = 99
    await bus.receive(replace(EVENT, id=UUID(int=4)))
    assert (records.crashes, records.letters) == ({"One": 99}, [])


async def test_each_handler_knows_its_own_delivery() -> None:
    seen = set()

    async def look(_: DomainEvent) -> None:
        delivery = current_delivery.get()
        assert delivery is not None
        await asyncio.sleep(0)
        assert current_delivery.get() is delivery
        seen.add((delivery.consumer, delivery.event_id))

    bus, _ = make({One: look, Other: look})
    await bus.receive(EVENT)
    assert seen == {("One", EVENT.id), ("Other", EVENT.id)}
    assert current_delivery.get() is None


async def test_a_cancellation_that_escapes_a_handler_is_a_failed_attempt_like_any_other() -> None:
    async def leak(_: DomainEvent) -> None:
        raise asyncio.CancelledError

    bus, records = make({One: leak})
    await bus.receive(EVENT)
    assert [letter.reason for letter in records.letters] == ["CancelledError: "]


async def test_what_is_no_exception_but_is_raised_is_a_failed_attempt_like_any_other() -> None:
    class OddError(BaseException): ...

    async def fail(_: DomainEvent) -> None:
        raise OddError

    bus, records = make({One: fail})
    await bus.receive(EVENT)
    assert [letter.reason for letter in records.letters] == ["OddError: "]


@pytest.mark.parametrize(
    "text", ["\x00", "\ud800", "line\nline", "x" * 1000], ids=["nul", "surrogate", "lines", "long"]
)
async def test_a_reason_is_always_fit_to_be_stored(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.core.handler_runner.logger.disabled", True)  # pytest itself chokes on a surrogate
    bus, records = make({One: Recorder(PermanentError(text))})
    await bus.receive(EVENT)
    [letter] = records.letters
    assert letter.reason.isprintable()
    assert len(letter.reason.encode()) <= 500


async def test_a_handler_that_fails_after_its_commit_becomes_a_dead_letter_at_once() -> None:
    calls = []

    async def commit_and_fail(_: DomainEvent) -> None:
        delivery = current_delivery.get()
        assert delivery is not None
        calls.append(delivery)
        delivery.recorded = True
        raise ValueError("the tail")

    bus, records = make({One: commit_and_fail})
    await bus.receive(EVENT)
    assert (len(calls), len(records.letters)) == (1, 1)


def test_two_subscriptions_cannot_share_a_name() -> None:
    records = Records({})
    twice = [Subscription("same", UserRegistered, One)] * 2
    with pytest.raises(StartupError, match="'same'"):
        MessageBus(twice, TRANSLATIONS, records.open_scope, CODEC, records, records, records, RetryPolicy())
