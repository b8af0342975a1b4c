"""Alerts: findings, the thresholds they are judged by, the running state of their follower.

Safe while the app runs: new tables only. The follower begins at leaf 0 and fills them by itself.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0005"

ROLE = "platform_app"
FOLLOWED = (
    "finding", "alert_mark", "alert_clock", "alert_group", "alert_stock", "alert_month",
    "alert_quarter", "alert_digits", "alert_year", "alert_fix", "alert_unit_code",
    "alert_container",
)  # fmt: skip


def upgrade() -> None:
    op.create_table(
        "alert_clock",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_alert_clock")),
    )
    op.create_table(
        "alert_container",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_alert_container")),
    )
    op.create_table(
        "alert_digits",
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("counts", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.PrimaryKeyConstraint("site", "year", name=op.f("pk_alert_digits")),
    )
    op.create_table(
        "alert_fix",
        sa.Column("mover", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lat_e7", sa.BigInteger(), nullable=False),
        sa.Column("lon_e7", sa.BigInteger(), nullable=False),
        sa.Column("accuracy_cm", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("mover", name=op.f("pk_alert_fix")),
    )
    op.create_table(
        "alert_group",
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("before_g", sa.BigInteger(), nullable=False),
        sa.Column("after_g", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("event", name=op.f("pk_alert_group")),
    )
    op.create_table(
        "alert_mark",
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("window", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("batch", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("need", sa.BigInteger(), nullable=False),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=True),
        sa.Column("seen_by", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("figures", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint(
            "rule", "subject", "window", "event", "batch", name=op.f("pk_alert_mark")
        ),
    )
    op.create_index(
        "ix_alert_mark_batch",
        "alert_mark",
        ["batch"],
        unique=False,
        postgresql_where=sa.text("batch <> ''"),
    )
    op.create_index(
        "ix_alert_mark_due_at",
        "alert_mark",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("NOT active"),
    )
    op.create_index(
        "ix_alert_mark_event",
        "alert_mark",
        ["event"],
        unique=False,
        postgresql_where=sa.text("event <> ''"),
    )
    op.create_table(
        "alert_month",
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("told", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site", "month", name=op.f("pk_alert_month")),
    )
    op.create_table(
        "alert_quarter",
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("quarter", sa.Date(), nullable=False),
        sa.Column("before_g", sa.BigInteger(), nullable=False),
        sa.Column("last_g", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site", "quarter", name=op.f("pk_alert_quarter")),
    )
    op.create_table(
        "alert_stock",
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("held_g", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site", name=op.f("pk_alert_stock")),
    )
    op.create_table(
        "alert_unit_code",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("event", sa.Uuid(), nullable=False),
        sa.Column("leaf_index", sa.BigInteger(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("times", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("code", "event", name=op.f("pk_alert_unit_code")),
    )
    op.create_table(
        "alert_year",
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("collected_g", sa.BigInteger(), nullable=False),
        sa.Column("generated_g", sa.BigInteger(), nullable=False),
        sa.Column("pieces", sa.BigInteger(), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.Column("grams_over_us", sa.BigInteger(), nullable=False),
        sa.Column("pieces_over_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("county", "year", name=op.f("pk_alert_year")),
    )
    op.create_table(
        "finding",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("window", sa.Text(), nullable=False),
        sa.Column("opening", sa.BigInteger(), nullable=False),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=True),
        sa.Column("seen_by", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("figures", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("events", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("batches", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_leaf", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_leaf", sa.BigInteger(), nullable=True),
        sa.Column("log_size", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("closed_at >= opened_at", name=op.f("ck_finding_closed_after_opened")),
        sa.CheckConstraint("opening > 0", name=op.f("ck_finding_opening")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding")),
    )
    op.create_index("ix_finding_opened_at_id", "finding", ["opened_at", "id"], unique=False)
    op.create_index(
        "ix_finding_seen_by", "finding", ["seen_by"], unique=False, postgresql_using="gin"
    )
    op.create_index(
        "uq_finding_open",
        "finding",
        ["rule", "subject", "window"],
        unique=True,
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_index(
        "uq_finding_opening", "finding", ["rule", "subject", "window", "opening"], unique=True
    )
    op.create_table(
        "threshold",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("area", sa.Text(), nullable=True),
        sa.Column("season", postgresql.ARRAY(sa.BigInteger()), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("valid_to >= valid_from", name=op.f("ck_threshold_days")),
        sa.CheckConstraint("value >= 0", name=op.f("ck_threshold_value")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_threshold")),
    )
    op.create_index("ix_threshold_rule_key", "threshold", ["rule", "key"], unique=False)

    for table in FOLLOWED:
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {ROLE}")
    op.execute(f"GRANT SELECT, INSERT ON threshold TO {ROLE}")
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON threshold"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        "CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON threshold"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.execute("ALTER TABLE threshold ENABLE ALWAYS TRIGGER append_only")
    op.execute("ALTER TABLE threshold ENABLE ALWAYS TRIGGER append_only_truncate")


def downgrade() -> None:
    op.drop_table("threshold")
    for table in reversed(FOLLOWED):
        op.drop_table(table)
