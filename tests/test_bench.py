"""The bench measures what it says: run here with tiny numbers, its figures are not judged."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.benchmarks.measured import interleave, ratio

ROOT = Path(__file__).parent.parent


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "scripts.benchmarks", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("part", "size", "held_against"),
    [
        ("tree", "--tree-leaves", {"COPY", "tree in memory"}),
        ("verify", "--leaves", {"SHA-256", "json.loads"}),
        (
            "custody",
            "--custody-events",
            {"its SQL", *(f"its SQL, depth {depth}" for depth in range(3))},
        ),
        ("labels", "--labels", {"symbols"}),
        ("rebuild", "--rebuild-events", {"json.loads"}),
    ],
)
def test_a_part_prints_and_writes_its_figures_beside_raw_limits(tmp_path, part, size, held_against):
    file = tmp_path / "figures.json"
    done = bench("--parts", part, size, "300", "--rounds", "2", "--json", str(file))
    assert done.returncode == 0, done.stderr
    written = json.loads(file.read_text())
    assert written["machine"]["cores"]
    [found] = written["parts"]
    assert found["name"] == part
    for series in (*found["series"], *found["ratios"]):
        assert series["name"].strip() in done.stdout
        assert len(series["values"]) == 2
        assert min(series["values"]) <= series["median"] <= max(series["values"])
    assert {one["name"].split(" / ")[1] for one in found["ratios"]} == held_against


def test_a_part_that_there_is_not_is_named():
    done = bench("--parts", "tree,nothing")
    assert done.returncode == 2
    assert "verify" in done.stderr


def test_ways_take_turns_so_that_none_has_the_quiet_minutes_for_itself():
    order: list[str] = []

    def way(name: str):
        def once() -> float:
            order.append(name)
            return float(len(order))

        return once

    found = interleave([way("a"), way("b"), way("c")], 3)
    assert "".join(order) == "abcbcacab"
    assert found == [(1.0, 6.0, 8.0), (2.0, 4.0, 9.0), (3.0, 5.0, 7.0)]


def test_a_ratio_is_taken_round_by_round():
    assert ratio("", [10.0, 30.0], [5.0, 60.0]).values == (2.0, 0.5)
