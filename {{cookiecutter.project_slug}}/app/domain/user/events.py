"""What can happen to a user. Primitive fields only: an event outlives the classes of the day."""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal
from uuid import UUID

from app.core.events import DomainEvent

Channel = Literal["api", "cli", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRegistered(DomainEvent):
    """Somebody registered; the address is as yet unproven.

    Version 2 tells by which door (`channel`); version 1 did not know.
    """

    name: ClassVar[str] = "user.registered"
    version: ClassVar[int] = 2

    user_id: UUID
    email: str
    channel: Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class UserSignedIn(DomainEvent):
    """Somebody proved to be this user."""

    name: ClassVar[str] = "user.signed-in"

    user_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class UserSeenElsewhere(DomainEvent):
    """The user did something in another service, which told us."""

    name: ClassVar[str] = "user.seen-elsewhere"

    user_id: UUID


def registered_v1_to_v2(payload: dict[str, Any]) -> dict[str, Any]:
    return {**payload, "channel": "unknown"}


UPCASTERS = {("user.registered", 1): registered_v1_to_v2}
"""By name and version: makes the payload of the next version. Stays as long as old events may turn up, in the
outbox, on the bus or among the dead letters."""
