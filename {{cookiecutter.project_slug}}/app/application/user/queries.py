"""What a caller may ask the service about users."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class GetUserQuery:
    user_id: UUID


@dataclass(frozen=True, slots=True)
class ListDailySignupsQuery:
    """`limit` is a number of days."""

    limit: int
