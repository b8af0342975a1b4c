"""What can go wrong when the log is asked for its head, its tiles or a proof."""

from app.errors import DomainError, Kind


class NotPublishedYet(DomainError):
    """The leaf, or any head at all, is not under a published checkpoint yet: ask again soon."""

    name = "not-published-yet"
    kind = Kind.CONFLICT
    title = ("还没有存证", "Not published yet")
    detail = (
        "这条登记还没有进入公布的存证，通常几秒钟内完成，请稍后再试。",
        "It is not under a published checkpoint yet; that takes seconds. Ask again.",
    )


class NoSuchSize(DomainError):
    """A size, an index or a tile that no published checkpoint covers."""

    name = "no-such-size"
    kind = Kind.INVALID
    title = ("超出日志的范围", "Beyond the log")
    detail = (
        "日志现在公布到 {size} 条，没有这样的证明：{reason}",
        "The log is published up to {size} leaves; there is no such proof: {reason_en}",
    )
