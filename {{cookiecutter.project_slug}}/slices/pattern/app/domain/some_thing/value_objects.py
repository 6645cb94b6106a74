"""Values of the some thing aggregate: immutable, equal by content, never invalid."""

from dataclasses import dataclass

from app.domain.some_thing.errors import MAX_TITLE_LENGTH, InvalidTitleError


@dataclass(frozen=True, slots=True)
class Title:
    """What people call it: one line, without space around it."""

    value: str

    def __post_init__(self) -> None:
        value = self.value.strip()
        if not 1 <= len(value) <= MAX_TITLE_LENGTH or not value.isprintable():
            raise InvalidTitleError
        object.__setattr__(self, "value", value)
