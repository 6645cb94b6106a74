"""Settings of this service: its own, and those of the machine. Checked once, at start."""

import tomllib
from importlib.resources import files
from urllib.parse import urlsplit

from pydantic import SecretStr, field_validator

from app.chassis.settings import ChassisSettings

SERVICE: dict[str, str] = tomllib.loads(files("app").joinpath("service.toml").read_text("utf-8"))


class Settings(ChassisSettings):
    """Names are the environment's, in capitals: `smtp_url` is `SMTP_URL`."""

    smtp_url: SecretStr | None = None
    email_from: str = "no-reply@example.com"

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
