"""Version 1 of the API."""

from fastapi import APIRouter

from app.interfaces.api.v1 import user_endpoints

router = APIRouter(prefix="/api/v1")
router.include_router(user_endpoints.router)
