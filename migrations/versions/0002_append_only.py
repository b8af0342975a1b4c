"""Roles and triggers: what is recorded can be added to, never changed.

The app's role may SELECT and INSERT on the log, nothing else; triggers refuse the rest to
everybody, the owner and replication included. Both can be undone by someone with the owner's
password: that is what the log's hashes are for.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

ROLE = "platform_app"
APPEND_ONLY = ("event", "event_batch", "posting", "leaf")
INSERT_ONLY = ("refusal", "failed_sign_in", "label_sheet", "supply_row")
NEVER_REMOVED = (
    "installation", "account", "label", "batch", "trip", "api_token", "setup_link", "unit_weight",
)  # fmt: skip
FREE = (
    "session", "event_private", "unsequenced", "follower", "area", "county", "county_area",
    "pilot", "organisation", "site", "permit", "listed_unit", "vehicle", "packaging_term",
    "unit_weight_version", "site_flow", "county_flow", "trip_counter", "supply_day",
)  # fmt: skip


def upgrade() -> None:
    op.execute(
        f"""
        DO $$ BEGIN
          IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '{ROLE}') THEN
            CREATE ROLE {ROLE} NOLOGIN;
          END IF;
          IF NOT pg_has_role(current_user, '{ROLE}', 'MEMBER') THEN
            EXECUTE format('GRANT {ROLE} TO %I', current_user);
          END IF;
        END $$
        """
    )
    op.execute(f"GRANT USAGE ON SCHEMA public TO {ROLE}")
    op.execute(f"GRANT SELECT ON alembic_version TO {ROLE}")
    for table in APPEND_ONLY + INSERT_ONLY:
        op.execute(f"GRANT SELECT, INSERT ON {table} TO {ROLE}")
    for table in NEVER_REMOVED:
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO {ROLE}")
    for table in FREE:
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {ROLE}")
    op.execute(
        """
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          RAISE EXCEPTION '% on % is refused: the log is append-only', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'insufficient_privilege';
        END $$
        """
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        # ALWAYS: session_replication_role = replica does not switch them off.
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER append_only")
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER append_only_truncate")


def downgrade() -> None:
    if op.get_bind().scalar(sa.text("SELECT EXISTS (SELECT 1 FROM event)")):
        raise RuntimeError(
            "日志中已有事件，不能降级：降级会删除证据。 The log holds events; downgrading would"
            " destroy evidence and is refused. Restore a backup of the older version instead."
        )
    for table in APPEND_ONLY:
        op.execute(f"DROP TRIGGER append_only ON {table}")
        op.execute(f"DROP TRIGGER append_only_truncate ON {table}")
    op.execute("DROP FUNCTION refuse_change()")
    for table in APPEND_ONLY + INSERT_ONLY + NEVER_REMOVED + FREE:
        op.execute(f"REVOKE ALL ON {table} FROM {ROLE}")
    op.execute(f"REVOKE ALL ON alembic_version FROM {ROLE}")
    op.execute(f"REVOKE ALL ON SCHEMA public FROM {ROLE}")
