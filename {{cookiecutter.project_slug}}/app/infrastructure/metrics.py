"""Delivery metrics for Prometheus."""

from prometheus_client import Counter

from app.core.metrics import Outcome

DELIVERIES = Counter("event_deliveries_total", "Attempts to handle an event.", ["consumer", "outcome"])


class PrometheusDeliveryMetrics:
    def delivered(self, consumer: str, outcome: Outcome) -> None:
        DELIVERIES.labels(consumer, outcome).inc()
