"""For the orchestrator: restart me if not live, send me no traffic if not ready."""

from fastapi import APIRouter, Response, status
from pydantic import BaseModel

from app.interfaces.api.deps import InjectedRoute, Readiness

router = APIRouter(prefix="/health", tags=["health"], route_class=InjectedRoute)


class Health(BaseModel):
    status: str
    failing: list[str] = []


@router.get("/live")
async def live() -> Health:
    """The process runs. Asks nothing else, so that a database outage does not restart it."""
    return Health(status="ok")


@router.get("/ready", responses={503: {"model": Health}})
async def ready(response: Response, readiness: Readiness) -> Health:
    """What the process needs answers too."""
    if failing := await readiness.failures():
        response.status_code = status.HTTP_503_SERVICE_UNAVAILABLE
        return Health(status="unavailable", failing=failing)
    return Health(status="ok")
