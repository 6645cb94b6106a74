"""What the domain needs done but is no part of one aggregate."""

from typing import Protocol

from app.domain.user.value_objects import Password


class PasswordHasher(Protocol):
    """Makes a hash that is slow to guess; the algorithm and its salt are part of the hash."""

    async def hash(self, password: Password) -> str: ...

    async def verify(self, password: str, password_hash: str | None) -> bool:
        """True if the hash was made of this password. Without a hash it is False, and takes as long."""
        ...
