"""Where users are kept, as the domain sees it: a collection."""

from typing import Protocol
from uuid import UUID

from app.domain.user.entities import User
from app.domain.user.value_objects import Email


class UserRepository(Protocol):
    """All users. What is added here is stored when the unit of work commits.

    A user that is fetched stays locked until then: so two requests that change the same user wait for
    each other, and its events are stored in the order in which they happened.
    """

    async def by_id(self, user_id: UUID) -> User:
        """Raise `UserNotFoundError`."""
        ...

    async def by_email(self, email: Email) -> User | None: ...

    async def add(self, user: User) -> None:
        """Raise `EmailTakenError` if another user has the address, even one added at the same moment."""
        ...
