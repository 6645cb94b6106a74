"""Metrics for Prometheus: `GET /metrics` of the web process and of the worker, each about itself."""

from datetime import UTC, datetime
from math import nan

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, Gauge, Histogram, generate_latest

from app.interfaces.api.deps import InjectedRoute, OutboxPort

router = APIRouter(route_class=InjectedRoute, include_in_schema=False)

REQUESTS = Histogram("http_request_seconds", "Duration of requests.", ["method", "route", "status"])
UNPUBLISHED = Gauge("outbox_unpublished_events", "Events committed but not yet published.")
OLDEST = Gauge("outbox_oldest_unpublished_seconds", "Age of the oldest event not yet published.")


@router.get("/metrics")
async def metrics(outbox: OutboxPort) -> Response:
    try:
        status = await outbox.status()
    except Exception:  # the database is away: the other metrics are needed now more than ever
        UNPUBLISHED.set(nan)
        OLDEST.set(nan)
    else:
        UNPUBLISHED.set(status.unpublished)
        OLDEST.set((datetime.now(UTC) - status.oldest).total_seconds() if status.oldest else 0)
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
