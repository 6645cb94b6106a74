import dataclasses
from uuid import UUID

import pytest

from app.application.registry import EVENTS, UPCASTERS
from app.core.context import request_id
from app.core.exceptions import PermanentError
from app.domain.user.events import UserRegistered
from app.infrastructure.events.codec import JsonEventCodec
from tests.fakes import NOON

EVENT = UserRegistered(channel="api", user_id=UUID(int=7), email="ada@example.com", occurred_at=NOON)
CODEC = JsonEventCodec(EVENTS, UPCASTERS, source="shop")


def test_an_event_comes_back_as_it_was() -> None:
    assert CODEC.decode(CODEC.encode(EVENT, subject="7")) == EVENT


def test_the_envelope_says_what_where_and_when() -> None:
    event = CODEC.encode(EVENT, subject="7")
    assert (event.type, event.version, event.source, event.subject, event.time) == (
        "user.registered",
        2,
        "shop",
        "7",
        NOON,
    )


def test_each_envelope_has_an_id_of_its_own() -> None:
    assert CODEC.encode(EVENT, subject="7").id != CODEC.encode(EVENT, subject="7").id


def test_the_envelope_names_the_request_that_caused_it() -> None:
    request_id.set("req-1")
    assert CODEC.encode(EVENT, subject="7").headers == {"request-id": "req-1"}


def test_an_event_too_large_for_a_broker_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match=r"user.registered has \d+ bytes, at most 1000000 travel"):
        CODEC.encode(dataclasses.replace(EVENT, email="a" * 1_000_000), subject="7")


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"email": "secret@example.com"}', b"\xff"])
def test_a_payload_that_does_not_fit_is_a_permanent_error_that_does_not_quote_it(data: bytes) -> None:
    broken = dataclasses.replace(CODEC.encode(EVENT, subject="7"), data=data)
    with pytest.raises(PermanentError) as caught:
        CODEC.decode(broken)
    assert "secret@example.com" not in str(caught.value)


def test_a_payload_of_version_1_is_brought_up_to_date() -> None:
    old = dataclasses.replace(
        CODEC.encode(EVENT, subject="7"),
        version=1,
        data=b'{"occurred_at": "2026-05-04T12:00:00Z", "user_id": "00000000-0000-0000-0000-000000000007",'
        b' "email": "ada@example.com"}',
    )
    assert CODEC.decode(old) == dataclasses.replace(EVENT, channel="unknown")


def test_every_older_version_can_be_brought_up_to_date() -> None:
    for event in EVENTS:
        for version in range(1, event.version):
            assert (event.name, version) in UPCASTERS


@pytest.mark.parametrize(
    ("version", "reason"), [(0, "v0 cannot be made into v1"), (3, "newer than this code, which knows v2")]
)
def test_a_version_that_nobody_knows_is_a_permanent_error(version: int, reason: str) -> None:
    with pytest.raises(PermanentError, match=reason):
        CODEC.decode(dataclasses.replace(CODEC.encode(EVENT, subject="7"), version=version))


def test_a_type_that_is_not_registered_is_a_permanent_error() -> None:
    with pytest.raises(PermanentError, match="not in the registry"):
        CODEC.decode(dataclasses.replace(CODEC.encode(EVENT, subject="7"), type="user.renamed"))
