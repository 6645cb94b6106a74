"""Added to the container. `engine`, `uow`, `ids` and `clock` are there already."""
# ruff: noqa: F821

from dependency_injector import containers, providers

from app.application.some_thing.event_handlers import ConfirmSomeThing
from app.application.some_thing.handlers import CreateSomeThingHandler, GetSomeThingHandler
from app.application.some_thing.ports import SomeThingReader
from app.infrastructure.db.some_thing_repository import SqlSomeThingReader


class Container(containers.DeclarativeContainer):
    some_thing_reader = providers.Singleton(SqlSomeThingReader, engine)
    create_some_thing = providers.Factory(CreateSomeThingHandler, uow=uow, ids=ids, clock=clock)
    get_some_thing = providers.Factory(GetSomeThingHandler, reader=some_thing_reader)
    confirm_some_thing = providers.Factory(ConfirmSomeThing, uow=uow, clock=clock)


NAME_OF = {
    SomeThingReader: "some_thing_reader",
    ConfirmSomeThing: "confirm_some_thing",
}
