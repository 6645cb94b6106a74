"""The one list of all events and of all who react to them. A new slice adds its line to both."""

from app.application.user import event_handlers as user_event_handlers
from app.core.events import DomainEvent
from app.core.subscriptions import Subscription
from app.domain.user.events import UserRegistered, UserSignedIn

EVENTS: tuple[type[DomainEvent], ...] = (UserRegistered, UserSignedIn)

SUBSCRIPTIONS: tuple[Subscription, ...] = (*user_event_handlers.SUBSCRIPTIONS,)
