"""What a caller may ask the service to do to some things."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CreateSomeThingCommand:
    title: str
