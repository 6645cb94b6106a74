"""HTTP for the token use cases."""

from fastapi import APIRouter, Response, status
from pydantic import BaseModel, Field, SecretStr

from app.application.token.commands import SignInCommand, SignOutCommand
from app.chassis.web.errors import documented
from app.interfaces.api.bearer import BearerToken
from app.interfaces.api.deps import InjectedRoute, SignIn, SignOut

router = APIRouter(prefix="/tokens", tags=["tokens"], route_class=InjectedRoute)


class SignInRequest(BaseModel):
    email: str = Field(max_length=320, examples=["ada@example.com"])
    password: SecretStr = Field(examples=["correct horse battery"])


class TokenResponse(BaseModel):
    """As in OAuth 2.0, RFC 6749 section 5.1. `expires_in` is in seconds."""

    access_token: str
    token_type: str = "bearer"  # noqa: S105 - no password
    expires_in: int


@router.post("", status_code=status.HTTP_201_CREATED, responses=documented(401, 413, 422, 503))
async def sign_in(body: SignInRequest, response: Response, sign_in_user: SignIn) -> TokenResponse:
    """A token for an e-mail address and its password."""
    token = await sign_in_user(SignInCommand(body.email, body.password.get_secret_value()))
    response.headers["cache-control"] = "no-store"
    return TokenResponse(access_token=token.value, expires_in=token.expires_in)


@router.delete("", status_code=status.HTTP_204_NO_CONTENT, responses=documented(401, 503))
async def sign_out(token: BearerToken, sign_out_user: SignOut) -> None:
    """The token is worth nothing from now on."""
    await sign_out_user(SignOutCommand(token))
