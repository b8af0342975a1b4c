"""Write a small file so that it is whole or not there at all, whatever happens meanwhile."""

import os
from pathlib import Path


def write_durably(path: Path, text: str, *, mode: int = 0o600) -> None:
    """Replace a file's text (UTF-8) by another; it is on disk when this returns.

    A crash leaves the old text or the new one. `mode` is that of the new file.
    """
    _draft(path, text, mode).replace(path)
    _settle(path.parent)


def write_once(path: Path, text: str, *, mode: int = 0o600) -> bool:
    """Write a file that is not there yet; False, and nothing done, where another was first."""
    draft = _draft(path, text, mode)
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    _settle(path.parent)
    return True


def _draft(path: Path, text: str, mode: int) -> Path:
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return draft


def _settle(folder: Path) -> None:
    """Make sure that the names in a folder are on disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
