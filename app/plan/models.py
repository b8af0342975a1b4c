"""Tables of the document: its versions, sections, boxes, paragraphs, departments.

The structure (sections, boxes, addresses of paragraphs) stands; an amendment gives a paragraph
other words, or a target other figures, from a day on. What the document names (targets,
measures, industries, lists …) is in `tables.py`.
"""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.orm import Base

NUMBER = "冀发改环资〔2021〕1793号"
"""The document that everything here comes from."""


class PlanDocument(Base):
    """The plan or an amendment of it, by document number (文号)."""

    __tablename__ = "plan_document"
    __table_args__ = (CheckConstraint("effective_on >= issued_on", name="effective_once_issued"),)

    number: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    plan_title: Mapped[str | None]
    issued_on: Mapped[date]
    effective_on: Mapped[date]
    period_from: Mapped[int | None]
    """The plan's period in years, inclusive: 十四五 is 2021 to 2025."""
    period_to: Mapped[int | None]
    implements_title: Mapped[str | None]
    implements_number: Mapped[str | None]
    amends: Mapped[str | None] = mapped_column(ForeignKey("plan_document.number"))
    event_id: Mapped[UUID | None]
    """The `declare` event that made an amendment known."""


class PlanSection(Base):
    """A part (一 to 七) or an item (（一） to （二十二）) under its part."""

    __tablename__ = "plan_section"
    __table_args__ = (
        CheckConstraint("kind IN ('part','item')", name="kind"),
        CheckConstraint("(kind = 'item') = (parent IS NOT NULL)", name="item_under_part"),
    )

    code: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    position: Mapped[int]
    number: Mapped[str]
    heading: Mapped[str]
    parent: Mapped[str | None] = mapped_column(ForeignKey("plan_section.code"))


class PlanBox(Base):
    """A box (专栏); `item` is the item under which it is printed."""

    __tablename__ = "plan_box"

    code: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int]
    heading: Mapped[str]
    item: Mapped[str] = mapped_column(ForeignKey("plan_section.code"))


class PlanParagraph(Base):
    """The address of a paragraph, which other tables cite; its words are in `PlanWording`.

    `section` is the part or item it belongs to (that of the box, for a box's), None on the cover.
    """

    __tablename__ = "plan_paragraph"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('letterhead','number','title','addressees','order','signature','date',"
            "'plan_title','preamble','part_heading','paragraph','responsibility','box_heading')",
            name="kind",
        ),
    )

    address: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(unique=True)
    kind: Mapped[str]
    section: Mapped[str | None] = mapped_column(ForeignKey("plan_section.code"))
    box: Mapped[str | None] = mapped_column(ForeignKey("plan_box.code"))


class PlanWording(Base):
    """The words of a paragraph from a day on, by the document that set them."""

    __tablename__ = "plan_wording"
    __table_args__ = (CheckConstraint("valid_to >= valid_from", name="span"),)

    address: Mapped[str] = mapped_column(ForeignKey("plan_paragraph.address"), primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    valid_to: Mapped[date | None]
    document: Mapped[str] = mapped_column(ForeignKey("plan_document.number"))
    text: Mapped[str]


class PlanProject(Base):
    """A project of a box; `name` is None where the box has one and gives it no name."""

    __tablename__ = "plan_project"

    box: Mapped[str] = mapped_column(ForeignKey("plan_box.code"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None]
    paragraph: Mapped[str] = mapped_column(ForeignKey("plan_paragraph.address"))


class PlanAnnotation(Base):
    """What is odd in the source, said beside it: the words themselves are not mended."""

    __tablename__ = "plan_annotation"

    paragraph: Mapped[str] = mapped_column(ForeignKey("plan_paragraph.address"), primary_key=True)
    quote: Mapped[str] = mapped_column(primary_key=True)
    note: Mapped[str]


class PlanDepartment(Base):
    """A department of the province that the document names."""

    __tablename__ = "plan_department"

    slug: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    name: Mapped[str]
    short_name: Mapped[str]
    """As the responsibility lists print it, 省农业农村厅."""
    paragraph: Mapped[str] = mapped_column(ForeignKey("plan_paragraph.address"))


class PlanDepartmentName(Base):
    """A name under which a department is printed, and where it is so first."""

    __tablename__ = "plan_department_name"

    printed: Mapped[str] = mapped_column(primary_key=True)
    department: Mapped[str] = mapped_column(ForeignKey("plan_department.slug"))
    paragraph: Mapped[str] = mapped_column(ForeignKey("plan_paragraph.address"))


class PlanIssuer(Base):
    """One of the ten departments that issued the document, in printed order."""

    __tablename__ = "plan_issuer"

    position: Mapped[int] = mapped_column(primary_key=True)
    department: Mapped[str] = mapped_column(ForeignKey("plan_department.slug"))
    paragraph: Mapped[str] = mapped_column(ForeignKey("plan_paragraph.address"))


class PlanAddressee(Base):
    """A kind of office the document is sent to: of every city, or of 雄安新区 (`area` 133100)."""

    __tablename__ = "plan_addressee"

    position: Mapped[int] = mapped_column(primary_key=True)
    office: Mapped[str]
    area: Mapped[str | None]
    """None: of all cities, 定州 and 辛集 included."""
    paragraph: Mapped[str] = mapped_column(ForeignKey("plan_paragraph.address"))


class PlanResponsibilityList(Base):
    """The printed list at the end of an item; `heading` is 责任部门 or 责任单位 as printed."""

    __tablename__ = "plan_responsibility_list"

    section: Mapped[str] = mapped_column(ForeignKey("plan_section.code"), primary_key=True)
    heading: Mapped[str]
    paragraph: Mapped[str] = mapped_column(ForeignKey("plan_paragraph.address"))


class PlanResponsibility(Base):
    """One department on the list of an item, in printed order and under its printed name."""

    __tablename__ = "plan_responsibility"

    section: Mapped[str] = mapped_column(
        ForeignKey("plan_responsibility_list.section"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True)
    department: Mapped[str] = mapped_column(ForeignKey("plan_department.slug"), index=True)
    printed: Mapped[str] = mapped_column(ForeignKey("plan_department_name.printed"))
