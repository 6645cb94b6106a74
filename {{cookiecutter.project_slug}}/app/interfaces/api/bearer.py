"""The bearer token of a request: read by FastAPI's plain Depends, since it needs no port."""

from typing import Annotated

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from app.application.token.errors import InvalidTokenError

_scheme = HTTPBearer(auto_error=False)


async def bearer_token(credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_scheme)]) -> str:
    if credentials is None:
        raise InvalidTokenError
    return credentials.credentials


BearerToken = Annotated[str, Depends(bearer_token)]
