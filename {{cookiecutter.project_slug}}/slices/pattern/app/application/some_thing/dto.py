"""What the some thing use cases answer with."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class SomeThingView:
    id: UUID
    title: str
    created_at: datetime
    confirmed_at: datetime | None
