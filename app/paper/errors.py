"""What can hinder printing."""

from app.errors import DomainError, Kind


class FontsMissing(DomainError):
    """The type for PDFs is not installed on this server."""

    name = "fonts-missing"
    kind = Kind.UNAVAILABLE
    title = ("缺少打印字体", "The fonts for PDFs are missing")
    detail = (
        "服务器上缺少打印用的字体 {file}，暂时不能生成 PDF。请管理员运行 ./scripts/setup。",
        "The font {file} is missing on the server. The operator should run ./scripts/setup.",
    )
