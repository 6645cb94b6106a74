"""The some thing aggregate."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

from app.core.aggregate import AggregateRoot
from app.domain.some_thing.events import SomeThingCreated
from app.domain.some_thing.value_objects import Title


@dataclass(eq=False, kw_only=True)
class SomeThing(AggregateRoot):
    """Created once, and confirmed soon after."""

    title: Title
    created_at: datetime
    confirmed_at: datetime | None = None

    @classmethod
    def create(cls, *, some_thing_id: UUID, title: Title, now: datetime) -> Self:
        """A new one, and the event that says so. `now` is timezone-aware."""
        some_thing = cls(id=some_thing_id, title=title, created_at=now)
        some_thing.record(SomeThingCreated(some_thing_id=some_thing_id, title=title.value, occurred_at=now))
        return some_thing

    def confirm(self, now: datetime) -> None:
        """The first confirmation counts; `now` is timezone-aware."""
        if self.confirmed_at is None:
            self.confirmed_at = now
