"""Events as CloudEvents attributes and bytes, and whatever else may lie on a topic."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from cloudevents.core.v1.event import CloudEvent

from app.chassis.broker.cloudevents import as_text, from_other_service, from_wire, place_id, to_wire
from app.core.events import UNDECODABLE
from tests.chassis.contract.support import NOON, event

PLACE = UUID(int=7)
SENT = replace(event(1), version=2, data=b"\x00\xff", headers={"requestid": "r-1", "tenant": "größe"})
GOOD, DATA = to_wire(SENT)
CLOUDEVENT = {"specversion": "1.0", "source": "shop", "id": "17"}


def test_an_event_survives_the_wire() -> None:
    assert from_wire(GOOD, DATA, PLACE) == SENT


def test_names_of_attributes_are_legal_in_cloudevents() -> None:
    assert all(re.fullmatch("[a-z0-9]{1,20}", name) for name in GOOD)


def test_the_official_sdk_takes_our_attributes() -> None:
    understood = CloudEvent({**GOOD, "time": datetime.fromisoformat(GOOD["time"])}, DATA)
    assert (understood.get_id(), understood.get_type()) == (str(SENT.id), SENT.type)
    assert understood.get_datacontenttype() == "application/json"
    assert understood.get_extension("tenant") == "größe"


def test_a_header_that_bears_the_name_of_an_attribute_is_left_out() -> None:
    assert from_wire(*to_wire(replace(SENT, headers={"id": "7", "kept": "yes"})), PLACE).headers == {"kept": "yes"}


def test_a_time_of_another_zone_is_the_same_moment() -> None:
    sent = replace(event(1), time=NOON.astimezone(timezone(timedelta(hours=5, minutes=30))))
    assert from_wire(*to_wire(sent), PLACE).time == NOON
    assert from_wire({**GOOD, "time": "2026-05-04T12:00:00Z"}, DATA, PLACE).time == datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.mark.parametrize("name", ["specversion", "id", "type", "version", "source", "subject", "time"])
def test_without_one_of_its_attributes_a_message_is_no_event(name: str) -> None:
    attributes = {other: value for other, value in GOOD.items() if other != name}
    assert from_wire(attributes, DATA, PLACE).type == UNDECODABLE


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
        ("tenant", "with a \0"),
        ("ten\0ant", "x"),
    ],
)
def test_with_a_broken_attribute_a_message_is_no_event(name: str, value: str) -> None:
    undecodable = from_wire({**GOOD, name: value}, DATA, PLACE)
    assert (undecodable.id, undecodable.type, undecodable.data) == (PLACE, UNDECODABLE, DATA)
    assert undecodable.headers.keys() >= GOOD.keys() - {name}
    assert "\0" not in "".join([*undecodable.headers, *undecodable.headers.values()])
    "".join(undecodable.headers.values()).encode()


def test_what_another_service_says_is_cut_to_what_can_be_stored() -> None:
    said = {"type": "t" * 200, "subject": "s\0" * 200, "time": "never", "x": "lone \udc80"}
    message = from_other_service("topic", "", said, b"", PLACE)
    assert (message.id, len(message.type), len(message.subject)) == (PLACE, 100, 100)
    "".join([message.subject, *message.headers.values()]).encode()


def test_a_cloudevent_is_known_by_topic_source_and_id() -> None:
    def id_of(topic: str, **changes: str) -> UUID:
        return from_other_service(topic, "", CLOUDEVENT | changes, b"", PLACE).id

    assert id_of("topic") == id_of("topic", type="does not matter")
    assert len({id_of("topic"), id_of("other"), id_of("topic", source="s"), id_of("topic", id="1"), PLACE}) == 5


def test_a_cloudevent_cannot_take_the_id_of_a_place() -> None:
    message = from_other_service("topic", "", CLOUDEVENT | {"source": "1", "id": "23"}, b"", PLACE)
    assert message.id != place_id("topic", "1", "23")


def test_a_place_has_one_id() -> None:
    assert place_id("topic", 1, 23) == place_id("topic", 1, 23) != place_id("topic", 12, 3)


def test_bytes_that_are_no_text_stay_readable() -> None:
    assert as_text(b"caf\xc3\xa9 \xff") == r"café \xff"
