"""Which database a command works on: DATABASE_URL, the embedded one that runs, or one started."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.config import ROOT, Settings
from app.embedded import EmbeddedPostgres, EmbeddedPostgresError, running_url
from app.migrate import upgrade

DEMO_FOLDER = ROOT / "var" / "demo"


@dataclass(frozen=True)
class Addresses:
    """Where the database is, for the app's role and for the owner that migrates."""

    app: str
    owner: str


def running_folder(config: Settings) -> Path:
    """Return the folder of the embedded server that runs: the platform's, else the demo's.

    Whoever named a data folder means that one.
    """
    own = config.data_folder / "postgres"
    if "data_folder" in config.model_fields_set:
        return own
    try:
        running_url(own, "app")
    except EmbeddedPostgresError:
        return DEMO_FOLDER / "postgres"
    return own


@contextmanager
def running_or_started(config: Settings) -> Iterator[Addresses]:
    """Yield the database of a running platform, or start it for a moment."""
    folder = config.data_folder / "postgres"
    if not config.database_url:
        try:
            yield Addresses(running_url(folder, "app"), running_url(folder, "owner"))
        except EmbeddedPostgresError:
            pass
        else:
            return
    with database_of(config, config.data_folder) as at:
        upgrade(at.owner)
        yield at


@contextmanager
def database_of(config: Settings, folder: Path) -> Iterator[Addresses]:
    """Yield DATABASE_URL, or an embedded server that lives as long as the block."""
    if config.database_url:
        yield Addresses(config.database_url, config.owner_database_url or config.database_url)
        return
    with EmbeddedPostgres(folder / "postgres", binaries=config.postgres_binaries) as postgres:
        yield Addresses(postgres.url("app"), postgres.url("owner"))
