"""A folder of files that one process at a time may work with."""

import fcntl
from pathlib import Path
from typing import IO

LOCK_FILE = "lock"


class FolderTaken(RuntimeError):
    """Another process works with this folder."""


def take_folder(folder: Path) -> IO[bytes]:
    """Take a folder for this process, until the returned file is closed or the process ends.

    Makes the folder where there is none, for its owner alone. Raises FolderTaken, OSError.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = (folder / LOCK_FILE).open("wb")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise FolderTaken(str(folder)) from error
    return lock
