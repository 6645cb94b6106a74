"""Where Kafka is, who this service is to it, and which topic its events are in."""

import re
import ssl
from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt, SecretStr, field_validator

TLS = {"kafka": False, "kafkas": True, "kafka+ssl": True}
MECHANISMS = ("SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN")
HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?")
REQUEST_TIMEOUT = 10.0  # seconds for one answer of a broker


class EventBusSettings(BaseModel):
    """Times are seconds.

    `event_bus_url`: kafkas:// for TLS; several hosts by comma; `user:password@` for a login, and then
    `?mechanism=` SCRAM-SHA-512 (if not given), SCRAM-SHA-256 or PLAIN.
    `event_bus_topic`: `<service>.events` if not given. Services that share events share a topic.
    `event_bus_partitions`: how many events are handled at once, over all workers. Used if the topic is created.
    `event_bus_idempotent`: lets the broker drop what had to be sent twice. Tansu cannot.
    `event_bus_session`: a worker that is not heard of for so long is taken for dead.
    `event_bus_drain`: a worker that joins or leaves makes the others pause; so long may events in hand take then.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    event_bus_url: SecretStr = SecretStr("kafka://127.0.0.1:9092")
    event_bus_topic: str | None = Field(default=None, pattern=r"^[A-Za-z0-9._-]{1,249}$")
    event_bus_partitions: PositiveInt = 8
    event_bus_idempotent: bool = True
    event_bus_session: float = Field(default=10.0, ge=1.0)
    event_bus_drain: PositiveFloat = 30.0

    @field_validator("event_bus_url")
    @classmethod
    def _well_formed(cls, value: SecretStr) -> SecretStr:
        connection_options(value.get_secret_value())
        return value


def connection_options(url: str) -> dict[str, Any]:
    """What every aiokafka client needs to connect. Raise `ValueError` that does not show the URL."""
    try:
        return _options(urlsplit(url))
    except (ValueError, KeyError):
        raise ValueError(
            "must be kafka://host:port or kafkas://host:port, several hosts by comma, with user:password@"
            f" and ?mechanism={'|'.join(MECHANISMS)} as needed"
        ) from None


def _options(url: SplitResult) -> dict[str, Any]:
    login, _, hosts = url.netloc.rpartition("@")
    if url.path.strip("/") or url.fragment or not all(map(_is_host, hosts.split(","))):
        raise ValueError
    tls = TLS[url.scheme]
    protocol = "SSL" if tls else "PLAINTEXT"
    options: dict[str, Any] = {"ssl_context": ssl.create_default_context()} if tls else {}
    if login or url.query:
        options |= _login_options(login, url.query)
        protocol = f"SASL_{protocol}"
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


def _is_host(text: str) -> bool:
    match = HOST.fullmatch(text)
    return match is not None and int((match[2] or ":0")[1:]) < 2**16
