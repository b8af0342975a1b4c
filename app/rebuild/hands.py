"""Who does a part of the rebuild: this process, or one of its own, so that all processors work."""

import asyncio
import gc
import os
import signal
from contextlib import suppress
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection
from typing import Any, Literal, Protocol

from app.db import owner_engine
from app.rebuild.difference import Found
from app.rebuild.projections import Projection
from app.rebuild.work import Interrupted, Tell, Work

Task = Literal["recompute", "compare", "repair"]
NEW_OBJECTS = 50_000
"""Between two looks for cycles: a replay makes objects by the million, and hardly a cycle."""
LOOK_EVERY_S = 1.0
"""Whether whoever asks still lives."""


class PartFailed(RuntimeError):
    """A part of the rebuild could not be done: the log may be damaged."""


class Hand(Protocol):
    """Does the tasks of one projection, one after the other."""

    projection: Projection

    async def do(self, task: Task) -> list[Found]:
        """Do a task; PartFailed, Interrupted."""
        ...

    async def close(self) -> None:
        """Leave nothing behind."""
        ...


class Near:
    """Works in this process."""

    def __init__(self, projection: Projection, url: str, tell: Tell) -> None:
        self.projection = projection
        self._tell = tell
        self._engine = owner_engine(url)
        self._work: Work | None = None

    async def do(self, task: Task) -> list[Found]:
        """Do a task."""
        if self._work is None:
            self._work = self.projection.work(self._engine)
            await self._work.open()
        return await do(self._work, task, self._tell)

    async def close(self) -> None:
        """Give the connection back."""
        if self._work:
            await self._work.close()
        await self._engine.dispose()


class Far:
    """Works in a process of its own, which ends with this one."""

    def __init__(self, projection: Projection, url: str, tell: Tell) -> None:
        self.projection = projection
        self._tell = tell
        # A copy of this process, which has read the whole program already.
        context = get_context("fork")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, projection, url), daemon=True)
        self._process.start()
        theirs.close()

    async def do(self, task: Task) -> list[Found]:
        """Have a task done."""
        return await asyncio.to_thread(self._ask, task)

    def _ask(self, task: Task) -> list[Found]:
        try:
            self._pipe.send(task)
            while True:
                what, told = self._pipe.recv()
                if what == "done":
                    return list(told)
                if what == "interrupted":
                    raise Interrupted(told)
                if what == "failed":
                    raise PartFailed(told)
                self._tell(*told)
        except (EOFError, OSError) as error:
            raise PartFailed(f"{self.projection.name}: {error!r}") from error

    async def close(self) -> None:
        """End the process."""
        self._process.terminate()
        await asyncio.to_thread(self._process.join)
        self._pipe.close()


async def do(work: Work, task: Task, tell: Tell) -> list[Found]:
    """Do one task of a part."""
    if task == "recompute":
        await work.recompute(tell)
    elif task == "repair":
        await work.repair()
    else:
        return await work.compare()
    return []


class _Alone(Exception):
    """Whoever asked is gone."""


def _serve(pipe: Connection, projection: Projection, url: str) -> None:
    # Ctrl-C reaches every process of the terminal: the first one ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # What was there before the fork stays to the end: not to be looked at again and again.
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS)

    def tell(done: int, total: int) -> None:
        _still_asked()
        pipe.send(("progress", (done, total)))

    with suppress(_Alone, EOFError, OSError):
        asyncio.run(_served(pipe, Near(projection, url, tell)))


def _still_asked() -> None:
    """Raise where the first process has died: its other copies hold this pipe open."""
    asker = parent_process()
    if asker is None or os.getppid() != asker.pid:
        raise _Alone


async def _served(pipe: Connection, hand: Near) -> None:
    try:
        while True:
            while not pipe.poll(LOOK_EVERY_S):
                _still_asked()
            pipe.send(await _answer(hand, pipe.recv()))
    finally:
        await hand.close()


async def _answer(hand: Near, task: Task) -> tuple[str, Any]:
    try:
        return "done", await hand.do(task)
    except Interrupted as error:
        return "interrupted", str(error)
    except _Alone:
        raise
    except Exception as error:  # noqa: BLE001  told to whoever asked
        return "failed", f"{hand.projection.name}: {type(error).__name__}: {error}"
