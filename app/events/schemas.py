"""Wire shapes of the event kinds, exactly as contract.md fixes them, and nothing more."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator

from app.batches.scanned import recognise
from app.batches.schemas import SiteCode
from app.events.fields import (
    MAX_BATCHES,
    MAX_GROUP_G,
    EventId,
    Instant,
    Manifest,
    Name,
    Plate,
    TripRef,
    Words,
)
from app.events.parts import (
    ArrivalException,
    BatchRef,
    ContentLine,
    Device,
    Giver,
    Payment,
    Position,
    Removed,
    RepackOutput,
    RepackPart,
    UnitCode,
    Weighed,
    check_counted,
)
from app.web import Unfit, Wire


class Draft(Wire):
    """What every event of custody has in common."""

    id: EventId
    occurred_at: Instant
    site: SiteCode
    position: Position | None = None
    device: Device | None = None
    author: EventId | None = None
    """Who of a site's people recorded it: an id, whose name stands where it can be forgotten."""
    note: Words | None = None
    channel: Literal["phone", "office", "paper", "api"] | None = None

    @property
    def event_kind(self) -> str:
        """The event's kind; each subclass has exactly one."""
        return str(self.kind)  # type: ignore[attr-defined]

    @property
    def refs(self) -> list[BatchRef]:
        """What it names under `batches`; nothing where the kind has none."""
        return list(getattr(self, "batches", ()))


class OnBatches(Draft):
    """An event that names batches; a container's code stands for the bags in it."""

    batches: Annotated[list[BatchRef], Field(min_length=1, max_length=MAX_BATCHES)]


class Together(OnBatches):
    """An event at which many bags may be weighed at once: all of them, or those in a container."""

    group_mass_g: Annotated[int, Field(ge=1, le=MAX_GROUP_G)] | None = None
    weighed: Weighed | None = None

    @model_validator(mode="after")
    def _one_weighing(self) -> "Together":
        single = any(ref.net_g is not None for ref in self.batches)
        if self.group_mass_g is not None and (single or self.weighed):
            raise Unfit(
                "合并称重时不能再写单袋或容器的重量",
                "excludes masses of single batches and `weighed`",
                "/group_mass_g",
            )
        if self.weighed and single:
            raise Unfit("整容器称重时不能再写单袋重量", "excludes masses of batches", "/weighed")
        return self


def _one(batches: list[BatchRef]) -> list[BatchRef]:
    if len(batches) != 1:
        raise Unfit("这种登记一次只能写一个袋", "takes exactly one batch", "/batches")
    return batches


class HandIn(OnBatches):
    """交回: somebody hands packaging in; it goes into the open bag."""

    kind: Literal["hand_in"]
    contents: Annotated[list[ContentLine], Field(min_length=1, max_length=200)]
    giver: Giver | None = None
    payment: Payment | None = None
    unit_codes: Annotated[list[UnitCode], Field(max_length=200)] | None = None

    @model_validator(mode="after")
    def _one_batch(self) -> "HandIn":
        bag = _one(self.batches)[0]
        if bag.mass_source == "carried":
            raise Unfit("交回的重量没有可沿用的", "has a mass of its own", "/batches/0/mass_source")
        check_counted(self.contents, weighed=bag.net_g is not None)
        return self


class Collect(OnBatches):
    """封袋: the bag is closed and weighed."""

    kind: Literal["collect"]
    contents: Annotated[list[ContentLine], Field(min_length=1, max_length=200)] | None = None

    @model_validator(mode="after")
    def _one_weighed_batch(self) -> "Collect":
        bag = _one(self.batches)[0]
        if bag.net_g is None or bag.mass_source == "carried":
            raise Unfit(
                "封袋要称重并写重量", "collect needs a mass of its own", "/batches/0/mass_g"
            )
        check_counted(self.contents, weighed=True)
        return self


class Store(Together):
    """入库."""

    kind: Literal["store"]


class Depart(Together):
    """发运: from `site`, the origin."""

    kind: Literal["depart"]
    destination: SiteCode
    vehicle: Plate
    trip: TripRef | None = None
    driver: Name | None = None
    manifest: Manifest | None = None

    @model_validator(mode="after")
    def _goes_elsewhere(self) -> "Depart":
        if self.destination == self.site:
            raise Unfit("目的地不能就是本站点", "must be another site", "/destination")
        return self


class Arrive(Together):
    """签收: by the receiver, which is `site`."""

    kind: Literal["arrive"]
    batches: Annotated[list[BatchRef], Field(max_length=MAX_BATCHES)]
    trip: TripRef | None = None
    exceptions: Annotated[list[ArrivalException], Field(max_length=MAX_BATCHES)] | None = None
    difference_reason: Words | None = None

    @model_validator(mode="after")
    def _names_something(self) -> "Arrive":
        if not self.batches and not self.exceptions:
            raise Unfit("至少写一个袋", "name at least one batch", "/batches")
        came = self.batches or any(e.outcome == "damaged" for e in self.exceptions or ())
        if self.group_mass_g is not None and not came:
            raise Unfit("没有收下的袋，不写重量", "nothing came in that it weighs", "/group_mass_g")
        return self


class Dispose(Together):
    """处理: resource use or disposal at a plant, with its certificate."""

    kind: Literal["dispose"]
    method: Literal["resource_use", "incinerate", "landfill", "hazardous"]
    certificate: Name
    product: Name | None = None
    manifest: Manifest | None = None

    @model_validator(mode="after")
    def _hazardous_has_a_manifest(self) -> "Dispose":
        if self.method == "hazardous" and not self.manifest:
            raise Unfit("危险废物处置要写 14 位联单编号", "is missing", "/manifest")
        return self


class Pack(Together):
    """装箱: held bags go into a container; `weighed` weighs all that is in it then."""

    kind: Literal["pack"]
    container: Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Unpack(Together):
    """拆箱: bags come out of a container; `weighed` weighs what stays in it."""

    kind: Literal["unpack"]
    container: Annotated[str, StringConstraints(min_length=1, max_length=200)]


class StockCount(Together):
    """盘点: bags are seen, perhaps weighed; on an unused label it is opening stock, with a mass."""

    kind: Literal["stock_count"]
    reason: Words | None = None
    case: EventId | None = None


class WriteOff(Together):
    """核销: the county takes bags off the books on a case of their holder."""

    kind: Literal["write_off"]
    reason: Words
    case: EventId | None = None


class Repack(Draft):
    """分拣、合并、换签: inputs become outputs under new labels; nothing appears or vanishes."""

    kind: Literal["repack"]
    inputs: Annotated[list[RepackPart], Field(min_length=1, max_length=MAX_BATCHES)]
    outputs: Annotated[list[RepackOutput], Field(min_length=1, max_length=MAX_BATCHES)]
    mode: Literal["sort", "mix"] = "mix"
    removed: Annotated[list[Removed], Field(max_length=20)] | None = None
    reason: Words | None = None

    @model_validator(mode="after")
    def _relabels_one(self) -> "Repack":
        if self.reason == "relabel" and len(self.inputs) + len(self.outputs) != 2:  # noqa: PLR2004
            raise Unfit("换签只能一袋换一袋", "relabel takes one input and one output", "/reason")
        return self


class DepositSale(Draft):
    """押金销售: a till took a deposit with one unit; it is handed back once, at any point."""

    kind: Literal["deposit_sale"]
    unit_code: Annotated[str, StringConstraints(min_length=1, max_length=300)]
    fen: Annotated[int, Field(ge=1, le=1_000_000)]

    @model_validator(mode="after")
    def _of_a_unit(self) -> "DepositSale":
        found = recognise(self.unit_code)
        if found.kind != "unit":
            reason = f"不是农药的单元识别代码：{found.says}"
            raise Unfit(reason, "is no pesticide unit's code", "/unit_code")
        return self


class Correct(Wire):
    """更正: an event did not occur, or its data were wrong and `replacement` has the right ones.

    `replacement` is a whole event of the same kind on the same codes, without an id.
    """

    kind: Literal["correct"]
    id: EventId
    occurred_at: Instant | None = None
    site: SiteCode | None = None
    corrects: EventId
    reason: Literal["did_not_occur", "incorrect_data"]
    replacement: dict[str, Any] | None = None
    position: Position | None = None
    device: Device | None = None
    author: EventId | None = None
    note: Words | None = None
    channel: Literal["phone", "office", "paper", "api"] | None = None

    @model_validator(mode="after")
    def _replaces_or_removes(self) -> "Correct":
        if self.reason == "did_not_occur" and self.replacement is not None:
            raise Unfit(
                "没有发生的登记不能再写更正后的内容",
                "did_not_occur takes no replacement",
                "/replacement",
            )
        if self.reason == "incorrect_data" and self.replacement is None:
            raise Unfit("要写更正后的内容", "incorrect_data needs a replacement", "/replacement")
        if self.replacement is not None and "id" in self.replacement:
            raise Unfit("更正后的内容不写编号", "the replacement has no id", "/replacement/id")
        return self


SHAPES: dict[str, type[Draft]] = {
    "hand_in": HandIn,
    "collect": Collect,
    "store": Store,
    "pack": Pack,
    "unpack": Unpack,
    "repack": Repack,
    "stock_count": StockCount,
    "write_off": WriteOff,
    "depart": Depart,
    "arrive": Arrive,
    "dispose": Dispose,
    "deposit_sale": DepositSale,
}
"""Kinds of what happens at a site, nearly all to bags. `correct` changes which of them count."""
KINDS = (*SHAPES, "correct")
