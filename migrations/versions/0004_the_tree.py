"""The Merkle tree of the log: tiles, which can only grow, the heads it has had, checkpoints.

Safe while the app runs: new tables only. The tree takes in the leaves that are there by itself.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

ROLE = "platform_app"
INSERT_ONLY = ("log_head", "log_checkpoint", "log_cosignature")


def upgrade() -> None:
    op.create_table(
        "log_tile",
        sa.Column("level", sa.BigInteger(), nullable=False),
        sa.Column("index", sa.BigInteger(), nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("level >= 0 AND index >= 0", name=op.f("ck_log_tile_place")),
        sa.CheckConstraint(
            "octet_length(hashes) % 32 = 0 AND octet_length(hashes) BETWEEN 32 AND 8192",
            name=op.f("ck_log_tile_hashes"),
        ),
        sa.PrimaryKeyConstraint("level", "index", name=op.f("pk_log_tile")),
    )
    op.create_table(
        "log_head",
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("prev", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("octet_length(root) = 32", name=op.f("ck_log_head_root")),
        sa.CheckConstraint(
            "size > 0 AND prev BETWEEN 0 AND size - 1", name=op.f("ck_log_head_size")
        ),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_log_head")),
    )
    op.create_table(
        "log_checkpoint",
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("prev", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("prev BETWEEN 0 AND size - 1", name=op.f("ck_log_checkpoint_prev")),
        sa.ForeignKeyConstraint(["size"], ["log_head.size"], name=op.f("fk_log_checkpoint_size")),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_log_checkpoint")),
    )
    op.create_table(
        "log_cosignature",
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("vkey", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["size"], ["log_checkpoint.size"], name=op.f("fk_log_cosignature_size")
        ),
        sa.PrimaryKeyConstraint("size", "vkey", name=op.f("pk_log_cosignature")),
    )
    op.create_table(
        "log_key",
        sa.Column("vkey", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_to", sa.DateTime(timezone=True), nullable=True),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("purpose IN ('checkpoint', 'receipt')", name=op.f("ck_log_key_purpose")),
        sa.PrimaryKeyConstraint("vkey", name=op.f("pk_log_key")),
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE ON log_key TO {ROLE}")
    op.execute(f"GRANT SELECT, INSERT, UPDATE ON log_tile TO {ROLE}")
    for table in INSERT_ONLY:
        op.execute(f"GRANT SELECT, INSERT ON {table} TO {ROLE}")
    op.execute(
        """
        CREATE FUNCTION refuse_all_but_growth() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF NEW.level = OLD.level AND NEW.index = OLD.index
             AND substr(NEW.hashes, 1, octet_length(OLD.hashes)) = OLD.hashes THEN
            RETURN NEW;
          END IF;
          RAISE EXCEPTION 'a tile only grows: % on % is refused', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'insufficient_privilege';
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER only_grows BEFORE UPDATE ON log_tile"
        " FOR EACH ROW EXECUTE FUNCTION refuse_all_but_growth()"
    )
    op.execute("ALTER TABLE log_tile ENABLE ALWAYS TRIGGER only_grows")
    for table in ("log_tile", *INSERT_ONLY):
        kinds = "DELETE" if table == "log_tile" else "UPDATE OR DELETE"
        op.execute(
            f"CREATE TRIGGER append_only BEFORE {kinds} ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER append_only")
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER append_only_truncate")


def downgrade() -> None:
    # Tiles and heads are made again from the leaves; a signed checkpoint is evidence.
    if op.get_bind().scalar(sa.text("SELECT EXISTS (SELECT 1 FROM log_checkpoint)")):
        raise RuntimeError(
            "日志已有签名的检查点，不能降级：降级会删除证据。 The log has signed checkpoints;"
            " downgrading would destroy evidence and is refused."
        )
    op.drop_table("log_key")
    op.drop_table("log_cosignature")
    op.drop_table("log_checkpoint")
    op.drop_table("log_head")
    op.drop_table("log_tile")
    op.execute("DROP FUNCTION refuse_all_but_growth()")
