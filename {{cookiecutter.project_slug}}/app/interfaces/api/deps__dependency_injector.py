"""What endpoints ask for, by name; dependency-injector delivers it."""

import inspect
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from dependency_injector.wiring import Provide
from fastapi import Request
from fastapi.routing import APIRoute

from app.application.token.handlers import GetUserByTokenHandler, SignInHandler, SignOutHandler
from app.application.user.handlers import GetUserHandler, ListDailySignupsHandler, ListUsersHandler, RegisterUserHandler


class InjectedRoute(APIRoute):
    """Fills the parameters marked `Provide["name"]` from the container of the app it serves, all in one scope.

    The library's own wiring would bind the endpoints once for the whole process, so two apps would share a container;
    and its `Depends(Provide[...])` makes FastAPI call the marker in a thread on every request.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **kwargs: Any) -> None:
        super().__init__(path, _inject(endpoint), **kwargs)


def _inject(endpoint: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    signature = inspect.signature(endpoint)
    injected = {name: provider for name, p in signature.parameters.items() if (provider := _provider_for(p))}
    if not injected:
        return endpoint

    async def call(request_: Request, **arguments: Any) -> Any:
        scope = request_.app.state.scopes.make_scope()
        arguments.update({name: scope.provide(provider) for name, provider in injected.items()})
        return await endpoint(**arguments)

    request = inspect.Parameter("request_", inspect.Parameter.KEYWORD_ONLY, annotation=Request)
    visible = [p for name, p in signature.parameters.items() if name not in injected]
    call.__signature__ = signature.replace(parameters=[*visible, request])  # type: ignore[attr-defined]
    call.__name__, call.__doc__ = endpoint.__name__, endpoint.__doc__
    call.injected = injected  # type: ignore[attr-defined]
    return call


def _provider_for(parameter: inspect.Parameter) -> str | None:
    """The name in the parameter's marker."""
    marks = getattr(parameter.annotation, "__metadata__", ())
    return next((mark.provider for mark in marks if getattr(mark, "__IS_MARKER__", False) is True), None)


RegisterUser = Annotated[RegisterUserHandler, Provide["register_user"]]
GetUser = Annotated[GetUserHandler, Provide["get_user"]]
ListUsers = Annotated[ListUsersHandler, Provide["list_users"]]
ListDailySignups = Annotated[ListDailySignupsHandler, Provide["list_daily_signups"]]
SignIn = Annotated[SignInHandler, Provide["sign_in"]]
SignOut = Annotated[SignOutHandler, Provide["sign_out"]]
GetUserByToken = Annotated[GetUserByTokenHandler, Provide["get_user_by_token"]]
