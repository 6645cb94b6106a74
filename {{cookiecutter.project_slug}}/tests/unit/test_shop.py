from datetime import UTC, datetime
from uuid import UUID

import pytest

from app.core.events import FOREIGN, Event
from app.domain.user.events import UserSeenElsewhere
from app.interfaces.consumers.shop import order_placed
from tests.fakes import NOON

ADA = "00000000-0000-0000-0000-000000000007"


def message(data: str) -> Event:
    return Event(
        id=UUID(int=1), type="", version=FOREIGN, source="shop.orders", subject="", time=NOON, data=data.encode()
    )


def test_who_orders_was_there_when_the_order_was_placed() -> None:
    order = f'{{"number": 17, "customer": "{ADA}", "placed": 1777896000500}}'
    assert order_placed(message(order)) == UserSeenElsewhere(
        user_id=UUID(ADA), occurred_at=datetime(2026, 5, 4, 12, 0, 0, 500_000, tzinfo=UTC)
    )


@pytest.mark.parametrize("order", ["", "[]", '{"placed": 0}', f'{{"customer": "{ADA}", "placed": null}}'])
def test_what_is_no_order_is_refused(order: str) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        order_placed(message(order))
