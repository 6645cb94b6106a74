"""What endpoints ask for, by name; dependency-injector delivers it."""

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Request
from fastapi.routing import APIRoute

from app.application.ports import ReadinessCheck
from app.application.token.handlers import GetUserByTokenHandler, SignInHandler, SignOutHandler
from app.application.user.handlers import GetUserHandler, ListDailySignupsHandler, ListUsersHandler, RegisterUserHandler
from app.core.events import Outbox


@dataclass(frozen=True)
class Provided:
    """Marks a parameter that the container's provider of this name fills."""

    by: str


class InjectedRoute(APIRoute):
    """Fills the `Provided` parameters of its endpoint from the container of the app it serves.

    The usual wiring binds endpoints once for the whole process, so two apps would share a container;
    and the usual `Depends(Provide[...])` makes FastAPI call the marker in a thread on every request.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **kwargs: Any) -> None:
        super().__init__(path, _inject(endpoint), **kwargs)


def _inject(endpoint: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    signature = inspect.signature(endpoint)
    injected = {name: mark.by for name, p in signature.parameters.items() if (mark := _mark(p))}
    if not injected:
        return endpoint

    async def call(request_: Request, **arguments: Any) -> Any:
        container = request_.app.state.container
        arguments.update({name: getattr(container, provider)() for name, provider in injected.items()})
        return await endpoint(**arguments)

    request = inspect.Parameter("request_", inspect.Parameter.KEYWORD_ONLY, annotation=Request)
    visible = [p for name, p in signature.parameters.items() if name not in injected]
    call.__signature__ = signature.replace(parameters=[*visible, request])  # type: ignore[attr-defined]
    call.__name__, call.__doc__ = endpoint.__name__, endpoint.__doc__
    call.injected = injected  # type: ignore[attr-defined]
    return call


def _mark(parameter: inspect.Parameter) -> Provided | None:
    marks = getattr(parameter.annotation, "__metadata__", ())
    return next((mark for mark in marks if isinstance(mark, Provided)), None)


RegisterUser = Annotated[RegisterUserHandler, Provided(by="register_user")]
GetUser = Annotated[GetUserHandler, Provided(by="get_user")]
ListUsers = Annotated[ListUsersHandler, Provided(by="list_users")]
ListDailySignups = Annotated[ListDailySignupsHandler, Provided(by="list_daily_signups")]
SignIn = Annotated[SignInHandler, Provided(by="sign_in")]
SignOut = Annotated[SignOutHandler, Provided(by="sign_out")]
GetUserByToken = Annotated[GetUserByTokenHandler, Provided(by="get_user_by_token")]
Readiness = Annotated[ReadinessCheck, Provided(by="readiness")]
OutboxPort = Annotated[Outbox, Provided(by="outbox")]
