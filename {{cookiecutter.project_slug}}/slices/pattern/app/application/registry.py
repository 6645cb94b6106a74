"""Added to the registry."""

from app.application.some_thing import event_handlers as some_thing_event_handlers
from app.domain.some_thing import events as some_thing_events

EVENTS = (some_thing_events.SomeThingCreated,)

SUBSCRIPTIONS = (*some_thing_event_handlers.SUBSCRIPTIONS,)
