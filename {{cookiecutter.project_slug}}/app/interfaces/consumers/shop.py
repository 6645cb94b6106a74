"""What the shop, another service, tells us: an example. It knows our users, and calls them customers."""

import json
from datetime import UTC, datetime
from uuid import UUID

from app.core.events import Event
from app.core.translations import Translation
from app.domain.user.events import UserSeenElsewhere


def order_placed(message: Event) -> UserSeenElsewhere:
    """`{"customer": "<id of a user>", "placed": <ms since 1970>, ...}`: who orders is there."""
    order = json.loads(message.data)
    placed = datetime.fromtimestamp(order["placed"] / 1000, UTC)
    return UserSeenElsewhere(user_id=UUID(order["customer"]), occurred_at=placed)


TRANSLATIONS = (Translation(topic="shop.orders", event=UserSeenElsewhere, translate=order_placed),)
