"""Settings of the machine: environment first, then `.env`. Checked once, at start."""

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import Field, PositiveInt, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from app.chassis.broker.bus import EventBusSettings
from app.core.exceptions import StartupError
from app.core.retry import RetryPolicy

Seconds = Annotated[float, Field(gt=0, le=30 * 86_400)]
Days = Annotated[int, Field(ge=1, le=3650)]

DATABASES = ("sqlite+aiosqlite", "postgresql+asyncpg")


class ChassisSettings(EventBusSettings, BaseSettings):
    """Names are the environment's, in capitals: `database_url` is `DATABASE_URL`. Times are seconds."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True, hide_input_in_errors=True)

    database_url: str = "sqlite+aiosqlite:///app.db"
    database_direct_url: str | None = None
    database_pool_size: Annotated[int, Field(ge=2, le=1000)] = 20

    log_format: Literal["console", "json"] = "console"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    max_body_bytes: PositiveInt = 1_000_000

    handler_concurrency: PositiveInt = 20
    handler_first_delay: Seconds = 0.5
    handler_max_delay: Seconds = 3600.0
    handler_give_up_after: Seconds = 86_400.0
    handler_max_attempts: PositiveInt | None = None
    handler_max_crashes: PositiveInt = 3
    handler_timeout: Seconds = 30.0
    process_lease: Annotated[float, Field(ge=1, le=300)] = 10.0
    watchdog: bool = True
    shutdown_grace: Seconds = 15.0
    outbox_poll: Seconds = 1.0
    outbox_retention_days: Days = 30
    inbox_retention_days: Days = 30

    @field_validator("database_url", "database_direct_url")
    @classmethod
    def _known_database(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            url = make_url(value)
        except (ArgumentError, ValueError):
            raise ValueError("is not a database URL") from None
        if url.drivername not in DATABASES:
            raise ValueError(f"must begin with {' or '.join(f'{name}://' for name in DATABASES)}")
        if "@" in (url.host or ""):
            raise ValueError("has an @ too many: write %40 for one in the password")
        if url.database in (None, "", ":memory:"):
            raise ValueError("must name a database; one in memory would lose the outbox")
        return value

    @model_validator(mode="after")
    def _remembers_longer_than_the_broker(self) -> Self:
        if getattr(self, "event_bus_retention", 0.0) >= self.inbox_retention.total_seconds():
            raise ValueError("INBOX_RETENTION_DAYS: must be longer than EVENT_BUS_RETENTION")
        return self

    @property
    def retry(self) -> RetryPolicy:
        return RetryPolicy(
            first_delay=self.handler_first_delay,
            max_delay=self.handler_max_delay,
            give_up_after=self.handler_give_up_after,
            max_attempts=self.handler_max_attempts,
            max_crashes=self.handler_max_crashes,
            timeout=self.handler_timeout,
        )

    @property
    def outbox_retention(self) -> timedelta:
        return timedelta(days=self.outbox_retention_days)

    @property
    def inbox_retention(self) -> timedelta:
        return timedelta(days=self.inbox_retention_days)

    @classmethod
    def load(cls) -> Self:
        """Read the settings; raise `StartupError` that names what is wrong, never the value: it may be secret."""
        try:
            return cls()
        except ValidationError as error:
            problems = (
                ": ".join([*(str(name).upper() for name in e["loc"]), e["msg"].removeprefix("Value error, ")])
                for e in error.errors(include_input=False)
            )
            raise StartupError("; ".join(problems)) from None
