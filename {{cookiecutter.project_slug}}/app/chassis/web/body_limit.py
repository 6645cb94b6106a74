"""Refuses bodies that are too large, before they fill the memory."""

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.chassis.web.errors import problem


class BodyLimitMiddleware:
    """Answers 413 to more than `limit` bytes. (FastAPI's own limit answers in plain text.)"""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "0")
        if declared.isdecimal() and int(declared) > self._limit:
            await problem(413)(scope, receive, send)
            return
        size = 0

        async def receive_within_limit() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > self._limit:  # sent in chunks, without a declared length
                raise HTTPException(413)
            return message

        await self._app(scope, receive_within_limit, send)
