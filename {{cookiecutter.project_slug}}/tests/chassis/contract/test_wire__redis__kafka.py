"""Events as text attributes and bytes, and whatever else may lie on a topic."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest

from app.core.events import UNDECODABLE
from app.infrastructure.events.wire import as_text, from_wire, place_id, to_wire
from tests.contract.support import event

FALLBACK = UUID(int=7)
GOOD, DATA = to_wire(replace(event(1), headers={"request-id": "r-1", "time": "not the attribute"}))


def test_an_event_survives_the_wire() -> None:
    sent = replace(event(1), version=2, data=b"\x00\xff", headers={"time": "noon", "": "", "ключ": "значение"})
    assert from_wire(*to_wire(sent), FALLBACK) == sent


def test_the_attributes_are_those_of_cloudevents() -> None:
    assert {name for name in GOOD if "." not in name} == {
        "specversion", "id", "type", "version", "source", "subject", "time"
    }  # fmt: skip
    assert GOOD["specversion"] == "1.0"


def test_a_time_of_another_zone_is_the_same_moment() -> None:
    noon = datetime(2026, 5, 4, 12, tzinfo=UTC)
    sent = replace(event(1), time=noon.astimezone(timezone(timedelta(hours=5, minutes=30))))
    assert from_wire(*to_wire(sent), FALLBACK).time == noon
    assert from_wire({**GOOD, "time": "2026-05-04T12:00:00Z"}, DATA, FALLBACK).time == noon


@pytest.mark.parametrize("name", [name for name in GOOD if "." not in name])
def test_without_one_of_its_attributes_a_message_is_no_event(name: str) -> None:
    attributes = {other: value for other, value in GOOD.items() if other != name}
    assert from_wire(attributes, DATA, FALLBACK).type == UNDECODABLE


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("specversion", "0.3"),
        ("id", "42"),
        ("type", "x" * 101),
        ("subject", "with a \0"),
        ("source", "lone surrogate \udc80"),
        ("version", "one"),
        ("version", "0"),
        ("version", "2147483648"),
        ("version", "9" * 5000),
        ("time", "yesterday"),
        ("time", "2026-05-04T12:00:00"),
        ("time", "0001-01-01T00:00:00+14:00"),
        ("header.x", "with a \0"),
        ("header.\0", "x"),
    ],
)
def test_with_a_broken_attribute_a_message_is_no_event(name: str, value: str) -> None:
    undecodable = from_wire({**GOOD, name: value}, DATA, FALLBACK)
    assert (undecodable.id, undecodable.type, undecodable.data) == (FALLBACK, UNDECODABLE, DATA)
    assert undecodable.headers.keys() >= GOOD.keys() - {name}
    assert "\0" not in "".join([*undecodable.headers, *undecodable.headers.values()])
    "".join(undecodable.headers.values()).encode()


def test_bytes_that_are_no_text_stay_readable() -> None:
    assert as_text(b"caf\xc3\xa9 \xff") == r"café \xff"


def test_a_place_has_one_id() -> None:
    assert place_id("topic", 1, 23) == place_id("topic", 1, 23) != place_id("topic", 12, 3)
