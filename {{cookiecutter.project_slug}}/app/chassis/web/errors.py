"""Every error leaves as `application/problem+json` (RFC 9457), and none shows the text of an exception."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from app.chassis.context import request_id
from app.core.exceptions import (
    ConflictError,
    DomainError,
    InvalidValueError,
    NotFoundError,
    UnauthorizedError,
    UnavailableError,
)

MEDIA_TYPE = "application/problem+json"

STATUS_OF: dict[type[DomainError], HTTPStatus] = {
    NotFoundError: HTTPStatus.NOT_FOUND,
    ConflictError: HTTPStatus.CONFLICT,
    UnauthorizedError: HTTPStatus.UNAUTHORIZED,
    InvalidValueError: HTTPStatus.UNPROCESSABLE_ENTITY,
    UnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
}


class Problem(BaseModel):
    """`type` is for programs, `detail` for people; `errors` lists the fields of an invalid request."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str | None = None
    request_id: str | None = None
    errors: list[dict[str, str]] | None = None


def problem(status: int, **members: Any) -> JSONResponse:
    """The answer to a request that failed; members that are None are left out."""
    body = Problem(title=HTTPStatus(status).phrase, status=int(status), request_id=request_id.get(), **members)
    return JSONResponse(body.model_dump(exclude_none=True), int(status), media_type=MEDIA_TYPE)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For `responses=` of an endpoint: what OpenAPI says about these errors."""
    content = {MEDIA_TYPE: {"schema": Problem.model_json_schema()}}
    return {status: {"description": HTTPStatus(status).phrase, "content": content} for status in statuses}


def install_errors(app: FastAPI) -> None:
    app.add_exception_handler(DomainError, _domain_error)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(HTTPException, _http_error)


async def _domain_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, DomainError)
    status = next((s for kind, s in STATUS_OF.items() if isinstance(error, kind)), HTTPStatus.BAD_REQUEST)
    response = problem(status, type=f"urn:problem:{error.code}", detail=error.message)
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers["www-authenticate"] = "Bearer"
    return response


async def _invalid_request(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    # Only place and message: the rejected input may be a password.
    errors = [{"at": ".".join(map(str, e["loc"])), "message": e["msg"]} for e in error.errors()]
    return problem(422, type="urn:problem:invalid-request", detail="The request is not valid.", errors=errors)


async def _http_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    response = problem(error.status_code, detail=error.detail)
    response.headers.update(error.headers or {})
    return response
