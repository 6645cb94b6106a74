"""Paging parameters: read by FastAPI's plain Depends, since they need no port."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query


@dataclass(frozen=True)
class Page:
    """`after` is the `next` of the page before."""

    after: Annotated[UUID | None, Query()] = None
    limit: Annotated[int, Query(ge=1, le=100)] = 20


Paging = Annotated[Page, Depends()]
