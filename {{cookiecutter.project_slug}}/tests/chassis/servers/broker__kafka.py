"""The broker of this service's bus, for tests that kill it and for those who have none."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.chassis.servers.crashing import Broker
from tests.chassis.servers.kafka import own_kafka


@contextmanager
def own_broker() -> Iterator[Broker]:
    with own_kafka() as kafka:
        address = {"EVENT_BUS_URL": f"kafka://{kafka.address}", "EVENT_BUS_IDEMPOTENT": str(kafka.idempotent)}
        yield Broker(address, {"EVENT_BUS_SESSION": "2"}, kafka.kill, kafka.start, durable=kafka.durable)
