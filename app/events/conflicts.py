"""What cannot be true beside what is known: the conflicts of the fold, by rule."""

from app.errors import DomainError, Kind


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


class BagTooHeavy(DomainError):
    """More in one bag than any bag holds: of many hand-ins, or its share of a weighing together."""

    name = "bag-too-heavy"
    kind = Kind.CONFLICT
    title = ("一袋超过两吨", "The bag would weigh over two tonnes")
    detail = (
        "这样登记，袋 {batch} 会超过 2000 千克，一袋装不下。请核对重量和件数。",
        "The bag {batch} would weigh more than 2 000 000 g.",
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
        BagTooHeavy,
    )
}
"""Conflicts of the fold by rule."""
