"""What endpoints ask for, by name; dishka delivers it."""

from collections.abc import Callable, Coroutine
from typing import Any

from dishka.integrations.fastapi import DishkaRoute, FromDishka
from starlette.requests import Request
from starlette.responses import Response

from app.application.token.handlers import GetUserByTokenHandler, SignInHandler, SignOutHandler
from app.application.user.handlers import GetUserHandler, ListDailySignupsHandler, ListUsersHandler, RegisterUserHandler


class InjectedRoute(DishkaRoute):
    """Opens a dishka scope for each request of an injected endpoint.

    dishka's own middleware does the same for every request, but has to be added before the
    container exists.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_in_scope(request: Request) -> Response:
            async with request.app.state.dishka_container({Request: request}) as scope:
                request.state.dishka_container = scope
                return await handle(request)

        return handle_in_scope


RegisterUser = FromDishka[RegisterUserHandler]
GetUser = FromDishka[GetUserHandler]
ListUsers = FromDishka[ListUsersHandler]
ListDailySignups = FromDishka[ListDailySignupsHandler]
SignIn = FromDishka[SignInHandler]
SignOut = FromDishka[SignOutHandler]
GetUserByToken = FromDishka[GetUserByTokenHandler]
