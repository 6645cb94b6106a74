"""What a caller may ask the service to do to users."""

from dataclasses import dataclass, field

from app.domain.user.events import Channel


@dataclass(frozen=True, slots=True)
class RegisterUserCommand:
    email: str
    password: str = field(repr=False)
    channel: Channel = "api"
