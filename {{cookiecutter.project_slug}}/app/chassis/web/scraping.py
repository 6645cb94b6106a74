"""Metrics for Prometheus: `GET /metrics` of the web process and of the worker, each about itself."""

from datetime import UTC, datetime
from math import nan

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, Gauge, Histogram, generate_latest

from app.chassis.inbox.status import InboxStatus
from app.chassis.machine import Machine

router = APIRouter(include_in_schema=False)

REQUESTS = Histogram("http_request_seconds", "Duration of requests.", ["method", "route", "status"])
UNPUBLISHED = Gauge("outbox_unpublished_events", "Events committed but not yet published.")
OLDEST = Gauge("outbox_oldest_unpublished_seconds", "Age of the oldest event not yet published.")
DELIVERIES = Gauge("inbox_deliveries", "Deliveries that are not done.", ["consumer", "state"])
PARKED = Gauge("inbox_parked_lanes", "Lanes that wait for a decision about a dead letter.", ["consumer"])


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    machine: Machine = request.app.state.machine
    try:
        await _read_outbox(machine)
        await _read_inbox(machine)
    except Exception:  # the database is away: the other metrics are needed now more than ever
        for gauge in (UNPUBLISHED, OLDEST):
            gauge.set(nan)
        DELIVERIES.clear()
        PARKED.clear()
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def _read_outbox(machine: Machine) -> None:
    status = await machine.outbox.status()
    UNPUBLISHED.set(status.unpublished)
    OLDEST.set((datetime.now(UTC) - status.oldest).total_seconds() if status.oldest else 0)


async def _read_inbox(machine: Machine) -> None:
    found = {one.consumer: one for one in await InboxStatus(machine.database).by_consumer()}
    for name in {*machine.consumers, *found}:
        one = found.get(name)
        for state in ("waiting", "sleeping", "dead"):
            DELIVERIES.labels(name, state).set(getattr(one, state) if one else 0)
        PARKED.labels(name).set(one.parked if one else 0)
