"""Wire shapes of what is sent for an entry; what its fields must be, the register itself says."""

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from app.web import Wire

Note = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]
Seen = Annotated[int, Field(ge=1, description="您看到的版本号")]


class EntryParts(Wire):
    """An entry: its name, its fields by name under `values`, its validity; the note says why."""

    name: str | None = None
    values: dict[str, Any] = Field(default_factory=dict)
    document: str | None = None
    valid_from: str | None = None
    valid_to: str | None = None
    note: str | None = None

    def given(self) -> dict[str, Any]:
        """Return the parts of the entry without what is said about the writing."""
        return {name: getattr(self, name) for name in EntryParts.model_fields}


class NewEntry(EntryParts):
    """A new entry; `backfill` where it may be over already (补录历史名单)."""

    department: str | None = None
    backfill: bool = False


class ChangedEntry(EntryParts):
    """What an entry is to say from now on, whole, and the version that the caller saw."""

    version: Seen
    department: str | None = None


class Withdrawal(Wire):
    """Why an entry is taken off its register, and the version that the caller saw."""

    version: Seen
    note: Note
