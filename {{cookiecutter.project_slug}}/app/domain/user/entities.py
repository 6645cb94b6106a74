"""The user aggregate."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

from app.core.aggregate import AggregateRoot
from app.domain.user.events import Channel, UserRegistered, UserSignedIn
from app.domain.user.value_objects import Email


@dataclass(eq=False, kw_only=True)
class User(AggregateRoot):
    """A person who may sign in. Registered once, known by a unique e-mail address."""

    email: Email
    password_hash: str
    registered_at: datetime

    @classmethod
    def register(cls, *, user_id: UUID, email: Email, password_hash: str, channel: Channel, now: datetime) -> Self:
        """A new user, and the event that says so. `now` is timezone-aware."""
        user = cls(id=user_id, email=email, password_hash=password_hash, registered_at=now)
        user.record(UserRegistered(user_id=user_id, email=email.value, channel=channel, occurred_at=now))
        return user

    def sign_in(self, now: datetime) -> None:
        """The user proved who they are; `now` is timezone-aware."""
        self.record(UserSignedIn(user_id=self.id, occurred_at=now))
