"""What the token use cases answer with."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class AccessToken:
    """`value` is shown once and stored nowhere. `expires_in` is in seconds."""

    value: str = field(repr=False)
    expires_in: int
