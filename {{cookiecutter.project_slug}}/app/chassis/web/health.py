"""For the orchestrator: restart me if not live, send me no traffic if not ready."""

from fastapi import APIRouter, Request, Response, status
from pydantic import BaseModel

from app.chassis.machine import Machine
from app.chassis.readiness import Readiness

router = APIRouter(prefix="/health", tags=["health"])


class Health(BaseModel):
    status: str
    failing: list[str] = []
    warnings: list[str] = []


@router.get("/live")
async def live() -> Health:
    """The process runs. Asks nothing else, so that a database outage does not restart it."""
    return Health(status="ok")


@router.get("/ready", responses={503: {"model": Health}})
async def ready(request: Request, response: Response) -> Health:
    """200 if the database and the bus can be used."""
    machine: Machine = request.app.state.machine
    report = await Readiness(machine.database, machine.bus, machine.consumers).report()
    if report.failing:
        response.status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    return Health(status="unavailable" if report.failing else "ok", failing=report.failing, warnings=report.warnings)
