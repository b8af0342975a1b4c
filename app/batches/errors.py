"""What can be wrong with a label, or with an order of labels."""

from app.errors import DomainError, Kind


class MistypedCode(DomainError):
    """A code whose shape or check digits do not fit."""

    name = "mistyped-code"
    kind = Kind.INVALID
    title = ("编码输错了", "The code is mistyped")
    detail = (
        "编码 {batch} {reason}，请对照标签重新输入。{suggestion}",
        "The code {batch} does not fit: {reason_en}. Compare it with the label. {suggestion}",
    )


class LabelNotIssued(DomainError):
    """A well-formed code that was never issued."""

    name = "label-not-issued"
    kind = Kind.ABSENT
    title = ("没有发放过这个标签", "This label was never issued")
    detail = (
        "标签 {batch} 没有发放过，请核对编码。{suggestion}",
        "The label {batch} was never issued; check the code. {suggestion}",
    )


class SiteNotForLabels(DomainError):
    """Labels for a site that lies in another county, or that has no use for such labels."""

    name = "site-not-for-labels"
    kind = Kind.INVALID
    title = ("这个站点不能领这种标签", "The site does not take such labels")
    detail = (
        "不能给站点 {site} 发放这批标签：{reason}",
        "The site {site} does not take these labels: {reason_en}",
    )


class BagHasNoTare(DomainError):
    """A tare for a bag's label: only containers are weighed empty."""

    name = "bag-has-no-tare"
    kind = Kind.CONFLICT
    title = ("袋标签没有皮重", "A bag's label has no tare")
    detail = (
        "{batch} 是袋标签。只有容器（箱、笼、托盘）登记皮重。",
        "{batch} is a bag's label; only containers have a tare.",
    )


class SheetIdReused(DomainError):
    """One order's id sent again with other content."""

    name = "label-sheet-id-reused"
    kind = Kind.CONFLICT
    title = ("这张发放单已经用过", "The sheet's id is taken")
    detail = (
        "这张发放单已经发放过别的标签。请刷新页面，重新填写。",
        "The id {sheet} stands for a sheet with other content.",
    )


class LabelsUsed(DomainError):
    """Labels to void or to assign, some of which have been used."""

    name = "labels-used"
    kind = Kind.CONFLICT
    title = ("其中有用过的标签", "Some of the labels are used")
    detail = (
        "选中的标签里有 {count} 张已经用过，例如 {batch}。用过的标签不能作废，也不能改发。",
        "{count} of the labels are used, such as {batch}; those can be neither voided nor assigned.",
    )


class NotInSheet(DomainError):
    """Numbers that a sheet of labels does not have."""

    name = "label-not-in-sheet"
    kind = Kind.INVALID
    title = ("这张发放单没有这些号", "The sheet has no such numbers")
    detail = (
        "这张发放单有第 1 至 {count} 张，没有第 {first} 至 {last} 张。",
        "The sheet has the labels 1 to {count}, not {first} to {last}.",
    )


class NothingToPrint(DomainError):
    """Labels to print, all of which are void."""

    name = "nothing-to-print"
    kind = Kind.CONFLICT
    title = ("没有可打印的标签", "There is nothing to print")
    detail = ("选中的标签都作废了。", "All of the labels are void.")
