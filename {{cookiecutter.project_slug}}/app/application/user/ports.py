"""What the user use cases need from outside."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from app.application.user.dto import Credentials, DailySignups, UserView
from app.domain.user.value_objects import Email


@dataclass(frozen=True, slots=True)
class EmailMessage:
    """`key` is the same whenever the same mail is sent again, so that a mailbox can drop the copy."""

    key: str
    to: Email
    subject: str
    body: str


class EmailSender(Protocol):
    async def send(self, message: EmailMessage) -> None:
        """Return once the mail server has accepted the mail; raise if not."""
        ...


class SignupCounter(Protocol):
    """Counts registrations by day (UTC), in the transaction of the unit of work."""

    async def add_one(self, day: date) -> None: ...


class LastSeen(Protocol):
    """Remembers when a user was last seen, in the transaction of the unit of work."""

    async def note(self, user_id: UUID, at: datetime) -> None:
        """An earlier moment than the one known changes nothing, nor does a user who does not exist."""
        ...


class UserReader(Protocol):
    """Reads users as they are shown. Apart from the repository: a view needs no aggregate."""

    async def by_id(self, user_id: UUID) -> UserView | None: ...

    async def page(self, after: UUID | None, limit: int) -> list[UserView]:
        """By id, at most `limit`, those after the id `after`. No offset: pages stay right while users register."""
        ...

    async def credentials(self, email: Email) -> Credentials | None: ...


class SignupReader(Protocol):
    async def daily(self, limit: int) -> list[DailySignups]:
        """The latest `limit` days that have registrations, newest first."""
        ...
