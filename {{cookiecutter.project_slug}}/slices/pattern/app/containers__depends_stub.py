"""Added to the container."""

from typing import Annotated, Any

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncEngine

from app.application.ports import Clock, IdGenerator, UnitOfWork
from app.application.some_thing.event_handlers import ConfirmSomeThing
from app.application.some_thing.handlers import CreateSomeThingHandler, GetSomeThingHandler
from app.application.some_thing.ports import SomeThingReader
from app.infrastructure.db.some_thing_repository import SqlSomeThingReader
from app.stubs import Stub


async def create_some_thing(
    uow: Annotated[UnitOfWork, Depends(Stub(UnitOfWork))],
    ids: Annotated[IdGenerator, Depends(Stub(IdGenerator))],
    clock: Annotated[Clock, Depends(Stub(Clock))],
) -> CreateSomeThingHandler:
    return CreateSomeThingHandler(uow, ids, clock)


async def get_some_thing(reader: Annotated[SomeThingReader, Depends(Stub(SomeThingReader))]) -> GetSomeThingHandler:
    return GetSomeThingHandler(reader)


async def confirm_some_thing(
    uow: Annotated[UnitOfWork, Depends(Stub(UnitOfWork))],
    clock: Annotated[Clock, Depends(Stub(Clock))],
) -> ConfirmSomeThing:
    return ConfirmSomeThing(uow, clock)


FACTORIES = {
    CreateSomeThingHandler: create_some_thing,
    GetSomeThingHandler: get_some_thing,
    ConfirmSomeThing: confirm_some_thing,
}


async def open_instances(engine: AsyncEngine) -> dict[type[Any], object]:
    return {SomeThingReader: SqlSomeThingReader(engine)}
