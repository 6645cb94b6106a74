import dataclasses
from uuid import UUID

import pytest

from app.application.registry import EVENTS
from app.core.context import request_id
from app.core.exceptions import PermanentError
from app.domain.user.events import UserRegistered
from app.infrastructure.events.codec import JsonEventCodec
from tests.fakes import NOON

EVENT = UserRegistered(user_id=UUID(int=7), email="ada@example.com", occurred_at=NOON)
CODEC = JsonEventCodec(EVENTS, source="shop")


def test_an_event_comes_back_as_it_was() -> None:
    assert CODEC.decode(CODEC.encode(EVENT, subject="7")) == EVENT


def test_the_envelope_says_what_where_and_when() -> None:
    event = CODEC.encode(EVENT, subject="7")
    assert (event.type, event.version, event.source, event.subject, event.time) == (
        "user.registered",
        1,
        "shop",
        "7",
        NOON,
    )


def test_each_envelope_has_an_id_of_its_own() -> None:
    assert CODEC.encode(EVENT, subject="7").id != CODEC.encode(EVENT, subject="7").id


def test_the_envelope_names_the_request_that_caused_it() -> None:
    request_id.set("req-1")
    assert CODEC.encode(EVENT, subject="7").headers == {"request-id": "req-1"}


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"email": "secret@example.com"}', b"\xff"])
def test_a_payload_that_does_not_fit_is_a_permanent_error_that_does_not_quote_it(data: bytes) -> None:
    broken = dataclasses.replace(CODEC.encode(EVENT, subject="7"), data=data)
    with pytest.raises(PermanentError) as caught:
        CODEC.decode(broken)
    assert "secret@example.com" not in str(caught.value)
