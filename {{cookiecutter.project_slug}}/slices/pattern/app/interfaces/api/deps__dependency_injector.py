"""Added to what endpoints ask for."""

from typing import Annotated

from dependency_injector.wiring import Provide

from app.application.some_thing.handlers import CreateSomeThingHandler, GetSomeThingHandler

CreateSomeThing = Annotated[CreateSomeThingHandler, Provide["create_some_thing"]]
GetSomeThing = Annotated[GetSomeThingHandler, Provide["get_some_thing"]]
