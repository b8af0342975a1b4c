"""What set-up installs is pinned, hashed, and tied to no registry."""

import json
import re
from pathlib import Path

import pytest

from scripts.vendor import FILES

ROOT = Path(__file__).parent.parent
PYTHON_LOCKS = sorted(ROOT.glob("requirements*.lock"))


def test_browser_packages_are_exact_versions_with_hashes_and_no_addresses() -> None:
    package = json.loads((ROOT / "package.json").read_text())
    named = package["dependencies"] | package["devDependencies"]
    locked = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    for name, version in named.items():
        assert locked[f"node_modules/{name}"]["version"] == version
    for name, one in locked.items():
        if name:
            assert one["integrity"].startswith("sha512-")
            assert "resolved" not in one


def test_every_served_file_comes_from_a_named_package() -> None:
    named = json.loads((ROOT / "package.json").read_text())["dependencies"]
    assert {name for name in named for file in FILES if file.startswith(f"{name}/")} == set(named)
    assert all(any(file.startswith(f"{name}/") for name in named) for file in FILES)
    assert len({folder / Path(file).name for file, folder in FILES.items()}) == len(FILES)


@pytest.mark.parametrize("lock", PYTHON_LOCKS, ids=lambda lock: lock.name)
def test_python_packages_are_pinned_with_hashes_and_no_addresses(lock: Path) -> None:
    text = lock.read_text()
    assert "://" not in text
    blocks = re.split(r"\n(?=\S)", text.strip())
    for block in blocks:
        assert re.match(r"^[a-z0-9._-]+==\S+", block), block
        assert "--hash=sha256:" in block


def test_the_checks_run_on_the_very_packages_that_are_deployed() -> None:
    deployed, checked = (
        set(re.findall(r"^(\S+==\S+)", (ROOT / name).read_text(), flags=re.MULTILINE))
        for name in ("requirements.lock", "requirements-dev.lock")
    )
    assert deployed <= checked
