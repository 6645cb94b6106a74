"""Kafka over TLS, and with certificates at both ends."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from app.chassis.broker.bus import EventBusSettings, open_event_bus
from app.chassis.broker.errors import EventBusError
from tests.chassis.contract.applicability import Capability, needs
from tests.chassis.contract.harness import Harness
from tests.chassis.contract.support import Inbox, event, until
from tests.chassis.servers.certificates import Certificates, make_certificates
from tests.chassis.servers.kafka import own_kafka


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
async def strict(certificates: Certificates) -> AsyncIterator[str]:
    """The address of a server that asks for a certificate, as a broker may."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=certificates.ca)
    context.load_cert_chain(certificates.cert, certificates.key)
    context.verify_mode = ssl.CERT_REQUIRED
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


def kafka_at(
    address: str, *, ca: Path | None = None, cert: Path | None = None, key: Path | None = None, scheme: str = "kafkas"
) -> EventBusSettings:
    return EventBusSettings(
        event_bus_url=SecretStr(f"{scheme}://{address}"),
        event_bus_ca_file=ca,
        event_bus_cert_file=cert,
        event_bus_key_file=key,
    )


def test_files_of_certificates_need_tls_and_have_to_fit(certificates: Certificates, tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="need TLS"):
        kafka_at("one", ca=certificates.ca, scheme="kafka")
    with pytest.raises(ValidationError, match="EVENT_BUS_CA_FILE is no PEM file"):
        kafka_at("one", ca=tmp_path / "missing")
    for cert, key in [(certificates.cert, None), (None, certificates.key), (certificates.ca, certificates.key)]:
        with pytest.raises(ValidationError, match="must be PEM files"):
            kafka_at("one", cert=cert, key=key)


async def test_a_broker_that_asks_for_a_certificate_is_not_said_to_be_away(
    strict: str, certificates: Certificates
) -> None:
    async with open_event_bus(kafka_at(strict, ca=certificates.ca), "service") as bus:
        with pytest.raises(EventBusError, match="EVENT_BUS_CERT_FILE"):
            await bus.check()


async def test_a_certificate_that_is_not_trusted_is_named(strict: str) -> None:
    async with open_event_bus(kafka_at(strict), "service") as bus:
        with pytest.raises(EventBusError, match="certificate is not trusted: set EVENT_BUS_CA_FILE"):
            await bus.check()


@needs(Capability.CERTIFICATES)
async def test_events_travel_between_ends_that_show_each_other_certificates(certificates: Certificates) -> None:
    with own_kafka(certificates) as server:
        settings = kafka_at(server.address, ca=certificates.ca, cert=certificates.cert, key=certificates.key)
        harness, inbox = Harness(settings), Inbox()
        async with harness.fetching(inbox):
            await harness.publish(event(1))
            await until(inbox.has([1]))
        for stranger, expected in [
            (kafka_at(server.address, ca=certificates.ca), "EVENT_BUS_CERT_FILE"),
            (kafka_at(server.address, scheme="kafka"), "closes the connection"),
        ]:
            async with open_event_bus(stranger, "service") as bus:
                with pytest.raises(EventBusError, match=expected):
                    await bus.check()
