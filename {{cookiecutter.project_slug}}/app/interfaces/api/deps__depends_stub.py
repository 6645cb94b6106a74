"""What endpoints ask for, by name; FastAPI's own Depends delivers it."""

from typing import Annotated

from fastapi import Depends
from fastapi.routing import APIRoute

from app.application.token.handlers import GetUserByTokenHandler, SignInHandler, SignOutHandler
from app.application.user.handlers import GetUserHandler, ListDailySignupsHandler, ListUsersHandler, RegisterUserHandler
from app.stubs import Stub

InjectedRoute = APIRoute

RegisterUser = Annotated[RegisterUserHandler, Depends(Stub(RegisterUserHandler))]
GetUser = Annotated[GetUserHandler, Depends(Stub(GetUserHandler))]
ListUsers = Annotated[ListUsersHandler, Depends(Stub(ListUsersHandler))]
ListDailySignups = Annotated[ListDailySignupsHandler, Depends(Stub(ListDailySignupsHandler))]
SignIn = Annotated[SignInHandler, Depends(Stub(SignInHandler))]
SignOut = Annotated[SignOutHandler, Depends(Stub(SignOutHandler))]
GetUserByToken = Annotated[GetUserByTokenHandler, Depends(Stub(GetUserByTokenHandler))]
