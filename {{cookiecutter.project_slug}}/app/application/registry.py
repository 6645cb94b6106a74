"""The one list of all events, of their older versions, and of all who react to them. A new slice adds its lines."""

from collections.abc import Mapping

from app.application.user import event_handlers as user_event_handlers
from app.core.events import DomainEvent, Upcaster
from app.core.subscriptions import Subscription
from app.domain.user import events as user_events

EVENTS: tuple[type[DomainEvent], ...] = (
    user_events.UserRegistered,
    user_events.UserSignedIn,
    user_events.UserSeenElsewhere,
)

UPCASTERS: Mapping[tuple[str, int], Upcaster] = {**user_events.UPCASTERS}

SUBSCRIPTIONS: tuple[Subscription, ...] = (*user_event_handlers.SUBSCRIPTIONS,)
