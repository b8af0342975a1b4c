"""Check that the migrations build what the models say, and go down and up on an empty database.

Runs on a throw-away embedded server: `python -m scripts.check_migrations`.
"""

import tempfile
from pathlib import Path

from alembic import command

from app.embedded import EmbeddedPostgres
from app.migrate import configuration


def main() -> None:
    """Raise where models and migrations differ or a step fails."""
    with (
        tempfile.TemporaryDirectory() as folder,
        EmbeddedPostgres(Path(folder) / "postgres") as server,
    ):
        config = configuration(server.url("owner"))
        command.upgrade(config, "head")
        command.check(config)
        command.downgrade(config, "base")
        command.upgrade(config, "head")
        command.check(config)


if __name__ == "__main__":
    main()
