"""A list that the document orders, as its entries are written and read: fields, who keeps it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import NotFound
from app.plan.models import PlanResponsibility
from app.plan.tables import PlanRegister, PlanRegisterField
from app.registers.fields import Field, Value

NAME, DOCUMENT, VALID_FROM, VALID_TO, NOTE = "name", "document", "valid_from", "valid_to", "note"
COMMON = {DOCUMENT: "公布文号", VALID_FROM: "有效期起", VALID_TO: "有效期止", NOTE: "备注"}
"""What every entry has beside its name and fields, under its heading in a sheet."""
LIVE_FIELDS: dict[str, tuple[Field, ...]] = {
    "pilots": (Field("code", "区划代码", "text"),),
    "resource_units": (
        Field("site", "站点编码", "text"),
        Field("operator", "运营单位", "text"),
        Field("credit_code", "统一社会信用代码", "credit_code"),
        Field("county", "所在县（市、区）", "county"),
    ),
}
"""Lists that this platform keeps elsewhere have the fields that are kept there."""


@dataclass(frozen=True)
class Responsible:
    """A department on the printed list of the register's section, under its printed name."""

    department: str
    printed: str


@dataclass(frozen=True)
class Register:
    """A register with its fields in order and its departments as printed."""

    slug: str
    name: str
    entry_name: str
    section: str
    identity: tuple[str, ...]
    public: bool
    live: str | None
    fields: tuple[Field, ...]
    responsible: tuple[Responsible, ...]

    @property
    def personal(self) -> bool:
        """Tell whether entries are people: then their names are personal data too."""
        return any(field.personal for field in self.fields)

    @property
    def responsible_names(self) -> str:
        """Return the departments as one text: 省工业和信息化厅、省商务厅."""
        return "、".join(one.printed for one in self.responsible)

    @property
    def columns(self) -> dict[str, str]:
        """Return every part of an entry with its heading, in the order of a sheet's columns."""
        own = {field.name: field.label for field in self.fields}
        return {NAME: self.entry_name, **own, **COMMON}

    @property
    def required(self) -> frozenset[str]:
        """Return the parts that no entry may lack."""
        return frozenset({NAME, VALID_FROM, *(f.name for f in self.fields if f.required)})

    def printed(self, department: str) -> str | None:
        """Return a department's printed name on the list, None where it is not on it."""
        for one in self.responsible:
            if one.department == department:
                return one.printed
        return None

    def code_of(self, kind: str, values: Mapping[str, Value]) -> str | None:
        """Return the code by which an entry is filtered: that of its first field of a kind."""
        first = next((field.name for field in self.fields if field.kind == kind), "")
        return str(values[first]) if first in values else None


async def find_register(session: AsyncSession, slug: str) -> Register:
    """Return one register; NotFound where the document orders no such list. Three statements."""
    row = await session.get(PlanRegister, slug)
    if row is None:
        raise NotFound(what=slug)
    fields = (
        select(PlanRegisterField)
        .where(PlanRegisterField.register == slug)
        .order_by(PlanRegisterField.position)
    )
    responsible = (
        select(PlanResponsibility)
        .where(PlanResponsibility.section == row.section)
        .order_by(PlanResponsibility.position)
    )
    return register_of(
        row, (await session.scalars(fields)).all(), (await session.scalars(responsible)).all()
    )


def register_of(
    row: PlanRegister,
    fields: Sequence[PlanRegisterField],
    responsible: Sequence[PlanResponsibility],
) -> Register:
    """Return a register made of its rows."""
    own = tuple(
        Field(
            name=field.name,
            label=field.label,
            kind=field.kind,
            required=field.required,
            personal=field.personal,
            unit=field.unit,
            choices=tuple(field.choices or ()),
            refers=field.refers,
        )
        for field in fields
    )
    return Register(
        slug=row.slug,
        name=row.name,
        entry_name=row.entry_name,
        section=row.section,
        identity=tuple(row.identity),
        public=row.public,
        live=row.live,
        fields=LIVE_FIELDS[row.live] if row.live else own,
        responsible=tuple(Responsible(one.department, one.printed) for one in responsible),
    )
