"""In-memory stand-ins for ports: they keep the port's promises, and nothing else."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from types import TracebackType
from typing import Self
from uuid import UUID

from app.application.ports import Clock
from app.application.user.ports import EmailMessage
from app.core.aggregate import AggregateRoot
from app.core.events import DomainEvent
from app.domain.user.entities import User
from app.domain.user.repositories import EmailTakenError, UserNotFoundError
from app.domain.user.value_objects import Email, Password

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


class FixedClock:
    def now(self) -> datetime:
        return NOON


class MovableClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self._now = NOON

    def now(self) -> datetime:
        return self._now

    def move(self, by: timedelta) -> None:
        self._now += by


class CountingIds:
    """1, 2, 3, ... as UUIDs."""

    def __init__(self) -> None:
        self._last = 0

    def new_id(self) -> UUID:
        self._last += 1
        return UUID(int=self._last)


class ReversingHasher:
    """Quick, and never the password itself."""

    async def hash(self, password: Password) -> str:
        return f"reversed:{password.value[::-1]}"

    async def verify(self, password: str, password_hash: str | None) -> bool:
        return password_hash == f"reversed:{password[::-1]}"


class MailBox:
    """Collects mails; fails as often as it is told to, before it takes one."""

    def __init__(self, failures: int = 0) -> None:
        self.mails: list[EmailMessage] = []
        self.attempts = 0
        self._failures = failures

    async def send(self, message: EmailMessage) -> None:
        self.attempts += 1
        if self.attempts <= self._failures:
            raise ConnectionError("mail server is away: secret-detail")
        self.mails.append(message)


class FakeUsers:
    """`track` tells the unit of work which aggregates to ask for events, as in the real repository."""

    def __init__(self, track: Callable[[AggregateRoot], None]) -> None:
        self.stored: list[User] = []
        self._track = track

    async def by_id(self, user_id: UUID) -> User:
        user = next((user for user in self.stored if user.id == user_id), None)
        if user is None:
            raise UserNotFoundError
        self._track(user)
        return user

    async def by_email(self, email: Email) -> User | None:
        user = next((user for user in self.stored if user.email == email), None)
        if user is not None:
            self._track(user)
        return user

    async def add(self, user: User) -> None:
        if await self.by_email(user.email):
            raise EmailTakenError
        self.stored.append(user)
        self._track(user)


class FakeSignups:
    def __init__(self) -> None:
        self.counts: dict[date, int] = {}

    async def add_one(self, day: date) -> None:
        self.counts[day] = self.counts.get(day, 0) + 1


class MemoryTokens:
    """The token repository in memory."""

    def __init__(self, clock: Clock) -> None:
        self.stored: dict[str, tuple[UUID, datetime]] = {}
        self._clock = clock

    async def add(self, token_hash: str, user_id: UUID, expires_at: datetime) -> None:
        self.stored[token_hash] = (user_id, expires_at)

    async def user_of(self, token_hash: str) -> UUID | None:
        user_id, expires_at = self.stored.get(token_hash, (None, NOON))
        return user_id if expires_at > self._clock.now() else None

    async def revoke(self, token_hash: str) -> None:
        self.stored.pop(token_hash, None)


class FakeLastSeen:
    def __init__(self) -> None:
        self.moments: dict[UUID, datetime] = {}

    async def note(self, user_id: UUID, at: datetime) -> None:
        self.moments[user_id] = max(at, self.moments.get(user_id, at))


class FakeUnitOfWork:
    """Keeps what was committed; `events` are those the outbox would have."""

    def __init__(self) -> None:
        self._aggregates: list[AggregateRoot] = []
        self.events: list[DomainEvent] = []
        self.commits = 0
        self.users = FakeUsers(self._aggregates.append)
        self.signups = FakeSignups()
        self.last_seen = FakeLastSeen()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None: ...

    async def commit(self) -> None:
        if len({user.email for user in self.users.stored}) < len(self.users.stored):
            raise EmailTakenError  # somebody was given an address that another one has
        self.commits += 1
        for aggregate in self._aggregates:
            self.events.extend(aggregate.pull_events())
