"""What can happen to some things.

Primitive fields only: an event outlives the classes of the day.
"""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from app.core.events import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class SomeThingCreated(DomainEvent):
    """There is a new one."""

    name: ClassVar[str] = "some-thing.created"
    version: ClassVar[int] = 1

    some_thing_id: UUID
    title: str
