"""What a caller may ask the service to do about tokens."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SignInCommand:
    email: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SignOutCommand:
    token: str = field(repr=False)
