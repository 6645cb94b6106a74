"""In-memory stand-ins for ports: they keep the port's promises, and nothing else."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from app.application.ports import Clock
from app.application.user.ports import EmailMessage
from app.domain.user.entities import User
from app.domain.user.errors import EmailTakenError, UserNotFoundError
from app.domain.user.value_objects import Email, Password
from tests.fake_transaction import FakeRepository, FakeTable, FakeTransaction

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


class FakeUsers(FakeRepository[User]):
    async def by_id(self, user_id: UUID) -> User:
        user = self._find(lambda user: user.id == user_id)
        if user is None:
            raise UserNotFoundError
        return user

    async def by_email(self, email: Email) -> User | None:
        return self._find(lambda user: user.email == email)

    def _check(self) -> None:
        if len({user.email for user in self.rows.values()}) < len(self.rows):
            raise EmailTakenError


class FakeSignups(FakeTable[date, int]):
    async def add_one(self, day: date) -> None:
        self.rows[day] = self.rows.get(day, 0) + 1


class FakeLastSeen(FakeTable[UUID, datetime]):
    def __init__(self, users: FakeUsers) -> None:
        super().__init__()
        self._users = users

    async def note(self, user_id: UUID, at: datetime) -> None:
        if user_id in self._users.rows:
            self.rows[user_id] = max(at, self.rows.get(user_id, at))


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


class FakeUnitOfWork(FakeTransaction):
    """One contract test holds it and the real one."""

    def __init__(self) -> None:
        super().__init__()
        self.users = self._track(FakeUsers())
        self.signups = self._track(FakeSignups())
        self.last_seen = self._track(FakeLastSeen(self.users))
