"""The Kafka bus under the contract suite: on Tansu, or on the broker that the environment names."""

import os
from collections.abc import Iterator, Mapping
from typing import Literal
from uuid import uuid4

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from pydantic import SecretStr

from app.chassis.broker.bus import EventBusSettings
from tests.chassis.contract.applicability import Applicability, Capability
from tests.chassis.contract.harness import Harness, Outage
from tests.chassis.servers.kafka import FOREIGN_SESSION, KafkaServer, own_kafka
from tests.chassis.servers.other_service import put

FOREIGN = os.environ.get("TEST_KAFKA_BOOTSTRAP")
TANSU = not FOREIGN and not os.environ.get("KAFKA_HOME")

LACKS: dict[Capability, str] = {}
if FOREIGN:
    not_ours = [Capability.OUTAGE, Capability.RESTART, Capability.CERTIFICATES]
    LACKS |= dict.fromkeys(not_ours, "TEST_KAFKA_BOOTSTRAP is not ours to stop and start")
elif TANSU:
    LACKS |= {
        Capability.RESTART: "Tansu keeps events in memory only; with KAFKA_HOME, Apache Kafka is restarted",
        Capability.TRANSACTIONS: "Tansu takes no transactions from aiokafka; with KAFKA_HOME, Apache Kafka does",
        Capability.CERTIFICATES: "Tansu is run without TLS; with KAFKA_HOME, Apache Kafka is run with it",
    }


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
        super().__init__(settings, topic)

    async def put(self, topic: str, body: bytes, attributes: Mapping[str, str] | None = None, key: str = "") -> None:
        await put(f"kafka://{self.address}", topic, body, attributes, key)

    async def exists(self, topic: str) -> bool:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.address)
        await admin.start()
        try:
            return topic in await admin.list_topics()
        finally:
            await admin.close()


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
