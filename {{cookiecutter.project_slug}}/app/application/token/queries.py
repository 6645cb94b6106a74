"""What a caller may ask by way of a token."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class GetUserByTokenQuery:
    token: str = field(repr=False)
