"""`python -m app export-log`: the whole log into a file, for the auditor's tool."""

import argparse
import asyncio
import gzip
import json
import os
import sys
from collections.abc import Iterator
from contextlib import aclosing, contextmanager, suppress
from pathlib import Path
from typing import IO

from sqlalchemy.exc import ProgrammingError

from app.config import Settings, settings
from app.db import sqlstate
from app.embedded import EmbeddedPostgresError, running_url
from app.evidence.snapshot import exported
from app.ops.databases import database_of, running_folder

STDOUT = "-"
NO_SUCH_TABLE_OR_COLUMN = {"42P01", "42703"}
TOLD_EVERY = 50_000
"""Leaves between two words on how far it has come."""


class CannotExport(RuntimeError):
    """There is no log, or the file cannot be written; says why in Chinese and English."""


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to those of the command line."""
    export = commands.add_parser(
        "export-log", help="导出存证日志（JSON Lines），供 scripts/verify 核验"
    )
    export.add_argument(
        "file",
        nargs="?",
        default=STDOUT,
        metavar="文件",
        help="写到哪个文件，名称以 .gz 结尾则压缩；不写或写 - 则打印到标准输出",
    )
    export.add_argument(
        "--private", action="store_true", help="连同交回人、司机等个人信息，文件须妥善保管"
    )
    export.set_defaults(run=_export)


def _export(arguments: argparse.Namespace) -> None:
    try:
        with (
            _database(settings()) as url,
            _target(arguments.file, private=arguments.private) as target,
        ):
            asyncio.run(_write(url, target, arguments))
    except ProgrammingError as error:
        if sqlstate(error) not in NO_SUCH_TABLE_OR_COLUMN:
            raise
        raise CannotExport(
            "数据库里没有日志，或者是另一个版本的，请先运行 migrate"
            " / the database holds no log, or one of another version: migrate it first"
        ) from error
    except BrokenPipeError:
        # Whoever read has seen enough. What is left in the buffer has no reader either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


@contextmanager
def _database(config: Settings) -> Iterator[str]:
    """Yield DATABASE_URL, the platform's database that runs, else the demonstration's, else that on disk.

    It is never migrated: what is exported stands as it was found.
    """
    running = None
    if not config.database_url:
        with suppress(EmbeddedPostgresError):
            running = running_url(running_folder(config), "app")
    if running:
        yield running
        return
    with database_of(config, config.data_folder) as at:
        yield at.app


async def _write(
    url: str, target: IO[bytes] | gzip.GzipFile, arguments: argparse.Namespace
) -> None:
    done, leaves, told, origin = -1, 0, 0, None
    async with aclosing(exported(url, private=arguments.private)) as pieces:
        async for piece in pieces:
            if done < 0:
                head = json.loads(piece)
                leaves, origin = head["leaves"], head["origin"]
            with _writing(arguments.file):
                target.write(piece.encode())
            done += piece.count("\n")
            if told + TOLD_EVERY <= done < leaves:
                told = done
                _tell(f"{done} / {leaves}")
    # Which log it was: a demonstration's may run where the platform does not.
    _tell(f"已导出 {origin} 的 {leaves} 条登记 / {leaves} leaves of {origin} exported")


def _tell(words: str) -> None:
    sys.stderr.write(f"{words}\n")
    sys.stderr.flush()


@contextmanager
def _target(name: str, *, private: bool) -> Iterator[IO[bytes] | gzip.GzipFile]:
    """Yield where to write: a draft that takes its name when all of it is on disk, or stdout."""
    if name == STDOUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    path = Path(name)
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    # Only its owner may read a file with people's names.
    mode = 0o600 if private else 0o666
    with _writing(name):
        file = os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb")
    try:
        packed = gzip.GzipFile("", "wb", fileobj=file, mtime=0) if path.suffix == ".gz" else None
        yield packed or file
        with _writing(name):
            if packed:
                packed.close()
            file.flush()
            os.fsync(file.fileno())
            draft.replace(path)
    finally:
        with suppress(OSError):
            file.close()
        draft.unlink(missing_ok=True)


@contextmanager
def _writing(name: str) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise CannotExport(f"不能写 / cannot write {name}: {error.strerror}") from error
