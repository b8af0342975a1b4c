"""A form of one row that somebody declares: shown, sent once however often, and shown again where it does not fit.

Its page says what it is about (DeclaredForm); recording, signing in on the way and putting a refusal at
its fields are the same for all.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from app.auth.caller import Caller
from app.auth.kept_form import ask_to_sign_in, fields_of
from app.auth.permissions import require
from app.db import Database, ReadSession
from app.error_handlers import status_of
from app.errors import DomainError
from app.events.as_typed import Blank, Filled, typed
from app.events.declare_once import declare_once
from app.events.errors import EventIdReused
from app.events.told import not_recorded
from app.ids import SYSTEM, uuid7
from app.templating import render

UNFIT = 422
Fetch = Callable[[ReadSession, Blank], Awaitable[Blank]]


@dataclass(frozen=True)
class DeclaredForm:
    """What a page declares."""

    subject: str
    template: str
    fill: Callable[[Blank], Filled]
    """Returns the form as one row in `body`; `errors` says at which field it does not fit."""
    fields: dict[str, str]
    """The field of a part of the row, where it has another name."""
    choices: Callable[[ReadSession, Caller], Awaitable[dict[str, Any]]]
    """What the template offers to choose from."""
    done: Callable[[Blank], str]
    """The address to go to once it is declared."""
    fetch: Fetch | None = None
    """Fills the form with what holds already, where its button `fetch` asks for it."""

    @property
    def right(self) -> str:
        """What one must be allowed."""
        return f"declare.{self.subject}"

    async def show(
        self, request: Request, session: ReadSession, caller: Caller, values: Blank
    ) -> Response:
        """Return the form before anything was sent."""
        require(caller, self.right)
        return await self._page(request, session, caller, Filled(self.subject, values))

    async def post(self, request: Request, caller: Caller | None, database: Database) -> Response:
        """Declare what was sent, or return the form with what is wrong with it."""
        fields = fields_of(await request.form())
        if caller is None:
            return ask_to_sign_in(request, fields)
        require(caller, self.right)
        values = typed(fields)
        fetch, resumed = values.pop("fetch", ""), values.pop("resumed", "")
        filled, error = Filled(self.subject, values), None
        if not (fetch or resumed):
            filled = self.fill(values)
            if not filled.errors:
                error = await self._declare(database, caller, filled)
                if error is None:
                    return RedirectResponse(self.done(values), 303)
        async with database.read() as session:
            if fetch and self.fetch:
                filled = Filled(self.subject, await self.fetch(session, values))
            return await self._page(request, session, caller, filled, error)

    async def _declare(
        self, database: Database, caller: Caller, filled: Filled
    ) -> DomainError | None:
        now, id_ = datetime.now(UTC), filled.values["id"]
        outcome = await declare_once(
            database, caller, self.subject, [filled.body], event_id=id_, now=now
        )
        return None if outcome.event else outcome.error

    async def _page(
        self,
        request: Request,
        session: ReadSession,
        caller: Caller,
        filled: Filled,
        error: DomainError | None = None,
    ) -> Response:
        if error:
            self._put_at_fields(filled, error)
        if isinstance(error, EventIdReused) or not filled.values["id"]:
            filled.values["id"] = str(uuid7(SYSTEM, datetime.now(UTC)))
        values: dict[str, Any] = {
            "values": filled.values,
            "errors": filled.errors,
            "problem": not_recorded(error, wrong=bool(filled.errors)),
            **await self.choices(session, caller),
        }
        status = status_of(error) if error else UNFIT if filled.errors else 200
        return render(request, self.template, values, status)

    def _put_at_fields(self, filled: Filled, error: DomainError) -> None:
        told = error.extras
        for place in told.get("errors", [told] if "pointer" in told else []):
            part = place["pointer"].rpartition("/")[2]
            # A row that is wrong as a whole is so by the days for which it is to hold.
            name = "valid_from" if part.isdigit() else self.fields.get(part, part)
            filled.errors.setdefault(name, place.get("detail") or error.words()[1])
