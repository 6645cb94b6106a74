"""What can happen to a user. Primitive fields only: an event outlives the classes of the day."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from app.core.events import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRegistered(DomainEvent):
    """Somebody registered; the address is as yet unproven."""

    name: ClassVar[str] = "user.registered"

    user_id: UUID
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UserSignedIn(DomainEvent):
    """Somebody proved to be this user."""

    name: ClassVar[str] = "user.signed-in"

    user_id: UUID
