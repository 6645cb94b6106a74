"""Where Kafka is, who this service is to it, and which topic its events are in."""

import re
import ssl
from pathlib import Path
from typing import Any, Self
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, SecretStr, model_validator

TLS = {"kafka": False, "kafkas": True, "kafka+ssl": True}
MECHANISMS = ("SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN")
HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?")
REQUEST_TIMEOUT = 10.0  # seconds for one answer of a broker


class EventBusSettings(BaseModel):
    """`event_bus_url`: kafkas:// for TLS; several hosts by comma; `user:password@` for a login, and then
    `?mechanism=` SCRAM-SHA-512 (if not given), SCRAM-SHA-256 or PLAIN.
    `event_bus_ca_file`: PEM file of the authority that signed the broker's certificate, if the system does not know it.
    `event_bus_cert_file`, `event_bus_key_file`: PEM files of our own certificate, for a broker that asks for one.
    `event_bus_topic`: `<service>.events` if not given. Services that share events share a topic.
    `event_bus_partitions`: how many processes can fetch at once. Used if the topic is created.
    `event_bus_idempotent`: lets the broker drop what had to be sent twice. Tansu cannot.
    `event_bus_session`: seconds after which the partitions of a process that fell silent go to others.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    event_bus_url: SecretStr = SecretStr("kafka://127.0.0.1:9092")
    event_bus_ca_file: Path | None = None
    event_bus_cert_file: Path | None = None
    event_bus_key_file: Path | None = None
    event_bus_topic: str | None = Field(default=None, pattern=r"^[A-Za-z0-9._-]{1,249}$")
    event_bus_partitions: PositiveInt = 8
    event_bus_idempotent: bool = True
    event_bus_session: float = Field(default=10.0, ge=1.0)

    @model_validator(mode="after")
    def _connectable(self) -> Self:
        connection_options(self)
        return self


def connection_options(settings: EventBusSettings) -> dict[str, Any]:
    """What every aiokafka client needs to connect. Raise `ValueError` that does not show the URL."""
    try:
        url = urlsplit(settings.event_bus_url.get_secret_value())
        options = _options(url)
    except (ValueError, KeyError):
        raise ValueError(
            "EVENT_BUS_URL must be kafka://host:port or kafkas://host:port, several hosts by comma, with"
            f" user:password@ and ?mechanism={'|'.join(MECHANISMS)} as needed"
        ) from None
    return options | _tls_options(settings, encrypted=TLS[url.scheme])


def _options(url: SplitResult) -> dict[str, Any]:
    login, _, hosts = url.netloc.rpartition("@")
    if url.path.strip("/") or url.fragment or not all(map(_is_host, hosts.split(","))):
        raise ValueError
    options = _login_options(login, url.query) if login or url.query else {}
    protocol = ("SASL_" if options else "") + ("SSL" if TLS[url.scheme] else "PLAINTEXT")
    timeout = int(1000 * REQUEST_TIMEOUT)
    return options | {"bootstrap_servers": hosts, "security_protocol": protocol, "request_timeout_ms": timeout}


def _login_options(login: str, query: str) -> dict[str, Any]:
    user, _, password = login.partition(":")
    given = parse_qs(query, strict_parsing=True) if query else {}
    [mechanism] = given.pop("mechanism", [MECHANISMS[0]])
    if given or mechanism not in MECHANISMS or not (user and password):
        raise ValueError
    return {
        "sasl_mechanism": mechanism,
        "sasl_plain_username": unquote(user),
        "sasl_plain_password": unquote(password),
    }


def _tls_options(settings: EventBusSettings, *, encrypted: bool) -> dict[str, Any]:
    ca, cert, key = settings.event_bus_ca_file, settings.event_bus_cert_file, settings.event_bus_key_file
    if not encrypted:
        if ca or cert or key:
            raise ValueError("EVENT_BUS_CA_FILE, _CERT_FILE and _KEY_FILE need TLS: EVENT_BUS_URL must be kafkas://...")
        return {}
    try:
        context = ssl.create_default_context(cafile=ca)
    except OSError:
        raise ValueError("EVENT_BUS_CA_FILE is no PEM file with certificates that can be read") from None
    if cert or key:
        try:
            context.load_cert_chain(cert or "", key, password="")  # asks nobody for a password
        except (OSError, ValueError):
            raise ValueError("EVENT_BUS_CERT_FILE and _KEY_FILE must be PEM files, and the key not encrypted") from None
    return {"ssl_context": context}


def _is_host(text: str) -> bool:
    match = HOST.fullmatch(text)
    return match is not None and int((match[2] or ":0")[1:]) < 2**16
