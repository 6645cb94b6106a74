"""What surrounds every request: its id, one log line, and an answer even if the code behind it fails."""

import logging
import time
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils.compat import uuid7

from app.chassis.context import is_safe_id, request_id
from app.chassis.sql.engine import is_unavailable
from app.chassis.web.errors import problem
from app.chassis.web.scraping import REQUESTS
from app.core.exceptions import StartupError

logger = logging.getLogger(__name__)

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


class RequestMiddleware:
    """Gives each request an id (or takes a harmless one from `X-Request-ID`) and logs how it went."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        current = given if is_safe_id(given) else str(uuid7())
        request_id.set(current)
        status = 0
        start = time.perf_counter()

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["x-request-id"] = current
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except Exception as error:
            logger.error("request failed", exc_info=error)
            if status:  # the response has started, so it can only be aborted
                raise
            await problem(503 if is_unavailable(error) else 500)(scope, receive, send_with_id)
        finally:
            self._log(scope, status, time.perf_counter() - start)

    def _log(self, scope: Scope, status: int, seconds: float) -> None:
        # Callers can invent methods; each would be a new series.
        method = scope["method"] if scope["method"] in METHODS else "other"
        REQUESTS.labels(method, _pattern(scope), status).observe(seconds)
        details: dict[str, Any] = {
            "method": scope["method"],
            "path": scope["path"],
            "status": status,
            "ms": round(seconds * 1000, 1),
        }
        watched = scope["path"].startswith(("/health/", "/metrics"))  # asked every few seconds, by machines
        logger.log(logging.DEBUG if watched else logging.INFO, "request", extra=details)


def _pattern(scope: Scope) -> str:
    """The path with names for its parameters: a metric for each id would fill the memory."""
    if "route" not in scope:
        return ""
    pattern: str = scope["route"].path  # as its own router has it; what is before that are prefixes
    path = scope["path"].split("/")
    return "/".join(path[: len(path) - pattern.count("/")]) + pattern


class StartupFailureMiddleware:
    """Lets the server print one line, not a traceback, when the service says why it cannot start."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return
        held_back: list[Message] = []

        async def hold_back_failure(message: Message) -> None:
            if message["type"] == "lifespan.startup.failed":
                held_back.append(message)
            else:
                await send(message)

        try:
            await self._app(scope, receive, hold_back_failure)
        except StartupError as error:
            await send({"type": "lifespan.startup.failed", "message": f"cannot start: {error}"})
            raise
        except BaseException:
            for message in held_back:
                await send(message)
            raise
