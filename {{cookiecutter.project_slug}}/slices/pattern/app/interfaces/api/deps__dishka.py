"""Added to what endpoints ask for."""

from dishka.integrations.fastapi import FromDishka

from app.application.some_thing.handlers import CreateSomeThingHandler, GetSomeThingHandler

CreateSomeThing = FromDishka[CreateSomeThingHandler]
GetSomeThing = FromDishka[GetSomeThingHandler]
