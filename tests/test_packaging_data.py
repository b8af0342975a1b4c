"""The committed packaging vocabularies and unit weights agree with the public contract."""

import csv
from pathlib import Path

DATA = Path(__file__).parent.parent / "app" / "packaging" / "data"


def rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def slugs(name: str) -> list[str]:
    return [row["slug"] for row in rows(name)]


def test_the_slugs_are_those_of_the_contract() -> None:
    assert slugs("materials.csv") == [
        "pet", "pe", "coex", "glass", "foil", "composite", "paper", "metal",
    ]  # fmt: skip
    assert slugs("forms.csv") == ["bottle", "bag", "drum", "can"]
    assert slugs("sizes.csv") == ["lt200ml", "ge200ml", "ge5l", "lt50g", "ge50g"]


def test_unit_weights_are_whole_milligrams_of_known_pieces_marked_provisional() -> None:
    weights = rows("unit_weights.csv")
    pieces = [(row["material"], row["form"], row["size"]) for row in weights]
    assert len(set(pieces)) == len(pieces)
    for row in weights:
        assert row["material"] in slugs("materials.csv")
        assert row["form"] in slugs("forms.csv")
        assert row["size"] in slugs("sizes.csv")
        assert 1_000 <= int(row["weight_mg"]) <= 1_000_000
        assert row["source"].startswith("暂定")


def test_every_material_has_a_unit_weight_and_sizes_fit_their_form() -> None:
    weights = rows("unit_weights.csv")
    assert {row["material"] for row in weights} == set(slugs("materials.csv"))
    fits = {
        "bottle": {"lt200ml", "ge200ml"},
        "can": {"lt200ml", "ge200ml"},
        "drum": {"ge5l"},
        "bag": {"lt50g", "ge50g"},
    }
    found: dict[str, set[str]] = {form: set() for form in fits}
    for row in weights:
        found[row["form"]].add(row["size"])
    assert found == fits
