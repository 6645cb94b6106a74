import dataclasses
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

import pytest

from app.chassis.codec import MAX_HOPS, EventCodec, UnknownVersionError
from app.chassis.context import DeliveryInHand, current_delivery, request_id
from app.chassis.inbox import attempts
from app.core.events import DomainEvent
from app.core.exceptions import PermanentError
from app.core.subscriptions import Subscription
from tests.chassis.conftest import OpenMachine
from tests.chassis.inbox_rows import dead, until_states
from tests.chassis.sample import CODEC, NOON, Counted, Renamed, counted
from tests.chassis.sample_handlers import First
from tests.chassis.waiting import eventually


@dataclass(frozen=True, slots=True, kw_only=True)
class Written(DomainEvent):
    """The third version of an event that once had no author, and then called it `by`."""

    name: ClassVar[str] = "sample.written"
    version: ClassVar[int] = 3

    text: str
    author: str


def add_by(payload: dict[str, Any]) -> dict[str, Any]:
    return {**payload, "by": "unknown"}


def by_to_author(payload: dict[str, Any]) -> dict[str, Any]:
    return {**{name: value for name, value in payload.items() if name != "by"}, "author": payload["by"]}


WRITTEN = EventCodec([Written], {("sample.written", 1): add_by, ("sample.written", 2): by_to_author}, "sample")
EVENT = Written(text="hello", author="ada", occurred_at=NOON)


def test_an_event_comes_back_as_it_was() -> None:
    assert WRITTEN.decode(WRITTEN.encode(EVENT, subject="7")) == EVENT


def test_the_envelope_says_what_where_and_when() -> None:
    event = WRITTEN.encode(EVENT, subject="7")
    assert (event.type, event.version, event.source, event.subject) == ("sample.written", 3, "sample", "7")
    assert (event.time, event.headers) == (NOON, {})
    assert event.id != WRITTEN.encode(EVENT, subject="7").id


def test_the_envelope_names_the_request_and_the_event_that_caused_it() -> None:
    first = request_id.set("req-1")
    second = current_delivery.set(DeliveryInHand("mails", UUID(int=9), hops=4))
    headers = WRITTEN.encode(EVENT, subject="7").headers
    current_delivery.reset(second)
    request_id.reset(first)
    assert headers == {"requestid": "req-1", "causationid": str(UUID(int=9)), "hops": "5"}


def test_a_loop_of_events_is_refused() -> None:
    token = current_delivery.set(DeliveryInHand("mails", UUID(int=9), hops=MAX_HOPS))
    with pytest.raises(PermanentError, match="this is a loop"):
        WRITTEN.encode(EVENT, subject="7")
    current_delivery.reset(token)


def test_an_event_too_large_for_a_broker_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match=r"sample.written has \d+ bytes, at most 1000000 travel"):
        WRITTEN.encode(dataclasses.replace(EVENT, text="a" * 1_000_000), subject="7")


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b'{"text": "secret@example.com"}', b"\xff", b"[" * 100_000, b'{"text": 1e999}']
)
def test_a_payload_that_does_not_fit_is_a_permanent_error_that_does_not_quote_it(data: bytes) -> None:
    with pytest.raises(PermanentError) as caught:
        WRITTEN.decode(dataclasses.replace(WRITTEN.encode(EVENT, subject="7"), data=data))
    assert "secret@example.com" not in str(caught.value)


@pytest.mark.parametrize(
    ("version", "payload", "author"), [(1, '"text": "x"', "unknown"), (2, '"text": "x", "by": "bob"', "bob")]
)
def test_older_versions_are_brought_up_to_date_step_by_step(version: int, payload: str, author: str) -> None:
    data = f'{{"occurred_at": "2026-05-04T12:00:00Z", {payload}}}'.encode()
    old = dataclasses.replace(WRITTEN.encode(EVENT, subject="7"), version=version, data=data)
    assert WRITTEN.decode(old) == Written(text="x", author=author, occurred_at=NOON)


def test_a_version_that_nobody_can_bring_up_to_date_is_a_permanent_error() -> None:
    without = EventCodec([Written], {("sample.written", 2): by_to_author}, "sample")
    with pytest.raises(PermanentError, match="v1 cannot be made into v2"):
        without.decode(dataclasses.replace(WRITTEN.encode(EVENT, subject="7"), version=1))


def test_a_type_that_is_not_registered_is_a_permanent_error() -> None:
    with pytest.raises(PermanentError, match="not in the registry"):
        WRITTEN.decode(counted(1))


def test_a_version_newer_than_the_code_is_no_permanent_error() -> None:
    with pytest.raises(UnknownVersionError):
        CODEC.decode(counted(1, version=2))


async def test_an_event_newer_than_the_code_waits_for_newer_code(
    open_machine: OpenMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "NEWER_CODE_DELAY", 0.1)
    newer = type("Counted", (Counted,), {"version": 2, "__slots__": ()})
    newer_codec = EventCodec([newer, Renamed], {("sample.counted", 1): dict}, "sample")
    old, new = First(), First()
    subscription = Subscription("first", Counted, First)
    async with open_machine([subscription], old) as machine:
        machine.bus.topic += [counted(1, "a", version=2), counted(2, "a"), counted(3, "b")]
        await eventually(lambda: old.started == [3])
        await until_states(machine.database, waiting=2, done=1)
        assert await dead(machine.database) == []
    async with open_machine([subscription], new, codec=newer_codec) as machine:
        await until_states(machine.database, done=3)
    assert new.started == [1, 2]
