"""What is worth counting, told to whoever counts."""

from typing import Literal, Protocol

Outcome = Literal["handled", "failed", "dead-letter", "duplicate", "skipped"]


class DeliveryMetrics(Protocol):
    """Observes deliveries of events to handlers."""

    def delivered(self, consumer: str, outcome: Outcome) -> None:
        """One attempt ended so. "duplicate" was handled before and not attempted; "skipped" concerns nobody here."""
        ...
