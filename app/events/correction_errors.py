"""Why a correction is refused."""

from app.errors import DomainError, Kind


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
