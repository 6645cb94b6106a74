"""The Kafka bus under the contract suite: on Tansu, or on the broker that the environment names."""

import os
from collections.abc import Iterator, Mapping
from typing import Literal
from uuid import uuid4

import pytest
from pydantic import SecretStr

from app.infrastructure.events.bus import EventBusSettings
from tests.contract.applicability import Applicability, Capability
from tests.contract.harness import Harness, Outage
from tests.servers.kafka import FOREIGN_SESSION, KafkaServer, own_kafka
from tests.servers.other_service import put

FOREIGN = os.environ.get("TEST_KAFKA_BOOTSTRAP")
TANSU = not FOREIGN and not os.environ.get("KAFKA_HOME")

LACKS: dict[Capability, str] = {}
if FOREIGN:
    LACKS |= dict.fromkeys([Capability.OUTAGE, Capability.RESTART], "TEST_KAFKA_BOOTSTRAP is not ours to stop")
elif TANSU:
    LACKS |= {Capability.RESTART: "Tansu keeps events in memory only; with KAFKA_HOME, Apache Kafka is restarted"}


def pytest_configure(config: pytest.Config) -> None:
    Applicability.install(config, LACKS)


class KafkaHarness(Harness):
    def __init__(self, server: KafkaServer | None) -> None:
        session = 1.0 if server else FOREIGN_SESSION
        self.address = server.address if server else str(FOREIGN)
        topic = f"test-{uuid4().hex}"
        settings = EventBusSettings(
            event_bus_url=SecretStr(f"kafka://{self.address}"),
            event_bus_topic=topic,
            event_bus_idempotent=server is None or server.idempotent,
            event_bus_session=session,
        )
        super().__init__(settings, topic=topic, lease=session)

    async def publish_as_stranger(self, body: bytes) -> None:
        await self.publish_elsewhere(self.topic, body)

    async def publish_elsewhere(
        self, topic: str, body: bytes, attributes: Mapping[str, str] | None = None, key: str = ""
    ) -> None:
        await put(f"kafka://{self.address}", topic, body, attributes, key)


def _as_long_as_it_may_live(fixture_name: str, config: pytest.Config) -> Literal["session", "function"]:
    """Apache Kafka takes seconds to start. Tansu takes none, and its groups do not survive every test."""
    return "function" if TANSU else "session"


@pytest.fixture(scope=_as_long_as_it_may_live)
def kafka() -> Iterator[KafkaServer | None]:
    """A broker of ours, if no other is given."""
    if FOREIGN:
        yield None
    else:
        with own_kafka() as server:
            yield server


@pytest.fixture
def harness(kafka: KafkaServer | None) -> KafkaHarness:
    return KafkaHarness(kafka)


@pytest.fixture
def outage(kafka: KafkaServer) -> Iterator[Outage]:
    yield Outage(KafkaHarness(kafka), kafka)
    if not kafka.answers():
        kafka.start()  # for the next test
