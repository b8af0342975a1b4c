"""Tables of register entries: what stands, every version of it, personal data, imports."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.orm import Base


class RegisterEntry(Base):
    """An entry of a register as it stands now; `version` is the number of its latest version.

    `identity_key` is a hash of the values that tell entries of this register apart (`draft.py`):
    two standing entries never have the same, by index. In registers of people `name` is masked.
    """

    __tablename__ = "register_entry"
    __table_args__ = (
        CheckConstraint("valid_to >= valid_from", name="span"),
        Index(
            "uq_register_entry_identity",
            "register",
            "identity_key",
            unique=True,
            postgresql_where=text("NOT withdrawn"),
        ),
        Index("ix_register_entry_listed", "register", "name_key", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    register: Mapped[str] = mapped_column(ForeignKey("plan_register.slug"))
    version: Mapped[int]
    name: Mapped[str]
    name_key: Mapped[str]
    """The name as lists are sorted and names compared: full width as half, capitals as small."""
    identity_key: Mapped[str]
    county: Mapped[str | None] = mapped_column(ForeignKey("county.code"))
    area: Mapped[str | None] = mapped_column(ForeignKey("area.code"))
    industry: Mapped[str | None] = mapped_column(ForeignKey("plan_industry.code"))
    values: Mapped[dict[str, Any]]
    document: Mapped[str | None]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    withdrawn: Mapped[bool]
    changed_at: Mapped[datetime]


class RegisterVersion(Base):
    """One change of an entry, never altered: what it then said, who said so, when and why."""

    __tablename__ = "register_version"

    entry: Mapped[UUID] = mapped_column(ForeignKey("register_entry.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    values: Mapped[dict[str, Any]]
    document: Mapped[str | None]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    withdrawn: Mapped[bool]
    note: Mapped[str | None]
    actor: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    department: Mapped[str] = mapped_column(ForeignKey("plan_department.slug"))
    imported_by: Mapped[UUID | None] = mapped_column(ForeignKey("register_import.id"))
    recorded_at: Mapped[datetime]


class RegisterPersonal(Base):
    """The personal data of a version, kept apart so that it can be erased."""

    __tablename__ = "register_personal"
    __table_args__ = (
        ForeignKeyConstraint(
            ["entry", "number"], ["register_version.entry", "register_version.number"]
        ),
    )

    entry: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    values: Mapped[dict[str, Any]]


class RegisterImport(Base):
    """A file that was sent for import: accepted whole, or refused with every row's errors.

    `cells` keeps a refused file's rows, heading first, so that it can be given back with the
    errors beside them; an accepted file's rows stand in its entries.
    """

    __tablename__ = "register_import"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    register: Mapped[str] = mapped_column(ForeignKey("plan_register.slug"))
    file_name: Mapped[str]
    rows: Mapped[int]
    accepted: Mapped[bool]
    cells: Mapped[list[Any] | None]
    errors: Mapped[list[Any]]
    actor: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    recorded_at: Mapped[datetime]
