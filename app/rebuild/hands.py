"""Who does a part of the rebuild: this process, or one of its own, so that all processors work."""

import asyncio
import signal
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, Literal, Protocol

from app.db import owner_engine
from app.rebuild.difference import Found
from app.rebuild.projections import PROJECTIONS, Projection
from app.rebuild.work import Interrupted, Tell, Work

Task = Literal["recompute", "compare", "repair"]


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
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(theirs, projection.name, url), daemon=True
        )
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


def _serve(pipe: Connection, name: str, url: str) -> None:
    # Ctrl-C reaches every process of the terminal: the first one ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    projection = next(one for one in PROJECTIONS if one.name == name)

    def tell(done: int, total: int) -> None:
        pipe.send(("progress", (done, total)))

    asyncio.run(_served(pipe, Near(projection, url, tell)))


async def _served(pipe: Connection, hand: Near) -> None:
    answer: Callable[[str, Any], None] = lambda what, told: pipe.send((what, told))  # noqa: E731
    try:
        while True:
            task: Task = pipe.recv()
            try:
                answer("done", await hand.do(task))
            except Interrupted as error:
                answer("interrupted", str(error))
            except OSError:
                raise  # whoever asked is gone
            except Exception as error:  # noqa: BLE001  told to whoever asked
                answer("failed", f"{hand.projection.name}: {type(error).__name__}: {error}")
    except (EOFError, OSError):
        pass
    finally:
        await hand.close()
