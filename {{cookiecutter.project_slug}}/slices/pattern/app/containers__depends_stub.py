"""Added to the container."""

from typing import Annotated

from fastapi import Depends

from app.application.ports import Clock, IdGenerator, UnitOfWork
from app.application.some_thing.event_handlers import ConfirmSomeThing
from app.application.some_thing.handlers import CreateSomeThingHandler, GetSomeThingHandler
from app.application.some_thing.ports import SomeThingReader
from app.chassis.sql.database import Database
from app.infrastructure.db.some_things import SqlSomeThingReader
from app.stubs import Stub


async def some_thing_reader(database: Annotated[Database, Depends(Stub(Database))]) -> SomeThingReader:
    return SqlSomeThingReader(database)


SINGLETONS = {SomeThingReader: some_thing_reader}


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
