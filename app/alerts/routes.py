"""`/api/v1/alerts`."""

from fastapi import APIRouter

router = APIRouter(prefix="/api/v1", tags=["alerts"])
