"""Added to what endpoints ask for."""

from typing import Annotated

from fastapi import Depends

from app.application.some_thing.handlers import CreateSomeThingHandler, GetSomeThingHandler
from app.stubs import Stub

CreateSomeThing = Annotated[CreateSomeThingHandler, Depends(Stub(CreateSomeThingHandler))]
GetSomeThing = Annotated[GetSomeThingHandler, Depends(Stub(GetSomeThingHandler))]
