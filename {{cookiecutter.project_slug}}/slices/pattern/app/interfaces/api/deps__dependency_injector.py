"""Added to what endpoints ask for."""

from typing import Annotated

from app.application.some_thing.handlers import CreateSomeThingHandler, GetSomeThingHandler


class Provided: ...


CreateSomeThing = Annotated[CreateSomeThingHandler, Provided(by="create_some_thing")]
GetSomeThing = Annotated[GetSomeThingHandler, Provided(by="get_some_thing")]
