"""The denominator of the demonstration: what each pilot county declares as sold (method A).

Counties declare month by month for the months that the season covers, so much that their rates
come out between 60 and 95 %, and one county's above 100 %: it declared too little.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta

from app.demo.actions import Declaration, Delivery, Event
from app.demo.handins import unit_weights
from app.demo.world import SHANGHAI, World, stream
from app.ids import uuid7

OVER_DECLARED = 1.04
"""The one rate above 1."""
# Specification as dealers write it, the piece it is, its share of the mass sold.
_SPECS = (
    ("PET 瓶 100 mL", ("pet", "bottle", "lt200ml"), 0.3),
    ("PET 瓶 250–500 mL", ("pet", "bottle", "ge200ml"), 0.27),
    ("HDPE 瓶 1 L", ("pe", "bottle", "ge200ml"), 0.25),
    ("铝箔袋 20 g", ("foil", "bag", "lt50g"), 0.08),
    ("复合膜袋 100 g", ("composite", "bag", "ge50g"), 0.1),
)


def declarations(world: World, deliveries: Iterable[Delivery]) -> Iterator[Declaration]:
    """Yield each county's monthly declarations, made on the month's last day in the season."""
    collected = _collected_g(deliveries)
    rng = stream(world.seed, "supply")
    rates = [0.62 + 0.32 * step / (len(world.pilots) - 2) for step in range(len(world.pilots) - 1)]
    rates.append(OVER_DECLARED)
    rng.shuffle(rates)
    for county, rate in zip(world.pilots, rates, strict=True):
        dealers = [site.operator for site in world.sites_of(county, "P")[:6:2]]
        for year, month in sorted({key[1:] for key in collected if key[0] == county}):
            on = min(_last_of(year, month), world.last_day)
            generated_g = collected[county, year, month] / rate
            at = datetime.combine(on, time(17, rng.randrange(60)), SHANGHAI)
            rows: list[Event] = []
            for spec, (name, piece, share) in enumerate(_SPECS, start=1):
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


def _collected_g(deliveries: Iterable[Delivery]) -> dict[tuple[str, int, int], int]:
    """Add up sealed grams by county, year and month."""
    sums: dict[tuple[str, int, int], int] = {}
    for delivery in deliveries:
        for event in delivery.events:
            if event["kind"] == "collect":
                on = datetime.fromisoformat(event["occurred_at"])
                key = event["site"][:6], on.year, on.month
                sums[key] = sums.get(key, 0) + event["batches"][0]["mass_g"]
    return sums


def _last_of(year: int, month: int) -> date:
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
