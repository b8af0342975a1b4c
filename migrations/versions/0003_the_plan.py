"""The plan as linked tables, the registers that it orders, and the values that departments enter.

Safe while the app runs: new tables only. They are filled by the platform's next start from the
files in app/plan/data (`app/plan/load.py`).
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"

ROLE = "platform_app"
INSERT_ONLY = ("register_version", "plan_actual")
NEVER_REMOVED = (
    "register_entry", "plan_document", "plan_wording", "plan_target",
)  # fmt: skip
FREE = (
    "plan_addressee", "plan_annotation", "plan_area", "plan_box",
    "plan_citation", "plan_cited", "plan_department", "plan_department_name",
    "plan_industry", "plan_industry_list", "plan_industry_mapping", "plan_instrument",
    "plan_issuer", "plan_listed_industry", "plan_measure", "plan_paragraph",
    "plan_project", "plan_register", "plan_register_field", "plan_responsibility",
    "plan_responsibility_list", "plan_section", "plan_technology", "register_personal",
    "register_import", "plan_search",
)  # fmt: skip
GRANTS = (
    ("SELECT, INSERT", INSERT_ONLY),
    ("SELECT, INSERT, UPDATE", NEVER_REMOVED),
    ("SELECT, INSERT, UPDATE, DELETE", FREE),
)


def upgrade() -> None:
    op.create_table(
        "plan_citation",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('law','plan','catalogue','guideline','notice')",
            name=op.f("ck_plan_citation_kind"),
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_plan_citation")),
    )
    op.create_table(
        "plan_document",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("plan_title", sa.Text(), nullable=True),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("period_from", sa.BigInteger(), nullable=True),
        sa.Column("period_to", sa.BigInteger(), nullable=True),
        sa.Column("implements_title", sa.Text(), nullable=True),
        sa.Column("implements_number", sa.Text(), nullable=True),
        sa.Column("amends", sa.Text(), nullable=True),
        sa.Column("event_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "effective_on >= issued_on", name=op.f("ck_plan_document_effective_once_issued")
        ),
        sa.ForeignKeyConstraint(
            ["amends"], ["plan_document.number"], name=op.f("fk_plan_document_amends")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_plan_document")),
    )
    op.create_table(
        "plan_search",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("grams", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("kind", "key", name=op.f("pk_plan_search")),
    )
    op.create_index(
        "ix_plan_search_grams", "plan_search", ["grams"], unique=False, postgresql_using="gin"
    )
    op.create_table(
        "plan_section",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("heading", sa.Text(), nullable=False),
        sa.Column("parent", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(kind = 'item') = (parent IS NOT NULL)", name=op.f("ck_plan_section_item_under_part")
        ),
        sa.CheckConstraint("kind IN ('part','item')", name=op.f("ck_plan_section_kind")),
        sa.ForeignKeyConstraint(
            ["parent"], ["plan_section.code"], name=op.f("fk_plan_section_parent")
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_plan_section")),
    )
    op.create_table(
        "plan_box",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("heading", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["item"], ["plan_section.code"], name=op.f("fk_plan_box_item")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_plan_box")),
    )
    op.create_table(
        "plan_paragraph",
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("section", sa.Text(), nullable=True),
        sa.Column("box", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('letterhead','number','title','addressees','order','signature','date','plan_title','preamble','part_heading','paragraph','responsibility','box_heading')",
            name=op.f("ck_plan_paragraph_kind"),
        ),
        sa.ForeignKeyConstraint(["box"], ["plan_box.code"], name=op.f("fk_plan_paragraph_box")),
        sa.ForeignKeyConstraint(
            ["section"], ["plan_section.code"], name=op.f("fk_plan_paragraph_section")
        ),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_plan_paragraph")),
        sa.UniqueConstraint("position", name=op.f("uq_plan_paragraph_position")),
    )
    op.create_table(
        "plan_addressee",
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("office", sa.Text(), nullable=False),
        sa.Column("area", sa.Text(), nullable=True),
        sa.Column("paragraph", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["paragraph"], ["plan_paragraph.address"], name=op.f("fk_plan_addressee_paragraph")
        ),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_plan_addressee")),
    )
    op.create_table(
        "plan_annotation",
        sa.Column("paragraph", sa.Text(), nullable=False),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["paragraph"], ["plan_paragraph.address"], name=op.f("fk_plan_annotation_paragraph")
        ),
        sa.PrimaryKeyConstraint("paragraph", "quote", name=op.f("pk_plan_annotation")),
    )
    op.create_table(
        "plan_area",
        sa.Column("printed", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("area", sa.Text(), nullable=True),
        sa.Column("paragraph", sa.Text(), nullable=False),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["paragraph"], ["plan_paragraph.address"], name=op.f("fk_plan_area_paragraph")
        ),
        sa.PrimaryKeyConstraint("printed", name=op.f("pk_plan_area")),
    )
    op.create_table(
        "plan_cited",
        sa.Column("citation", sa.Text(), nullable=False),
        sa.Column("paragraph", sa.Text(), nullable=False),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["citation"], ["plan_citation.code"], name=op.f("fk_plan_cited_citation")
        ),
        sa.ForeignKeyConstraint(
            ["paragraph"], ["plan_paragraph.address"], name=op.f("fk_plan_cited_paragraph")
        ),
        sa.PrimaryKeyConstraint("citation", "paragraph", name=op.f("pk_plan_cited")),
    )
    op.create_table(
        "plan_department",
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("short_name", sa.Text(), nullable=False),
        sa.Column("paragraph", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["paragraph"], ["plan_paragraph.address"], name=op.f("fk_plan_department_paragraph")
        ),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_plan_department")),
    )
    op.create_table(
        "plan_industry",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("parent", sa.Text(), nullable=True),
        sa.Column("gbt4754", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("paragraph", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["parent"], ["plan_industry.code"], name=op.f("fk_plan_industry_parent")
        ),
        sa.ForeignKeyConstraint(
            ["paragraph"],
            ["plan_paragraph.address"],
            name=op.f("fk_plan_industry_paragraph"),
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_plan_industry")),
    )
    op.create_table(
        "plan_industry_list",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("box", sa.Text(), nullable=True),
        sa.Column("paragraph", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["box"], ["plan_box.code"], name=op.f("fk_plan_industry_list_box")),
        sa.ForeignKeyConstraint(
            ["paragraph"], ["plan_paragraph.address"], name=op.f("fk_plan_industry_list_paragraph")
        ),
        sa.ForeignKeyConstraint(
            ["section"], ["plan_section.code"], name=op.f("fk_plan_industry_list_section")
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_plan_industry_list")),
    )
    op.create_table(
        "plan_instrument",
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("paragraph", sa.Text(), nullable=False),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["paragraph"], ["plan_paragraph.address"], name=op.f("fk_plan_instrument_paragraph")
        ),
        sa.ForeignKeyConstraint(
            ["section"], ["plan_section.code"], name=op.f("fk_plan_instrument_section")
        ),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_plan_instrument")),
    )
    op.create_table(
        "plan_measure",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("box", sa.Text(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("paragraph", sa.Text(), nullable=False),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["box"], ["plan_box.code"], name=op.f("fk_plan_measure_box")),
        sa.ForeignKeyConstraint(
            ["paragraph"], ["plan_paragraph.address"], name=op.f("fk_plan_measure_paragraph")
        ),
        sa.ForeignKeyConstraint(
            ["section"], ["plan_section.code"], name=op.f("fk_plan_measure_section")
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_plan_measure")),
    )
    op.create_table(
        "plan_project",
        sa.Column("box", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("paragraph", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["box"], ["plan_box.code"], name=op.f("fk_plan_project_box")),
        sa.ForeignKeyConstraint(
            ["paragraph"], ["plan_paragraph.address"], name=op.f("fk_plan_project_paragraph")
        ),
        sa.PrimaryKeyConstraint("box", "position", name=op.f("pk_plan_project")),
    )
    op.create_table(
        "plan_responsibility_list",
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("heading", sa.Text(), nullable=False),
        sa.Column("paragraph", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["paragraph"],
            ["plan_paragraph.address"],
            name=op.f("fk_plan_responsibility_list_paragraph"),
        ),
        sa.ForeignKeyConstraint(
            ["section"], ["plan_section.code"], name=op.f("fk_plan_responsibility_list_section")
        ),
        sa.PrimaryKeyConstraint("section", name=op.f("pk_plan_responsibility_list")),
    )
    op.create_table(
        "plan_technology",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("industry", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("paragraph", sa.Text(), nullable=False),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["industry"], ["plan_industry.code"], name=op.f("fk_plan_technology_industry")
        ),
        sa.ForeignKeyConstraint(
            ["paragraph"], ["plan_paragraph.address"], name=op.f("fk_plan_technology_paragraph")
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_plan_technology")),
    )
    op.create_table(
        "plan_wording",
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.CheckConstraint("valid_to >= valid_from", name=op.f("ck_plan_wording_span")),
        sa.ForeignKeyConstraint(
            ["address"], ["plan_paragraph.address"], name=op.f("fk_plan_wording_address")
        ),
        sa.ForeignKeyConstraint(
            ["document"], ["plan_document.number"], name=op.f("fk_plan_wording_document")
        ),
        sa.PrimaryKeyConstraint("address", "valid_from", name=op.f("pk_plan_wording")),
    )
    op.create_table(
        "plan_actual",
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.Numeric(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("actor", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("year BETWEEN 2000 AND 2100", name=op.f("ck_plan_actual_year")),
        sa.CheckConstraint("value >= 0", name=op.f("ck_plan_actual_not_negative")),
        sa.CheckConstraint(
            "num_nonnulls(unit, source) = 2 OR value IS NULL AND num_nonnulls(unit, source) = 1",
            name=op.f("ck_plan_actual_value_with_unit_and_source"),
        ),
        sa.CheckConstraint(
            "value IS NOT NULL OR note IS NOT NULL",
            name=op.f("ck_plan_actual_words_where_no_value"),
        ),
        sa.ForeignKeyConstraint(["actor"], ["account.id"], name=op.f("fk_plan_actual_actor")),
        sa.ForeignKeyConstraint(
            ["department"], ["plan_department.slug"], name=op.f("fk_plan_actual_department")
        ),
        sa.PrimaryKeyConstraint("target", "year", "number", name=op.f("pk_plan_actual")),
    )
    op.create_table(
        "plan_department_name",
        sa.Column("printed", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("paragraph", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["department"],
            ["plan_department.slug"],
            name=op.f("fk_plan_department_name_department"),
        ),
        sa.ForeignKeyConstraint(
            ["paragraph"],
            ["plan_paragraph.address"],
            name=op.f("fk_plan_department_name_paragraph"),
        ),
        sa.PrimaryKeyConstraint("printed", name=op.f("pk_plan_department_name")),
    )
    op.create_table(
        "plan_issuer",
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("paragraph", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["department"], ["plan_department.slug"], name=op.f("fk_plan_issuer_department")
        ),
        sa.ForeignKeyConstraint(
            ["paragraph"], ["plan_paragraph.address"], name=op.f("fk_plan_issuer_paragraph")
        ),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_plan_issuer")),
    )
    op.create_table(
        "plan_listed_industry",
        sa.Column("list", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("printed", sa.Text(), nullable=False),
        sa.Column("paragraph", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["list"], ["plan_industry_list.code"], name=op.f("fk_plan_listed_industry_list")
        ),
        sa.ForeignKeyConstraint(
            ["paragraph"],
            ["plan_paragraph.address"],
            name=op.f("fk_plan_listed_industry_paragraph"),
        ),
        sa.PrimaryKeyConstraint("list", "position", name=op.f("pk_plan_listed_industry")),
    )
    op.create_table(
        "plan_register",
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("box", sa.Text(), nullable=True),
        sa.Column("paragraph", sa.Text(), nullable=False),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.Column("entry_name", sa.Text(), nullable=False),
        sa.Column("identity", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("live", sa.Text(), nullable=True),
        sa.Column("industry_list", sa.Text(), nullable=True),
        sa.Column("low_per_industry", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "live IN ('pilots','resource_units')", name=op.f("ck_plan_register_live")
        ),
        sa.CheckConstraint(
            "(industry_list IS NULL) = (low_per_industry IS NULL)",
            name=op.f("ck_plan_register_counted_by_industry"),
        ),
        sa.ForeignKeyConstraint(["box"], ["plan_box.code"], name=op.f("fk_plan_register_box")),
        sa.ForeignKeyConstraint(
            ["industry_list"],
            ["plan_industry_list.code"],
            name=op.f("fk_plan_register_industry_list"),
        ),
        sa.ForeignKeyConstraint(
            ["paragraph"], ["plan_paragraph.address"], name=op.f("fk_plan_register_paragraph")
        ),
        sa.ForeignKeyConstraint(
            ["section"], ["plan_section.code"], name=op.f("fk_plan_register_section")
        ),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_plan_register")),
    )
    op.create_table(
        "plan_industry_mapping",
        sa.Column("list", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("industry", sa.Text(), nullable=False),
        sa.Column("relation", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "relation IN ('same','narrower','broader')",
            name=op.f("ck_plan_industry_mapping_relation"),
        ),
        sa.ForeignKeyConstraint(
            ["industry"], ["plan_industry.code"], name=op.f("fk_plan_industry_mapping_industry")
        ),
        sa.ForeignKeyConstraint(
            ["list", "position"],
            ["plan_listed_industry.list", "plan_listed_industry.position"],
            name=op.f("fk_plan_industry_mapping_list_position"),
        ),
        sa.PrimaryKeyConstraint(
            "list", "position", "industry", name=op.f("pk_plan_industry_mapping")
        ),
    )
    op.create_table(
        "plan_register_field",
        sa.Column("register", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("personal", sa.Boolean(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("choices", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("refers", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(kind = 'choice') = (choices IS NOT NULL)",
            name=op.f("ck_plan_register_field_choice_has_choices"),
        ),
        sa.CheckConstraint(
            "(kind = 'entry') = (refers IS NOT NULL)",
            name=op.f("ck_plan_register_field_entry_refers"),
        ),
        sa.CheckConstraint(
            "(kind = 'quantity') = (unit IS NOT NULL)",
            name=op.f("ck_plan_register_field_quantity_has_unit"),
        ),
        sa.CheckConstraint(
            "kind IN ('text','integer','quantity','date','year','choice','credit_code','county','area','industry','phone','url','entry')",
            name=op.f("ck_plan_register_field_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["refers"], ["plan_register.slug"], name=op.f("fk_plan_register_field_refers")
        ),
        sa.ForeignKeyConstraint(
            ["register"], ["plan_register.slug"], name=op.f("fk_plan_register_field_register")
        ),
        sa.PrimaryKeyConstraint("register", "name", name=op.f("pk_plan_register_field")),
        sa.UniqueConstraint(
            "register", "label", name=op.f("uq_plan_register_field_register_label")
        ),
    )
    op.create_table(
        "plan_responsibility",
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("printed", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["department"], ["plan_department.slug"], name=op.f("fk_plan_responsibility_department")
        ),
        sa.ForeignKeyConstraint(
            ["printed"],
            ["plan_department_name.printed"],
            name=op.f("fk_plan_responsibility_printed"),
        ),
        sa.ForeignKeyConstraint(
            ["section"],
            ["plan_responsibility_list.section"],
            name=op.f("fk_plan_responsibility_section"),
        ),
        sa.PrimaryKeyConstraint("section", "position", name=op.f("pk_plan_responsibility")),
    )
    op.create_index(
        op.f("ix_plan_responsibility_department"),
        "plan_responsibility",
        ["department"],
        unique=False,
    )
    op.create_table(
        "plan_target",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("indicator", sa.Text(), nullable=False),
        sa.Column("comparator", sa.Text(), nullable=True),
        sa.Column("meaning", sa.Text(), nullable=True),
        sa.Column("value", sa.Numeric(), nullable=True),
        sa.Column("low", sa.Numeric(), nullable=True),
        sa.Column("high", sa.Numeric(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("base_year", sa.BigInteger(), nullable=True),
        sa.Column("target_year", sa.BigInteger(), nullable=True),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("paragraph", sa.Text(), nullable=False),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("register", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(meaning = 'reduce_by') = (base_year IS NOT NULL)",
            name=op.f("ck_plan_target_reduced_from"),
        ),
        sa.CheckConstraint(
            "(source = 'register') = (register IS NOT NULL)",
            name=op.f("ck_plan_target_register_counted"),
        ),
        sa.CheckConstraint(
            "meaning IN ('at_least','reach','range','reduce_by')",
            name=op.f("ck_plan_target_meaning"),
        ),
        sa.CheckConstraint(
            "source IN ('recovery','register','entries')", name=op.f("ck_plan_target_source")
        ),
        sa.CheckConstraint("high >= low", name=op.f("ck_plan_target_range")),
        sa.CheckConstraint(
            "num_nonnulls(value, low) = num_nonnulls(meaning) AND (unit IS NULL) = (meaning IS NULL)",
            name=op.f("ck_plan_target_number_with_unit"),
        ),
        sa.CheckConstraint("valid_to >= valid_from", name=op.f("ck_plan_target_span")),
        sa.ForeignKeyConstraint(
            ["document"], ["plan_document.number"], name=op.f("fk_plan_target_document")
        ),
        sa.ForeignKeyConstraint(
            ["measure"], ["plan_measure.code"], name=op.f("fk_plan_target_measure")
        ),
        sa.ForeignKeyConstraint(
            ["paragraph"], ["plan_paragraph.address"], name=op.f("fk_plan_target_paragraph")
        ),
        sa.ForeignKeyConstraint(
            ["register"], ["plan_register.slug"], name=op.f("fk_plan_target_register")
        ),
        sa.PrimaryKeyConstraint("code", "valid_from", name=op.f("pk_plan_target")),
    )
    op.create_table(
        "register_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("register", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("identity_key", sa.Text(), nullable=False),
        sa.Column("county", sa.Text(), nullable=True),
        sa.Column("area", sa.Text(), nullable=True),
        sa.Column("industry", sa.Text(), nullable=True),
        sa.Column("values", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("document", sa.Text(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("valid_to >= valid_from", name=op.f("ck_register_entry_span")),
        sa.ForeignKeyConstraint(["area"], ["area.code"], name=op.f("fk_register_entry_area")),
        sa.ForeignKeyConstraint(["county"], ["county.code"], name=op.f("fk_register_entry_county")),
        sa.ForeignKeyConstraint(
            ["industry"], ["plan_industry.code"], name=op.f("fk_register_entry_industry")
        ),
        sa.ForeignKeyConstraint(
            ["register"], ["plan_register.slug"], name=op.f("fk_register_entry_register")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_entry")),
    )
    op.create_index(
        "ix_register_entry_listed", "register_entry", ["register", "name_key", "id"], unique=False
    )
    op.create_index(
        "uq_register_entry_identity",
        "register_entry",
        ["register", "identity_key"],
        unique=True,
        postgresql_where=sa.text("NOT withdrawn"),
    )
    op.create_table(
        "register_import",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("register", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("cells", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("errors", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("actor", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["actor"], ["account.id"], name=op.f("fk_register_import_actor")),
        sa.ForeignKeyConstraint(
            ["register"], ["plan_register.slug"], name=op.f("fk_register_import_register")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_import")),
    )
    op.create_table(
        "register_version",
        sa.Column("entry", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("values", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("document", sa.Text(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("actor", sa.Uuid(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("imported_by", sa.Uuid(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["actor"], ["account.id"], name=op.f("fk_register_version_actor")),
        sa.ForeignKeyConstraint(
            ["department"], ["plan_department.slug"], name=op.f("fk_register_version_department")
        ),
        sa.ForeignKeyConstraint(
            ["entry"], ["register_entry.id"], name=op.f("fk_register_version_entry")
        ),
        sa.ForeignKeyConstraint(
            ["imported_by"], ["register_import.id"], name=op.f("fk_register_version_imported_by")
        ),
        sa.PrimaryKeyConstraint("entry", "number", name=op.f("pk_register_version")),
    )
    op.create_table(
        "register_personal",
        sa.Column("entry", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("values", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry", "number"],
            ["register_version.entry", "register_version.number"],
            name=op.f("fk_register_personal_entry_number"),
        ),
        sa.PrimaryKeyConstraint("entry", "number", name=op.f("pk_register_personal")),
    )
    for rights, tables in GRANTS:
        for table in tables:
            op.execute(f"GRANT {rights} ON {table} TO {ROLE}")


def downgrade() -> None:
    kept = sa.text(
        "SELECT EXISTS (SELECT 1 FROM register_version) OR EXISTS (SELECT 1 FROM plan_actual)"
        " OR EXISTS (SELECT 1 FROM plan_document WHERE event_id IS NOT NULL)"
    )
    if op.get_bind().scalar(kept):
        raise RuntimeError(
            "各部门已登记名单或数据，不能降级：降级会删除它们。 Departments have entered registers or"
            " values; downgrading would destroy them and is refused. Restore a backup of the older"
            " version instead."
        )
    op.drop_table("register_personal")
    op.drop_table("register_version")
    op.drop_table("register_import")
    op.drop_index(
        "uq_register_entry_identity",
        table_name="register_entry",
        postgresql_where=sa.text("NOT withdrawn"),
    )
    op.drop_index("ix_register_entry_listed", table_name="register_entry")
    op.drop_table("register_entry")
    op.drop_table("plan_target")
    op.drop_index(op.f("ix_plan_responsibility_department"), table_name="plan_responsibility")
    op.drop_table("plan_responsibility")
    op.drop_table("plan_register_field")
    op.drop_table("plan_industry_mapping")
    op.drop_table("plan_register")
    op.drop_table("plan_listed_industry")
    op.drop_table("plan_issuer")
    op.drop_table("plan_department_name")
    op.drop_table("plan_actual")
    op.drop_table("plan_wording")
    op.drop_table("plan_technology")
    op.drop_table("plan_responsibility_list")
    op.drop_table("plan_project")
    op.drop_table("plan_measure")
    op.drop_table("plan_instrument")
    op.drop_table("plan_industry_list")
    op.drop_table("plan_industry")
    op.drop_table("plan_department")
    op.drop_table("plan_cited")
    op.drop_table("plan_area")
    op.drop_table("plan_annotation")
    op.drop_table("plan_addressee")
    op.drop_table("plan_paragraph")
    op.drop_table("plan_box")
    op.drop_table("plan_section")
    op.drop_index("ix_plan_search_grams", table_name="plan_search", postgresql_using="gin")
    op.drop_table("plan_search")
    op.drop_table("plan_document")
    op.drop_table("plan_citation")
