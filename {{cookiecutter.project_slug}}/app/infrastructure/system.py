"""The machine's clock, ids and password hashing."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

from pwdlib import PasswordHash
from uuid_utils.compat import uuid7

from app.domain.user.errors import MAX_PASSWORD_LENGTH
from app.domain.user.value_objects import Password


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class Uuid7Generator:
    """RFC 9562 version 7: begins with the time, so new rows land at the end of an index."""

    def new_id(self) -> UUID:
        return uuid7()


class Argon2PasswordHasher:
    """Argon2id with the library's recommended cost. Runs in a thread: it takes tens of milliseconds of CPU."""

    def __init__(self) -> None:
        self._hash = PasswordHash.recommended()
        self._decoy = self._hash.hash("nobody's password")

    async def hash(self, password: Password) -> str:
        return await asyncio.to_thread(self._hash.hash, password.value)

    async def verify(self, password: str, password_hash: str | None) -> bool:
        typed = password[:MAX_PASSWORD_LENGTH].encode(errors="replace")
        matches = await asyncio.to_thread(self._hash.verify, typed, password_hash or self._decoy)
        return password_hash is not None and matches and len(password) <= MAX_PASSWORD_LENGTH
