"""Tables of what the document names. Each row cites the paragraph, and most quote its very words.

A loading test holds every `quote` to be a piece of its paragraph's words.
"""

from datetime import date
from decimal import Decimal

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Numeric,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.orm import Base

PARAGRAPH = "plan_paragraph.address"


class PlanMeasure(Base):
    """One action that departments must take; who is on the list of its section."""

    __tablename__ = "plan_measure"

    code: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    section: Mapped[str] = mapped_column(ForeignKey("plan_section.code"))
    box: Mapped[str | None] = mapped_column(ForeignKey("plan_box.code"))
    action: Mapped[str]
    paragraph: Mapped[str] = mapped_column(ForeignKey(PARAGRAPH))
    quote: Mapped[str]


class PlanRegister(Base):
    """A list that the document orders, and its fields (`PlanRegisterField`).

    Kept by the departments of its section's responsibility list. `live` names a source of entries
    that this platform keeps elsewhere; then none are written here.
    """

    __tablename__ = "plan_register"
    __table_args__ = (
        CheckConstraint("live IN ('pilots','resource_units')", name="live"),
        CheckConstraint(
            "(industry_list IS NULL) = (low_per_industry IS NULL)", name="counted_by_industry"
        ),
    )

    slug: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    name: Mapped[str]
    about: Mapped[str]
    section: Mapped[str] = mapped_column(ForeignKey("plan_section.code"))
    box: Mapped[str | None] = mapped_column(ForeignKey("plan_box.code"))
    paragraph: Mapped[str] = mapped_column(ForeignKey(PARAGRAPH))
    quote: Mapped[str]
    entry_name: Mapped[str]
    """What the name of an entry is called: 企业名称, 产品名称 …"""
    identity: Mapped[list[str]]
    """Fields (or `name`) that together tell two entries apart: none twice among those that stand."""
    public: Mapped[bool]
    """Whether anyone may read the list; else those who are signed in as officials."""
    live: Mapped[str | None]
    industry_list: Mapped[str | None] = mapped_column(ForeignKey("plan_industry_list.code"))
    low_per_industry: Mapped[int | None]


class PlanRegisterField(Base):
    """A field of the entries of a register, beside the name and the dates that all have."""

    __tablename__ = "plan_register_field"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('text','integer','quantity','date','year','choice','credit_code','county',"
            "'area','industry','phone','url','entry')",
            name="kind",
        ),
        CheckConstraint("(kind = 'quantity') = (unit IS NOT NULL)", name="quantity_has_unit"),
        CheckConstraint("(kind = 'choice') = (choices IS NOT NULL)", name="choice_has_choices"),
        CheckConstraint("(kind = 'entry') = (refers IS NOT NULL)", name="entry_refers"),
        UniqueConstraint("register", "label"),
    )

    register: Mapped[str] = mapped_column(ForeignKey("plan_register.slug"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    label: Mapped[str]
    kind: Mapped[str]
    required: Mapped[bool]
    personal: Mapped[bool]
    """Data of a person: kept apart, shown to the responsible departments alone, erasable."""
    unit: Mapped[str | None]
    choices: Mapped[list[str] | None]
    refers: Mapped[str | None] = mapped_column(ForeignKey("plan_register.slug"))


class PlanTarget(Base):
    """A target as it stands from a day on.

    `comparator` is the printed word (以上, 达到, 至少, 分别减少 …) and `meaning` what it comes to;
    both are None for a target without a number. `low` and `high` hold a printed range, else
    `value` the one number, in `unit`, all as printed: 2 万吨 is 2 with the unit 万吨.
    """

    __tablename__ = "plan_target"
    __table_args__ = (
        CheckConstraint("meaning IN ('at_least','reach','range','reduce_by')", name="meaning"),
        CheckConstraint("source IN ('recovery','register','entries')", name="source"),
        CheckConstraint("(source = 'register') = (register IS NOT NULL)", name="register_counted"),
        CheckConstraint("(meaning = 'reduce_by') = (base_year IS NOT NULL)", name="reduced_from"),
        CheckConstraint(
            "num_nonnulls(value, low) = num_nonnulls(meaning) AND (unit IS NULL) = (meaning IS NULL)",
            name="number_with_unit",
        ),
        CheckConstraint("high >= low", name="range"),
        CheckConstraint("valid_to >= valid_from", name="span"),
    )

    code: Mapped[str] = mapped_column(primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    valid_to: Mapped[date | None]
    document: Mapped[str] = mapped_column(ForeignKey("plan_document.number"))
    position: Mapped[int]
    indicator: Mapped[str]
    comparator: Mapped[str | None]
    meaning: Mapped[str | None]
    value: Mapped[Decimal | None] = mapped_column(Numeric())
    low: Mapped[Decimal | None] = mapped_column(Numeric())
    high: Mapped[Decimal | None] = mapped_column(Numeric())
    unit: Mapped[str | None]
    base_year: Mapped[int | None]
    target_year: Mapped[int | None]
    scope: Mapped[str]
    paragraph: Mapped[str] = mapped_column(ForeignKey(PARAGRAPH))
    quote: Mapped[str]
    measure: Mapped[str | None] = mapped_column(ForeignKey("plan_measure.code"))
    source: Mapped[str]
    """Where actual values come from: live recovery reports, a count of a register, entries."""
    register: Mapped[str | None] = mapped_column(ForeignKey("plan_register.slug"))


class PlanIndustry(Base):
    """An industry of the one classification; `gbt4754` has its codes of 2017 where they are clear."""

    __tablename__ = "plan_industry"

    code: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    name: Mapped[str]
    parent: Mapped[str | None] = mapped_column(ForeignKey("plan_industry.code"))
    gbt4754: Mapped[list[str]]
    note: Mapped[str | None]
    paragraph: Mapped[str] = mapped_column(ForeignKey(PARAGRAPH))
    """Where it is printed first, under this name or as the first part of another."""


class PlanIndustryList(Base):
    """A list of industries as a paragraph prints it."""

    __tablename__ = "plan_industry_list"

    code: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    name: Mapped[str]
    section: Mapped[str] = mapped_column(ForeignKey("plan_section.code"))
    box: Mapped[str | None] = mapped_column(ForeignKey("plan_box.code"))
    paragraph: Mapped[str] = mapped_column(ForeignKey(PARAGRAPH))


class PlanListedIndustry(Base):
    """One industry on a printed list, under its printed name."""

    __tablename__ = "plan_listed_industry"

    list: Mapped[str] = mapped_column(ForeignKey("plan_industry_list.code"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    printed: Mapped[str]
    paragraph: Mapped[str] = mapped_column(ForeignKey(PARAGRAPH))


class PlanIndustryMapping(Base):
    """What a printed name is in the classification: the same, or a narrower or broader thing."""

    __tablename__ = "plan_industry_mapping"
    __table_args__ = (
        ForeignKeyConstraint(
            ["list", "position"], ["plan_listed_industry.list", "plan_listed_industry.position"]
        ),
        CheckConstraint("relation IN ('same','narrower','broader')", name="relation"),
    )

    list: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    industry: Mapped[str] = mapped_column(ForeignKey("plan_industry.code"), primary_key=True)
    relation: Mapped[str]
    """The printed name is the `same` as, `narrower` or `broader` than the industry."""


class PlanTechnology(Base):
    """A technology that box 3 names for an industry, with the printed verb (推广, 探索 …)."""

    __tablename__ = "plan_technology"

    code: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    industry: Mapped[str] = mapped_column(ForeignKey("plan_industry.code"))
    name: Mapped[str]
    verb: Mapped[str]
    paragraph: Mapped[str] = mapped_column(ForeignKey(PARAGRAPH))
    quote: Mapped[str]


class PlanArea(Base):
    """A place that the plan names; `area` is its code in the reporting tree, where it has one."""

    __tablename__ = "plan_area"

    printed: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    area: Mapped[str | None]
    paragraph: Mapped[str] = mapped_column(ForeignKey(PARAGRAPH))
    quote: Mapped[str]


class PlanCitation(Base):
    """A law, plan, catalogue, guideline or notice that the document cites."""

    __tablename__ = "plan_citation"
    __table_args__ = (
        CheckConstraint("kind IN ('law','plan','catalogue','guideline','notice')", name="kind"),
    )

    code: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    kind: Mapped[str]
    title: Mapped[str]
    number: Mapped[str | None]


class PlanCited(Base):
    """Where a citation stands."""

    __tablename__ = "plan_cited"

    citation: Mapped[str] = mapped_column(ForeignKey("plan_citation.code"), primary_key=True)
    paragraph: Mapped[str] = mapped_column(ForeignKey(PARAGRAPH), primary_key=True)
    quote: Mapped[str]


class PlanInstrument(Base):
    """A policy instrument: money, procurement, credit, prices, inspection, certification."""

    __tablename__ = "plan_instrument"

    slug: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    name: Mapped[str]
    section: Mapped[str] = mapped_column(ForeignKey("plan_section.code"))
    paragraph: Mapped[str] = mapped_column(ForeignKey(PARAGRAPH))
    quote: Mapped[str]


class PlanSearchText(Base):
    """One row a thing that can be found; `grams` are its characters and pairs of characters.

    Chinese is written without blanks, so pairs stand in for words: no dictionary, no extension.
    """

    __tablename__ = "plan_search"
    __table_args__ = (Index("ix_plan_search_grams", "grams", postgresql_using="gin"),)

    kind: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    text: Mapped[str]
    url: Mapped[str]
    public: Mapped[bool]
    """Whether anyone may find it; else those who read what is not published."""
    folded: Mapped[str]
    """Title and text as they are compared: full width as half width, capitals as small letters."""
    grams: Mapped[list[str]]
