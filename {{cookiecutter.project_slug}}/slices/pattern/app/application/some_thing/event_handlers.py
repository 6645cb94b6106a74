"""What follows from events of some things: the table at the foot says who reacts."""

from app.application.ports import Clock, UnitOfWork
from app.core.subscriptions import Subscription
from app.domain.some_thing.events import SomeThingCreated


class ConfirmSomeThing:
    """Effect through the unit of work: exactly once. Stands for what your service does next."""

    def __init__(self, uow: UnitOfWork, clock: Clock) -> None:
        self._uow = uow
        self._clock = clock

    async def __call__(self, event: SomeThingCreated) -> None:
        async with self._uow as uow:
            fetched = await uow.some_things.by_id(event.some_thing_id)
            fetched.confirm(self._clock.now())
            await uow.commit()


SUBSCRIPTIONS = (Subscription("confirm-some-thing", SomeThingCreated, ConfirmSomeThing),)
