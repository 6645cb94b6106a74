"""Version 1 of the API."""

from fastapi import APIRouter

from app.interfaces.api.v1 import token_endpoints, user_endpoints

router = APIRouter(prefix="/api/v1")
router.include_router(user_endpoints.router)
router.include_router(token_endpoints.router)
