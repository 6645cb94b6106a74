"""What follows one piece of work through every layer and into every log line."""

from contextvars import ContextVar

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""Id of the request that caused the work; events carry it on, so handlers log it too."""
