"""The first tables: the installation, accounts, areas, parties, labels, the log, postings, supply."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=True),
        sa.Column("township", sa.Text(), nullable=True),
        sa.Column("organisation", sa.Text(), nullable=True),
        sa.Column("department", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "role IN ('collector','keeper','carrier','plant','township','county','city','province','auditor','admin')",
            name=op.f("ck_account_role"),
        ),
        sa.CheckConstraint("username = lower(username)", name=op.f("ck_account_username_lower")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("username", name=op.f("uq_account_username")),
    )
    op.create_table(
        "area",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("pinyin", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("parent", sa.Text(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('province','city','direct_city','new_area')", name=op.f("ck_area_kind")
        ),
        sa.ForeignKeyConstraint(["parent"], ["area.code"], name=op.f("fk_area_parent")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_area")),
    )
    op.create_table(
        "batch",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=True),
        sa.Column("mass_g", sa.BigInteger(), nullable=False),
        sa.Column("state", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("seen_by", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("mass_g >= 0", name=op.f("ck_batch_mass_not_negative")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_batch")),
    )
    op.create_index("ix_batch_seen_by", "batch", ["seen_by"], postgresql_using="gin")
    op.create_index("ix_batch_site_status", "batch", ["site", "status"])
    op.create_index("ix_batch_updated_at_code", "batch", ["updated_at", "code"])
    op.create_table(
        "county",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("pinyin", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=False),
        sa.Column("lon", sa.Float(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('district','county_city','county','autonomous_county')",
            name=op.f("ck_county_kind"),
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_county")),
    )
    op.create_table(
        "county_flow",
        sa.Column("origin_county", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("occurred_on", sa.Date(), nullable=False),
        sa.Column("from_class", sa.Text(), nullable=False),
        sa.Column("from_place", sa.Text(), nullable=False),
        sa.Column("to_class", sa.Text(), nullable=False),
        sa.Column("to_place", sa.Text(), nullable=False),
        sa.Column("mass_g", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "origin_county",
            "scope",
            "occurred_on",
            "from_class",
            "from_place",
            "to_class",
            "to_place",
            name=op.f("pk_county_flow"),
        ),
    )
    op.create_index("ix_county_flow_from_place", "county_flow", ["from_place", "occurred_on"])
    op.create_index("ix_county_flow_to_place", "county_flow", ["to_place", "occurred_on"])
    op.create_table(
        "event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=True),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("effective_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("occurred_on", sa.Date(), nullable=False),
        sa.Column("actor", sa.Uuid(), nullable=False),
        sa.Column("leaf", sa.Text(), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        sa.Column("postings", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
    )
    op.create_index("ix_event_recorded_at", "event", ["recorded_at"])
    op.create_index("ix_event_site_occurred_on", "event", ["site", "occurred_on"])
    op.create_table(
        "event_batch",
        sa.Column("batch_code", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("batch_code", "event_id", name=op.f("pk_event_batch")),
    )
    op.create_table(
        "event_private",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("private", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_event_private")),
    )
    op.create_table(
        "failed_sign_in",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("peer", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_failed_sign_in")),
    )
    op.create_index("ix_failed_sign_in_peer_at", "failed_sign_in", ["peer", "at"])
    op.create_index(
        "ix_failed_sign_in_username_at", "failed_sign_in", ["username", "at"], unique=False
    )
    op.create_table(
        "follower",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("next_index", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_follower")),
    )
    op.create_table(
        "installation",
        sa.Column("one", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.Column("log_origin", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("one = 1", name=op.f("ck_installation_only_one")),
        sa.PrimaryKeyConstraint("one", name=op.f("pk_installation")),
    )
    op.create_table(
        "label",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("sheet", sa.Uuid(), nullable=False),
        sa.Column("site", sa.Text(), nullable=True),
        sa.Column("scope", sa.Text(), server_default=sa.text("'pesticide'"), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('bag','container')", name=op.f("ck_label_kind")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_label")),
    )
    op.create_index(op.f("ix_label_county"), "label", ["county"])
    op.create_index(op.f("ix_label_sheet"), "label", ["sheet"])
    op.create_index(op.f("ix_label_site"), "label", ["site"])
    op.create_table(
        "leaf",
        sa.Column("leaf_index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("leaf_index", name=op.f("pk_leaf")),
        sa.UniqueConstraint("event_id", name=op.f("uq_leaf_event_id")),
    )
    op.create_table(
        "packaging_term",
        sa.Column("vocabulary", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "vocabulary IN ('material','form','size')", name=op.f("ck_packaging_term_of")
        ),
        sa.PrimaryKeyConstraint("vocabulary", "slug", name=op.f("pk_packaging_term")),
    )
    op.create_table(
        "posting",
        sa.Column("batch_code", sa.Text(), nullable=False),
        sa.Column("cause", sa.Uuid(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("about", sa.Uuid(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("from_account", sa.Text(), nullable=False),
        sa.Column("to_account", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("mass_g", sa.BigInteger(), nullable=False),
        sa.Column("occurred_on", sa.Date(), nullable=False),
        sa.CheckConstraint("from_account <> to_account", name=op.f("ck_posting_two_accounts")),
        sa.CheckConstraint("mass_g > 0", name=op.f("ck_posting_mass_positive")),
        sa.PrimaryKeyConstraint("batch_code", "cause", "n", name=op.f("pk_posting")),
    )
    op.create_index("ix_posting_cause", "posting", ["cause"])
    op.create_table(
        "refusal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Uuid(), nullable=False),
        sa.Column("site", sa.Text(), nullable=True),
        sa.Column("county", sa.Text(), nullable=True),
        sa.Column("device", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("problem", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refusal")),
    )
    op.create_index("ix_refusal_at_id", "refusal", ["at", "id"])
    op.create_index(op.f("ix_refusal_actor"), "refusal", ["actor"])
    op.create_index(op.f("ix_refusal_county"), "refusal", ["county"])
    op.create_index("ix_refusal_site_at", "refusal", ["site", "at"])
    op.create_table(
        "site_flow",
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("occurred_on", sa.Date(), nullable=False),
        sa.Column("counter", sa.Text(), nullable=False),
        sa.Column("in_g", sa.BigInteger(), nullable=False),
        sa.Column("out_g", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site", "occurred_on", "counter", name=op.f("pk_site_flow")),
    )
    op.create_table(
        "supply_day",
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("occurred_on", sa.Date(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("mass_g", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("county", "occurred_on", "method", name=op.f("pk_supply_day")),
    )
    op.create_table(
        "trip",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("vehicle", sa.Text(), nullable=False),
        sa.Column("carrier", sa.Text(), nullable=True),
        sa.Column("regime", sa.Text(), nullable=False),
        sa.Column("manifest", sa.Text(), nullable=True),
        sa.CheckConstraint("regime IN ('internal','hazardous')", name=op.f("ck_trip_regime")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trip")),
        sa.UniqueConstraint("number", name=op.f("uq_trip_number")),
    )
    op.create_index("ix_trip_county_opened_at", "trip", ["county", "opened_at"])
    op.create_table(
        "trip_counter",
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("county", "opened_on", name=op.f("pk_trip_counter")),
    )
    op.create_table(
        "unit_weight_version",
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_unit_weight_version")),
    )
    op.create_table(
        "unsequenced",
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_unsequenced")),
    )
    op.create_table(
        "api_token",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_api_token_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_token_token_hash")),
    )
    op.create_index(op.f("ix_api_token_account_id"), "api_token", ["account_id"])
    op.create_table(
        "county_area",
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["area"], ["area.code"], name=op.f("fk_county_area_area")),
        sa.ForeignKeyConstraint(["county"], ["county.code"], name=op.f("fk_county_area_county")),
        sa.PrimaryKeyConstraint("county", "valid_from", name=op.f("pk_county_area")),
    )
    op.create_index(op.f("ix_county_area_area"), "county_area", ["area"])
    op.create_table(
        "organisation",
        sa.Column("credit_code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("pinyin", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("county", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["county"], ["county.code"], name=op.f("fk_organisation_county")),
        sa.CheckConstraint(
            "credit_code ~ '^[0-9A-HJ-NP-RTUWXY]{18}$'",
            name=op.f("ck_organisation_credit_code_shape"),
        ),
        sa.PrimaryKeyConstraint("credit_code", name=op.f("pk_organisation")),
    )
    op.create_index(op.f("ix_organisation_county"), "organisation", ["county"])
    op.create_table(
        "pilot",
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("document", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["county"], ["county.code"], name=op.f("fk_pilot_county")),
        sa.PrimaryKeyConstraint("county", "valid_from", name=op.f("pk_pilot")),
    )
    op.create_table(
        "session",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_session_account_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_session")),
    )
    op.create_index(op.f("ix_session_account_id"), "session", ["account_id"])
    op.create_table(
        "setup_link",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_setup_link_account_id")
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_setup_link")),
    )
    op.create_table(
        "supply_row",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("dealer", sa.Text(), nullable=True),
        sa.Column("registration", sa.Text(), nullable=True),
        sa.Column("spec", sa.Text(), nullable=True),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.Column("unit_weight_mg", sa.BigInteger(), nullable=True),
        sa.Column("mass_g", sa.BigInteger(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("replaces", sa.Text(), nullable=True),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("method IN ('A','B','C')", name=op.f("ck_supply_row_method")),
        sa.ForeignKeyConstraint(["county"], ["county.code"], name=op.f("fk_supply_row_county")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supply_row")),
        sa.UniqueConstraint("replaces", name=op.f("uq_supply_row_replaces")),
    )
    op.create_index("ix_supply_row_county_on_day", "supply_row", ["county", "on_day"])
    op.create_table(
        "unit_weight",
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("material", sa.Text(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("size", sa.Text(), nullable=False),
        sa.Column("weight_mg", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.CheckConstraint("weight_mg > 0", name=op.f("ck_unit_weight_weight_positive")),
        sa.ForeignKeyConstraint(
            ["version"], ["unit_weight_version.version"], name=op.f("fk_unit_weight_version")
        ),
        sa.PrimaryKeyConstraint("version", "material", "form", "size", name=op.f("pk_unit_weight")),
    )
    op.create_table(
        "site",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("township", sa.Text(), nullable=False),
        sa.Column("village", sa.Text(), nullable=True),
        sa.Column("lat", sa.Float(), nullable=False),
        sa.Column("lon", sa.Float(), nullable=False),
        sa.Column("point_kind", sa.Text(), nullable=True),
        sa.Column("capacity_g", sa.BigInteger(), nullable=True),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.CheckConstraint("kind IN ('P','S','R','I','L','H')", name=op.f("ck_site_kind")),
        sa.CheckConstraint(
            "closed_on IS NULL OR closed_on >= opened_on", name=op.f("ck_site_open_span")
        ),
        sa.CheckConstraint("substr(code, 8, 1) = kind", name=op.f("ck_site_code_kind")),
        sa.ForeignKeyConstraint(["county"], ["county.code"], name=op.f("fk_site_county")),
        sa.ForeignKeyConstraint(
            ["operator"], ["organisation.credit_code"], name=op.f("fk_site_operator")
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_site")),
    )
    op.create_index(op.f("ix_site_county"), "site", ["county"])
    op.create_index(op.f("ix_site_operator"), "site", ["operator"])
    op.create_table(
        "vehicle",
        sa.Column("plate", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("capacity_g", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation"], ["organisation.credit_code"], name=op.f("fk_vehicle_organisation")
        ),
        sa.CheckConstraint(
            "plate ~ '^.[A-Z][0-9A-Z挂]{5,6}$'", name=op.f("ck_vehicle_plate_shape")
        ),
        sa.PrimaryKeyConstraint("plate", name=op.f("pk_vehicle")),
    )
    op.create_index(op.f("ix_vehicle_organisation"), "vehicle", ["organisation"])
    op.create_table(
        "label_sheet",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("site", sa.Text(), nullable=True),
        sa.Column("issued_by", sa.Uuid(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["county"], ["county.code"], name=op.f("fk_label_sheet_county")),
        sa.ForeignKeyConstraint(["site"], ["site.code"], name=op.f("fk_label_sheet_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label_sheet")),
    )
    op.create_index(op.f("ix_label_sheet_county"), "label_sheet", ["county"])
    op.create_table(
        "listed_unit",
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("document", sa.Text(), nullable=True),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["site"], ["site.code"], name=op.f("fk_listed_unit_site")),
        sa.PrimaryKeyConstraint("site", "valid_from", name=op.f("pk_listed_unit")),
    )
    op.create_table(
        "permit",
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.CheckConstraint("kind IN ('discharge','hazardous')", name=op.f("ck_permit_kind")),
        sa.CheckConstraint("valid_to >= valid_from", name=op.f("ck_permit_span")),
        sa.ForeignKeyConstraint(["site"], ["site.code"], name=op.f("fk_permit_site")),
        sa.PrimaryKeyConstraint("site", "kind", "number", name=op.f("pk_permit")),
    )


def downgrade() -> None:
    for table in (
        "permit", "listed_unit", "label_sheet", "vehicle", "site", "unit_weight", "supply_row",
        "setup_link", "session", "pilot", "organisation", "county_area", "api_token", "unsequenced",
        "unit_weight_version", "trip_counter", "trip", "supply_day", "site_flow", "refusal",
        "posting", "packaging_term", "leaf", "label", "installation", "follower", "failed_sign_in",
        "event_private", "event_batch", "event", "county_flow", "county", "batch", "area", "account",
    ):  # fmt: skip
        op.drop_table(table)
