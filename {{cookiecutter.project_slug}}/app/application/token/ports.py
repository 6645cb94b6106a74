"""What the token use cases need from outside."""

from datetime import datetime
from typing import Protocol
from uuid import UUID


class TokenRepository(Protocol):
    """Tokens, known by their hash: whoever reads the store cannot sign in with what is there.

    Each method raises `TokensUnavailableError` if the store is one of its own and does not answer.
    """

    async def add(self, token_hash: str, user_id: UUID, expires_at: datetime) -> None: ...

    async def user_of(self, token_hash: str) -> UUID | None:
        """The user of a token that is neither unknown, nor revoked, nor expired; else None."""
        ...

    async def revoke(self, token_hash: str) -> None:
        """Nothing happens if there is none."""
        ...
