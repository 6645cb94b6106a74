"""Added to version 1 of the API."""

from fastapi import APIRouter

from app.interfaces.api.v1 import some_thing_endpoints

router = APIRouter()
router.include_router(some_thing_endpoints.router)
