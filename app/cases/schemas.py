"""Wire shapes of cases, of their notes, and of terms."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, Field, StringConstraints, model_validator

from app.cases.models import Case
from app.cases.read import LONGEST_TERM, STATE_NAMES, Line, Person, Standing, presses
from app.cases.terms import ASSUMED, Term
from app.web import Unfit, Wire
from app.workdays.schemas import Said, as_day

LONGEST_NOTE = 2_000
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=LONGEST_NOTE)]


def _uuid(value: Any) -> UUID:
    try:
        return UUID(value) if isinstance(value, str) else UUID(int=-1)
    except ValueError:
        raise Unfit("应为 UUID", "must be a UUID") from None


Id = Annotated[UUID, BeforeValidator(_uuid)]


class NoteBody(Wire):
    """A step on a case: what there is to say, and the client's id of the note."""

    note: Text = ""
    id: Id | None = None


class TextBody(Wire):
    """A note on a case."""

    text: Annotated[Text, Field(min_length=1)]
    id: Id | None = None


class TermBody(Wire):
    """Within how many working days cases of a rule or a severity are to be resolved."""

    reason: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,40}$")] | None = None
    severity: Literal["high", "medium", "low"] | None = None
    working_days: Annotated[int, Field(ge=1, le=LONGEST_TERM)]
    valid_from: Annotated[date, BeforeValidator(as_day)]
    valid_to: Annotated[date, BeforeValidator(as_day)] | None = None
    source: Said

    @model_validator(mode="after")
    def _not_upside_down(self) -> Self:
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise Unfit("截止日期早于开始日期", "valid_to is before valid_from", "/valid_to")
        return self


class TermShown(BaseModel):
    """A term as it stands; `assumed` where nobody has decreed it."""

    reason: str | None
    severity: str | None
    working_days: int
    valid_from: date
    valid_to: date | None
    source: str
    assumed: bool

    @classmethod
    def of(cls, term: Term) -> Self:
        """Return a term as shown."""
        return cls(**vars(term), assumed=term.assumed)


class PersonShown(BaseModel):
    """Who wrote or works."""

    name: str
    role: str

    @classmethod
    def of(cls, person: Person | None) -> Self | None:
        """Return a person as shown; None for the platform, or nobody."""
        return cls(name=person.name, role=person.role) if person else None


class DeadlineShown(BaseModel):
    """The day by which a case is to be resolved; `left` is None where it no longer counts."""

    on: date
    working_days: int
    left: int | None
    overdue: bool
    source: str
    assumed: bool


class CaseShown(BaseModel):
    """A case, without its history."""

    id: UUID
    about: dict[str, str]
    title: str
    reason: str
    severity: str
    state: str
    state_name: str
    county: str
    site: str | None
    worked_by: PersonShown | None
    opened_at: datetime
    resolved_at: datetime | None
    cause_gone_at: datetime | None
    deadline: DeadlineShown

    @classmethod
    def of(cls, case: Case, stands: Standing, worker: Person | None) -> Self:
        """Return a case as shown."""
        return cls(
            id=case.id,
            about={"kind": case.about_kind, "id": str(case.about_id), "key": case.about_key},
            title=case.title,
            reason=case.reason,
            severity=case.severity,
            state=case.state,
            state_name=STATE_NAMES[case.state],
            county=case.county,
            site=case.site,
            worked_by=PersonShown.of(worker),
            opened_at=case.opened_at,
            resolved_at=case.resolved_at,
            cause_gone_at=case.cause_gone_at,
            deadline=DeadlineShown(
                on=stands.on,
                working_days=case.working_days,
                left=stands.left if presses(case) else None,
                overdue=stands.overdue and presses(case),
                source=case.term_source,
                assumed=stands.assumed or case.term_source.startswith(ASSUMED),
            ),
        )


class NoteShown(BaseModel):
    """A line of a case's history."""

    id: UUID
    act: str
    text: str
    at: datetime
    by: PersonShown | None
    photos: list[str]

    @classmethod
    def of(cls, line: Line) -> Self:
        """Return a line as shown, its photos by their addresses."""
        note = line.note
        photos = [photo_address(note.case_id, photo) for photo in line.photos]
        by = PersonShown.of(line.author)
        return cls(id=note.id, act=note.act, text=note.text, at=note.at, by=by, photos=photos)


class CaseWithHistory(CaseShown):
    """A case and all that was done and said."""

    notes: list[NoteShown]


class CasePage(BaseModel):
    """A page of cases, those opened last first."""

    items: list[CaseShown]
    next_cursor: str | None


def photo_address(case: UUID, photo: UUID) -> str:
    """Return where a photo is served."""
    return f"/api/v1/cases/{case}/photos/{photo}"
