"""Every rule of recording that can refuse, by its name."""

from app.errors import DomainError, Kind


class LabelIsAContainer(DomainError):
    """A container's label where a bag's is needed."""

    name = "label-is-a-container"
    kind = Kind.CONFLICT
    title = ("这是容器标签", "This is a container's label")
    detail = (
        "{batch} 是容器（箱、笼、托盘）标签，这一步要用袋标签。",
        "{batch} is a container's label; this step needs a bag's.",
    )


class LabelIsVoid(DomainError):
    """A label that was voided."""

    name = "label-is-void"
    kind = Kind.CONFLICT
    title = ("标签已作废", "The label is void")
    detail = ("标签 {batch} 已作废，请换一张标签。", "The label {batch} was voided.")


class BatchTwice(DomainError):
    """One code named twice in one event."""

    name = "batch-named-twice"
    kind = Kind.INVALID
    title = ("同一个袋写了两次", "A batch is named twice")
    detail = ("袋 {batch} 在这次登记里写了两次，请删去一个。", "The batch {batch} is named twice.")


class EventIdReused(DomainError):
    """The id is taken by an event with other content."""

    name = "event-id-reused"
    kind = Kind.CONFLICT
    title = ("编号已被另一条登记使用", "The event id is taken")
    detail = (
        "编号 {event} 已用于内容不同的另一条登记。若是新的登记，请用新编号。",
        "The id {event} stands for an event with other content.",
    )


class TimeOutOfRange(DomainError):
    """`occurred_at` is in the future beyond 60 s, or before the rules came into force."""

    name = "time-out-of-range"
    kind = Kind.INVALID
    title = ("时间不对", "The time is out of range")
    detail = (
        "发生时间不对：{reason}",
        "occurred_at {occurred_at} is out of range: {reason_en}",
    )


class UnknownPackaging(DomainError):
    """A combination of material, form and size that has no unit weight."""

    name = "unknown-packaging"
    kind = Kind.INVALID
    title = ("没有这种包装", "Unknown packaging")
    detail = (
        "包装类别没有登记单件重量：{material} / {form} / {size}。请改用称重或选其他类别。",
        "There is no unit weight for {material} / {form} / {size}.",
    )


class KindNotForSite(DomainError):
    """A step at a kind of site where it cannot happen."""

    name = "kind-not-for-site"
    kind = Kind.CONFLICT
    title = ("这里不能做这一步", "This step cannot happen here")
    detail = (
        "“{step}”不能在站点 {site} 登记：{reason}",
        "{step_en} cannot happen at {site}.",
    )


class SiteClosed(DomainError):
    """The site was not open on that day."""

    name = "site-closed"
    kind = Kind.CONFLICT
    title = ("站点当日未开放", "The site was not open")
    detail = ("站点 {site} 在 {on} 不在开放期内。", "The site {site} was not open on {on}.")


class UnitNotListed(DomainError):
    """Resource use at a unit that is not on the province's list that day (办法 Art 16)."""

    name = "unit-not-listed"
    kind = Kind.CONFLICT
    title = ("不在资源化利用单位名单内", "The unit is not listed")
    detail = (
        "{site} 在 {on} 不在省公布的资源化利用单位名单内，不能登记资源化利用。",
        "{site} is not on the province's list of resource-use units on {on}.",
    )


class PermitNotInForce(DomainError):
    """Treatment at a unit without the permit that the method needs."""

    name = "permit-not-in-force"
    kind = Kind.CONFLICT
    title = ("许可证不在有效期", "The permit is not in force")
    detail = (
        "{site} 在 {on} 没有有效的{permit}，不能登记这种处理。",
        "{site} holds no {permit_en} in force on {on}.",
    )


class TripNotFound(DomainError):
    """A trip's number that is not known; its dispatch may not have synced yet."""

    name = "trip-not-found"
    kind = Kind.ABSENT
    title = ("没有找到转运交接单", "The trip is not known")
    detail = (
        "没有找到转运交接单 {trip}。若发运还没有上传，可以先不填单号登记。",
        "The trip {trip} is not known. Leave it out if its dispatch has not synced.",
    )


class BagIsSealed(DomainError):
    """A hand-in or a collect on a bag that is already closed."""

    name = "bag-is-sealed"
    kind = Kind.CONFLICT
    title = ("袋已封", "The bag is sealed")
    detail = (
        "袋 {batch} 已经封袋或使用过，不能再交回或封袋。请换一个新袋。",
        "The bag {batch} is sealed; use a new one.",
    )


class BagIsOpenElsewhere(DomainError):
    """An open bag does not travel."""

    name = "bag-is-open-elsewhere"
    kind = Kind.CONFLICT
    title = ("袋在别处使用中", "The bag is open elsewhere")
    detail = (
        "袋 {batch} 正在另一个站点收集，没有封袋不能换地方。请核对标签码。",
        "The bag {batch} is open at another site.",
    )


class BatchAlreadyDisposed(DomainError):
    """Anything after treatment."""

    name = "batch-already-disposed"
    kind = Kind.CONFLICT
    title = ("已经处理完毕", "The batch is treated already")
    detail = (
        "袋 {batch} 已经处理完毕，不能再登记。请核对标签码。",
        "The batch {batch} has been treated; nothing can follow.",
    )


class BatchAlreadyDeparted(DomainError):
    """Loaded twice from one place without an arrival between."""

    name = "batch-already-departed"
    kind = Kind.CONFLICT
    title = ("已经发运", "The batch has departed already")
    detail = (
        "袋 {batch} 已经从这里发运，不用再登记。要发的是另一袋，请核对标签码。",
        "The batch {batch} has departed from here and not arrived since.",
    )


class BatchAlreadyHere(DomainError):
    """An arrival where the batch already is."""

    name = "batch-already-here"
    kind = Kind.CONFLICT
    title = ("已经在这里", "The batch is here already")
    detail = (
        "袋 {batch} 已经在本站点，不用再签收。到的是另一袋，请核对标签码。",
        "The batch {batch} is at this site already.",
    )


class BatchAlreadyRepacked(DomainError):
    """Anything after a repack took the bag's contents."""

    name = "batch-already-repacked"
    kind = Kind.CONFLICT
    title = ("已经分拣或换签", "The batch is repacked already")
    detail = (
        "袋 {batch} 里的东西已经分拣、合并或换签到新袋，不能再登记。请扫新袋的标签。",
        "What was in {batch} went into new bags; nothing can follow under this code.",
    )


class BatchAlreadyWrittenOff(DomainError):
    """Anything after the county took the bag off the books."""

    name = "batch-already-written-off"
    kind = Kind.CONFLICT
    title = ("已经核销", "The batch is written off")
    detail = (
        "袋 {batch} 已由县里核销，不能再登记。若东西找到了，请联系县级人员更正核销。",
        "The batch {batch} was written off; nothing can follow.",
    )


class BagIsPacked(DomainError):
    """A packed bag named by itself in a step of its container."""

    name = "bag-is-packed"
    kind = Kind.CONFLICT
    title = ("袋在容器里", "The bag is packed")
    detail = (
        "袋 {batch} 已装在容器里，不能单独登记。请扫容器的标签，或先拆箱。",
        "The bag {batch} is in a container: name the container, or unpack it first.",
    )


class BagNotInContainer(DomainError):
    """An unpack of a bag that is not known to be in that container."""

    name = "bag-not-in-container"
    kind = Kind.CONFLICT
    title = ("袋不在这个容器里", "The bag is not in this container")
    detail = (
        "袋 {batch} 没有装在这个容器里的记录。请核对容器和袋的标签；若装箱还没有上传，上传后会自动补登。",
        "The bag {batch} is not known to be in this container.",
    )


class ContainerInContainer(DomainError):
    """A container named where only bags go in: they are one level deep."""

    name = "container-in-container"
    kind = Kind.CONFLICT
    title = ("容器不能装进容器", "A container in a container")
    detail = (
        "{batch} 是容器标签，容器里只能装袋。",
        "{batch} is a container's label; only bags go into a container.",
    )


class LabelIsABag(DomainError):
    """A bag's label where a container's is needed."""

    name = "label-is-a-bag"
    kind = Kind.CONFLICT
    title = ("这是袋标签", "This is a bag's label")
    detail = (
        "{batch} 是袋标签，这里要用容器（箱、笼、托盘）的标签。",
        "{batch} is a bag's label; a container's is needed here.",
    )


class TareUnknown(DomainError):
    """A container was weighed gross, and neither the event nor its label says its tare."""

    name = "tare-unknown"
    kind = Kind.CONFLICT
    title = ("不知道容器皮重", "The container's tare is not known")
    detail = (
        "容器 {batch} 没有登记皮重，请在这次登记里写上皮重。",
        "No tare stands with the label {batch}; send tare_g.",
    )


class NetNotPositive(DomainError):
    """A container that weighs no more than its tare."""

    name = "net-mass-not-positive"
    kind = Kind.INVALID
    title = ("毛重不大于皮重", "The gross mass does not exceed the tare")
    detail = (
        "容器 {batch} 的毛重不大于皮重 {tare_g} 克，请重新过秤。",
        "The gross mass of {batch} does not exceed its tare of {tare_g} g.",
    )


class RepackDoesNotBalance(DomainError):
    """More or less comes out of a repack than went in."""

    name = "repack-does-not-balance"
    kind = Kind.INVALID
    title = ("分拣前后重量不等", "The repack does not balance")
    detail = (
        "投入 {in_g} 克，产出 {out_g} 克，剔除 {removed_g} 克：投入应等于产出加剔除。",
        "{in_g} g went in, {out_g} g came out and {removed_g} g were removed.",
    )


class RepackCycle(DomainError):
    """A bag that goes into a repack and comes out of it."""

    name = "repack-cycle"
    kind = Kind.INVALID
    title = ("新袋不能是原来的袋", "A repack cannot make its own input")
    detail = (
        "袋 {batch} 既是投入又是产出。产出要用没有用过的新标签。",
        "The batch {batch} is both an input and an output; outputs need unused labels.",
    )


class OutputAlreadyUsed(DomainError):
    """A repack's output under a label that has been used."""

    name = "output-already-used"
    kind = Kind.CONFLICT
    title = ("产出要用新标签", "An output needs an unused label")
    detail = (
        "标签 {batch} 已经用过，分拣、合并、换签的产出要用没有用过的新标签。",
        "The label {batch} has been used; an output needs an unused one.",
    )


class OpeningStockNeedsAMass(DomainError):
    """A count of an unused label without its mass: nothing is known of such a bag."""

    name = "opening-stock-needs-a-mass"
    kind = Kind.CONFLICT
    title = ("期初库存要写重量", "Opening stock needs a mass")
    detail = (
        "标签 {batch} 还没有登记过。盘点期初库存要写这一袋的重量。",
        "Nothing is known of {batch}: opening stock needs its mass.",
    )


class EventNotFound(DomainError):
    """A correction of an event that is not known; it may not have synced yet."""

    name = "event-not-found"
    kind = Kind.ABSENT
    title = ("没有找到要更正的登记", "The event to correct is not known")
    detail = (
        "没有找到登记 {event}。若它还没有上传，上传后再更正。",
        "The event {event} is not known. It may not have synced yet.",
    )


class CorrectionOfACorrection(DomainError):
    """A correction that is corrected itself: only its replacement can be."""

    name = "correction-of-a-correction"
    kind = Kind.CONFLICT
    title = ("更正不能再更正", "A correction cannot be corrected")
    detail = (
        "{event} 是一次撤销登记的更正，不能再更正。请把实际发生的事重新登记。",
        "{event} is a correction without a replacement; record anew what happened.",
    )


class EventAlreadyCorrected(DomainError):
    """A correction of an event that another correction already replaced or took back."""

    name = "event-already-corrected"
    kind = Kind.CONFLICT
    title = ("已经更正过", "The event is corrected already")
    detail = (
        "登记 {event} 已由 {by} 更正。要再改，请更正 {by}。",
        "The event {event} was corrected by {by}; correct that one instead.",
    )


class NotCorrectable(DomainError):
    """A correction of a kind that has its own way to be put right."""

    name = "kind-not-correctable"
    kind = Kind.CONFLICT
    title = ("这种登记不用更正", "This kind is not corrected")
    detail = (
        "登记 {event} 是申报或发布，不能更正；请重新申报或更正发布。",
        "The event {event} is of kind {event_kind}, which is superseded, not corrected.",
    )


class ReplacementDiffers(DomainError):
    """A replacement of another kind, or on other codes."""

    name = "replacement-differs"
    kind = Kind.CONFLICT
    title = ("更正后的内容不是同一件事", "The replacement is another event")
    detail = (
        "更正只能改同一种登记、同样的袋：{reason}。要改袋，请撤销这一条再重新登记。",
        "A replacement has the same kind and codes: {reason_en}.",
    )


class CorrectionNeedsTheCounty(DomainError):
    """A correction by somebody else than the author, or more than 24 hours later."""

    name = "correction-needs-the-county"
    kind = Kind.FORBIDDEN
    title = ("要由县级人员更正", "The county has to correct this")
    detail = (
        "登记人可在 24 小时内更正自己的登记；这一条请联系县级人员更正。",
        "Authors correct within 24 hours; after that the county does.",
    )


class LaterEventsRestOnThis(DomainError):
    """A correction that later events rest on: undo the newest first."""

    name = "later-events-rest-on-this"
    kind = Kind.CONFLICT
    title = ("后面的登记以这一条为前提", "Later events rest on this one")
    detail = (
        "袋 {batch} 后面的登记 {in_the_way} 以这一条为前提。请先更正后面的，从最新的一条改起。",
        "The event {in_the_way} of {batch} rests on this one; undo the newest first.",
    )


class LeafTooLarge(DomainError):
    """An event whose leaf would exceed 65 535 bytes."""

    name = "leaf-too-large"
    kind = Kind.INVALID
    title = ("一次登记的内容过多", "The event is too large")
    detail = (
        "这条登记的内容过多（{bytes} 字节，上限 65535），请分成几次。",
        "The leaf would be {bytes} bytes; at most 65535.",
    )


RULES: dict[str, type[DomainError]] = {
    error.name: error
    for error in (
        BagIsSealed,
        BagIsOpenElsewhere,
        BatchAlreadyDisposed,
        BatchAlreadyDeparted,
        BatchAlreadyHere,
        BatchAlreadyRepacked,
        BatchAlreadyWrittenOff,
        BagIsPacked,
        BagNotInContainer,
        OutputAlreadyUsed,
        OpeningStockNeedsAMass,
    )
}
"""Conflicts of the fold by rule."""
