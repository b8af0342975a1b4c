"""Passwords: argon2id off the event loop, a few at a time, and the rule for new ones."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from app.auth.errors import PasswordTooWeak

MIN_LENGTH = 10
MAX_LENGTH = 128

# OWASP's profile (Password Storage Cheat Sheet): 19 MiB, two passes, one lane.
MEMORY_KIB, PASSES, LANES = 19_456, 2, 1
_hasher = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)

# Four threads of its own bound memory and CPU: the fifth sign-in waits, other requests do not.
_threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="argon2")

# Verified where there is no hash, so that an unknown name costs what a wrong password costs.
_NOBODY = f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${'A' * 22}${'A' * 43}"


async def hash_password(password: str) -> str:
    """Return the argon2id hash of a password, in PHC form."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _hasher.hash, password)


async def matches(password: str, password_hash: str | None) -> bool:
    """Tell whether the password fits; `None` never does, after the same work."""
    fits = await asyncio.get_running_loop().run_in_executor(
        _threads, _verify, password, password_hash or _NOBODY
    )
    return fits and password_hash is not None


def _verify(password: str, password_hash: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except VerifyMismatchError:
        return False


def check_new_password(password: str, username: str) -> None:
    """Refuse a new password that is easy to guess; raises PasswordTooWeak."""
    if len(password) < MIN_LENGTH:
        raise PasswordTooWeak(reason=f"密码太短，只有 {len(password)} 个字符")
    if len(password) > MAX_LENGTH:
        raise PasswordTooWeak(reason="密码太长")
    if any(character < " " or character == "\x7f" for character in password):
        raise PasswordTooWeak(reason="密码里有看不见的控制字符")
    if len(set(password)) == 1:
        raise PasswordTooWeak(reason="密码全是同一个字符")
    if password.lower() == username.lower():
        raise PasswordTooWeak(reason="密码和账号名相同")
