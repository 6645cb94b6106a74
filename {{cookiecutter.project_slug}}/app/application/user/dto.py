"""What the user use cases answer with. Nothing here may hold a secret."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class UserView:
    id: UUID
    email: str
    registered_at: datetime


@dataclass(frozen=True, slots=True)
class DailySignups:
    """Registrations on one day, UTC."""

    day: date
    count: int
