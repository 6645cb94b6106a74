"""HTTP for the some thing use cases: translate in, call one handler, translate out."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Response, status
from pydantic import BaseModel, ConfigDict, Field

from app.application.some_thing.commands import CreateSomeThingCommand
from app.application.some_thing.queries import GetSomeThingQuery
from app.chassis.web.errors import documented
from app.interfaces.api.deps import CreateSomeThing, GetSomeThing, InjectedRoute

router = APIRouter(prefix="/some-things", tags=["some-things"], route_class=InjectedRoute)


class CreateSomeThingRequest(BaseModel):
    title: str = Field(max_length=100, examples=["First some thing"])


class CreateSomeThingResponse(BaseModel):
    id: UUID


class SomeThingResponse(BaseModel):
    """`confirmed_at` follows by event."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    title: str
    created_at: datetime
    confirmed_at: datetime | None


@router.post("", status_code=status.HTTP_201_CREATED, responses=documented(413, 422))
async def create_some_thing(
    body: CreateSomeThingRequest, response: Response, create: CreateSomeThing
) -> CreateSomeThingResponse:
    new_id = await create(CreateSomeThingCommand(body.title))
    response.headers["location"] = f"/api/v1/some-things/{new_id}"
    return CreateSomeThingResponse(id=new_id)


@router.get("/{some_thing_id}", responses=documented(404, 422))
async def get_some_thing(some_thing_id: UUID, get: GetSomeThing) -> SomeThingResponse:
    return SomeThingResponse.model_validate(await get(GetSomeThingQuery(some_thing_id)))
