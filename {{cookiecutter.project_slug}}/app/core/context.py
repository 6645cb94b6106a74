"""What follows one piece of work through every layer and into every log line."""

import re
from contextvars import ContextVar

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""Id of the request that caused the work; events carry it on, so handlers log it too."""

_SAFE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")  # it goes into logs, headers and events


def is_safe_id(text: str) -> bool:
    """Whether an id from outside may be taken over."""
    return _SAFE_ID.fullmatch(text) is not None
