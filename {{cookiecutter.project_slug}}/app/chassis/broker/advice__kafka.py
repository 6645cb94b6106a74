"""What the operator can do about an error of Kafka."""

import ssl
from contextlib import AbstractContextManager

from aiokafka.errors import (
    GroupAuthorizationFailedError,
    IllegalSaslStateError,
    KafkaConnectionError,
    KafkaError,
    MessageSizeTooLargeError,
    SaslAuthenticationFailed,
    TopicAuthorizationFailedError,
    UnknownError,
    UnsupportedSaslMechanismError,
)

from app.chassis.broker.errors import Advice, explaining

UNREACHABLE = "Kafka does not answer: check EVENT_BUS_URL (hosts and ports), and that it runs"
CLOSED = (
    "Kafka closes the connection: check that it runs, and EVENT_BUS_URL (kafka or kafkas, login);"
    " it may want a certificate of ours (EVENT_BUS_CERT_FILE)"
)
ADVICE: Advice = {
    TopicAuthorizationFailedError: "access is denied: grant DESCRIBE, READ and WRITE on the topic, and CREATE if new",
    GroupAuthorizationFailedError: "access is denied: grant READ on the consumer group",
    SaslAuthenticationFailed: "the login is refused: check user, password and mechanism in EVENT_BUS_URL",
    UnsupportedSaslMechanismError: "the login's mechanism is not known there: check EVENT_BUS_URL",
    IllegalSaslStateError: "no login is expected there, or another kind: check EVENT_BUS_URL",
    ssl.SSLCertVerificationError: "the broker's certificate is not trusted: set EVENT_BUS_CA_FILE",
    ssl.SSLError: "TLS fails: check EVENT_BUS_URL (kafka or kafkas), and whether the broker wants EVENT_BUS_CERT_FILE",
    MessageSizeTooLargeError: "an event is too large for it: raise its max.message.bytes",
    UnknownError: "the broker reports an unknown error: see its log (Tansu needs EVENT_BUS_IDEMPOTENT=false)",
    KafkaConnectionError: CLOSED,
    OSError: UNREACHABLE,
    KafkaError: "the broker reports an error: see its log",
}
REFUSALS = (TopicAuthorizationFailedError, GroupAuthorizationFailedError)


def explained(doing: str) -> AbstractContextManager[None]:
    """Within it, an error of Kafka becomes an `EventBusError` that says what was being done and what may help."""
    return explaining(doing, ADVICE, REFUSALS)
