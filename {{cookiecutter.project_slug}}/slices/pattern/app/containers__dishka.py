"""Added to the container."""

from dishka import Provider, provide

from app.application.some_thing.event_handlers import ConfirmSomeThing
from app.application.some_thing.handlers import CreateSomeThingHandler, GetSomeThingHandler
from app.application.some_thing.ports import SomeThingReader
from app.infrastructure.db.some_things import SqlSomeThingReader


class Adapters(Provider):
    some_thing_reader = provide(SqlSomeThingReader, provides=SomeThingReader)


class UseCases(Provider):
    create_some_thing = provide(CreateSomeThingHandler)
    get_some_thing = provide(GetSomeThingHandler)
    confirm_some_thing = provide(ConfirmSomeThing)
