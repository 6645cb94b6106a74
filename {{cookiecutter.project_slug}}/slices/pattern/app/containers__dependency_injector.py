"""Added to the container. `database`, `uow`, `ids` and `clock` are there already."""
# ruff: noqa: F821

from dependency_injector import containers, providers

from app.application.some_thing.event_handlers import ConfirmSomeThing
from app.application.some_thing.handlers import CreateSomeThingHandler, GetSomeThingHandler
from app.application.some_thing.ports import SomeThingReader
from app.infrastructure.db.some_things import SqlSomeThingReader


class Container(containers.DeclarativeContainer):
    some_thing_reader = providers.Singleton(SqlSomeThingReader, database)
    create_some_thing = providers.ContextLocalSingleton(CreateSomeThingHandler, uow=uow, ids=ids, clock=clock)
    get_some_thing = providers.ContextLocalSingleton(GetSomeThingHandler, reader=some_thing_reader)
    confirm_some_thing = providers.ContextLocalSingleton(ConfirmSomeThing, uow=uow, clock=clock)


PORTS = {SomeThingReader: "some_thing_reader"}
