"""What the user use cases answer with. Views hold no secret."""

from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class UserView:
    id: UUID
    email: str
    registered_at: datetime
    last_seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class UserPage:
    """Users in the order of their ids. `next` is what to ask for `after`, None on the last page."""

    items: list[UserView]
    next: UUID | None


@dataclass(frozen=True, slots=True)
class Credentials:
    """What it takes to check a password. Never leaves the application."""

    user_id: UUID
    password_hash: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class DailySignups:
    """Registrations on one day, UTC."""

    day: date
    count: int
