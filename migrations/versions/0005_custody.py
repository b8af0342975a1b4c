"""Containers hold bags, events are corrected.

`batch.container` says where a bag is packed, `label.tare_g` what a container weighs empty;
`correction` which event another one replaces or takes back, append-only like the log.
Safe while the platform runs: nullable columns, a new table, an index on a column that is empty.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

ROLE = "platform_app"


def upgrade() -> None:
    op.add_column("batch", sa.Column("container", sa.Text(), nullable=True))
    op.create_index(
        "ix_batch_container",
        "batch",
        ["container"],
        postgresql_where=sa.text("container IS NOT NULL"),
    )
    op.add_column("label", sa.Column("tare_g", sa.BigInteger(), nullable=True))
    op.create_check_constraint(
        op.f("ck_label_tare_not_negative"), "label", "tare_g IS NULL OR tare_g >= 0"
    )
    op.create_table(
        "correction",
        sa.Column("corrects", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("corrects", name=op.f("pk_correction")),
        sa.UniqueConstraint("event_id", name=op.f("uq_correction_event_id")),
    )
    op.execute(f"GRANT SELECT, INSERT ON correction TO {ROLE}")
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON correction"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        "CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON correction"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.execute("ALTER TABLE correction ENABLE ALWAYS TRIGGER append_only")
    op.execute("ALTER TABLE correction ENABLE ALWAYS TRIGGER append_only_truncate")


def downgrade() -> None:
    if op.get_bind().scalar(sa.text("SELECT EXISTS (SELECT 1 FROM event)")):
        raise RuntimeError(
            "日志中已有事件，不能降级：降级会删除证据。 The log holds events; downgrading would"
            " destroy evidence and is refused. Restore a backup of the older version instead."
        )
    op.drop_table("correction")
    op.drop_constraint(op.f("ck_label_tare_not_negative"), "label")
    op.drop_column("label", "tare_g")
    op.drop_index("ix_batch_container", "batch")
    op.drop_column("batch", "container")
