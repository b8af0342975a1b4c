"""The denominator of the demonstration: what each pilot county declares as sold (method A).

Counties declare month by month for the months that the season covers, so much that their rates
come out between 60 and 95 %. Planted: one county's comes out above 100 %, because it declared too
little, and another declared drums where bottles and bags were sold.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta

from app.demo.actions import Declaration, Delivery, Event
from app.demo.handins import unit_weights
from app.demo.plants import counties_with
from app.demo.world import SHANGHAI, World, stream
from app.ids import uuid7

OVER_DECLARED = 1.04
"""The one rate above 1."""
# Specification as dealers write it, the piece it is, its share of the mass sold.
_SPECS = (
    ("PET 瓶 100 mL", ("pet", "bottle", "lt200ml"), 0.33),
    ("PET 瓶 250–500 mL", ("pet", "bottle", "ge200ml"), 0.2),
    ("HDPE 瓶 1 L", ("pe", "bottle", "ge200ml"), 0.2),
    ("铝箔袋 20 g", ("foil", "bag", "lt50g"), 0.12),
    ("复合膜袋 100 g", ("composite", "bag", "ge50g"), 0.15),
)
_DRUMS = (
    ("PET 瓶 100 mL", ("pet", "bottle", "lt200ml"), 0.2),
    ("HDPE 瓶 1 L", ("pe", "bottle", "ge200ml"), 0.2),
    ("HDPE 桶 5 L", ("pe", "drum", "ge5l"), 0.55),
    ("铝箔袋 20 g", ("foil", "bag", "lt50g"), 0.05),
)


def declarations(
    world: World, deliveries: Iterable[Delivery], begin: datetime, *, plain: bool
) -> Iterator[Declaration]:
    """Yield each county's monthly declarations, made on the month's last day in the season.

    What was sealed before `begin`, and is entered late, counts with the first month.
    """
    collected = _collected_g(deliveries, begin)
    rng = stream(world.seed, "supply")
    rates = [0.62 + 0.32 * step / len(world.pilots) for step in range(len(world.pilots))]
    rng.shuffle(rates)
    over = set() if plain else counties_with("rate-over-100", world)
    drums = set() if plain else counties_with("recovered-over-sold", world)
    for county, usual in zip(world.pilots, rates, strict=True):
        rate = OVER_DECLARED if county in over else usual
        specs = _DRUMS if county in drums else _SPECS
        dealers = [site.operator for site in world.sites_of(county, "P")[:6:2]]
        for year, month in sorted({key[1:] for key in collected if key[0] == county}):
            on = min(_last_of(year, month), world.last_day)
            generated_g = collected[county, year, month] / rate
            at = datetime.combine(on, time(17, rng.randrange(60)), SHANGHAI)
            rows: list[Event] = []
            for spec, (name, piece, share) in enumerate(specs, start=1):
                unit_mg = unit_weights()[piece]
                sold_g = generated_g * share * rng.uniform(0.97, 1.03)
                rows.append(
                    {
                        "id": f"{county}-{year}{month:02}-{spec:02}",
                        "dealer": rng.choice(dealers),
                        "county": county,
                        "on": on.isoformat(),
                        "registration": f"PD20{rng.randrange(10, 24)}{rng.randrange(10_000):04}",
                        "spec": name,
                        "units": max(1, round(sold_g * 1000 / unit_mg)),
                        "unit_weight_g": unit_mg / 1000,
                        "method": "A",
                    }
                )
            yield Declaration(at, f"county-{county}", uuid7(rng, at), county, tuple(rows))


def _collected_g(
    deliveries: Iterable[Delivery], begin: datetime
) -> dict[tuple[str, int, int], int]:
    """Add up sealed grams by county, year and month."""
    sums: dict[tuple[str, int, int], int] = {}
    for delivery in deliveries:
        for event in delivery.events:
            if event["kind"] == "collect":
                on = max(datetime.fromisoformat(event["occurred_at"]), begin)
                key = event["site"][:6], on.year, on.month
                sums[key] = sums.get(key, 0) + event["batches"][0]["mass_g"]
    return sums


def _last_of(year: int, month: int) -> date:
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
