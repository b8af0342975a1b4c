"""Wire shapes of sign-in, of who is signed in, and of tokens."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, Field

from app.auth.caller import Caller
from app.auth.models import ApiToken
from app.web import Wire

Line = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]*$")]
"""One line of text: no control characters, so none that PostgreSQL cannot hold."""


class Credentials(Wire):
    """What a person types to sign in. Longer than any real one is refused before hashing."""

    username: Annotated[Line, Field(min_length=1, max_length=64)]
    password: Annotated[str, Field(min_length=1, max_length=1000)]


class Me(BaseModel):
    """Who is signed in: `area` is a province, reporting area or county code."""

    id: UUID
    username: str
    name: str
    role: str
    area: str
    site: str | None
    township: str | None
    organisation: str | None
    department: str | None

    @classmethod
    def of(cls, caller: Caller) -> Self:
        """Return what a caller may know of itself, which is all but its secrets."""
        return cls(
            id=caller.id,
            username=caller.username,
            name=caller.display_name,
            role=caller.role,
            area=caller.area,
            site=caller.site,
            township=caller.township,
            organisation=caller.organisation,
            department=caller.department,
        )


class NewToken(Wire):
    """A token asked for."""

    name: Annotated[Line, Field(min_length=1, max_length=100)]
    expires_in_days: Annotated[int, Field(ge=1, le=366)]


class TokenMade(BaseModel):
    """A token as it is shown once."""

    id: UUID
    name: str
    token: str
    expires_at: datetime


class TokenShown(BaseModel):
    """A token as its maker sees it later."""

    id: UUID
    name: str
    organisation: str | None
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None

    @classmethod
    def of(cls, token: ApiToken) -> Self:
        """Return a token without its secret, of which only a hash is known."""
        return cls.model_validate(token, from_attributes=True)


class TokenPage(BaseModel):
    """A page of tokens, the newest first."""

    items: list[TokenShown]
    next_cursor: str | None
