"""What a caller may ask the service about some things."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class GetSomeThingQuery:
    some_thing_id: UUID
