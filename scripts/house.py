"""House rules that no general linter knows. Each says why, and shows the legal form.

`python -m scripts.house` checks the tree; tests/test_house.py checks the rules themselves.
"""

import ast
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LONGEST_FILE = 300
TOP_LEVEL = {
    "app", "migrations", "scripts", "tests", "docs",
    "alembic.ini", "pyproject.toml", "Dockerfile", "README.md", "compose.yaml",
    "package.json", "package-lock.json",
    "requirements.lock", "requirements-dev.lock", "requirements-node.lock",
    "var", "node_modules",
}  # fmt: skip
VAGUE = {"utils", "helpers", "common", "services", "misc", "util"}


@dataclass(frozen=True)
class Finding:
    """A place that breaks a rule, and what to do instead."""

    path: str
    line: int
    why: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.why}"


def imports(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield every dotted name a module imports, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, node.lineno
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def doors_open_inwards(path: str, source: str) -> Iterator[Finding]:
    """Find routes or pages imported outside main: what they share belongs in a work file."""
    if path == "app/main.py":
        return
    for name, line in imports(ast.parse(source)):
        if re.fullmatch(r"app\.\w+\.(\w+_)?(routes|pages)", name):
            yield Finding(
                path, line, f"{name} is a door; only app/main.py opens it. Import the use case."
            )


def one_door_to_the_log(path: str, source: str) -> Iterator[Finding]:
    """Find imports of ledger.append outside app/events: what appends to the log decides first."""
    if path.startswith("app/events/") or path == "app/ledger/append.py":
        return
    for name, line in imports(ast.parse(source)):
        if name == "app.ledger.append":
            yield Finding(
                path, line, "the log has one door: call events.record.record or events.declare."
            )


def one_commit(path: str, source: str) -> Iterator[Finding]:
    """Find commits outside app/db.py: a transaction ends there, before the response leaves."""
    if path in {"app/db.py", "migrations/env.py"}:
        return
    for node in ast.walk(ast.parse(source)):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "commit"
        ):
            yield Finding(
                path, node.lineno, "commit stands in app/db.py only: `async with database.write()`."
            )


def short_files(path: str, source: str) -> Iterator[Finding]:
    """Find files of more than three screens: two things live in them."""
    lines = source.count("\n")
    if path.startswith("app/") and lines > LONGEST_FILE:
        yield Finding(
            path, lines, f"{lines} lines; at most {LONGEST_FILE}. Split it by what it does."
        )


def telling_names(path: str, _: str) -> Iterator[Finding]:
    """Find names that could hold anything: soon they do."""
    for part in Path(path).with_suffix("").parts:
        if part in VAGUE:
            yield Finding(path, 1, f"«{part}» says nothing; name the file for what it does.")


def strict_templates(path: str, source: str) -> Iterator[Finding]:
    """Find inline style and script: the content security policy would silently not run them."""
    for number, line in enumerate(source.splitlines(), 1):
        if re.search(r"<[^>]*\sstyle=", line) or re.search(r"<style", line):
            yield Finding(path, number, "inline style is blocked by the CSP; use a class.")
        if re.search(r"<[^>]*\son[a-z]+=", line):
            yield Finding(path, number, "inline handlers are blocked; use a module in static/.")
        if re.search(r"<script(?![^>]*(src=|application/json))", line):
            yield Finding(path, number, "inline script is blocked; use a module in static/.")


PYTHON: tuple[Callable[[str, str], Iterator[Finding]], ...] = (
    doors_open_inwards,
    one_door_to_the_log,
    one_commit,
    short_files,
    telling_names,
)


def check(root: Path) -> list[Finding]:
    """Return every finding in a tree."""
    found: list[Finding] = []
    for folder in ("app", "migrations", "scripts"):
        for file in sorted((root / folder).rglob("*.py")):
            path = file.relative_to(root).as_posix()
            source = file.read_text(encoding="utf-8")
            for rule in PYTHON:
                found += rule(path, source)
    for file in sorted((root / "app" / "templates").rglob("*.html")):
        path = file.relative_to(root).as_posix()
        found += strict_templates(path, file.read_text(encoding="utf-8"))
    for entry in sorted(root.iterdir()):
        if entry.name not in TOP_LEVEL and not entry.name.startswith((".", "__pycache__")):
            found.append(
                Finding(entry.name, 1, "the top level is fixed; put it into one of its folders.")
            )
    return found


def main() -> None:
    """Print findings; exit 1 where there are any."""
    found = check(ROOT)
    for finding in found:
        print(finding)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
