"""What can be wrong with an address that alerts are sent to."""

from app.errors import DomainError, Kind


class WebhookUrlRefused(DomainError):
    """The URL is not https, or leads into a private network."""

    name = "webhook-url-refused"
    kind = Kind.INVALID
    title = ("推送地址不能用", "The address is refused")
    detail = ("推送地址不能用：{reason}。", "The address cannot be used: {reason}.")


class TooManyWebhooks(DomainError):
    """An area has as many addresses as it may."""

    name = "too-many-webhooks"
    kind = Kind.CONFLICT
    title = ("推送地址太多", "Too many addresses")
    detail = (
        "一个地区至多登记 {most} 个推送地址，请先停用不用的。",
        "An area has at most {most} addresses; end one first.",
    )


class WebhookEnded(DomainError):
    """An address that was ended is not paused, tried out or sent to any more."""

    name = "webhook-ended"
    kind = Kind.CONFLICT
    title = ("推送地址已停用", "The address is ended")
    detail = (
        "这个推送地址已经停用，不能再发送；还要用请重新登记。",
        "This address is ended and gets nothing more; register it again to use it.",
    )


class TooManyTests(DomainError):
    """An address was tried out too often within an hour."""

    name = "too-many-webhook-tests"
    kind = Kind.CONFLICT
    title = ("测试太频繁", "Too many tests")
    detail = (
        "一个地址一小时至多发 {most} 条测试消息，请过一会儿再试。",
        "An address takes at most {most} tests an hour; try again later.",
    )
