"""What can be wrong with a step on a case, or with a photo."""

from app.errors import DomainError, Kind


class CaseIsAcknowledged(DomainError):
    """Somebody has taken the case on already."""

    name = "case-is-acknowledged"
    kind = Kind.CONFLICT
    title = ("已有人认领", "The case is taken")
    detail = (
        "这件事已由{who}认领，不用再认领；可以直接补充情况或办结。",
        "{who} has taken this case on; add a note or resolve it instead.",
    )


class CaseIsResolved(DomainError):
    """The case is resolved: it is not taken on or resolved once more."""

    name = "case-is-resolved"
    kind = Kind.CONFLICT
    title = ("已经办结", "The case is resolved")
    detail = (
        "这件事已经办结。还要处理，请先重新打开。",
        "This case is resolved. Re-open it first to work on it again.",
    )


class CaseIsNotResolved(DomainError):
    """Only a resolved case is re-opened."""

    name = "case-is-not-resolved"
    kind = Kind.CONFLICT
    title = ("还没有办结", "The case is not resolved")
    detail = (
        "这件事还没有办结，不用重新打开。",
        "This case is not resolved; there is nothing to re-open.",
    )


class PhotoNotValid(DomainError):
    """A file that is no JPEG or PNG picture, is damaged, or has too many pixels."""

    name = "photo-not-valid"
    kind = Kind.INVALID
    title = ("照片不能用", "The photo is not valid")
    detail = ("照片不能用：{reason}。", "The photo cannot be used: {reason}.")


class TooManyPhotos(DomainError):
    """A case holds as many photos as it may."""

    name = "too-many-photos"
    kind = Kind.CONFLICT
    title = ("照片太多", "Too many photos")
    detail = (
        "一件事至多存 {most} 张照片，已有 {stored} 张。",
        "A case holds at most {most} photos; it has {stored}.",
    )
