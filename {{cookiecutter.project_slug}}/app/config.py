"""Settings: environment first, then `.env`. Checked once, at start."""

import tomllib
from datetime import timedelta
from importlib.resources import files
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, PositiveInt, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from app.core.exceptions import StartupError
from app.core.retry import RetryPolicy
from app.infrastructure.events.bus import EventBusSettings

SERVICE: dict[str, str] = tomllib.loads(files("app").joinpath("service.toml").read_text("utf-8"))

Seconds = Annotated[float, Field(gt=0, le=86_400)]

DATABASES = ("sqlite+aiosqlite", "postgresql+asyncpg")


class Settings(EventBusSettings, BaseSettings):
    """Names are the environment's, in capitals: `database_url` is `DATABASE_URL`. Times are seconds."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True, hide_input_in_errors=True)

    database_url: str = "sqlite+aiosqlite:///app.db"
    smtp_url: SecretStr | None = None
    email_from: str = "no-reply@example.com"

    log_format: Literal["console", "json"] = "console"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    max_body_bytes: PositiveInt = 1_000_000

    handler_attempts: PositiveInt = 6
    handler_first_delay: Seconds = 0.5
    handler_timeout: Seconds = 30.0
    handler_crashes: PositiveInt = 10
    shutdown_grace: Seconds = 15.0
    outbox_poll: Seconds = 1.0
    outbox_retention_days: Annotated[int, Field(ge=1, le=3650)] = 30

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
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

    @field_validator("smtp_url")
    @classmethod
    def _known_mail_server(cls, value: SecretStr | None) -> SecretStr | None:
        if not value:
            return None
        try:
            url = urlsplit(value.get_secret_value())
            known = url.scheme in ("smtp", "smtps") and bool(url.hostname) and url.port != 0
        except ValueError:
            known = False
        if not known:
            raise ValueError("must be smtp://host or smtps://host, with user:password@ and :port as needed")
        return value

    @property
    def retry(self) -> RetryPolicy:
        return RetryPolicy(
            attempts=self.handler_attempts,
            crashes=self.handler_crashes,
            first_delay=self.handler_first_delay,
            timeout=self.handler_timeout,
        )

    @property
    def retention(self) -> timedelta:
        return timedelta(days=self.outbox_retention_days)

    @classmethod
    def load(cls) -> Self:
        """Read the settings; raise `StartupError` that names what is wrong, never the value: it may be secret."""
        try:
            return cls()
        except ValidationError as error:
            problems = (
                f"{'.'.join(map(str, e['loc'])).upper()}: {e['msg'].removeprefix('Value error, ')}"
                for e in error.errors(include_input=False)
            )
            raise StartupError("; ".join(problems)) from None
