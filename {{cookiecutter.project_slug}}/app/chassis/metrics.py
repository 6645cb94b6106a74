"""What Prometheus is told about deliveries."""

from collections.abc import Iterable
from typing import Literal, get_args

from prometheus_client import Counter

Outcome = Literal["handled", "failed", "dead-letter", "duplicate", "skipped"]

NOBODY = "nobody"  # stands for the consumer where an event has none

DELIVERIES = Counter("event_deliveries_total", "Attempts to handle an event.", ["consumer", "outcome"])


def delivered(consumer: str, outcome: Outcome) -> None:
    """Count one attempt by its outcome. "duplicate": another attempt settled it; "skipped": of no interest here."""
    DELIVERIES.labels(consumer, outcome).inc()


def announce(consumers: Iterable[str]) -> None:
    """Make all series exist: an alert on an increase misses the first event of a series that was not there."""
    for consumer in (*consumers, NOBODY):
        for outcome in get_args(Outcome):
            DELIVERIES.labels(consumer, outcome)
