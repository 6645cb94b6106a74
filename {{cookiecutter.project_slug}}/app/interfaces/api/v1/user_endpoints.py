"""HTTP for the user use cases: translate in, call one handler, translate out."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response, status
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from app.application.token.queries import GetUserByTokenQuery
from app.application.user.commands import RegisterUserCommand
from app.application.user.queries import GetUserQuery, ListDailySignupsQuery, ListUsersQuery
from app.chassis.web.errors import documented
from app.chassis.web.paging import Paging
from app.interfaces.api.bearer import BearerToken
from app.interfaces.api.deps import GetUser, GetUserByToken, InjectedRoute, ListDailySignups, ListUsers, RegisterUser

router = APIRouter(tags=["users"], route_class=InjectedRoute)


class RegisterUserRequest(BaseModel):
    email: str = Field(max_length=320, examples=["ada@example.com"])
    password: SecretStr = Field(examples=["correct horse battery"])


class RegisterUserResponse(BaseModel):
    id: UUID


class UserResponse(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    email: str
    registered_at: datetime
    last_seen_at: datetime | None


class UsersResponse(BaseModel):
    """`next` is the `after` of the next page; null on the last one."""

    model_config = ConfigDict(from_attributes=True)

    items: list[UserResponse]
    next: UUID | None


class DailySignupsResponse(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    day: date
    count: int


class SignupsResponse(BaseModel):
    items: list[DailySignupsResponse]


@router.post("/users", status_code=status.HTTP_201_CREATED, responses=documented(409, 413, 422))
async def register_user(body: RegisterUserRequest, response: Response, register: RegisterUser) -> RegisterUserResponse:
    """Register a user. The welcome mail and the signup count follow by event."""
    user_id = await register(RegisterUserCommand(body.email, body.password.get_secret_value()))
    response.headers["location"] = f"/api/v1/users/{user_id}"
    return RegisterUserResponse(id=user_id)


@router.get("/users", responses=documented(401, 422, 503))
async def list_users(token: BearerToken, page: Paging, get: GetUserByToken, list_page: ListUsers) -> UsersResponse:
    """All users, in the order in which they registered; for whoever has signed in."""
    await get(GetUserByTokenQuery(token))
    return UsersResponse.model_validate(await list_page(ListUsersQuery(page.after, page.limit)))


@router.get("/users/me", responses=documented(401, 503))
async def get_me(token: BearerToken, get: GetUserByToken) -> UserResponse:
    """Whoever the token belongs to."""
    return UserResponse.model_validate(await get(GetUserByTokenQuery(token)))


@router.get("/users/{user_id}", responses=documented(404, 422))
async def get_user(user_id: UUID, get: GetUser) -> UserResponse:
    return UserResponse.model_validate(await get(GetUserQuery(user_id)))


@router.get("/signups", responses=documented(422))
async def list_daily_signups(
    list_signups: ListDailySignups, limit: Annotated[int, Query(ge=1, le=366)] = 30
) -> SignupsResponse:
    """Registrations by day (UTC), the latest `limit` days that have any."""
    days = await list_signups(ListDailySignupsQuery(limit))
    return SignupsResponse(items=[DailySignupsResponse.model_validate(day) for day in days])
