"""What a caller may ask the service about users."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class GetUserQuery:
    user_id: UUID


@dataclass(frozen=True, slots=True)
class ListUsersQuery:
    """The users after the one with id `after`, or from the first; at most `limit` of them."""

    after: UUID | None
    limit: int


@dataclass(frozen=True, slots=True)
class ListDailySignupsQuery:
    """`limit` is a number of days."""

    limit: int
